#!/usr/bin/env bash
# A file quantizes inputs, weights and outputs of a layer and leaves its bias a float, as Brevitas exports it. onnxruntime's default session
# makes it a 32-bit integer at the scale of the products by itself, so that it can compute in integers. Where that scale is coarse,
# as with weights of 2 to 4 bits, the bias is rounded to nothing: every output is off, by many steps of its own grid. And where
# weights are tiny the bias leaves 32 bits. OpenVINO and a session without optimizations take the float.
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

for op in ("Conv", "Gemm"):
    for scale, bias in ((0.01, 0.9), (1.0, 0.9), (4.0, 0.9), (1e-10, 0.9)):
        x = np.array([0, 1, 2, 4], "f4").reshape((1, 1, 1, 4) if op == "Conv" else (4, 1))
        weights = np.ones((1, 1, 1, 1) if op == "Conv" else (1, 1), "i1")
        constants = {"s": np.float32(0.5), "z": np.uint8(0), "w": weights, "ws": np.float32(scale), "b": np.array([bias], "f4"),
                     "ys": np.float32(0.1)}
        nodes = [h.make_node("QuantizeLinear", ["x", "s", "z"], ["xq"]), h.make_node("DequantizeLinear", ["xq", "s", "z"], ["xr"]),
                 h.make_node("DequantizeLinear", ["w", "ws"], ["wr"]), h.make_node(op, ["xr", "wr", "b"], ["a"]),
                 h.make_node("QuantizeLinear", ["a", "ys", "z"], ["aq"]), h.make_node("DequantizeLinear", ["aq", "ys", "z"], ["y"])]
        graph = h.make_graph(nodes, "g", [h.make_tensor_value_info("x", T.FLOAT, x.shape)],
                             [h.make_tensor_value_info("y", T.FLOAT, x.shape)],
                             [numpy_helper.from_array(np.asarray(v), k) for k, v in constants.items()])
        model = h.make_model(graph, opset_imports=[h.make_opsetid("", 13)], ir_version=8)
        checker.check_model(model, full_check=True)
        data, core = model.SerializeToString(), ov.Core()
        results = {"unoptimized": run(data, x, False), "default": run(data, x, True),
                   "OpenVINO": core.compile_model(core.read_model(data), "CPU", {"INFERENCE_PRECISION_HINT": "f32"})(x)[0]}
        for name, values in results.items():
            # What an integer of 32 bits makes of a number that is too large is the processor's matter.
            shown = [f"{v:.1f}" for v in values.ravel()] if scale > 1e-9 else ["lost" if np.abs(values - bias).max() > 0.5 else "kept"]
            print(f"{op}, weight {scale:g}, bias {bias}, {name}:", *shown)
PYTHON
OPENBLAS_NUM_THREADS=1 "$work/venv/bin/python" "$work/case.py" 2> "$work/errors" | tee "$work/seen" || { cat "$work/errors"; exit 1; }
[ "$(cat "$work/seen")" = "$(cat <<'TEXT'
Conv, weight 0.01, bias 0.9, unoptimized: 0.9 0.9 0.9 0.9
Conv, weight 0.01, bias 0.9, default: 0.9 0.9 0.9 0.9
Conv, weight 0.01, bias 0.9, OpenVINO: 0.9 0.9 0.9 0.9
Conv, weight 1, bias 0.9, unoptimized: 0.9 1.9 2.9 4.9
Conv, weight 1, bias 0.9, default: 1.0 2.0 3.0 5.0
Conv, weight 1, bias 0.9, OpenVINO: 0.9 1.9 2.9 4.9
Conv, weight 4, bias 0.9, unoptimized: 0.9 4.9 8.9 16.9
Conv, weight 4, bias 0.9, default: 0.0 4.0 8.0 16.0
Conv, weight 4, bias 0.9, OpenVINO: 0.9 4.9 8.9 16.9
Conv, weight 1e-10, bias 0.9, unoptimized: kept
Conv, weight 1e-10, bias 0.9, default: lost
Conv, weight 1e-10, bias 0.9, OpenVINO: kept
Gemm, weight 0.01, bias 0.9, unoptimized: 0.9 0.9 0.9 0.9
Gemm, weight 0.01, bias 0.9, default: 0.9 0.9 0.9 0.9
Gemm, weight 0.01, bias 0.9, OpenVINO: 0.9 0.9 0.9 0.9
Gemm, weight 1, bias 0.9, unoptimized: 0.9 1.9 2.9 4.9
Gemm, weight 1, bias 0.9, default: 1.0 2.0 3.0 5.0
Gemm, weight 1, bias 0.9, OpenVINO: 0.9 1.9 2.9 4.9
Gemm, weight 4, bias 0.9, unoptimized: 0.9 4.9 8.9 16.9
Gemm, weight 4, bias 0.9, default: 0.0 4.0 8.0 16.0
Gemm, weight 4, bias 0.9, OpenVINO: 0.9 4.9 8.9 16.9
Gemm, weight 1e-10, bias 0.9, unoptimized: kept
Gemm, weight 1e-10, bias 0.9, default: lost
Gemm, weight 1e-10, bias 0.9, OpenVINO: kept
TEXT
)" ] || { echo "changed"; exit 1; }
