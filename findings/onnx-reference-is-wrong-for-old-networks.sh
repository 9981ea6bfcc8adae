#!/usr/bin/env bash
# onnx's reference evaluator is what exported files are often held against. In 1.23.2 two operators of AlexNet and GoogLeNet come out
# wrong, without a word: LRN normalizes only as many channels as there are images in the batch, so an image's result depends on how
# many others there are, and AveragePool with ceil_mode averages other windows. onnxruntime and torch agree.
# Needs python3-venv and PyPI. Exits with 1 when the behaviour changed.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install -q torch==2.15.0 onnxruntime==1.32.0 onnx==1.23.2 numpy==2.4.6
cat > "$work/case.py" <<'PYTHON'
import numpy as np, onnxruntime as ort, torch
from onnx import TensorProto as T, checker, helper as h
from onnx.reference import ReferenceEvaluator

def show(name, x, node, exact, shape):
    graph = h.make_graph([node], "g", [h.make_tensor_value_info("x", T.FLOAT, x.shape)],
                         [h.make_tensor_value_info("y", T.FLOAT, shape)])
    model = h.make_model(graph, opset_imports=[h.make_opsetid("", 17)], ir_version=8)
    checker.check_model(model, full_check=True)
    theirs = ort.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"]).run(None, {"x": x})[0]
    for runtime, values in (("torch", exact.numpy()), ("onnxruntime", theirs), ("onnx", ReferenceEvaluator(model).run(None, {"x": x})[0])):
        print(name, runtime, *(f"{v:.3f}" for v in values[0].ravel()))

for images in (1, 3):
    x = np.ones((images, 6, 1, 1), "f4")
    show(f"LRN, batch of {images}:", x, h.make_node("LRN", ["x"], ["y"], size=3, alpha=3.0, beta=1.0, bias=1.0),
         torch.nn.LocalResponseNorm(3, alpha=3.0, beta=1.0, k=1.0)(torch.tensor(x)), x.shape)
x = np.arange(1, 8, dtype="f4").reshape(1, 1, 7)
show("AveragePool:", x, h.make_node("AveragePool", ["x"], ["y"], kernel_shape=[3], strides=[3], ceil_mode=1),
     torch.nn.functional.avg_pool1d(torch.tensor(x), 3, 3, ceil_mode=True, count_include_pad=False), [1, 1, 3])
PYTHON
OPENBLAS_NUM_THREADS=1 "$work/venv/bin/python" "$work/case.py" 2> "$work/errors" | tee "$work/seen" || { cat "$work/errors"; exit 1; }
[ "$(cat "$work/seen")" = "$(cat <<'TEXT'
LRN, batch of 1: torch 0.333 0.250 0.250 0.250 0.250 0.333
LRN, batch of 1: onnxruntime 0.333 0.250 0.250 0.250 0.250 0.333
LRN, batch of 1: onnx 0.333 1.000 1.000 1.000 1.000 1.000
LRN, batch of 3: torch 0.333 0.250 0.250 0.250 0.250 0.333
LRN, batch of 3: onnxruntime 0.333 0.250 0.250 0.250 0.250 0.333
LRN, batch of 3: onnx 0.333 0.250 0.250 1.000 1.000 1.000
AveragePool: torch 2.000 5.000 7.000
AveragePool: onnxruntime 2.000 5.000 7.000
AveragePool: onnx 1.500 4.000 6.000
TEXT
)" ] || { echo "changed"; exit 1; }
