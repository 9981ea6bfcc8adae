# Draws Benchmarks/sparse-kernels.json as SVG: a panel a place and layer, time and bytes against density, relative to dense bytes.
def time: .cycles // (.nanoseconds // [null])[0];
def colour: {"int8 dense": "#555555", "int8 sparse": "#0072b2", "float32 dense": "#e69f00", "float32 sparse": "#d55e00"}[.];
def kinds: ["int8 dense", "int8 sparse", "float32 dense", "float32 sparse"];
def layers: ["linear 200 to 80", "convolution 3x3, 16 to 32, 6x6 to 4x4"];
# Density 0.02…1 and ratio 0.03…30, on logarithmic axes of a panel of 300 by 150.
def x: 300 * (log10 - (0.02 | log10)) / -(0.02 | log10);
def y: ([[., 0.03] | max, 30] | min) | 150 - 150 * (log10 - (0.03 | log10)) / 3;
def short: if startswith("linear") then . else "convolution, 16 to 32" end;
def round1: (. * 10 | round) / 10;
def points($rows; f):
  . as $kind | [$rows[] | select("\(.numbers) \(.storage)" == $kind)
    | . as $row | ($rows[] | select(.numbers == "int8" and .storage == "dense" and .density == $row.density) | f) as $base
    | select(($row | f) != null and $base != null)
    | [($row.density | x | round1), (($row | f) / $base | y | round1)]] | sort;
def panel($left; $top; $title; $rows; f):
  "<g transform=\"translate(\($left),\($top))\"><text x=\"0\" y=\"-8\" font-weight=\"bold\">\($title)</text>"
  + "<rect width=\"300\" height=\"150\" fill=\"none\" stroke=\"#999\"/>"
  + ([0.1, 1, 10 | . as $tick | "<path d=\"M0 \(y | round1)H300\" stroke=\"#ddd\"/><text x=\"-6\" y=\"\((y | round1) + 4)\" text-anchor=\"end\">\($tick)</text>"] | join(""))
  + ([0.02, 0.05, 0.1, 0.2, 0.5, 1 | . as $tick | "<path d=\"M\(x | round1) 0V150\" stroke=\"#eee\"/><text x=\"\(x | round1)\" y=\"164\" text-anchor=\"middle\">\($tick)</text>"] | join(""))
  + ([kinds[] | . as $kind | points($rows; f) as $p | select($p | length > 0)
      | "<polyline fill=\"none\" stroke=\"\($kind | colour)\" stroke-width=\"2\" points=\"\([$p[] | map(tostring) | join(",")] | join(" "))\"/>"
      + ([$p[] | "<circle cx=\"\(.[0])\" cy=\"\(.[1])\" r=\"3\" fill=\"\($kind | colour)\"/>"] | join(""))] | join(""))
  + "</g>";
.rows as $all
| "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"760\" height=\"900\" viewBox=\"0 0 760 900\" font-family=\"sans-serif\" font-size=\"11\">"
  + "<rect width=\"760\" height=\"900\" fill=\"#fff\"/>"
  + "<text x=\"50\" y=\"22\" font-size=\"14\">Time and bytes of a layer against the density of its weights; dense bytes are 1</text>"
  + ([kinds | to_entries[] | "<rect x=\"\(50 + .key * 160)\" y=\"34\" width=\"12\" height=\"12\" fill=\"\(.value | colour)\"/><text x=\"\(68 + .key * 160)\" y=\"44\">\(.value)</text>"] | join("")),
  ([layers | to_entries[] | .key as $column | .value as $layer
    | ([["host", "host, time measured"], ["cortex-m4", "Cortex-M4, cycles counted"], ["uno", "Uno, cycles exact"]] | to_entries[]
      | [$all[] | select(.layer == $layer)] as $rows | .value[0] as $target
      | panel(50 + $column * 360; 90 + .key * 205; "\(.value[1]): \($layer | short)"; [$rows[] | select(.target == $target)]; time)),
      panel(50 + $column * 360; 705; "bytes of constants: \($layer | short)"; [$all[] | select(.layer == $layer and .target == "host")]; .constantBytes)]
    | join("\n")),
  "</svg>"
