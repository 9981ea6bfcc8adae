#!/usr/bin/env bash
# Damaged files through a reader under the address sanitizer: models (.safetensors), students (.condensed) or
# TensorFlow Lite files (.tflite).
#
#   Benchmarks/fuzz-files.sh model|student|tflite [COUNT] [SEED]
#
# Builds condense-bench with the sanitizer in .build-asan (minutes), then reads COUNT files (200,000). Any single
# allocation above 256 MiB ends the run. The report goes to Benchmarks/fuzz-KIND-file.json; "broken" must be empty.
set -euo pipefail
kind=${1:-}
case $kind in
  model | student | tflite) ;;
  *) echo "usage: $0 model|student|tflite [COUNT] [SEED]" >&2; exit 64 ;;
esac
count=${2:-200000} seed=${3:-1}
for number in "$count" "$seed"; do
  [[ $number =~ ^[0-9]+$ ]] || { echo "$0: expected a number, found \"$number\"" >&2; exit 64; }
done
cd "$(dirname "$0")/.."
command -v jq > /dev/null || { echo "$0: jq is missing: apt-get install jq" >&2; exit 69; }
out=Benchmarks/fuzz-$kind-file.json
swift build --sanitize=address -c release --scratch-path .build-asan --product condense-bench >&2
ASAN_OPTIONS=detect_leaks=0:max_allocation_size_mb=256:allocator_may_return_null=0 \
  .build-asan/release/condense-bench "fuzz-$kind" --count "$count" --seed "$seed" --json > "$out.raw"
jq --arg date "$(date -u +%F)" --arg processor "$(sed -n 's/^model name\t*: //p' /proc/cpuinfo | head -n 1)" \
  --argjson cores "$(nproc)" \
  '{schema: 1, date: $date, processor: $processor, cores: $cores, sanitizer: "address", raw: .}' \
  "$out.raw" > "$out.partial"
mv "$out.partial" "$out"
rm "$out.raw"
jq -c '.raw | {files, accepted, refused, broken}' "$out"
