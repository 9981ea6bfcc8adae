#!/usr/bin/env bash
# QuantizeLinear to 16 bits (operator set 21) and DequantizeLinear round to a grid and saturate at its ends. OpenVINO's CPU plugin
# leaves such a pair out: nothing is rounded, and what the type cannot hold goes on as it came. A ReLU that the pair stands for
# (unsigned, zero point 0) is gone, so negative numbers reach the next layer. Pairs of 8 bits are kept, and onnxruntime keeps both.
# Needs python3-venv and PyPI. Exits with 1 when the behaviour changed.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install -q onnxruntime==1.32.0 onnx==1.23.2 numpy==2.4.6 openvino==2026.4.1
cat > "$work/case.py" <<'PYTHON'
import numpy as np, onnxruntime as ort, openvino as ov
from onnx import TensorProto as T, checker, helper as h

x = np.array([-3, -1, -0.3, 0.3, 1, 20, 300], "f4").reshape(1, 1, 1, 7)
nodes = [h.make_node("Conv", ["x", "w"], ["a"]), h.make_node("QuantizeLinear", ["a", "s", "z"], ["q"]),
         h.make_node("DequantizeLinear", ["q", "s", "z"], ["b"]), h.make_node("Conv", ["b", "w"], ["y"])]
for name, kind, scale in (("UINT8", T.UINT8, 0.5), ("INT8", T.INT8, 0.5), ("UINT16", T.UINT16, 2.0**-9), ("INT16", T.INT16, 0.5)):
    constants = [h.make_tensor("w", T.FLOAT, [1, 1, 1, 1], [1]), h.make_tensor("s", T.FLOAT, [], [scale]), h.make_tensor("z", kind, [], [0])]
    graph = h.make_graph(nodes, "g", [h.make_tensor_value_info("x", T.FLOAT, x.shape)],
                         [h.make_tensor_value_info("y", T.FLOAT, x.shape)], constants)
    model = h.make_model(graph, opset_imports=[h.make_opsetid("", 21)], ir_version=10)
    checker.check_model(model, full_check=True)
    data = model.SerializeToString()
    theirs = ort.InferenceSession(data, providers=["CPUExecutionProvider"]).run(None, {"x": x})[0]
    core = ov.Core()
    other = core.compile_model(core.read_model(data), "CPU", {"INFERENCE_PRECISION_HINT": "f32"})(x)[0]
    for runtime, values in (("onnxruntime", theirs), ("openvino", other)):
        print(name, scale, runtime, *(f"{v:.3f}" for v in values.ravel()))
PYTHON
OPENBLAS_NUM_THREADS=1 "$work/venv/bin/python" "$work/case.py" 2> "$work/errors" | tee "$work/seen" || { cat "$work/errors"; exit 1; }
[ "$(cat "$work/seen")" = "$(cat <<'TEXT'
UINT8 0.5 onnxruntime 0.000 0.000 0.000 0.500 1.000 20.000 127.500
UINT8 0.5 openvino 0.000 0.000 0.000 0.500 1.000 20.000 127.500
INT8 0.5 onnxruntime -3.000 -1.000 -0.500 0.500 1.000 20.000 63.500
INT8 0.5 openvino -3.000 -1.000 -0.500 0.500 1.000 20.000 63.500
UINT16 0.001953125 onnxruntime 0.000 0.000 0.000 0.301 1.000 20.000 127.998
UINT16 0.001953125 openvino -3.000 -1.000 -0.300 0.300 1.000 20.000 300.000
INT16 0.5 onnxruntime -3.000 -1.000 -0.500 0.500 1.000 20.000 300.000
INT16 0.5 openvino -3.000 -1.000 -0.300 0.300 1.000 20.000 300.000
TEXT
)" ] || { echo "changed"; exit 1; }
