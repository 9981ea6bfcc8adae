#!/usr/bin/env bash
# Perceptrons in bytes and in powers of two on FPGAs and a neural processor: trained, written as Verilog, synthesized, placed and routed.
#
#   Benchmarks/fpga-mnist.sh RUN OUT.json
#
# RUN is the folder of the comparison (made, or gone on with). Needs MNIST (condense data fetch mnist) and make simulators. Outputs of 20
# test images are held against the integer reference in Verilator.
set -euo pipefail
run=$1 out=$2
cd "$(dirname "$0")/.."
raw=$(mktemp)
trap 'rm -f "$raw"' EXIT
.build/release/condense compare Benchmarks/fpga-mnist.yaml --out "$run" > /dev/null
for row in bytes powers small-powers; do
  .build/release/condense profile "$run/$row" --data mnist --images 20 --json \
    --target zynq-7020 --target ice40-hx8k --target ethos-u55-128 | jq -c --arg row "$row" '{row: $row} + .' >> "$raw"
done
jq -s --arg date "$(date -u +%F)" --arg yosys "$(yosys -V)" --arg nextpnr "$(nextpnr-ice40 --version 2>&1)" \
  --arg verilator "$(verilator --version)" --slurpfile ranking "$run/ranking.json" \
  '{schema: 1, date: $date, tools: {yosys: $yosys, "nextpnr-ice40": $nextpnr, verilator: $verilator}, rows: .,
    accuracy: [$ranking[0].students[] | {name, mean: .accuracy.mean, fileBytes: .size}]}' "$raw" > "$out"
