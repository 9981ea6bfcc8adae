#!/usr/bin/env bash
# onnx's version converter lifts Upsample and Resize of operator set 10 or less to 11 and more without stating how coordinates are mapped.
# Until 10 a new pixel lies at i / scale, from 11 on the default is half_pixel: linear enlargement gives other numbers. Nothing is
# said and the checker is content; nearest is the same at whole factors. onnxruntime's static quantizer lifts a file by this converter when
# it is asked for 16-bit values or 4-bit weights, so the quantized network is not the one that was given.
# Needs python3-venv and PyPI. Exits with 1 when the behaviour changed.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install -q onnxruntime==1.32.0 onnx==1.23.2 numpy==2.4.6 sympy==1.14.0
cat > "$work/case.py" <<'PYTHON'
import logging, os, sys
import numpy as np, onnx, onnxruntime as ort
from onnx import TensorProto as T, checker, helper as h, numpy_helper, version_converter
from onnxruntime.quantization import CalibrationDataReader, QuantType, quantize_static

logging.disable(logging.CRITICAL)
ort.set_default_logger_severity(4)
os.chdir(sys.argv[1])
x = np.array([0, 1, 4, 9], "f4").reshape(1, 1, 1, 4)

class Samples(CalibrationDataReader):
    def __init__(self):
        self.left = [{"x": x}]
    def get_next(self):
        return self.left.pop() if self.left else None

def run(model):
    session = ort.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    return " ".join(f"{v:.2f}" for v in session.run(None, {"x": x})[0].ravel())

for op, version in (("Upsample", 9), ("Resize", 10)):
    for mode in ("nearest", "linear"):
        graph = h.make_graph([h.make_node(op, ["x", "scales"], ["a"], mode=mode), h.make_node("Conv", ["a", "w"], ["y"])], "g",
                             [h.make_tensor_value_info("x", T.FLOAT, x.shape)],
                             [h.make_tensor_value_info("y", T.FLOAT, [1, 1, 1, 8])],
                             [numpy_helper.from_array(np.array([1, 1, 1, 2], "f4"), "scales"),
                              numpy_helper.from_array(np.ones((1, 1, 1, 1), "f4"), "w")])
        model = h.make_model(graph, opset_imports=[h.make_opsetid("", version)], ir_version=6)
        checker.check_model(model, full_check=True)
        print(op, mode, "as it is", run(model))
        lifted = version_converter.convert_version(model, 13)
        checker.check_model(lifted, full_check=True)
        print(op, mode, "at 13", run(lifted))
        if op == "Resize":
            onnx.save(model, "float.onnx")
            for kind in (QuantType.QUInt8, QuantType.QUInt16):
                quantize_static("float.onnx", "quantized.onnx", Samples(), activation_type=kind, weight_type=QuantType.QInt8)
                quantized = onnx.load("quantized.onnx")
                print(op, mode, kind, "at", quantized.opset_import[0].version, run(quantized))
PYTHON
OPENBLAS_NUM_THREADS=1 "$work/venv/bin/python" "$work/case.py" "$work" 2> "$work/errors" | tee "$work/seen" || { cat "$work/errors"; exit 1; }
[ "$(cat "$work/seen")" = "$(cat <<'TEXT'
Upsample nearest as it is 0.00 0.00 1.00 1.00 4.00 4.00 9.00 9.00
Upsample nearest at 13 0.00 0.00 1.00 1.00 4.00 4.00 9.00 9.00
Upsample linear as it is 0.00 0.50 1.00 2.50 4.00 6.50 9.00 9.00
Upsample linear at 13 0.00 0.25 0.75 1.75 3.25 5.25 7.75 9.00
Resize nearest as it is 0.00 0.00 1.00 1.00 4.00 4.00 9.00 9.00
Resize nearest at 13 0.00 0.00 1.00 1.00 4.00 4.00 9.00 9.00
Resize nearest QUInt8 at 10 0.00 0.00 0.99 0.99 3.99 3.99 9.00 9.00
Resize nearest QUInt16 at 21 0.00 0.00 1.00 1.00 4.00 4.00 9.00 9.00
Resize linear as it is 0.00 0.50 1.00 2.50 4.00 6.50 9.00 9.00
Resize linear at 13 0.00 0.25 0.75 1.75 3.25 5.25 7.75 9.00
Resize linear QUInt8 at 10 0.00 0.49 0.99 2.51 3.99 6.49 9.00 9.00
Resize linear QUInt16 at 21 0.00 0.25 0.75 1.75 3.25 5.25 7.75 9.00
TEXT
)" ] || { echo "changed"; exit 1; }
