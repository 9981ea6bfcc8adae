#!/usr/bin/env bash
# A PyTorch network through Condense and back: imported, evaluated, exported; channels pruned; quantized; exported again.
# onnxruntime scores the file of each step on the same test images.
#
#   Benchmarks/onnx-round-trip.sh OUT.json MODEL.onnx DATA.tar.gz [IMAGES]
#
# DATA has test/CLASS/NAME.png of the network's size; IMAGES limits what onnxruntime scores. Needs python3 with venv, and PyPI once.
set -euo pipefail
out=$1 model=$(realpath "$2") data=$(realpath "$3") images=${4:-1000000}
condense=${CONDENSE:-$(realpath "$(dirname "$0")/..")/.build/release/condense}
venv=${VENV:-$HOME/.cache/condense-tests/onnx-round-trip}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
[ -x "$venv/bin/python" ] || { python3 -m venv "$venv"; "$venv/bin/pip" install -q onnxruntime==1.31.1 onnx==1.23.2 numpy==2.4.6 pillow; }

cat > "$work/recipe.yaml" <<YAML
recipe: 1
data: $data
seeds: 1
targets: [cortex-m7]
teacher: {model: $model}
students:
  - name: pruned
    pipeline:
      - channel-pruning: {criterion: taylor, sparsity: 0.05}
  - name: pruned-int8
    pipeline:
      - channel-pruning: {criterion: taylor, sparsity: 0.05}
      - post-training-quantization:
YAML
cat > "$work/score.py" <<'PYTHON'
import collections, csv, io, json, sys, tarfile
import numpy as np, onnx, onnxruntime as ort
from PIL import Image

path, data, limit, predictions = sys.argv[1], sys.argv[2], int(sys.argv[3]), sys.argv[4]
options = ort.SessionOptions()
options.optimized_model_filepath = path + ".optimized"
options.graph_optimization_level = ort.GraphOptimizationLevel.ORT_ENABLE_EXTENDED
options.intra_op_num_threads = 1
session = ort.InferenceSession(path, options, providers=["CPUExecutionProvider"])
texts = session.get_modelmeta().custom_metadata_map
mean, std = (np.array([float(v) for v in texts[k].split(",")], "f4").reshape(-1, 1, 1) for k in ("mean", "std"))
names, items = set(), []
for member in (archive := tarfile.open(data)):
    parts = member.name.split("/")
    if member.isfile() and "test" in parts[:-2]:
        names.add(parts[-2])
        if len(items) < limit: items.append((member.name, parts[-2], archive.extractfile(member).read()))
names = sorted(names)
told = {row["path"]: row["prediction"] for row in csv.DictReader(open(predictions))}
key = session.get_inputs()[0].name
right = agree = compared = 0
for start in range(0, len(items), 100):
    part = items[start:start + 100]
    x = np.stack([np.asarray(Image.open(io.BytesIO(b)).convert("RGB"), "f4").transpose(2, 0, 1) for _, _, b in part])
    y = session.run(None, {key: (x - mean) / std})[0].argmax(1)
    for (name, label, _), place in zip(part, y):
        right += names[place] == label
        match = told.get(name.removeprefix("./"))
        if match is not None:
            compared += 1
            agree += match == names[place]
counts = collections.Counter(node.op_type for node in onnx.load(path + ".optimized").graph.node)
print(json.dumps({"top1": right / len(items), "images": len(items), "compared": compared, "samePrediction": agree,
                  "operators": dict(sorted(counts.items())), "onnxruntime": ort.__version__}))
PYTHON

# What Condense and onnxruntime say of a file of Condense's, and of its export.
step() {
  local name=$1 file=$2
  echo "== $name" >&2
  "$condense" evaluate "$file" --data "$data" --threads 1 --json --predictions "$work/$name.csv" > "$work/$name.ours.json"
  "$condense" export "$file" --format onnx --out "$work/$name" --verify "$data" --json > "$work/$name.export.json"
  "$venv/bin/python" "$work/score.py" "$work/$name/model.onnx" "$data" "$images" "$work/$name.csv" > "$work/$name.ort.json"
  jq -n --arg step "$name" --slurpfile ours "$work/$name.ours.json" --slurpfile written "$work/$name.export.json" \
    --slurpfile ort "$work/$name.ort.json" \
    '{step: $step, condense: ($ours[0] | {top1, loss, images, arithmetic}), export: ($written[0] | del(.folder)), onnxruntime: $ort[0]}' >> "$work/steps"
  jq -c '{step, condense: .condense.top1, onnxruntime: .onnxruntime.top1}' "$work/steps" | tail -n 1 >&2
}

step imported "$model"
"$condense" compare "$work/recipe.yaml" --out "$work/run" --jobs 1 >&2
for student in pruned pruned-int8; do
  step "$student" "$(ls -d "$work/run/trials/$student-s"*/student.condensed | head -n 1)"
done
jq -s --arg date "$(date -u +%F)" --arg processor "$(sed -n 's/^model name\t*: //p' /proc/cpuinfo | head -n 1)" \
  --argjson cores "$(nproc)" --arg model "$(basename "$model")" --arg data "$(basename "$data")" \
  '{schema: 1, date: $date, processor: $processor, cores: $cores, model: $model, data: $data, steps: .}' "$work/steps" > "$out.partial"
mv "$out.partial" "$out"
jq -c '.steps[] | {step, condense: .condense.top1, onnxruntime: .onnxruntime.top1}' "$out"
