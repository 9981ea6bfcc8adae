#!/usr/bin/env bash
# Prints what mlperf-tiny.sh found: ours over theirs, below 1 where ours is better. With `markdown`, the tables of
# Documentation/boards.md.
#
#   ratios.sh OUT.json [markdown]
set -euo pipefail
if [ "${2:-}" = markdown ]; then
  jq -r '
    ["resnet8", "mobilenet-vww", "ds-cnn", "autoencoder", "mobilenet-cifar", "lenet5"] as $networks
    | def grouped: tostring | [match("(\\d{1,3})(?=(\\d{3})*$)"; "g").string] | join(",");
      def fixed($n): (. * pow(10; $n) | round | tostring) as $digits
        | ("0" * ([0, $n + 1 - ($digits | length)] | max) // "") + $digits | .[:-$n] + "." + .[-$n:];
      .rows as $rows
    | def at($network; $program; $target; $level): first($rows[] | select([.network, .program, .target, .level]
        == [$network, $program, $target, $level] and (.reason | not))) // null;
      def three($network; f): [at($network; "condense", "tflite-micro", "bakenn"; "cortex-m4"; "-O2")
        | if . then f else "–" end] | join(" / ");
      def ratio($network; $target; $level; f): [at($network; "condense", "tflite-micro"; $target; $level) | f]
        | .[0] / .[1] | fixed(2);
    "| network | multiply-adds | cycles a multiply-add | RAM, B | flash, B | flash without weights, B |",
    "|---|---|---|---|---|---|",
    ($networks[] | "| \(.) | \(at(.; "condense"; "cortex-m4"; "-O2").multiplyAdds | grouped) | "
      + "\(three(.; .cyclesPerMultiplyAdd | fixed(2))) | "
      + "\(three(.; .ramBytes | grouped)) | \(three(.; .flashBytes | grouped)) | \(three(.; .flashWithoutWeights | grouped)) |"), "",
    "| network | cycles, M4 -O2 | M4 -O3 | M0+ -O2 | M0+ -O3 | RAM, M4 -O2 | flash, M4 -O2 | without weights |",
    "|---|---|---|---|---|---|---|---|",
    ($networks[] | "| \(.) | " + ([
      ratio(.; "cortex-m4"; "-O2"; .cycles), ratio(.; "cortex-m4"; "-O3"; .cycles), ratio(.; "cortex-m0plus"; "-O2"; .cycles),
      ratio(.; "cortex-m0plus"; "-O3"; .cycles), ratio(.; "cortex-m4"; "-O2"; .ramBytes),
      ratio(.; "cortex-m4"; "-O2"; .flashBytes),
      ratio(.; "cortex-m4"; "-O2"; .flashWithoutWeights)] | join(" | ")) + " |")' "$1"
  exit
fi
jq -r '
  def round3: . * 1000 | round / 1000;
  def row: [.[] | if type == "number" then tostring else . // "-" end] | @tsv;
  def place: [.network, .target, .level];
  (["target", "flags", "network", "peer", "cycles/MAC", "theirs", "cycles", "RAM", "flash", "without weights", "outputs"] | row),
  (.rows as $rows | $rows[] | select(.program != "condense") as $peer
   | ($rows[] | select(.program == "condense" and place == ($peer | place))) as $our
   | if $our.reason or $peer.reason
     then [$peer.target, $peer.level, $peer.network, $peer.program,
       ($our.reason // $peer.reason | .[:100] | gsub("\n"; " "))] | row
     else [$peer.target, $peer.level, $peer.network, $peer.program, $our.cyclesPerMultiplyAdd, $peer.cyclesPerMultiplyAdd,
       ($our.cycles / $peer.cycles | round3), ($our.ramBytes / $peer.ramBytes | round3),
       ($our.flashBytes / $peer.flashBytes | round3), ($our.flashWithoutWeights / $peer.flashWithoutWeights | round3),
       "\($our.greatestDifference)/\($peer.greatestDifference)"] | row end)' "$1" | column -t -s $'\t'
