#!/usr/bin/env bash
# A convolution's result is bounded from below by a positive number, as torch.clamp(min=1) does before a division or logarithm.
# onnxruntime's static quantizer takes the Clip away, as saturation shall do its work; but the range that it chose was widened to hold zero,
# so the grid begins at 0, and what should be 1 comes out as 0. In both formats; bounds of 0 or below are kept.
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
x = np.array([-4, -1, 0.5, 1, 2, 3, 4, 8], "f4").reshape(1, 1, 1, 8)

class Samples(CalibrationDataReader):
    def __init__(self):
        self.left = [{"x": x}]
    def get_next(self):
        return self.left.pop() if self.left else None

def show(name, path):
    values = ort.InferenceSession(path, providers=["CPUExecutionProvider"]).run(None, {"x": x})[0]
    print(low, high, name, *(f"{v:.1f}" for v in values.ravel()))

for low, high in ((-1.0, 4.0), (0.0, 4.0), (1.0, 4.0)):
    nodes = [h.make_node("Conv", ["x", "w"], ["a"]), h.make_node("Clip", ["a", "low", "high"], ["y"])]
    graph = h.make_graph(nodes, "g", [h.make_tensor_value_info("x", T.FLOAT, x.shape)],
                         [h.make_tensor_value_info("y", T.FLOAT, x.shape)],
                         [h.make_tensor("w", T.FLOAT, [1, 1, 1, 1], [1]), h.make_tensor("low", T.FLOAT, [], [low]),
                          h.make_tensor("high", T.FLOAT, [], [high])])
    model = h.make_model(graph, opset_imports=[h.make_opsetid("", 13)], ir_version=8)
    checker.check_model(model, full_check=True)
    onnx.save(model, "float.onnx")
    show("float", "float.onnx")
    for form in (QuantFormat.QDQ, QuantFormat.QOperator):
        quantize_static("float.onnx", "quantized.onnx", Samples(), quant_format=form, activation_type=QuantType.QUInt8,
                        weight_type=QuantType.QInt8)
        show(form.name, "quantized.onnx")
PYTHON
OPENBLAS_NUM_THREADS=1 "$work/venv/bin/python" "$work/case.py" "$work" 2> "$work/errors" | tee "$work/seen" || { cat "$work/errors"; exit 1; }
[ "$(cat "$work/seen")" = "$(cat <<'TEXT'
-1.0 4.0 float -1.0 -1.0 0.5 1.0 2.0 3.0 4.0 4.0
-1.0 4.0 QDQ -1.0 -1.0 0.5 1.0 2.0 3.0 4.0 4.0
-1.0 4.0 QOperator -1.0 -1.0 0.5 1.0 2.0 3.0 4.0 4.0
0.0 4.0 float 0.0 0.0 0.5 1.0 2.0 3.0 4.0 4.0
0.0 4.0 QDQ 0.0 0.0 0.5 1.0 2.0 3.0 4.0 4.0
0.0 4.0 QOperator 0.0 0.0 0.5 1.0 2.0 3.0 4.0 4.0
1.0 4.0 float 1.0 1.0 1.0 1.0 2.0 3.0 4.0 4.0
1.0 4.0 QDQ 0.0 0.0 0.5 1.0 2.0 3.0 4.0 4.0
1.0 4.0 QOperator 0.0 0.0 0.5 1.0 2.0 3.0 4.0 4.0
TEXT
)" ] || { echo "changed"; exit 1; }
