#!/usr/bin/env bash
# Two convolutions share one bias, as heads that share parameters do. onnxruntime's static quantizer in the format QOperator stores the
# bias once, at the scale of the first convolution's products, and gives the same integers to the second, whose weights have another
# scale: with weights 20 times as large the bias 1 acts as 20. The format QDQ is right. Nothing is said.
# Needs python3-venv and PyPI. Exits with 1 when the behaviour changed.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install -q onnxruntime==1.32.0 onnx==1.23.2 numpy==2.4.6 sympy==1.14.0
cat > "$work/case.py" <<'PYTHON'
import logging, os, sys
import numpy as np, onnx, onnxruntime as ort
from onnx import TensorProto as T, checker, helper as h
from onnxruntime.quantization import CalibrationDataReader, QuantFormat, QuantType, quantize_static

logging.disable(logging.CRITICAL)
os.chdir(sys.argv[1])
x = np.linspace(-1, 1, 16, dtype="f4").reshape(1, 1, 4, 4)

class Samples(CalibrationDataReader):
    def __init__(self):
        self.left = [{"x": x}]
    def get_next(self):
        return self.left.pop() if self.left else None

def run(path):
    return ort.InferenceSession(path, providers=["CPUExecutionProvider"]).run(None, {"x": x})[0]

for second in ("bias", "own"):
    nodes = [h.make_node("Conv", ["x", "small", "bias"], ["a"]), h.make_node("Conv", ["x", "large", second], ["b"]),
             h.make_node("Concat", ["a", "b"], ["y"], axis=1)]
    constants = [h.make_tensor("small", T.FLOAT, [1, 1, 1, 1], [1]), h.make_tensor("large", T.FLOAT, [1, 1, 1, 1], [20]),
                 h.make_tensor("bias", T.FLOAT, [1], [1])]
    if second == "own":
        constants.append(h.make_tensor("own", T.FLOAT, [1], [1]))
    graph = h.make_graph(nodes, "g", [h.make_tensor_value_info("x", T.FLOAT, x.shape)],
                         [h.make_tensor_value_info("y", T.FLOAT, [1, 2, 4, 4])], constants)
    model = h.make_model(graph, opset_imports=[h.make_opsetid("", 13)], ir_version=8)
    checker.check_model(model, full_check=True)
    onnx.save(model, "float.onnx")
    expected = run("float.onnx")
    for form in (QuantFormat.QDQ, QuantFormat.QOperator):
        quantize_static("float.onnx", "quantized.onnx", Samples(), quant_format=form, activation_type=QuantType.QUInt8,
                        weight_type=QuantType.QInt8)
        error = np.abs(run("quantized.onnx") - expected).max(axis=(0, 2, 3))
        print("one bias" if second == "bias" else "two biases", form.name, *(f"{e:.2f}" for e in error))
PYTHON
OPENBLAS_NUM_THREADS=1 "$work/venv/bin/python" "$work/case.py" "$work" 2> "$work/errors" | tee "$work/seen" || { cat "$work/errors"; exit 1; }
[ "$(cat "$work/seen")" = "$(cat <<'TEXT'
one bias QDQ 0.08 0.14
one bias QOperator 0.08 19.00
two biases QDQ 0.08 0.14
two biases QOperator 0.08 0.14
TEXT
)" ] || { echo "changed"; exit 1; }
