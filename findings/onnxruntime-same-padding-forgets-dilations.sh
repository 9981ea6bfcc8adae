#!/usr/bin/env bash
# auto_pad SAME_UPPER makes an output as large as the input by its strides; a dilated window takes more padding for that. onnxruntime
# 1.32.0 pads a dilated MaxPool or AveragePool as if it were not: the output is smaller than the file and shape inference
# say, which is only warned of. A dilated Conv with SAME_UPPER loads and is refused as it runs. OpenVINO does all three; onnx's
# reference fills the rest of its AveragePool with zeros.
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

ort.set_default_logger_severity(4)
x = np.arange(1, 8, dtype="f4").reshape(1, 1, 1, 7)

def show(op, runtime, run):
    try:
        print(op, runtime, *(f"{v:.1f}" for v in run().ravel()))
    except Exception as error:
        print(op, runtime, "refuses" if "Dilation not supported" in str(error) else error)

for op in ("MaxPool", "AveragePool", "Conv"):
    node = h.make_node(op, ["x", "w"] if op == "Conv" else ["x"], ["y"], kernel_shape=[1, 3], dilations=[1, 2], auto_pad="SAME_UPPER")
    constants = [h.make_tensor("w", T.FLOAT, [1, 1, 1, 3], [0, 1, 0])] if op == "Conv" else []
    graph = h.make_graph([node], "g", [h.make_tensor_value_info("x", T.FLOAT, x.shape)],
                         [h.make_tensor_value_info("y", T.FLOAT, x.shape)], constants)
    model = h.make_model(graph, opset_imports=[h.make_opsetid("", 19)], ir_version=9)
    checker.check_model(model, full_check=True)
    data = model.SerializeToString()
    session = ort.InferenceSession(data, providers=["CPUExecutionProvider"])
    core = ov.Core()
    show(op, "onnx", lambda: ReferenceEvaluator(model).run(None, {"x": x})[0])
    show(op, "onnxruntime", lambda: session.run(None, {"x": x})[0])
    show(op, "openvino", lambda: core.compile_model(core.read_model(data), "CPU", {"INFERENCE_PRECISION_HINT": "f32"})(x)[0])
PYTHON
OPENBLAS_NUM_THREADS=1 "$work/venv/bin/python" "$work/case.py" 2> "$work/errors" | tee "$work/seen" || { cat "$work/errors"; exit 1; }
[ "$(cat "$work/seen")" = "$(cat <<'TEXT'
MaxPool onnx 3.0 4.0 5.0 6.0 7.0 6.0 7.0
MaxPool onnxruntime 4.0 5.0 6.0 7.0 6.0
MaxPool openvino 3.0 4.0 5.0 6.0 7.0 6.0 7.0
AveragePool onnx 3.0 3.0 4.0 5.0 5.0 0.0 0.0
AveragePool onnxruntime 3.0 3.0 4.0 5.0 5.0
AveragePool openvino 2.0 3.0 3.0 4.0 5.0 5.0 6.0
Conv onnx 1.0 2.0 3.0 4.0 5.0 6.0 7.0
Conv onnxruntime refuses
Conv openvino 1.0 2.0 3.0 4.0 5.0 6.0 7.0
TEXT
)" ] || { echo "changed"; exit 1; }
