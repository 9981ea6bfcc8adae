#!/usr/bin/env bash
# Cycles a multiply-add of layers of exported C on simulated boards, rounding and storing included.
#
#   Benchmarks/c-kernels.sh OUT.json
#
# Needs the simulators (make simulators). Cortex-M: instructions and taken branches counted in QEMU under the profile's cost
# table, without wait states; Uno: exact in simavr.
set -euo pipefail
out=$1
raw=$(mktemp)
trap 'rm -f "$raw"' EXIT
cd "$(dirname "$0")/.."
for setting in cortex-m4: cortex-m4:-O3 cortex-m33: cortex-m0plus: uno: uno:-Os; do
  flags=${setting#*:}
  .build/release/condense-bench kernels --target "${setting%%:*}" --json ${flags:+--flags "$flags"} |
    jq -c --arg flags "${flags:--O2}" '.[] | {flags: $flags} + .' >> "$raw"
done
version() { "$1" --version 2> /dev/null | head -n 1 || true; }
jq -s --arg date "$(date -u +%F)" --arg avr "$(version avr-gcc)" --arg arm "$(version arm-none-eabi-gcc)" \
  --arg qemu "$(version qemu-system-arm)" --arg simavr "$(dpkg-query -W -f='${Version}' libsimavr-dev 2> /dev/null || true)" \
  '{schema: 2, date: $date, tools: {"avr-gcc": $avr, "arm-none-eabi-gcc": $arm, "qemu-system-arm": $qemu, simavr: $simavr}, rows: .}' \
  "$raw" > "$raw.json"
mv "$raw.json" "$out"
jq -r '.rows[] | [.target, .flags, .layer, (.cyclesPerMultiplyAdd * 10 | round / 10), .unequal] | @tsv' "$out"
