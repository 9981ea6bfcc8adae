#!/usr/bin/env bash
# Runs a recipe (the quickstart) here and through Slurm on two virtual nodes of this machine, while jobs are killed and a node is down, and holds the two
# rankings against each other: Benchmarks/slurm.json. Needs slurm-wlm and munge (make slurm-test installs them) and root.
#
#   Benchmarks/slurm.sh [RECIPE] [KILLS] [OUT.json]
set -euo pipefail
cd "$(dirname "$0")/.."
recipe=${1:-quickstart}
kills=${2:-10}
out=${3:-Benchmarks/slurm.json}
condense=${CONDENSE:-$PWD/.build/release/condense}
dir=$(mktemp -d /tmp/condense-slurm-XXXXXX)
host=$(hostname)
pids=()
finish() {
  for pid in "${pids[@]}"; do kill "$pid" 2>/dev/null || true; done
  wait 2>/dev/null || true
  rm -rf "$dir"
}
trap finish EXIT

mkdir -p "$dir"/{ctl,d-n1,d-n2,log,tmp-n1,tmp-n2,munge}
chmod 700 "$dir/munge"
dd if=/dev/urandom bs=1 count=1024 of="$dir/munge/key" status=none
chmod 400 "$dir/munge/key"
munged --force --foreground --key-file="$dir/munge/key" --socket="$dir/munge.sock" --pid-file="$dir/munge/pid" \
  --log-file="$dir/munge/log" --seed-file="$dir/munge/seed" 2>"$dir/log/munge.err" &
pids+=($!)
cat > "$dir/slurm.conf" <<CONF
ClusterName=condense
SlurmctldHost=$host(127.0.0.1)
SlurmUser=root
SlurmdUser=root
AuthType=auth/munge
AuthInfo=socket=$dir/munge.sock
CredType=cred/munge
SlurmctldPort=16817
SlurmdPort=16818
StateSaveLocation=$dir/ctl
SlurmdSpoolDir=$dir/d-%n
SlurmctldPidFile=$dir/ctl.pid
SlurmdPidFile=$dir/d-%n.pid
SlurmctldLogFile=$dir/log/ctl.log
SlurmdLogFile=$dir/log/d-%n.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
SelectType=select/cons_tres
ReturnToService=2
SlurmdTimeout=20
MpiDefault=none
SchedulerParameters=sched_interval=2
NodeName=n1 NodeHostname=$host NodeAddr=127.0.0.1 Port=16821 CPUs=1 RealMemory=2000
NodeName=n2 NodeHostname=$host NodeAddr=127.0.0.1 Port=16822 CPUs=1 RealMemory=2000
PartitionName=all Nodes=n1,n2 Default=YES MaxTime=INFINITE State=UP
TmpFS=$dir/tmp-%n
CONF
export SLURM_CONF=$dir/slurm.conf
slurmctld -D -f "$SLURM_CONF" 2>"$dir/log/ctl.err" & pids+=($!)
node() { slurmd -D -N "$1" -f "$SLURM_CONF" 2>"$dir/log/$1.err" & pids+=($!); }
node n1
node n2
for _ in $(seq 60); do [ "$(sinfo -h -t idle -o %D 2>/dev/null)" = 2 ] && break; sleep 0.5; done
sinfo

cat > "$dir/profile.yaml" <<PROFILE
partition: all
memoryMB: 900
pollSeconds: 0.5
PROFILE

begin=$(date +%s.%N)
"$condense" compare "$recipe" --out "$dir/local" --json > "$dir/local.json"
middle=$(date +%s.%N)
"$condense" compare "$recipe" --out "$dir/slurm" --executor slurm --profile "$dir/profile.yaml" --json > "$dir/slurm.json" &
compare=$!
# Jobs are killed at random instants, and in the middle a node with all that runs on it.
killed=0
for number in $(seq "$kills"); do
  sleep "$((RANDOM % 5 + 1))"
  kill -0 "$compare" 2>/dev/null || break
  if [ "$number" = "$((kills / 2 + 1))" ]; then
    # What runs on a node that is down is lost, and its jobs are given to another.
    scontrol update NodeName=n2 State=DOWN Reason=test
    sleep 2
    scontrol update NodeName=n2 State=RESUME || true
  else
    task=$(squeue -h -r -t R -o %i | shuf -n 1 || true)
    [ -n "$task" ] || continue
    if [ "$((number % 2))" = 0 ]; then scontrol requeue "$task" || true; else scancel -s KILL -f "$task" || true; fi
  fi
  killed=$((killed + 1))
done
# Slurm lets a requeued task wait for two minutes.
for task in $(squeue -h -r -t PD -o "%i %r" | awk '$2 == "BeginTime" { print $1 }'); do
  scontrol update JobId="$task" StartTime=now || true
done
wait "$compare" || echo "compare ended with $?"
end=$(date +%s.%N)
python3 - "$dir" "$begin" "$middle" "$end" "$killed" "$out" "$recipe" <<'PYTHON'
import json, sys
folder, begin, middle, end, killed, out = sys.argv[1], *map(float, sys.argv[2:5]), int(sys.argv[5]), sys.argv[6]
def facts(path):
    ranking = json.load(open(path))
    rows = ranking["students"] + [ranking["teacher"]]
    for row in rows:
        row["cost"].pop("seconds")
        row.pop("model")
    return {row["name"]: row for row in rows}
here, there = facts(folder + "/local.json"), facts(folder + "/slurm.json")
different = sorted(name for name in set(here) | set(there) if here.get(name) != there.get(name))
report = {"recipe": sys.argv[7], "rows": len(here), "differentRows": different, "killed": killed, "secondsLocal": round(middle - begin, 1),
          "secondsSlurm": round(end - middle, 1), "nodes": 2}
print(json.dumps(report))
json.dump(report, open(out, "w"), indent=2, sort_keys=True)
open(out, "a").write("\n")
sys.exit(1 if different else 0)
PYTHON
