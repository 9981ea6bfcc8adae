#!/usr/bin/env bash
# Since opset 19 AveragePool has an attribute "dilations". Where a quantized AveragePool states it, even as [1, 1], its default,
# onnxruntime's default session refuses the file: it copies the attribute to its own QLinearAveragePool, which does not have it.
# Without the attribute, or without optimizations, it runs. Needs python3-venv and PyPI. Exits with 1 when the behaviour changed.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install -q onnxruntime==1.32.0 onnx==1.23.2 numpy==2.4.6
cat > "$work/case.py" <<'PYTHON'
import numpy as np, onnxruntime as ort
from onnx import TensorProto as T, checker, helper as h

ort.set_default_logger_severity(4)
x = np.arange(16, dtype="f4").reshape(1, 1, 4, 4)
for attributes in ({}, {"dilations": [1, 1]}):
    nodes = [h.make_node("QuantizeLinear", ["x", "scale", "zero"], ["q"]),
             h.make_node("DequantizeLinear", ["q", "scale", "zero"], ["d"]),
             h.make_node("AveragePool", ["d"], ["p"], kernel_shape=[2, 2], strides=[2, 2], **attributes),
             h.make_node("QuantizeLinear", ["p", "scale", "zero"], ["r"]),
             h.make_node("DequantizeLinear", ["r", "scale", "zero"], ["y"])]
    constants = [h.make_tensor("scale", T.FLOAT, [], [0.5]), h.make_tensor("zero", T.UINT8, [], [0])]
    graph = h.make_graph(nodes, "g", [h.make_tensor_value_info("x", T.FLOAT, x.shape)],
                         [h.make_tensor_value_info("y", T.FLOAT, [1, 1, 2, 2])], constants)
    model = h.make_model(graph, opset_imports=[h.make_opsetid("", 19)], ir_version=9)
    checker.check_model(model, full_check=True)
    for level in ("ORT_DISABLE_ALL", "ORT_ENABLE_ALL"):
        options = ort.SessionOptions()
        options.graph_optimization_level = getattr(ort.GraphOptimizationLevel, level)
        try:
            session = ort.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])
            seen = " ".join(f"{v:g}" for v in session.run(None, {"x": x})[0].ravel())
        except Exception as error:
            seen = str(error).split(", Error ")[-1].strip()
        print("stated" if attributes else "left out", level, seen)
PYTHON
OPENBLAS_NUM_THREADS=1 "$work/venv/bin/python" "$work/case.py" 2> "$work/errors" | tee "$work/seen" || { cat "$work/errors"; exit 1; }
[ "$(cat "$work/seen")" = "$(cat <<'TEXT'
left out ORT_DISABLE_ALL 2.5 4.5 10.5 12.5
left out ORT_ENABLE_ALL 2.5 4.5 10.5 12.5
stated ORT_DISABLE_ALL 2.5 4.5 10.5 12.5
stated ORT_ENABLE_ALL Unrecognized attribute: dilations for operator QLinearAveragePool
TEXT
)" ] || { echo "changed"; exit 1; }
