#!/bin/sh
# Indexes 1.2 million members in shards, and streams 20,000 JPEGs of 500x375 beside torchvision with Pillow.
# usage: Benchmarks/large-sets.sh FOLDER [PYTHON]    (FOLDER needs 14 GB; PYTHON has torchvision, numpy and Pillow)
# The sets are made in FOLDER if they are not there. Programs take turns; JSON goes to standard output.
set -eu
folder=$1
python=${2:-python3}
bench=${CONDENSE_BENCH:-.build/release/condense-bench}
here=$(dirname "$0")
count=${MEMBERS:-1200000}
photos=${PHOTOS:-20000}
workers=${WORKERS:-2}
[ -d "$folder/members" ] || "$python" "$here/large-sets.py" members "$folder/members" "$count"
[ -d "$folder/photos" ] || "$python" "$here/large-sets.py" photos "$folder/photos" "$photos"
index=$("$bench" stream "$folder/members" --threads "$workers" --rounds 0 --json)
ours=
peers=
for turn in 1 2 3; do
  ours="$ours${ours:+,}$("$bench" stream "$folder/photos/shards" --threads "$workers" --batch 64 --rounds 1 --json)"
  peers="$peers${peers:+,}$("$python" "$here/large-sets.py" torchvision "$folder/photos/files" "$workers" 64 1)"
done
bytes=$(du -sb "$folder/members" | cut -f1)
jq -n --argjson index "$index" --argjson ours "[$ours]" --argjson peers "[$peers]" --argjson bytes "$bytes" '
  def median: sort | .[length / 2 | floor];
  ($ours | map(.imagesPerSecond[]) | median) as $a | ($peers | map(.imagesPerSecond[]) | median) as $b |
  {schema: 1, what: "1.2 million members of about 8 KB: seconds and memory to index; 20,000 JPEGs of 500x375 to 224x224",
   index: ($index + {bytes: $bytes}), condense: $ours, torchvision: $peers,
   medians: {condense: $a, torchvision: $b}, ratio: ($a / $b)}'
