#!/usr/bin/env bash
# Kills a comparison at random instants, goes on, and holds the rows against those of an uninterrupted run.
#
#   Benchmarks/kill-and-resume.sh OUT.json [RECIPE] [KILLS] [SEED]
#
# In turn the parent alone, one child alone, or all of them get SIGKILL. OUT.json tells when and whom, how many processes
# were left over, and whether accuracies, sizes and non-zeros of every row and seed are equal in the end.
set -euo pipefail
out=$1 recipe=${2:-quickstart} kills=${3:-10} seed=${4:-1}
condense=$(dirname "$0")/../.build/release/condense
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
facts() {
  jq -S '[(.students + [.teacher])[] | {name, perSeed: .accuracy.perSeed, size, nonZeros, multiplyAdds}] | sort_by(.name)' \
    "$1/ranking.json"
}
began=$(date +%s%N)
"$condense" compare "$recipe" --seeds 1 --out "$work/whole" > "$work/whole.out" 2>&1
seconds=$((($(date +%s%N) - began) / 1000000000))
RANDOM=$seed
whom=(parent child all)
for number in $(seq "$kills"); do
  "$condense" compare "$recipe" --seeds 1 --out "$work/cut" > "$work/cut.out" 2>&1 &
  parent=$!
  milliseconds=$((100 + RANDOM % (1000 * (1 + seconds / kills))))
  sleep "$(printf '%d.%03d' $((milliseconds / 1000)) $((milliseconds % 1000)))"
  children=$(pgrep -P $parent || true)
  case ${whom[$((number % 3))]} in
    parent) kill -KILL $parent 2> /dev/null || true ;;
    child) kill -KILL $(echo "$children" | head -n 1) 2> /dev/null || true ;;
    all) kill -KILL $parent $children 2> /dev/null || true ;;
  esac
  if [ "${whom[$((number % 3))]}" = child ]; then
    sleep 0.2
    kill -INT $parent 2> /dev/null || true
  fi
  wait $parent 2> /dev/null || true
  sleep 0.5
  left=$(pgrep -fc "trial $work/cut/" || true)
  jq -nc --arg whom "${whom[$((number % 3))]}" --argjson ms "$milliseconds" --argjson left "$left" \
    '{killed: $whom, afterMilliseconds: $ms, processesLeftOver: $left}' >> "$work/kills"
done
"$condense" compare "$recipe" --seeds 1 --out "$work/cut" > "$work/cut.out" 2>&1
facts "$work/whole" > "$work/a"
facts "$work/cut" > "$work/b"
equal=false
if cmp -s "$work/a" "$work/b"; then equal=true; fi
jq -s --arg recipe "$recipe" --arg date "$(date -u +%F)" --argjson equal $equal --argjson rows "$(jq length "$work/a")" \
  '{schema: 1, date: $date, recipe: $recipe, rows: $rows, equal: $equal, kills: .}' "$work/kills" > "$out.partial"
mv "$out.partial" "$out"
jq -c '{recipe, rows, equal, kills: (.kills | length), left: ([.kills[].processesLeftOver] | add)}' "$out"
[ "$equal" = true ]
