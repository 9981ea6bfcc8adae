#!/bin/bash
# How often the ranking calls rows different: Benchmarks/ranking-calibration.json, by the tests that hold these rates.
# Usage: Benchmarks/ranking-calibration.sh [OUT]   (after a build of the tests: make test)
set -euo pipefail
cd "$(dirname "$0")/.."
out=${1:-Benchmarks/ranking-calibration.json}
lines=$(mktemp)
trap 'rm -f "$lines"' EXIT
CONDENSE_CALIBRATION=$lines swift test --skip-build --disable-xctest -c release -Xswiftc -enable-testing --filter CalibrationTests
{ echo '['; sort "$lines" | sed '$!s/$/,/'; echo ']'; } > "$out"
