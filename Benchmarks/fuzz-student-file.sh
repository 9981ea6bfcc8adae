#!/usr/bin/env bash
# Damaged student files through the reader under the address sanitizer.
#
#   Benchmarks/fuzz-student-file.sh OUT.json [COUNT] [SEED]
#
# Builds condense-bench with the sanitizer in .build-asan (minutes), then reads COUNT files (200,000). Any single
# allocation above 256 MiB ends the run. OUT.json holds the raw report; "broken" must be empty.
set -euo pipefail
out=$1 count=${2:-200000} seed=${3:-1}
cd "$(dirname "$0")/.."
swift build --sanitize=address -c release --scratch-path .build-asan --product condense-bench >&2
ASAN_OPTIONS=detect_leaks=0:max_allocation_size_mb=256:allocator_may_return_null=0 \
  .build-asan/release/condense-bench fuzz-student --count "$count" --seed "$seed" --json > "$out.raw"
jq --arg date "$(date -u +%F)" --arg processor "$(sed -n 's/^model name\t*: //p' /proc/cpuinfo | head -n 1)" \
  --argjson cores "$(nproc)" \
  '{schema: 1, date: $date, processor: $processor, cores: $cores, sanitizer: "address", raw: .}' \
  "$out.raw" > "$out.partial"
mv "$out.partial" "$out"
rm "$out.raw"
jq -c '.raw | {files, accepted, refused, broken}' "$out"
