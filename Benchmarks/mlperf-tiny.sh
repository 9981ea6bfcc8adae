#!/usr/bin/env bash
# The four networks of MLPerf Tiny and two of Teachers/ on simulated Cortex-M boards, int8: Condense's C and its peers side by side,
# from the same .tflite files, in one simulator under one table of costs. Outputs are held against LiteRT's.
#
#   TFLM=… CMSIS_NN=… FLATBUFFERS=… GEMMLOWP=… RUY=… Benchmarks/mlperf-tiny.sh OUT.json [PROGRAM...]
#
# PROGRAM: condense tflite-micro bakenn; all by default. Rows that OUT.json holds of other programs, networks, targets and levels are
# kept, so `Benchmarks/mlperf-tiny.sh Benchmarks/mlperf-tiny.json condense` refreshes ours alone, without the peers' folders.
# NETWORKS, TARGETS and LEVELS choose some of all (`TARGETS=cortex-m4 LEVELS=-O2`); FILES is a folder for the .tflite files,
# TFLM_BUILD one for TensorFlow Lite Micro's objects: both are kept and used again where they are given. CONDENSE is the program.
# Needs the simulators (make simulators), libstdc++-arm-none-eabi-newlib, python3-yaml. The peers' folders are sources as their
# repositories have them: tensorflow/tflite-micro, and the CMSIS-NN, flatbuffers, gemmlowp and ruy that its
# tools/make/third_party_downloads.inc and tools/make/ext_libs/cmsis_nn_download.sh name. A file VERSION in one tells its version.
set -euo pipefail
out=$(realpath "$1")
shift
programs=${*:-condense tflite-micro bakenn}
here=$(cd "$(dirname "$0")" && pwd)/mlperf-tiny
cd "$here/../.."
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
files=${FILES:-$work/files}
export TFLM_BUILD=${TFLM_BUILD:-$work/build}
[ -d "$files" ] || "$here/networks.py" "$files"
for network in ${NETWORKS:-resnet8 mobilenet-vww ds-cnn autoencoder mobilenet-cifar lenet5}; do
  for level in ${LEVELS:--O2 -O3}; do
    for program in $programs; do
      # shellcheck disable=SC2086
      "$here/measure.py" "$program" "$files" "$network" "$level" ${TARGETS:-cortex-m4 cortex-m0plus cortex-m7 cortex-m33} |
        tee -a "$work/raw" | cut -c 1-80 >&2
    done
  done
done
version() { "$1" --version 2> /dev/null | head -n 1 || true; }
[ -s "$out" ] && jq -c '.rows[]' "$out" > "$work/old" || : > "$work/old"
jq -n --argjson packages "$(sed -n 's/^PACKAGES = //p' "$here/networks.py")" --arg arm "$(version arm-none-eabi-gcc)" --arg qemu "$(version qemu-system-arm)" \
  --slurpfile old "$work/old" --slurpfile new "$work/raw" '
  def key: [.network, .target, .level, .program];
  ($new | map(key)) as $keys |
  {schema: 1, tools: {"arm-none-eabi-gcc": $arm, "qemu-system-arm": $qemu, networks: $packages},
   rows: (($old | map(select(key as $k | $keys | index([$k]) | not))) + $new | sort_by(.target, .level, .network, .program))}' \
  > "$work/out"
mv "$work/out" "$out"
"$here/ratios.sh" "$out"
