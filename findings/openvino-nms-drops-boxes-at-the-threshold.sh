#!/usr/bin/env bash
# Two boxes overlap by exactly the threshold of NonMaxSuppression, which numbers on a coarse grid, such as quantized boxes, often do. torchvision,
# onnxruntime and onnx's reference keep both, as only what exceeds the threshold is left out. OpenVINO's CPU plugin leaves the
# second out. At a threshold of 1, which keeps all elsewhere, it drops every box that stands twice.
# Needs python3-venv and PyPI. Exits with 1 when the behaviour changed.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install -q torchvision==0.29.2 onnxruntime==1.32.0 onnx==1.23.2 numpy==2.4.6 openvino==2026.4.1
cat > "$work/case.py" <<'PYTHON'
import numpy as np, onnxruntime as ort, openvino as ov, torch, torchvision
from onnx import TensorProto as T, checker, helper as h
from onnx.reference import ReferenceEvaluator

# The second is half of the first, the third equal to the first, the fourth a quarter of the first.
boxes = np.array([[[0, 0, 8, 8], [0, 0, 8, 4], [0, 0, 8, 8], [0, 0, 4, 4]]], "f4")
scores = np.array([[[0.9, 0.8, 0.7, 0.6]]], "f4")
for threshold in (0.25, 0.5, 0.75, 1.0):
    node = h.make_node("NonMaxSuppression", ["boxes", "scores", "most", "threshold"], ["y"])
    graph = h.make_graph([node], "g", [h.make_tensor_value_info("boxes", T.FLOAT, boxes.shape), h.make_tensor_value_info("scores", T.FLOAT, scores.shape)],
                         [h.make_tensor_value_info("y", T.INT64, ["n", 3])],
                         [h.make_tensor("most", T.INT64, [1], [10]), h.make_tensor("threshold", T.FLOAT, [1], [threshold])])
    model = h.make_model(graph, opset_imports=[h.make_opsetid("", 11)], ir_version=6)
    checker.check_model(model, full_check=True)
    data, given, core = model.SerializeToString(), {"boxes": boxes, "scores": scores}, ov.Core()
    kept = {"torchvision": torchvision.ops.nms(torch.tensor(boxes[0]), torch.tensor(scores[0, 0]), threshold).numpy(),
            "onnx": ReferenceEvaluator(model).run(None, given)[0][:, 2],
            "onnxruntime": ort.InferenceSession(data, providers=["CPUExecutionProvider"]).run(None, given)[0][:, 2],
            "openvino": core.compile_model(core.read_model(data), "CPU", {"INFERENCE_PRECISION_HINT": "f32"})(given)[0][:, 2]}
    for name, places in kept.items():
        print(threshold, name, *sorted(int(p) for p in places))
PYTHON
OPENBLAS_NUM_THREADS=1 "$work/venv/bin/python" "$work/case.py" 2> "$work/errors" | tee "$work/seen" || { cat "$work/errors"; exit 1; }
[ "$(cat "$work/seen")" = "$(cat <<'TEXT'
0.25 torchvision 0 3
0.25 onnx 0 3
0.25 onnxruntime 0 3
0.25 openvino 0
0.5 torchvision 0 1 3
0.5 onnx 0 1 3
0.5 onnxruntime 0 1 3
0.5 openvino 0 3
0.75 torchvision 0 1 3
0.75 onnx 0 1 3
0.75 onnxruntime 0 1 3
0.75 openvino 0 1 3
1.0 torchvision 0 1 2 3
1.0 onnx 0 1 2 3
1.0 onnxruntime 0 1 2 3
1.0 openvino 0 1 3
TEXT
)" ] || { echo "changed"; exit 1; }
