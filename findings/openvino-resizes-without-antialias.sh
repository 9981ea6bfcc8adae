#!/usr/bin/env bash
# ONNX's Resize has antialias (a wider kernel when an image shrinks, since operator set 18) and exclude_outside (cubic, since 11).
# OpenVINO 2026.4.1 reads files with either and computes as if they were not there, without a word: an image that shrinks by four
# comes out as without them. onnxruntime and onnx's reference follow both. PyTorch's interpolate(antialias=True) exports such files.
# Needs python3-venv and PyPI. Exits with 1 when the behaviour changed.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install -q onnxruntime==1.32.0 onnx==1.23.2 numpy==2.4.6 openvino==2026.4.1
cat > "$work/case.py" <<'PYTHON'
import numpy as np, onnx, onnxruntime as ort, openvino as ov
from onnx import TensorProto as T, checker, helper as h, numpy_helper
from onnx.reference import ReferenceEvaluator

def show(name, x, scale, **attributes):
    node = h.make_node("Resize", ["x", "", "scales"], ["y"], coordinate_transformation_mode="half_pixel", **attributes)
    width = int(x.shape[3] * scale)
    graph = h.make_graph([node], "g", [h.make_tensor_value_info("x", T.FLOAT, x.shape)],
                         [h.make_tensor_value_info("y", T.FLOAT, [1, 1, 1, width])],
                         [numpy_helper.from_array(np.array([1, 1, 1, scale], "f4"), "scales")])
    model = h.make_model(graph, opset_imports=[h.make_opsetid("", 18)], ir_version=8)
    checker.check_model(model, full_check=True)
    data = model.SerializeToString()
    core = ov.Core()
    results = {"onnx": ReferenceEvaluator(model).run(None, {"x": x})[0],
               "onnxruntime": ort.InferenceSession(data, providers=["CPUExecutionProvider"]).run(None, {"x": x})[0],
               "openvino": core.compile_model(core.read_model(data), "CPU", {"INFERENCE_PRECISION_HINT": "f32"})(x)[0]}
    for runtime, values in results.items():
        print(name, runtime, *(f"{v:.3f}" for v in values.ravel()))

stripes = (np.arange(16) % 4 < 1).astype("f4").reshape(1, 1, 1, 16)
ramp = np.array([1, 2, 3, 4], "f4").reshape(1, 1, 1, 4)
show("linear", stripes, 0.25, mode="linear")
show("linear antialias", stripes, 0.25, mode="linear", antialias=1)
show("cubic", ramp, 2, mode="cubic")
show("cubic exclude_outside", ramp, 2, mode="cubic", exclude_outside=1)
PYTHON
OPENBLAS_NUM_THREADS=1 "$work/venv/bin/python" "$work/case.py" 2> "$work/errors" | tee "$work/seen" || { cat "$work/errors"; exit 1; }
[ "$(cat "$work/seen")" = "$(cat <<'TEXT'
linear onnx 0.000 0.000 0.000 0.000
linear onnxruntime 0.000 0.000 0.000 0.000
linear openvino 0.000 0.000 0.000 0.000
linear antialias onnx 0.375 0.250 0.250 0.156
linear antialias onnxruntime 0.375 0.250 0.250 0.156
linear antialias openvino 0.000 0.000 0.000 0.000
cubic onnx 0.895 1.191 1.668 2.297 2.703 3.332 3.809 4.105
cubic onnxruntime 0.895 1.191 1.668 2.297 2.703 3.332 3.809 4.105
cubic openvino 0.895 1.191 1.668 2.297 2.703 3.332 3.809 4.105
cubic exclude_outside onnx 0.864 1.173 1.645 2.297 2.703 3.355 3.827 4.136
cubic exclude_outside onnxruntime 0.864 1.173 1.645 2.297 2.703 3.355 3.827 4.136
cubic exclude_outside openvino 0.895 1.191 1.668 2.297 2.703 3.332 3.809 4.105
TEXT
)" ] || { echo "changed"; exit 1; }
