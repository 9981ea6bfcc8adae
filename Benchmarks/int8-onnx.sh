#!/usr/bin/env bash
# Accuracy of int8 students, Condense against onnxruntime's default session and OpenVINO on the exported files: on this
# processor, and on one with AVX2 and no VNNI (QEMU's Haswell: qemu-user of Debian).
#
#   Benchmarks/int8-onnx.sh OUT.json IMAGES IMAGES_UNDER_QEMU [NETWORK[:FOLDER] …]
#
# A network is one of Teachers/, trained for EPOCHS (4), or an ONNX file, taken as it is; then it is quantized after training. A folder
# has train/ and test/, a folder a class; without one, glyphs are drawn anew. Needs python3 with venv, and PyPI once.
set -euo pipefail
out=$1 images=$2 emulated=$3
shift 3
networks=("$@")
[ ${#networks[@]} -gt 0 ] || networks=(mlp lenet-300-100 lenet5 cnn-small cnn-uno)
root=$(realpath "$(dirname "$0")/..")
condense=${CONDENSE:-$root/.build/release/condense}
venv=${VENV:-$HOME/.cache/condense-tests/int8-onnx}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
[ -x "$venv/bin/python" ] || {
  python3 -m venv "$venv"
  "$venv/bin/pip" install -q onnxruntime==1.31.1 onnx==1.23.2 numpy==2.4.6 pillow==13.0.0 openvino==2026.4.1
}
cat > "$work/score.py" <<'PYTHON'
import csv, json, sys
import numpy as np, onnxruntime as ort, openvino
from PIL import Image

predictions, folder, limit, *files = sys.argv[1:]
rows = list(csv.DictReader(open(predictions)))
rows = rows[::max(1, len(rows) // int(limit))][:int(limit)]
answers = {"images": len(rows)}
right = lambda found: sum(f == r["label"] for f, r in zip(found, rows)) / len(rows)
agree = lambda found: sum(f == r["prediction"] for f, r in zip(found, rows))
answers["condense"] = {"top1": right([r["prediction"] for r in rows])}
for file in files:
    form = file.split("/")[-2]
    options = ort.SessionOptions()
    options.intra_op_num_threads = 1
    session = ort.InferenceSession(file, options, providers=["CPUExecutionProvider"])
    texts, taken = session.get_modelmeta().custom_metadata_map, session.get_inputs()[0]
    mean, std = (np.array([float(v) for v in texts[k].split(",")], "f4").reshape(-1, 1, 1) for k in ("mean", "std"))
    classes = json.loads(texts["classes"]) if texts["classes"].startswith("[") else texts["classes"].split(",")
    def pixels(path):
        image = np.asarray(Image.open(path).convert("L" if taken.shape[1] == 1 else "RGB"), "f4")
        return (image[None] if image.ndim == 2 else image.transpose(2, 0, 1))
    x = (np.stack([pixels(folder + "/" + r["path"]) for r in rows]) - mean) / std
    core = openvino.Core()
    compiled = core.compile_model(core.read_model(file), "CPU", {"INFERENCE_PRECISION_HINT": "f32", "INFERENCE_NUM_THREADS": 1})
    runs = {"onnxruntime": lambda part: session.run(None, {taken.name: part})[0], "openvino": lambda part: compiled([part])[0]}
    for name, run in runs.items():
        logits = np.concatenate([run(x[i:i + 50]) for i in range(0, len(x), 50)])
        found = [classes[i] for i in logits.argmax(1)]
        answers[f"{name}, {form}"] = {"top1": right(found), "samePrediction": agree(found)}
answers["versions"] = {"onnxruntime": ort.__version__, "openvino": openvino.__version__.split("-")[0]}
print(json.dumps(answers))
PYTHON
"$condense" data make glyphs --out "$work/glyphs" > /dev/null
: > "$work/rows"
for entry in "${networks[@]}"; do
  data=$work/glyphs
  case $entry in *:*) data=$(realpath "${entry#*:}") ;; esac
  source=${entry%%:*} network=$(basename "${entry%%:*}" .onnx)
  case $source in
    *.onnx) teacher="model: $(realpath "$source")" ;;
    *) teacher="network: $source, training: {epochs: ${EPOCHS:-4}}" ;;
  esac
  printf 'recipe: 1\ndata: %s\nseeds: 1\ncontrols: false\nteacher: {%s}\nstudents:\n  - {name: int8, pipeline: [post-training-quantization: {}]}\n' \
    "$data" "$teacher" > "$work/$network.yaml"
  "$condense" compare "$work/$network.yaml" --out "$work/$network" --jobs 1 > /dev/null
  "$condense" evaluate "$work/$network/int8" --data "$data" --threads 1 --predictions "$work/$network.csv" > /dev/null
  mkdir "$work/$network-exact" "$work/$network-signed"
  for form in exact signed; do
    "$condense" export "$work/$network/int8" --format onnx --set onnx.weights=$form --out "$work/$network-$form/$form" > /dev/null
  done
  files=("$work/$network-exact/exact/model.onnx" "$work/$network-signed/signed/model.onnx")
  "$venv/bin/python" "$work/score.py" "$work/$network.csv" "$data" "$images" "${files[@]}" > "$work/here"
  echo null > "$work/haswell"
  ! command -v qemu-x86_64 > /dev/null || OPENBLAS_NUM_THREADS=1 qemu-x86_64 -cpu Haswell "$venv/bin/python" "$work/score.py" \
    "$work/$network.csv" "$data" "$emulated" "${files[@]}" 2> /dev/null > "$work/haswell"
  jq -nc --arg network "$network" --arg data "$(basename "$data")" --slurpfile here "$work/here" --slurpfile haswell "$work/haswell" \
    '{network: $network, data: $data, here: $here[0], haswell: $haswell[0]}' | tee -a "$work/rows"
done
flags=$(sed -n 's/^flags\t*: //p' /proc/cpuinfo | head -n 1 | tr ' ' '\n' | grep -E '^(avx2|avx512f|avx512_vnni|avx_vnni)$' | jq -R . | jq -sc .)
jq -s --arg date "$(date -u +%F)" --arg processor "$(sed -n 's/^model name\t*: //p' /proc/cpuinfo | head -n 1)" \
  --argjson flags "$flags" '{schema: 1, date: $date, processor: $processor, instructionSets: $flags, emulated: "qemu-x86_64 -cpu Haswell", networks: .}' \
  "$work/rows" > "$out.partial"
mv "$out.partial" "$out"
