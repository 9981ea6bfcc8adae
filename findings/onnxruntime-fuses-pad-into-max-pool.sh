#!/usr/bin/env bash
# onnxruntime 1.31.1 merges a Pad of zeros into the MaxPool behind it, whose own padding counts as nothing: where numbers are below
# zero, the default session no longer gives the zeros that a session without optimizations gives, and that the operators' texts
# ask for. 1.32.0 keeps them apart. Needs python3-venv and PyPI. Exits with 1 when the behaviour changed.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cat > "$work/case.py" <<'PYTHON'
import numpy as np, onnxruntime as ort
from onnx import TensorProto, helper as h

nodes = [h.make_node("Pad", ["x", "pads"], ["padded"]),
         h.make_node("MaxPool", ["padded"], ["y"], kernel_shape=[2, 2], strides=[2, 2])]
pads = h.make_tensor("pads", TensorProto.INT64, [8], [0, 0, 0, 0, 0, 0, 1, 1])
graph = h.make_graph(nodes, "g", [h.make_tensor_value_info("x", TensorProto.FLOAT, [1, 1, 3, 3])],
                     [h.make_tensor_value_info("y", TensorProto.FLOAT, [1, 1, 2, 2])], [pads])
data = h.make_model(graph, opset_imports=[h.make_opsetid("", 17)], ir_version=8).SerializeToString()
x = -np.arange(1, 10, dtype="f4").reshape(1, 1, 3, 3)
for name in ("ORT_DISABLE_ALL", "ORT_ENABLE_ALL"):
    options = ort.SessionOptions()
    options.graph_optimization_level = getattr(ort.GraphOptimizationLevel, name)
    session = ort.InferenceSession(data, options, providers=["CPUExecutionProvider"])
    print(ort.__version__, name, *(f"{v:g}" for v in session.run(None, {"x": x})[0].ravel() + 0.0))
PYTHON
for version in 1.31.1 1.32.0; do
  python3 -m venv "$work/$version"
  "$work/$version/bin/pip" install -q "onnxruntime==$version" onnx==1.23.2 numpy==2.4.6
  OPENBLAS_NUM_THREADS=1 "$work/$version/bin/python" "$work/case.py" 2> "$work/errors" || { cat "$work/errors"; exit 1; }
done | tee "$work/seen"
[ "$(cat "$work/seen")" = "$(cat <<'TEXT'
1.31.1 ORT_DISABLE_ALL -1 0 0 0
1.31.1 ORT_ENABLE_ALL -1 -3 -7 -9
1.32.0 ORT_DISABLE_ALL -1 0 0 0
1.32.0 ORT_ENABLE_ALL -1 0 0 0
TEXT
)" ] || { echo "changed"; exit 1; }
