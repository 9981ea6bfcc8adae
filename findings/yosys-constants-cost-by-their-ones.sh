#!/usr/bin/env bash
# A product with a constant weight is additions of shifted inputs, so one expects yosys to take 127 for 128 - 1. It does not: what x * c
# costs grows with the ones of c, 3.2 times the cells of (x << 7) - x at 127, though both are the same numbers; x * -127 is the cheapest
# of all. So the sign of a weight decides what it costs. Seen with yosys 0.23 (Debian 12), synth_ice40, 8-bit inputs.
# Needs Debian's yosys. Exits with 1 when the behaviour changed.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
yosys -V | cut -d' ' -f1-2 | tee seen
cells() {
  printf 'module t(input signed [7:0] x, output signed [15:0] y); assign y = %s; endmodule\n' "$2" > t.v
  yosys -q -p "read_verilog t.v; synth_ice40 -top t; tee -o stat stat" > log 2>&1 || { cat log; exit 1; }
  echo "$1: $(awk '$1 == "SB_LUT4" { print $2 }' stat) SB_LUT4"
}
for c in 7 15 31 63 85 127; do
  cells "x * $c" "x * 16'sd$c"
  cells "x * -$c" "x * -16'sd$c"
done | tee -a seen
for k in 3 4 5 6 7; do
  cells "(x << $k) - x" "(x <<< $k) - x"
done | tee -a seen
[ "$(cat seen)" = "$(cat <<'TEXT'
Yosys 0.23
x * 7: 24 SB_LUT4
x * -7: 24 SB_LUT4
x * 15: 33 SB_LUT4
x * -15: 23 SB_LUT4
x * 31: 46 SB_LUT4
x * -31: 22 SB_LUT4
x * 63: 66 SB_LUT4
x * -63: 21 SB_LUT4
x * 85: 56 SB_LUT4
x * -85: 72 SB_LUT4
x * 127: 74 SB_LUT4
x * -127: 20 SB_LUT4
(x << 3) - x: 19 SB_LUT4
(x << 4) - x: 20 SB_LUT4
(x << 5) - x: 21 SB_LUT4
(x << 6) - x: 22 SB_LUT4
(x << 7) - x: 23 SB_LUT4
TEXT
)" ] || { echo "changed"; exit 1; }
