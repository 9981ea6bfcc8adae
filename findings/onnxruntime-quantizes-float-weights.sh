#!/usr/bin/env bash
# A file quantizes a layer's inputs and outputs and keeps its weights floats, as is done with first and last layers that suffer from 8 bits.
# onnxruntime's default session quantizes the weights itself, to bytes with one scale for all channels: beside a channel of
# weights 800 times as large another one loses its weights. So it does with Conv, ConvTranspose and Gemm; MatMul keeps its floats, as
# does a session without optimizations. Nothing is said.
# Needs python3-venv and PyPI. Exits with 1 when the behaviour changed.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install -q onnxruntime==1.32.0 onnx==1.23.2 numpy==2.4.6 openvino==2026.4.1
cat > "$work/case.py" <<'PYTHON'
import numpy as np, onnxruntime as ort, openvino as ov
from onnx import TensorProto as T, checker, helper as h, numpy_helper

def run(data, x, optimized):
    options = ort.SessionOptions()
    if not optimized:
        options.graph_optimization_level = ort.GraphOptimizationLevel.ORT_DISABLE_ALL
    return ort.InferenceSession(data, options, providers=["CPUExecutionProvider"]).run(None, {"x": x})[0]

for op in ("Conv", "ConvTranspose", "Gemm", "Gemm, transB=1", "MatMul"):
    turned = op.endswith("transB=1")
    pixel = [1, 1] if op.startswith("Conv") else []
    x = np.ones([1, 1] + pixel, "f4")
    weights = np.array([100.0, 0.125], "f4").reshape([2, 1] + pixel if op == "Conv" or turned else [1, 2] + pixel)
    constants = {"s": np.float32(0.0625), "z": np.uint8(0), "w": weights, "ys": np.float32(0.125)}
    nodes = [h.make_node("QuantizeLinear", ["x", "s", "z"], ["xq"]), h.make_node("DequantizeLinear", ["xq", "s", "z"], ["xr"]),
             h.make_node(op.split(",")[0], ["xr", "w"], ["a"], **({"transB": 1} if turned else {})), h.make_node("QuantizeLinear", ["a", "ys", "z"], ["aq"]),
             h.make_node("DequantizeLinear", ["aq", "ys", "z"], ["y"])]
    graph = h.make_graph(nodes, "g", [h.make_tensor_value_info("x", T.FLOAT, x.shape)],
                         [h.make_tensor_value_info("y", T.FLOAT, [1, 2] + pixel)],
                         [numpy_helper.from_array(np.asarray(v), k) for k, v in constants.items()])
    model = h.make_model(graph, opset_imports=[h.make_opsetid("", 13)], ir_version=8)
    checker.check_model(model, full_check=True)
    data, core = model.SerializeToString(), ov.Core()
    results = {"unoptimized": run(data, x, False), "default": run(data, x, True),
               "OpenVINO": core.compile_model(core.read_model(data), "CPU", {"INFERENCE_PRECISION_HINT": "f32"})(x)[0]}
    for name, values in results.items():
        print(op, name, *(f"{v:g}" for v in values.ravel()))
PYTHON
OPENBLAS_NUM_THREADS=1 "$work/venv/bin/python" "$work/case.py" 2> "$work/errors" | tee "$work/seen" || { cat "$work/errors"; exit 1; }
[ "$(cat "$work/seen")" = "$(cat <<'TEXT'
Conv unoptimized 31.875 0.125
Conv default 31.875 0
Conv OpenVINO 31.875 0.125
ConvTranspose unoptimized 31.875 0.125
ConvTranspose default 31.875 0
ConvTranspose OpenVINO 31.875 0.125
Gemm unoptimized 31.875 0.125
Gemm default 31.875 0
Gemm OpenVINO 31.875 0.125
Gemm, transB=1 unoptimized 31.875 0.125
Gemm, transB=1 default 31.875 0
Gemm, transB=1 OpenVINO 31.875 0.125
MatMul unoptimized 31.875 0.125
MatMul default 31.875 0.125
MatMul OpenVINO 31.875 0.125
TEXT
)" ] || { echo "changed"; exit 1; }
