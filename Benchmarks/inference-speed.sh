#!/usr/bin/env bash
# Milliseconds of an inference pass in integers beside onnxruntime's on the exported model, alternating in one run on an idle
# machine, at batch 1 on one thread and at batch 64 on two.
#
#   PYTHON=venv/bin/python Benchmarks/inference-speed.sh OUT.json NETWORK...
#
# PYTHON must have onnxruntime (python3 -m venv venv && venv/bin/pip install onnxruntime). NETWORK is a name from Teachers/, of
# which a student of signed bytes with weights at random is made, or a student file. OUT.json holds every raw line and the
# ratios of the medians (onnxruntime / Condense).
set -euo pipefail
here=$(dirname "$0")
programs=$here/../.build/release
python=${PYTHON:-python3}
rounds=${ROUNDS:-3}
seconds=${SECONDS_EACH:-2}
out=$1
shift
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
raw=$work/raw
for subject in "$@"; do
  name=$(basename "$subject" .condensed)
  student=$subject
  if [ ! -f "$subject" ]; then
    student=$work/$name.condensed
    "$programs/condense-bench" infer --network "$subject" --bytes --write "$student" --batch 1 --seconds 0.1 --json > "$work/warm"
  fi
  "$programs/condense" export "$student" --format onnx --out "$work/$name-onnx" > "$work/exported"
  onnx=$(find "$work/$name-onnx" -name '*.onnx' | head -n 1)
  for round in $(seq "$rounds"); do
    for setting in 1:1 64:2; do
      batch=${setting%%:*}
      threads=${setting##*:}
      "$python" "$here/onnx-inference.py" "$onnx" --batch "$batch" --threads "$threads" --seconds "$seconds" |
        jq -c --arg n "$name" --argjson r "$round" '{tool: "onnxruntime", network: $n, round: $r, result: .}' >> "$raw"
      "$programs/condense-bench" infer --student "$student" --batch "$batch" --threads "$threads" --seconds "$seconds" --json |
        jq -c --arg n "$name" --argjson r "$round" '{tool: "condense", network: $n, round: $r, result: .}' >> "$raw"
    done
  done
done
processor=$(sed -n 's/^model name\t*: //p' /proc/cpuinfo | head -n 1)
jq -s --arg date "$(date -u +%F)" --arg processor "$processor" --argjson cores "$(nproc)" '
  def median: sort | .[length / 2 | floor];
  . as $raw
  | def times($tool; $n; $b): [$raw[] | select(.tool == $tool and .network == $n and .result.batch == $b)
      | .result.ms_per_step] | median;
  { schema: 1, peer: ("onnxruntime " + ([$raw[] | select(.tool == "onnxruntime") | .result.version] | first)),
    date: $date, processor: $processor, cores: $cores,
    ratios: [ ($raw | map(.network) | unique[]) as $n | (1, 64) as $b
      | times("onnxruntime"; $n; $b) as $theirs | times("condense"; $n; $b) as $ours
      | { network: $n, batch: $b, peerMs: $theirs, condenseMs: $ours, ratio: ($theirs / $ours) } ],
    raw: $raw }' "$raw" > "$out.partial"
mv "$out.partial" "$out"
jq -r '.ratios[] | [.network, .batch, (.peerMs * 1000 | round / 1000), (.condenseMs * 1000 | round / 1000),
  (.ratio * 100 | round / 100)] | @tsv' "$out"
