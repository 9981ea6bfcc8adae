#!/usr/bin/env bash
# quantize_dynamic(per_channel=True) gives each output channel of a MatMul a scale of its own. Convolutions get one scale for all
# channels, as without the option, and nothing is said: beside a channel of weights hundreds of times as large another comes out as zeros.
# The static quantizer gives convolutions a scale a channel.
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

def show(name, path, x):
    values = ort.InferenceSession(path, providers=["CPUExecutionProvider"]).run(None, {"x": x})[0]
    print(name, *(f"{v:.2f}" for v in values.ravel()))

for op in ("MatMul", "Conv"):
    pixel = [] if op == "MatMul" else [1, 1]
    x = np.ones([1, 1] + pixel, "f4")
    shape = [1, 2] if op == "MatMul" else [2, 1, 1, 1]
    class Samples(CalibrationDataReader):
        def __init__(self):
            self.left = [{"x": x}]
        def get_next(self):
            return self.left.pop() if self.left else None
    graph = h.make_graph([h.make_node(op, ["x", "w"], ["y"])], "g", [h.make_tensor_value_info("x", T.FLOAT, x.shape)],
                         [h.make_tensor_value_info("y", T.FLOAT, [1, 2] + pixel)], [h.make_tensor("w", T.FLOAT, shape, [1000.0, 3.0])])
    model = h.make_model(graph, opset_imports=[h.make_opsetid("", 13)], ir_version=8)
    checker.check_model(model, full_check=True)
    onnx.save(model, "float.onnx")
    show(f"{op}, float", "float.onnx", x)
    for kind in (QuantType.QInt8, QuantType.QUInt8):
        for per_channel in (False, True):
            quantize_dynamic("float.onnx", "quantized.onnx", weight_type=kind, per_channel=per_channel)
            show(f"{op}, dynamic, {kind}, per_channel={per_channel}", "quantized.onnx", x)
    quantize_static("float.onnx", "quantized.onnx", Samples(), quant_format=QuantFormat.QOperator, activation_type=QuantType.QUInt8,
                    weight_type=QuantType.QInt8, per_channel=True)
    sizes = {i.name: list(i.dims) for i in onnx.load("quantized.onnx").graph.initializer}
    print(f"{op}, static, per_channel=True: {sizes['w_scale'][0]} scales")
PYTHON
OPENBLAS_NUM_THREADS=1 "$work/venv/bin/python" "$work/case.py" "$work" 2> "$work/errors" | tee "$work/seen" || { cat "$work/errors"; exit 1; }
[ "$(cat "$work/seen")" = "$(cat <<'TEXT'
MatMul, float 1000.00 3.00
MatMul, dynamic, QInt8, per_channel=False 1000.00 0.00
MatMul, dynamic, QInt8, per_channel=True 1000.00 3.00
MatMul, dynamic, QUInt8, per_channel=False 1000.00 3.92
MatMul, dynamic, QUInt8, per_channel=True 1000.00 3.00
MatMul, static, per_channel=True: 2 scales
Conv, float 1000.00 3.00
Conv, dynamic, QInt8, per_channel=False 1000.00 0.00
Conv, dynamic, QInt8, per_channel=True 1000.00 0.00
Conv, dynamic, QUInt8, per_channel=False 1000.00 3.92
Conv, dynamic, QUInt8, per_channel=True 1000.00 3.92
Conv, static, per_channel=True: 2 scales
TEXT
)" ] || { echo "changed"; exit 1; }
