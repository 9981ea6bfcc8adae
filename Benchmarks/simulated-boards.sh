#!/usr/bin/env bash
# Runs integer models on simulated boards and records what `profile` says of each: memory, cycles, energy, equal outputs.
#
#   Benchmarks/simulated-boards.sh OUT.json DATA IMAGES "TARGET..." NAME=MODEL...
#
# IMAGES of the test split of DATA go through every board. A model that does not fit is recorded with its overflow.
set -euo pipefail
out=$1 data=$2 images=$3 targets=$4
shift 4
condense=${CONDENSE:-$(dirname "$0")/../.build/release/condense}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
for model in "$@"; do
  for target in $targets; do
    "$condense" profile "${model#*=}" --target "$target" --data "$data" --images "$images" --json |
      jq -c --arg student "${model%%=*}" '{student: $student, board: .targets[0].name} + (.targets[0] | del(.name))' >> "$work/raw"
  done
done
version() { "$1" --version 2> /dev/null | head -n 1 || true; }
jq -s --arg data "$data" --arg date "$(date -u +%F)" --arg avr "$(version avr-gcc)" --arg arm "$(version arm-none-eabi-gcc)" \
  --arg qemu "$(version qemu-system-arm)" --arg simavr "$(dpkg-query -W -f='${Version}' libsimavr-dev 2> /dev/null || true)" '
  { schema: 1, date: $date, data: $data,
    tools: { "avr-gcc": $avr, "arm-none-eabi-gcc": $arm, "qemu-system-arm": $qemu, simavr: $simavr }, rows: . }' \
  "$work/raw" > "$out.partial"
mv "$out.partial" "$out"
jq -r '.rows[] | [.student, .board, .flashBytes, .ramBytes, .cycles.mean, .latencyMs, .energyMicrojoules, .imagesSimulated,
  .imagesUnequal, .top1, .reason] | @tsv' "$out"
