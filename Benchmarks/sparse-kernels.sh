#!/usr/bin/env bash
# Time and bytes of pruned layers in exported C: floats and bytes, with their zeros stored and multiplied and without.
#
#   Benchmarks/sparse-kernels.sh OUT.json CHART.svg
#
# Needs the simulators (make simulators) and an idle machine. host: cc -O2, nanoseconds an image, median, least and greatest of 15
# rounds. Cortex-M4: instructions and taken branches counted in QEMU under the profile's cost table, without wait states. Uno:
# exact in simavr.
set -euo pipefail
out=$1 chart=$2
raw=$(mktemp)
trap 'rm -f "$raw" "$raw.json"' EXIT
here=$(dirname "$0")
(cd "$here/.." && .build/release/condense-bench sparse --target host --target cortex-m4 --target uno) > "$raw"
version() { "$1" --version 2> /dev/null | head -n 1 || true; }
jq --arg date "$(date -u +%F)" --arg cc "$(version cc)" --arg avr "$(version avr-gcc)" --arg arm "$(version arm-none-eabi-gcc)" \
  --arg cpu "$(sed -n 's/^model name.*: //p' /proc/cpuinfo | head -n 1)" --arg qemu "$(version qemu-system-arm)" \
  --arg simavr "$(dpkg-query -W -f='${Version}' libsimavr-dev 2> /dev/null || true)" \
  '{schema: 1, date: $date, processor: $cpu, tools: {cc: $cc, "avr-gcc": $avr, "arm-none-eabi-gcc": $arm,
    "qemu-system-arm": $qemu, simavr: $simavr}, rows: .}' "$raw" > "$raw.json"
mv "$raw.json" "$out"
jq -r -f "$here/sparse-kernels.jq" "$out" > "$chart"
jq -r '.rows[] | [.target, .layer, .density, .numbers, .storage, .constantBytes, .cycles // .nanoseconds[0] // .reason,
  .unequal // ""] | @tsv' "$out"
