#!/usr/bin/env bash
# onnxruntime's static quantizer takes a Relu behind a convolution away, as a grid that begins at 0 cuts negative numbers off by itself. It
# does so, too, where the calibration is told to make ranges symmetric (CalibTensorRangeSymmetric, or the method Distribution), whose
# grids begin below 0: the network loses its activations, negative numbers pass, nothing is said. With ActivationSymmetric, which
# sounds the same, the Relu stays. Needs python3-venv and PyPI. Exits with 1 when the behaviour changed.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install -q onnxruntime==1.32.0 onnx==1.23.2 numpy==2.4.6 sympy==1.14.0
cat > "$work/case.py" <<'PYTHON'
import contextlib, io, logging, os, sys
import numpy as np, onnx, onnxruntime as ort
from onnx import TensorProto as T, checker, helper as h
from onnxruntime.quantization import CalibrationDataReader, CalibrationMethod, QuantFormat, QuantType, quantize_static

logging.disable(logging.CRITICAL)
ort.set_default_logger_severity(4)
os.chdir(sys.argv[1])
x = np.arange(-4, 5, dtype="f4").reshape(1, 1, 3, 3)
nodes = [h.make_node("Conv", ["x", "w"], ["a"]), h.make_node("Relu", ["a"], ["b"]), h.make_node("Conv", ["b", "w"], ["y"])]
graph = h.make_graph(nodes, "g", [h.make_tensor_value_info("x", T.FLOAT, x.shape)], [h.make_tensor_value_info("y", T.FLOAT, x.shape)],
                     [h.make_tensor("w", T.FLOAT, [1, 1, 1, 1], [1])])
model = h.make_model(graph, opset_imports=[h.make_opsetid("", 13)], ir_version=8)
checker.check_model(model, full_check=True)
onnx.save(model, "float.onnx")

class Samples(CalibrationDataReader):
    def __init__(self):
        self.left = [{"x": x}] * 4
    def get_next(self):
        return self.left.pop() if self.left else None

def show(name, path):
    values = ort.InferenceSession(path, providers=["CPUExecutionProvider"]).run(None, {"x": x})[0]
    relus = sum(n.op_type == "Relu" for n in onnx.load(path).graph.node)
    print(f"{name}: {relus} Relu,", *(f"{abs(v) * np.sign(round(v)):.0f}" for v in values.ravel()))

show("float", "float.onnx")
for form in (QuantFormat.QDQ, QuantFormat.QOperator):
    for name, method, options in (("MinMax", CalibrationMethod.MinMax, {}), ("MinMax", CalibrationMethod.MinMax, {"ActivationSymmetric": True}),
                                  ("MinMax", CalibrationMethod.MinMax, {"CalibTensorRangeSymmetric": True}),
                                  ("Distribution", CalibrationMethod.Distribution, {})):
        with contextlib.redirect_stdout(io.StringIO()):
            quantize_static("float.onnx", "quantized.onnx", Samples(), quant_format=form, activation_type=QuantType.QUInt8,
                            weight_type=QuantType.QInt8, calibrate_method=method, extra_options=dict(options))
        show(" ".join([form.name, name, *options]), "quantized.onnx")
PYTHON
OPENBLAS_NUM_THREADS=1 "$work/venv/bin/python" "$work/case.py" "$work" 2> "$work/errors" | tee "$work/seen" || { cat "$work/errors"; exit 1; }
[ "$(cat "$work/seen")" = "$(cat <<'TEXT'
float: 1 Relu, 0 0 0 0 0 1 2 3 4
QDQ MinMax: 0 Relu, 0 0 0 0 0 1 2 3 4
QDQ MinMax ActivationSymmetric: 1 Relu, 0 0 0 0 0 1 2 3 4
QDQ MinMax CalibTensorRangeSymmetric: 0 Relu, -4 -3 -2 -1 0 1 2 3 4
QDQ Distribution: 0 Relu, -4 -3 -2 -1 0 1 2 3 4
QOperator MinMax: 0 Relu, 0 0 0 0 0 1 2 3 4
QOperator MinMax ActivationSymmetric: 1 Relu, 0 0 0 0 0 1 2 3 4
QOperator MinMax CalibTensorRangeSymmetric: 0 Relu, -4 -3 -2 -1 0 1 2 3 4
QOperator Distribution: 0 Relu, -4 -3 -2 -1 0 1 2 3 4
TEXT
)" ] || { echo "changed"; exit 1; }
