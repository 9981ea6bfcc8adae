#!/usr/bin/env bash
# AveragePool with count_include_pad=1 and ceil_mode=1: the last windows may hang over the padded image, and what hangs over is
# not counted; torch's AvgPool2d, from which such files come, and onnxruntime agree. OpenVINO's CPU plugin does so where the padding
# is zero. With any padding it divides by the whole window. Needs python3-venv and PyPI. Exits with 1 when the behaviour changed.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install -q onnxruntime==1.32.0 onnx==1.23.2 numpy==2.4.6 openvino==2026.4.1
cat > "$work/case.py" <<'PYTHON'
import numpy as np, onnxruntime as ort, openvino as ov
from onnx import TensorProto as T, checker, helper as h

x = np.ones((1, 1, 4, 4), "f4")
for pads in ([0, 0, 0, 0], [0, 0, 1, 1], [1, 1, 0, 0]):
    node = h.make_node("AveragePool", ["x"], ["y"], kernel_shape=[3, 3], strides=[3, 3], pads=pads, ceil_mode=1,
                       count_include_pad=1)
    graph = h.make_graph([node], "g", [h.make_tensor_value_info("x", T.FLOAT, x.shape)],
                         [h.make_tensor_value_info("y", T.FLOAT, [1, 1, 2, 2])])
    model = h.make_model(graph, opset_imports=[h.make_opsetid("", 21)], ir_version=10)
    checker.check_model(model, full_check=True)
    data = model.SerializeToString()
    theirs = ort.InferenceSession(data, providers=["CPUExecutionProvider"]).run(None, {"x": x})[0]
    core = ov.Core()
    other = core.compile_model(core.read_model(data), "CPU", {"INFERENCE_PRECISION_HINT": "f32"})(x)[0]
    for name, values in (("onnxruntime", theirs), ("openvino", other)):
        print(pads, name, *(f"{v:.3f}" for v in values.ravel()))
PYTHON
OPENBLAS_NUM_THREADS=1 "$work/venv/bin/python" "$work/case.py" 2> "$work/errors" | tee "$work/seen" || { cat "$work/errors"; exit 1; }
[ "$(cat "$work/seen")" = "$(cat <<'TEXT'
[0, 0, 0, 0] onnxruntime 1.000 1.000 1.000 1.000
[0, 0, 0, 0] openvino 1.000 1.000 1.000 1.000
[0, 0, 1, 1] onnxruntime 1.000 0.500 0.500 0.250
[0, 0, 1, 1] openvino 1.000 0.333 0.333 0.111
[1, 1, 0, 0] onnxruntime 0.444 0.667 0.667 1.000
[1, 1, 0, 0] openvino 0.444 0.444 0.444 0.444
TEXT
)" ] || { echo "changed"; exit 1; }
