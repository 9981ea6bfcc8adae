#!/usr/bin/env bash
# Trains a network with several seeds and records what `evaluate` says of each.
#
#   Benchmarks/accuracy.sh OUT.json NETWORK DATA SEEDS [train options...]
#
# SEEDS is a list such as "0 1 2". OUT.json holds every evaluation, the mean and the standard deviation of top-1.
set -euo pipefail
out=$1 network=$2 data=$3 seeds=$4
shift 4
condense=$(dirname "$0")/../.build/release/condense
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
for seed in $seeds; do
  began=$(date +%s)
  "$condense" train "$network" --data "$data" --out "$work/$seed.safetensors" --seed "$seed" "$@" >&2
  seconds=$(($(date +%s) - began))
  "$condense" evaluate "$work/$seed.safetensors" --data "$data" --json |
    jq -c --argjson seed "$seed" --argjson seconds "$seconds" \
      '{seed: $seed, trainingSeconds: $seconds, evaluation: .}' >> "$work/raw"
done
processor=$(sed -n 's/^model name\t*: //p' /proc/cpuinfo | head -n 1)
jq -s --arg network "$network" --arg data "$(basename "$data")" --arg options "$*" --arg date "$(date -u +%F)" \
  --arg processor "$processor" --argjson cores "$(nproc)" '
  map(.evaluation.top1) as $t
  | ($t | add / length) as $mean
  | (if ($t | length) > 1 then $t | map((. - $mean) * (. - $mean)) | add / (length - 1) | sqrt else null end) as $sd
  | { schema: 1, date: $date, processor: $processor, cores: $cores, network: $network, data: $data,
      options: $options, top1: { mean: $mean, sd: $sd, perSeed: $t }, raw: . }' "$work/raw" > "$out.partial"
mv "$out.partial" "$out"
jq -c '{network, data, top1}' "$out"
