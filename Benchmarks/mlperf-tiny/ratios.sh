#!/usr/bin/env bash
# Prints what mlperf-tiny.sh found: ours over theirs, below 1 where ours is better.
#
#   ratios.sh OUT.json
set -euo pipefail
jq -r '
  def round3: . * 1000 | round / 1000;
  def row: [.[] | if type == "number" then tostring else . // "-" end] | @tsv;
  (["target", "flags", "network", "peer", "cycles/MAC", "theirs", "cycles", "RAM", "flash", "without weights", "outputs"] | row),
  (.rows as $rows | $rows[] | select(.program != "condense") as $peer
   | ($rows[] | select(.program == "condense" and .network == $peer.network and .target == $peer.target and .level == $peer.level)) as $our
   | if $our.reason or $peer.reason
     then [$peer.target, $peer.level, $peer.network, $peer.program, ($our.reason // $peer.reason | .[:100] | gsub("\n"; " "))] | row
     else [$peer.target, $peer.level, $peer.network, $peer.program, $our.cyclesPerMultiplyAdd, $peer.cyclesPerMultiplyAdd,
       ($our.cycles / $peer.cycles | round3), ($our.ramBytes / $peer.ramBytes | round3), ($our.flashBytes / $peer.flashBytes | round3),
       ($our.flashWithoutWeights / $peer.flashWithoutWeights | round3),
       "\($our.greatestDifference)/\($peer.greatestDifference)"] | row end)' "$1" | column -t -s $'\t'
