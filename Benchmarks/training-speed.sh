#!/usr/bin/env bash
# Milliseconds per training step of Condense beside another tool's, alternating in one run on an idle machine.
#
#   PEER_NAME="PyTorch 2.15" Benchmarks/training-speed.sh OUT.json PEER_COMMAND... -- PEER_NETWORK:CONDENSE_NETWORK...
#
# PEER_COMMAND gets the network's name and must print one JSON line with best_ms.f32 and best_ms.bf16. Each pair runs
# three times in alternation; OUT.json holds every raw line and the ratios of the medians (peer / Condense).
set -euo pipefail
out=$1
shift
peer=()
while [ "$1" != -- ]; do peer+=("$1"); shift; done
shift
bench=$(dirname "$0")/../.build/release/condense-bench
rounds=${ROUNDS:-3}
raw=$(mktemp)
trap 'rm -f "$raw"' EXIT
record() { jq -c --arg tool "$1" --arg n "$2" --argjson r "$3" '{tool: $tool, network: $n, round: $r, result: .}' >> "$raw"; }
for pair in "$@"; do
  theirs=${pair%%:*}
  ours=${pair##*:}
  for round in $(seq "$rounds"); do
    "${peer[@]}" "$theirs" | tail -n 1 | record peer "$ours" "$round"
    for precision in f32 bf16; do
      "$bench" train --network "$ours" --batch 128 --precision $precision --threads 2 --json |
        record condense "$ours" "$round"
    done
  done
done
name=${PEER_NAME:-${peer[*]}}
processor=$(sed -n 's/^model name\t*: //p' /proc/cpuinfo | head -n 1)
jq -s --arg peer "$name" --arg date "$(date -u +%F)" --arg processor "$processor" --argjson cores "$(nproc)" '
  def median: sort | .[length / 2 | floor];
  . as $raw
  | def results($tool; $n): $raw | map(select(.tool == $tool and .network == $n) | .result);
  { schema: 1, peer: $peer, date: $date, processor: $processor, cores: $cores, batch: 128, threads: 2,
    ratios: [ ($raw | map(.network) | unique[]) as $n | ("f32", "bf16") as $p
      | (results("peer"; $n) | map(.best_ms[$p]) | median) as $theirs
      | (results("condense"; $n) | map(select(.precision == $p) | .ms_per_step) | median) as $ours
      | { network: $n, precision: $p, peerMs: $theirs, condenseMs: $ours, ratio: ($theirs / $ours) } ],
    raw: $raw }' "$raw" > "$out.partial"
mv "$out.partial" "$out"
jq -r '.ratios[] | [.network, .precision, (.peerMs * 100 | round / 100), (.condenseMs * 100 | round / 100),
  (.ratio * 100 | round / 100)] | @tsv' "$out"
