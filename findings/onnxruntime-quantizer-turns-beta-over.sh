#!/usr/bin/env bash
# Gemm computes alpha * A * B + beta * C. onnxruntime's static quantizer turns beta over: with 0.5 the bias counts twice, with 2 a half,
# in the format QOperator and in the default session of the format QDQ; without optimizations the latter counts it once. In QOperator alpha
# multiplies the bias, too. Nothing is said, and the calibration saw the right numbers. The dynamic quantizer leaves such a Gemm in floats.
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
from onnxruntime.quantization import CalibrationDataReader, QuantFormat, QuantType, quantize_dynamic, quantize_static

logging.disable(logging.CRITICAL)
ort.set_default_logger_severity(4)
os.chdir(sys.argv[1])
x = np.array([[0, 0], [1, 0], [0, 1], [-4, 4], [20, -20]], "f4")

class Samples(CalibrationDataReader):
    def __init__(self):
        self.left = [{"x": x}]
    def get_next(self):
        return self.left.pop() if self.left else None

def run(path, optimized=True):
    options = ort.SessionOptions()
    if not optimized:
        options.graph_optimization_level = ort.GraphOptimizationLevel.ORT_DISABLE_ALL
    return ort.InferenceSession(path, options, providers=["CPUExecutionProvider"]).run(None, {"x": x})[0]

def show(name, values):
    print(alpha, beta, name, *(f"{v:.0f}" for v in values[0]))

for alpha, beta in ((1.0, 1.0), (2.0, 1.0), (1.0, 0.5), (1.0, 2.0)):
    node = h.make_node("Gemm", ["x", "w", "c"], ["y"], alpha=alpha, beta=beta, transB=1)
    graph = h.make_graph([node], "g", [h.make_tensor_value_info("x", T.FLOAT, x.shape)],
                         [h.make_tensor_value_info("y", T.FLOAT, x.shape)],
                         [h.make_tensor("w", T.FLOAT, [2, 2], [1, 0, 0, 1]), h.make_tensor("c", T.FLOAT, [2], [8, -8])])
    model = h.make_model(graph, opset_imports=[h.make_opsetid("", 13)], ir_version=8)
    checker.check_model(model, full_check=True)
    onnx.save(model, "float.onnx")
    show("float", run("float.onnx"))
    for form in (QuantFormat.QDQ, QuantFormat.QOperator):
        quantize_static("float.onnx", "quantized.onnx", Samples(), quant_format=form, activation_type=QuantType.QUInt8,
                        weight_type=QuantType.QInt8)
        show(form.name, run("quantized.onnx"))
        show(form.name + " unoptimized", run("quantized.onnx", optimized=False))
    quantize_dynamic("float.onnx", "quantized.onnx")
    show("dynamic", run("quantized.onnx"))
PYTHON
OPENBLAS_NUM_THREADS=1 "$work/venv/bin/python" "$work/case.py" "$work" 2> "$work/errors" | tee "$work/seen" || { cat "$work/errors"; exit 1; }
[ "$(cat "$work/seen")" = "$(cat <<'TEXT'
1.0 1.0 float 8 -8
1.0 1.0 QDQ 8 -8
1.0 1.0 QDQ unoptimized 8 -8
1.0 1.0 QOperator 8 -8
1.0 1.0 QOperator unoptimized 8 -8
1.0 1.0 dynamic 8 -8
2.0 1.0 float 8 -8
2.0 1.0 QDQ 8 -8
2.0 1.0 QDQ unoptimized 8 -8
2.0 1.0 QOperator 16 -16
2.0 1.0 QOperator unoptimized 16 -16
2.0 1.0 dynamic 8 -8
1.0 0.5 float 4 -4
1.0 0.5 QDQ 16 -16
1.0 0.5 QDQ unoptimized 8 -8
1.0 0.5 QOperator 16 -16
1.0 0.5 QOperator unoptimized 16 -16
1.0 0.5 dynamic 4 -4
1.0 2.0 float 16 -16
1.0 2.0 QDQ 4 -4
1.0 2.0 QDQ unoptimized 8 -8
1.0 2.0 QOperator 4 -4
1.0 2.0 QOperator unoptimized 4 -4
1.0 2.0 dynamic 16 -16
TEXT
)" ] || { echo "changed"; exit 1; }
