#!/usr/bin/env bash
# Additions of random 64x32 matrices, by condense's adder graphs and by da4ml 0.6 from PyPI.
#
#   Benchmarks/adder-graphs.sh OUT.json
#
# Needs python3 with venv; da4ml is installed into a folder that is removed afterwards.
set -euo pipefail
out=$1
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$(dirname "$0")/.."
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install -q da4ml==0.6.0 numpy
"$work/venv/bin/python" - "$work" << 'PYTHON'
import json, sys, time
import numpy as np
from da4ml.cmvm import solve

random = np.random.default_rng(0)
matrices = {"int4": [random.integers(-8, 8, (64, 32)) for _ in range(5)]}
matrices["powers-of-two"] = [
    random.choice([-1, 1], (64, 32)) * 2 ** random.integers(0, 4, (64, 32)) for _ in range(5)]
rows = []
for name, found in matrices.items():
    for matrix in found:
        start = time.time()
        solution = solve(matrix.astype(np.float32))
        rows.append({"name": name, "additions": int(solution.cost), "depth": int(solution.latency[1]),
                     "seconds": time.time() - start})
json.dump({name: [m.T.tolist() for m in found] for name, found in matrices.items()}, open(f"{sys.argv[1]}/matrices.json", "w"))
json.dump(rows, open(f"{sys.argv[1]}/peer.json", "w"))
PYTHON
.build/release/condense-bench adders "$work/matrices.json" > "$work/own.json"
jq -n --arg date "$(date -u +%F)" --slurpfile own "$work/own.json" --slurpfile peer "$work/peer.json" \
  '{schema: 1, date: $date, seed: 0, shape: "64x32", peer: "da4ml 0.6.0", condense: $own[0], da4ml: $peer[0],
    meanRatio: ([("int4", "powers-of-two") as $n | {key: $n, value:
      (([$own[0][] | select(.name == $n) | .additions] | add) / ([$peer[0][] | select(.name == $n) | .additions] | add))}] | from_entries)}' > "$out"
jq '{meanRatio, seconds: [.condense[].seconds] | max}' "$out"
