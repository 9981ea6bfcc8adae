#!/usr/bin/env bash
# Before operator set 13 Softmax takes everything from its axis on as one distribution: with axis=1, the default, all channels and places
# of an image sum to 1, as LogSoftmax and onnxruntime have it. OpenVINO 2026.4.1 reads Softmax as that of operator set 13, each
# place for itself (its LogSoftmax is right), and so does onnx's reference evaluator, for both. onnx's version converter is right.
# Needs python3-venv and PyPI. Exits with 1 when the behaviour changed.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install -q onnxruntime==1.32.0 onnx==1.23.2 numpy==2.4.6 openvino==2026.4.1
cat > "$work/case.py" <<'PYTHON'
import numpy as np, onnxruntime as ort, openvino as ov
from onnx import TensorProto as T, checker, helper as h, version_converter
from onnx.reference import ReferenceEvaluator

x = np.arange(4, dtype="f4").reshape(1, 2, 2, 1)

def run(model):
    data = model.SerializeToString()
    core = ov.Core()
    return {"onnx": ReferenceEvaluator(model).run(None, {"x": x})[0],
            "onnxruntime": ort.InferenceSession(data, providers=["CPUExecutionProvider"]).run(None, {"x": x})[0],
            "openvino": core.compile_model(core.read_model(data), "CPU", {"INFERENCE_PRECISION_HINT": "f32"})(x)[0]}

for op in ("Softmax", "LogSoftmax"):
    graph = h.make_graph([h.make_node(op, ["x"], ["y"], axis=1)], "g", [h.make_tensor_value_info("x", T.FLOAT, x.shape)],
                         [h.make_tensor_value_info("y", T.FLOAT, x.shape)])
    model = h.make_model(graph, opset_imports=[h.make_opsetid("", 11)], ir_version=6)
    checker.check_model(model, full_check=True)
    for version, what in ((11, model), (13, version_converter.convert_version(model, 13))):
        for runtime, values in run(what).items():
            values = np.exp(values) if op == "LogSoftmax" else values
            print(op, version, runtime, *(f"{v:.3f}" for v in values.ravel()))
PYTHON
OPENBLAS_NUM_THREADS=1 "$work/venv/bin/python" "$work/case.py" 2> "$work/errors" | tee "$work/seen" || { cat "$work/errors"; exit 1; }
[ "$(cat "$work/seen")" = "$(cat <<'TEXT'
Softmax 11 onnx 0.119 0.119 0.881 0.881
Softmax 11 onnxruntime 0.032 0.087 0.237 0.644
Softmax 11 openvino 0.119 0.119 0.881 0.881
Softmax 13 onnx 0.032 0.087 0.237 0.644
Softmax 13 onnxruntime 0.032 0.087 0.237 0.644
Softmax 13 openvino 0.032 0.087 0.237 0.644
LogSoftmax 11 onnx 0.119 0.119 0.881 0.881
LogSoftmax 11 onnxruntime 0.032 0.087 0.237 0.644
LogSoftmax 11 openvino 0.032 0.087 0.237 0.644
LogSoftmax 13 onnx 0.032 0.087 0.237 0.644
LogSoftmax 13 onnxruntime 0.032 0.087 0.237 0.644
LogSoftmax 13 openvino 0.032 0.087 0.237 0.644
TEXT
)" ] || { echo "changed"; exit 1; }
