#!/usr/bin/env bash
# A float value is an output of the graph and is also transposed and then quantized. onnxruntime's default session moves the quantizing
# in front of the Transpose and takes the output from behind it: the output holds rounded numbers. Who adds intermediate values to a
# quantized network's outputs, to find where two runtimes part, therefore sees rounding that the file does not ask for; a session
# without optimizations gives the floats. Needs python3-venv and PyPI. Exits with 1 when the behaviour changed.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install -q onnxruntime==1.32.0 onnx==1.23.2 numpy==2.4.6
cat > "$work/case.py" <<'PYTHON'
import numpy as np, onnxruntime as ort
from onnx import TensorProto as T, checker, helper as h

x = np.array([0.1, 0.3, 0.6, 0.9], "f4").reshape(1, 1, 2, 2)
nodes = [h.make_node("Relu", ["x"], ["rectified"]),
         h.make_node("Transpose", ["rectified"], ["turned"], perm=[0, 1, 3, 2]),
         h.make_node("QuantizeLinear", ["turned", "scale", "zero"], ["q"]),
         h.make_node("DequantizeLinear", ["q", "scale", "zero"], ["y"])]
constants = [h.make_tensor("scale", T.FLOAT, [], [0.5]), h.make_tensor("zero", T.UINT8, [], [0])]
graph = h.make_graph(nodes, "g", [h.make_tensor_value_info("x", T.FLOAT, x.shape)],
                     [h.make_tensor_value_info(name, T.FLOAT, x.shape) for name in ("y", "rectified")], constants)
model = h.make_model(graph, opset_imports=[h.make_opsetid("", 13)], ir_version=8)
checker.check_model(model, full_check=True)
for level in ("ORT_DISABLE_ALL", "ORT_ENABLE_BASIC", "ORT_ENABLE_ALL"):
    options = ort.SessionOptions()
    options.graph_optimization_level = getattr(ort.GraphOptimizationLevel, level)
    session = ort.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])
    print(level, *(f"{v:g}" for v in session.run(["rectified"], {"x": x})[0].ravel()))
PYTHON
OPENBLAS_NUM_THREADS=1 "$work/venv/bin/python" "$work/case.py" 2> "$work/errors" | tee "$work/seen" || { cat "$work/errors"; exit 1; }
[ "$(cat "$work/seen")" = "$(cat <<'TEXT'
ORT_DISABLE_ALL 0.1 0.3 0.6 0.9
ORT_ENABLE_BASIC 0 0.5 0.5 1
ORT_ENABLE_ALL 0 0.5 0.5 1
TEXT
)" ] || { echo "changed"; exit 1; }
