#!/usr/bin/env bash
# Every integer student and control of a run as C on this machine, held against the integer reference on whole test sets.
#
#   Benchmarks/c-parity.sh OUT.json RUN DATA
#
# RUN is a comparison's directory, DATA what it was run on. OUT.json has a row a file: images, outputs that differ, findings.
set -euo pipefail
out=$1 run=$2 data=$3
condense=${CONDENSE:-$(dirname "$0")/../.build/release/condense}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
for result in "$run"/trials/*/result.json; do
  trial=$(dirname "$result")
  [ "$(jq -r .accuracy.arithmetic "$result")" = integer ] || continue
  name=$(jq -r '"\(.name), seed \(.seed)"' "$result")
  "$condense" export "$trial/student.condensed" --format c --out "$work/export" --verify "$data" --images 1000000 --json |
    jq -c --arg name "$name" '{name: $name} + .verification' >> "$work/rows"
  rm -rf "$work/export"
done
jq -s --arg run "$(basename "$run")" --arg date "$(date -u +%F)" --arg compiler "$(cc --version | head -n 1)" \
  '{schema: 1, run: $run, date: $date, compiler: $compiler, students: length, images: (map(.images) | add),
    mismatches: (map(.mismatches) | add), passed: all(.passed), rows: .}' "$work/rows" > "$out.partial"
mv "$out.partial" "$out"
jq -r '"\(.students) students, \(.images) images in all, \(.mismatches) outputs differ"' "$out"
