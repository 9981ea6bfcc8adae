#!/usr/bin/env bash
# Trains a small network alone and as 1, 2 and 4 ranks of Open MPI on this machine, kills a rank and stops a training, goes on with
# other numbers of ranks, and holds the models against each other byte by byte. `make mpi-test` builds and runs it.
#
#   Benchmarks/mpi.sh [NETWORK] [IMAGES] [EPOCHS] [OUT.json]
set -euo pipefail
cd "$(dirname "$0")/.."
network=${1:-resnet8}
images=${2:-600}
epochs=${3:-30}
out=${4:-}
condense=${CONDENSE:-$PWD/.build-mpi/release/condense}
export CONDENSE_HOME=$PWD OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1
dir=$(mktemp -d /tmp/condense-mpi-XXXXXX)
export CONDENSE_CACHE=$dir/cache TMPDIR=$dir
run=
finish() {
  [ -z "$run" ] || kill "$run" 2>/dev/null || true
  rm -rf "$dir"
}
trap finish EXIT
fail() { echo "mpi-test: $*" >&2; exit 1; }

"$condense" data make glyphs --out "$dir/data" --count "$images" >/dev/null
arguments=(train "$network" --data "$dir/data" --epochs "$epochs" --set network.width=0.25 --set training.batch=32 --set training.microBatches=4)
ranks() { mpirun --oversubscribe -n "$1" "$condense" "${arguments[@]}" "${@:2}"; }
same() { cmp "$dir/alone.safetensors" "$dir/$1.safetensors" || fail "$1: other bytes than one process"; echo "$1: equal bytes"; }
since() { awk -v begin="$1" -v end="$(date +%s.%N)" 'BEGIN { printf "%.1f", end - begin }'; }

begin=$(date +%s.%N)
"$condense" "${arguments[@]}" --threads 1 --out "$dir/alone.safetensors" 2>"$dir/alone.err" || fail "$(cat "$dir/alone.err")"
figures="\"alone\": $(since "$begin")"
for count in 1 2 4; do
  begin=$(date +%s.%N)
  ranks "$count" --threads 1 --out "$dir/$count-ranks.safetensors" >"$dir/$count.out" 2>"$dir/$count.err" || fail "$(cat "$dir/$count.err")"
  figures="$figures, \"ranks$count\": $(since "$begin")"
  [ "$(grep -c '^epoch ' "$dir/$count.err")" = "$epochs" ] || fail "$count ranks: not one line an epoch: $(cat "$dir/$count.err")"
  same "$count-ranks"
done

# A rank is killed in the middle: all end, with a message; two ranks go on, then one process after a SIGTERM.
start() { # NAME COUNT [OPTIONS]: begins a training in the background and waits for its second epoch
  mpirun --oversubscribe -n "$2" "$condense" "${arguments[@]}" --threads 1 --out "$dir/$1.safetensors" "${@:3}" >"$dir/$1.out" 2>"$dir/$1.err" &
  run=$!
  for _ in $(seq 3000); do
    [ "$(cat "$dir/$1.safetensors.metrics.jsonl" 2>/dev/null | wc -l)" -ge 2 ] && return
    kill -0 "$run" 2>/dev/null || fail "$1: over before it could be ended: $(cat "$dir/$1.err")"
    sleep 0.02
  done
  fail "$1: no second epoch"
}
start killed 4
victims=($(pgrep -P "$run"))
[ "${#victims[@]}" = 4 ] || fail "killed: ${#victims[@]} ranks found"
kill -KILL "${victims[2]}"
status=0; wait "$run" || status=$?
run=
[ "$status" != 0 ] || fail "killed: no failure"
grep -qi "signal 9" "$dir/killed.err" || fail "killed: no message: $(cat "$dir/killed.err")"
# mpirun is gone a moment before its ranks are.
for _ in $(seq 250); do
  left=0
  for victim in "${victims[@]}"; do ! kill -0 "$victim" 2>/dev/null || left=1; done
  [ "$left" = 0 ] && break
  sleep 0.02
done
[ "$left" = 0 ] || fail "killed: a rank still runs after 5 s"
[ ! -e "$dir/killed.safetensors" ] || fail "killed: there is a model"
echo "killed: all ranks ended, status $status"
ranks 2 --resume --out "$dir/killed.safetensors" >/dev/null 2>"$dir/killed.err" || fail "$(cat "$dir/killed.err")"
grep -q "^going on after" "$dir/killed.err" || fail "killed: did not go on: $(cat "$dir/killed.err")"
same killed

# One rank is asked to stop: all do, after the same step, with their state saved.
start stopped 2
victims=($(pgrep -P "$run"))
kill -TERM "${victims[1]}"
status=0; wait "$run" || status=$?
run=
[ "$status" != 0 ] || fail "stopped: no failure"
grep -q "all is saved" "$dir/stopped.err" || fail "stopped: nothing said: $(cat "$dir/stopped.err")"
"$condense" "${arguments[@]}" --resume --out "$dir/stopped.safetensors" >/dev/null 2>"$dir/stopped.err" || fail "$(cat "$dir/stopped.err")"
grep -q "^going on after" "$dir/stopped.err" || fail "stopped: did not go on: $(cat "$dir/stopped.err")"
same stopped

refused() { # WORDS COUNT [OPTIONS]
  ! ranks "$2" --out "$dir/refused.safetensors" "${@:3}" >/dev/null 2>"$dir/refused.err" || fail "refused: accepted: $*"
  grep -q "$1" "$dir/refused.err" || fail "refused: expected $1, found $(cat "$dir/refused.err")"
  [ "$(grep -c "$1" "$dir/refused.err")" = 1 ] || fail "refused: said more than once: $(cat "$dir/refused.err")"
  [ ! -e "$dir/refused.safetensors" ] || fail "refused: there is a model"
  rm -rf "$dir/refused.safetensors.checkpoint"
  echo "refused: $1"
}
refused "3 ranks need a number of" 3
refused "16 cannot be cut into 32" 4 --set training.batch=16 --set training.microBatches=32
refused "no such data set" 2 --data "$dir/nothing"
refused "is no longer finite\|the loss is" 2 --set training.learningRate=1000 --set training.weightDecay=10
echo "{\"network\": \"$network\", \"images\": $images, \"epochs\": $epochs, \"cores\": $(nproc), \"seconds\": {$figures}}" | tee ${out:+"$out"}
