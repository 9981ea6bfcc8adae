#!/usr/bin/env bash
# A bias that is large beside its layer's weights does not fit 32 bits at the scale of their products. onnxruntime's static quantizer
# widens the weights' scale until it fits where weights are signed bytes, and does not where they are unsigned: the bias 20 comes
# out as 0.08, in both formats, and nothing is said. Weight decay makes such weights where inputs are always zero.
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

graph = h.make_graph([h.make_node("Conv", ["x", "weight", "bias"], ["y"])], "g",
                     [h.make_tensor_value_info("x", T.FLOAT, x.shape)],
                     [h.make_tensor_value_info("y", T.FLOAT, x.shape)],
                     [h.make_tensor("weight", T.FLOAT, [1, 1, 1, 1], [1e-6]), h.make_tensor("bias", T.FLOAT, [1], [20])])
model = h.make_model(graph, opset_imports=[h.make_opsetid("", 13)], ir_version=8)
checker.check_model(model, full_check=True)
onnx.save(model, "float.onnx")
print("float", f"{run('float.onnx').max():.2f}")
for weights in (QuantType.QInt8, QuantType.QUInt8):
    for form in (QuantFormat.QDQ, QuantFormat.QOperator):
        quantize_static("float.onnx", "quantized.onnx", Samples(), quant_format=form, activation_type=QuantType.QUInt8,
                        weight_type=weights)
        print(weights, form.name, f"{run('quantized.onnx').max():.2f}")
PYTHON
OPENBLAS_NUM_THREADS=1 "$work/venv/bin/python" "$work/case.py" "$work" 2> "$work/errors" | tee "$work/seen" || { cat "$work/errors"; exit 1; }
[ "$(cat "$work/seen")" = "$(cat <<'TEXT'
float 20.00
QInt8 QDQ 20.00
QInt8 QOperator 20.00
QUInt8 QDQ 0.08
QUInt8 QOperator 0.08
TEXT
)" ] || { echo "changed"; exit 1; }
