#!/usr/bin/env bash
# Milliseconds of an inference pass in integers beside onnxruntime's on the exported model, in turns in one run on an idle
# machine, at batch 1 on one thread and at batch 64 on two.
#
#   PYTHON=venv/bin/python Benchmarks/inference-speed.sh OUT.json NETWORK...
#
# PYTHON must have onnxruntime (python3 -m venv venv && venv/bin/pip install onnxruntime). NETWORK is a name from Teachers/, of
# which a student of signed bytes with weights at random is made, or a student file. OUT.json holds what `condense-bench
# infer --against` says of each.
set -euo pipefail
bench=$(dirname "$0")/../.build/release/condense-bench
out=$1
shift
raw=$(mktemp)
trap 'rm -f "$raw"' EXIT
for subject in "$@"; do
  what=(--network "$subject" --bytes)
  if [ -f "$subject" ]; then what=(--network "$(basename "$subject")" --student "$subject"); fi
  for setting in 1:1 64:2; do
    "$bench" infer "${what[@]}" --against "${PYTHON:-python3}" --batch "${setting%%:*}" --threads "${setting##*:}" \
      --rounds "${ROUNDS:-3}" --seconds "${SECONDS_EACH:-2}" --json >> "$raw"
  done
done
jq -s --arg date "$(date -u +%F)" --arg processor "$(sed -n 's/^model name\t*: //p' /proc/cpuinfo | head -n 1)" \
  --argjson cores "$(nproc)" '{schema: 2, date: $date, processor: $processor, cores: $cores, rows: .}' "$raw" > "$out.partial"
mv "$out.partial" "$out"
jq -r '.rows[] | [.network, .batch, .arithmetic, (.peer.ms_per_step * 1000 | round / 1000), (.ms_per_step * 1000 | round / 1000),
  (.peer.ratio * 100 | round / 100)] | @tsv' "$out"
