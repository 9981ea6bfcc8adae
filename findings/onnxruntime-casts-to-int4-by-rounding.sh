#!/usr/bin/env bash
# Cast from floats to integers cuts the fraction off: 0.9 to INT8 is 0 everywhere. To INT4 and UINT4 onnxruntime 1.32.0 and OpenVINO
# 2026.4.1 round instead, halves away from zero (not to even, as QuantizeLinear does), and onnx's reference cuts off there, too. A
# network that stores its numbers by Cast, and whose type is lowered from INT8 to INT4, so changes its rounding.
# Needs python3-venv and PyPI. Exits with 1 when the behaviour changed.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install -q onnxruntime==1.32.0 onnx==1.23.2 numpy==2.4.6 openvino==2026.4.1
cat > "$work/case.py" <<'PYTHON'
import numpy as np, onnxruntime as ort, openvino as ov
from onnx import TensorProto as T, checker, helper as h
from onnx.reference import ReferenceEvaluator

x = np.array([0.5, 0.9, 1.5, 2.5, 3.7, 6.6], "f4")
for name, kind in (("INT8", T.INT8), ("UINT8", T.UINT8), ("INT4", T.INT4), ("UINT4", T.UINT4)):
    nodes = [h.make_node("Cast", ["x"], ["q"], to=kind), h.make_node("Cast", ["q"], ["y"], to=T.FLOAT)]
    graph = h.make_graph(nodes, "g", [h.make_tensor_value_info("x", T.FLOAT, x.shape)],
                         [h.make_tensor_value_info("y", T.FLOAT, x.shape)])
    model = h.make_model(graph, opset_imports=[h.make_opsetid("", 21)], ir_version=10)
    checker.check_model(model, full_check=True)
    data = model.SerializeToString()
    core = ov.Core()
    results = {"onnx": ReferenceEvaluator(model).run(None, {"x": x})[0],
               "onnxruntime": ort.InferenceSession(data, providers=["CPUExecutionProvider"]).run(None, {"x": x})[0],
               "openvino": core.compile_model(core.read_model(data), "CPU", {"INFERENCE_PRECISION_HINT": "f32"})(x)[0]}
    for runtime, values in results.items():
        print(name, runtime, *(f"{v:g}" for v in values))
PYTHON
OPENBLAS_NUM_THREADS=1 "$work/venv/bin/python" "$work/case.py" 2> "$work/errors" | tee "$work/seen" || { cat "$work/errors"; exit 1; }
[ "$(cat "$work/seen")" = "$(cat <<'TEXT'
INT8 onnx 0 0 1 2 3 6
INT8 onnxruntime 0 0 1 2 3 6
INT8 openvino 0 0 1 2 3 6
UINT8 onnx 0 0 1 2 3 6
UINT8 onnxruntime 0 0 1 2 3 6
UINT8 openvino 0 0 1 2 3 6
INT4 onnx 0 0 1 2 3 6
INT4 onnxruntime 1 1 2 3 4 7
INT4 openvino 1 1 2 3 4 7
UINT4 onnx 0 0 1 2 3 6
UINT4 onnxruntime 1 1 2 3 4 7
UINT4 openvino 1 1 2 3 4 7
TEXT
)" ] || { echo "changed"; exit 1; }
