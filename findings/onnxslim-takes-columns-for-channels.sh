#!/usr/bin/env bash
# A convolution's output is multiplied by a constant of shape [2], which ONNX lays along the last axis, the columns. onnxslim 0.1.98
# folds it into the weights as one factor an output channel where there are as many channels as numbers: the simplified file
# computes something else, without a word. A sum of the same shape is left alone.
# Needs python3-venv and PyPI. Exits with 1 when the behaviour changed.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install -q onnxruntime==1.32.0 onnx==1.23.2 numpy==2.4.6 onnxslim==0.1.98
cat > "$work/case.py" <<'PYTHON'
import numpy as np, onnxruntime as ort, onnxslim
from onnx import TensorProto as T, checker, helper as h

x = np.ones((1, 1, 2, 2), "f4")
for operator in ("Mul", "Add"):
    nodes = [h.make_node("Conv", ["x", "weight"], ["c"]), h.make_node(operator, ["c", "columns"], ["y"])]
    constants = [h.make_tensor("weight", T.FLOAT, [2, 1, 1, 1], [1, 1]), h.make_tensor("columns", T.FLOAT, [2], [1, 10])]
    graph = h.make_graph(nodes, "g", [h.make_tensor_value_info("x", T.FLOAT, x.shape)],
                         [h.make_tensor_value_info("y", T.FLOAT, [1, 2, 2, 2])], constants)
    model = h.make_model(graph, opset_imports=[h.make_opsetid("", 17)], ir_version=8)
    checker.check_model(model, full_check=True)
    for name, each in (("as it is", model), ("slim", onnxslim.slim(model))):
        session = ort.InferenceSession(each.SerializeToString(), providers=["CPUExecutionProvider"])
        print(operator, name, *(f"{v:g}" for v in session.run(None, {"x": x})[0].ravel()))
PYTHON
OPENBLAS_NUM_THREADS=1 "$work/venv/bin/python" "$work/case.py" 2> "$work/errors" | tee "$work/seen" || { cat "$work/errors"; exit 1; }
[ "$(cat "$work/seen")" = "$(cat <<'TEXT'
Mul as it is 1 10 1 10 1 10 1 10
Mul slim 1 1 1 1 10 10 10 10
Add as it is 2 11 2 11 2 11 2 11
Add slim 2 11 2 11 2 11 2 11
TEXT
)" ] || { echo "changed"; exit 1; }
