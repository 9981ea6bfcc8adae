#!/usr/bin/env bash
# Two pairs of QuantizeLinear and DequantizeLinear follow each other, with the same scale and different zero points, so the second
# stores exactly what the first made. onnxruntime's default session puts one pair in their place, with a grid of its own over
# the numbers that both can hold: the multiples of the scale come out as other numbers. Unoptimized, they stay.
# Needs python3-venv and PyPI. Exits with 1 when the behaviour changed.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install -q onnxruntime==1.32.0 onnx==1.23.2 numpy==2.4.6
cat > "$work/case.py" <<'PYTHON'
import numpy as np, onnxruntime as ort
from onnx import TensorProto as T, checker, helper as h

x = np.array([0, 8, 16, 24, 32], "f4")
nodes = [h.make_node("QuantizeLinear", ["x", "scale", "zero"], ["a"]),
         h.make_node("DequantizeLinear", ["a", "scale", "zero"], ["b"]),
         h.make_node("QuantizeLinear", ["b", "scale", "three"], ["c"]),
         h.make_node("DequantizeLinear", ["c", "scale", "three"], ["y"])]
constants = [h.make_tensor("scale", T.FLOAT, [], [1]), h.make_tensor("zero", T.UINT8, [], [0]),
             h.make_tensor("three", T.UINT8, [], [3])]
graph = h.make_graph(nodes, "g", [h.make_tensor_value_info("x", T.FLOAT, [5])],
                     [h.make_tensor_value_info("y", T.FLOAT, [5])], constants)
model = h.make_model(graph, opset_imports=[h.make_opsetid("", 13)], ir_version=8)
checker.check_model(model, full_check=True)
for level in ("ORT_DISABLE_ALL", "ORT_ENABLE_BASIC", "ORT_ENABLE_ALL"):
    options = ort.SessionOptions()
    options.graph_optimization_level = getattr(ort.GraphOptimizationLevel, level)
    session = ort.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])
    print(level, *(f"{v:.4g}" for v in session.run(None, {"x": x})[0]))
PYTHON
OPENBLAS_NUM_THREADS=1 "$work/venv/bin/python" "$work/case.py" 2> "$work/errors" | tee "$work/seen" || { cat "$work/errors"; exit 1; }
[ "$(cat "$work/seen")" = "$(cat <<'TEXT'
ORT_DISABLE_ALL 0 8 16 24 32
ORT_ENABLE_BASIC 0 7.906 15.81 23.72 31.62
ORT_ENABLE_ALL 0 7.906 15.81 23.72 31.62
TEXT
)" ] || { echo "changed"; exit 1; }
