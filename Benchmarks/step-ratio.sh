#!/usr/bin/env bash
# Training steps of two builds, alternating in one run on an idle machine: the trainer's plain steps, and its steps on a
# teacher's stored logits.
#
#   Benchmarks/step-ratio.sh OUT.json BEFORE_BENCH AFTER_BENCH NETWORK...      ROUNDS=5 SECONDS_EACH=4 PRECISIONS="f32 bf16"
#
# BEFORE_BENCH and AFTER_BENCH are two builds' condense-bench. OUT.json holds every raw line and the ratios of the medians:
# plain after / plain before, and of each build distilled / plain; `leastRatio` is that of the shortest steps of the runs, which other
# work on the machine disturbs least. OUT.json.raw keeps the lines while it runs: started again with the
# same builds and SECONDS_EACH, on the same machine and as idle, it goes on.
set -euo pipefail
out=$1 before=$2 after=$3
shift 3
rounds=${ROUNDS:-5}
each=${SECONDS_EACH:-4}
raw=$out.raw
identity=$(cat "$before" "$after" | sha256sum | cut -c1-16)-$each
[ -s "$raw" ] || echo "{\"identity\":\"$identity\"}" > "$raw"
[ "$(head -n 1 "$raw")" = "{\"identity\":\"$identity\"}" ] ||
  { echo "$raw: is of other builds or seconds; remove it" >&2; exit 65; }
# A kill may have left half a line.
sed -i -e '$!b' -e '/}$/!d' "$raw"
for network in "$@"; do
  for precision in ${PRECISIONS:-f32 bf16}; do
    for round in $(seq "$rounds"); do
      # Whoever is first changes from round to round.
      order="before after"
      [ $((round % 2)) = 0 ] && order="after before"
      for build in $order; do
        known=$(jq -s --arg b "$build" --arg n "$network" --arg p "$precision" --argjson r "$round" \
          'any(.[1:][]; .build == $b and .round == $r and .result.network == $n and .result.precision == $p)' "$raw")
        [ "$known" = true ] && continue
        "${!build}" train --distill --network "$network" --batch 128 --precision "$precision" --threads 2 \
          --seconds "$each" --allocations --json |
          jq -c --arg build "$build" --argjson r "$round" '{build: $build, round: $r, result: .}' >> "$raw"
      done
    done
  done
done
processor=$(sed -n 's/^model name\t*: //p' /proc/cpuinfo | head -n 1)
jq -s --arg date "$(date -u +%F)" --arg processor "$processor" --argjson cores "$(nproc)" '
  def median: sort | (.[(length - 1) / 2 | floor] + .[length / 2 | floor]) / 2;
  .[1:] as $raw
  | def results($build; $n; $p): $raw
      | map(select(.build == $build and .result.network == $n and .result.precision == $p) | .result);
  { schema: 1, date: $date, processor: $processor, cores: $cores, batch: 128, threads: 2,
    ratios: [ ($raw | map([.result.network, .result.precision]) | unique[]) as [$n, $p]
      | (results("before"; $n; $p) | map(.distill.plain_ms_per_step) | median) as $old
      | (results("after"; $n; $p) | map(.distill.plain_ms_per_step) | median) as $new
      | (results("before"; $n; $p) | map(.min) | median) as $oldLeast
      | (results("after"; $n; $p) | map(.min) | median) as $newLeast
      | { network: $n, precision: $p, rounds: (results("after"; $n; $p) | length), beforeMs: $old, afterMs: $new, ratio: ($new / $old),
          leastRatio: ($newLeast / $oldLeast),
          distilledBefore: (results("before"; $n; $p) | map(.distill.ratio) | median),
          distilledAfter: (results("after"; $n; $p) | map(.distill.ratio) | median),
          allocations: (results("after"; $n; $p) | map(.allocations_per_step.own // .allocationsPerStep.own) | max) } ],
    raw: $raw }' "$raw" > "$out.partial"
mv "$out.partial" "$out"
rm -f "$raw"
jq -r '.ratios[] | [.network, .precision, (.beforeMs * 100 | round / 100), (.afterMs * 100 | round / 100),
  (.ratio * 1000 | round / 1000), (.leastRatio * 1000 | round / 1000), (.distilledBefore * 1000 | round / 1000), (.distilledAfter * 1000 | round / 1000),
  .allocations] | @tsv' "$out"
