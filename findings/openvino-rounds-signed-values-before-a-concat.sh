#!/usr/bin/env bash
# Two values are quantized to signed bytes with a scale of 1/4, concatenated, and read by a quantized convolution, as in DenseNet, U-Net and
# YOLO. OpenVINO's CPU plugin rounds them to whole numbers instead of quarters: it quantizes as if the scale were 1. Unsigned bytes
# around 128 are right, so are signed ones without the Concat, and onnxruntime is in each case. Nothing is said. The same with
# AVX-512 and with AVX2. Needs python3-venv and PyPI. Exits with 1 when the behaviour changed.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install -q onnxruntime==1.32.0 onnx==1.23.2 numpy==2.4.6 openvino==2026.4.1
cat > "$work/case.py" <<'PYTHON'
import numpy as np, onnxruntime as ort, openvino as ov
from onnx import TensorProto as T, checker, helper as h, numpy_helper

x = np.tile(np.arange(-4, 5, dtype="f4") / 4, (1, 2, 1, 1))  # two channels that are alike
for kind, type, zero in (("signed", np.int8, 0), ("unsigned", np.uint8, 128)):
    for joined in (False, True):
        first = np.zeros((1, 4 if joined else 2, 1, 1), "i1")  # the convolution takes the first channel as it is
        first[0, 0] = 1
        constants = {"s": np.float32(0.25), "z": type(zero), "w": first, "ws": np.float32(1)}
        nodes = [h.make_node("QuantizeLinear", ["x", "s", "z"], ["xq"]), h.make_node("DequantizeLinear", ["xq", "s", "z"], ["xr"])]
        if joined:
            nodes.append(h.make_node("Concat", ["xr", "xr"], ["both"], axis=1))
        nodes += [h.make_node("DequantizeLinear", ["w", "ws"], ["wr"]), h.make_node("Conv", ["both" if joined else "xr", "wr"], ["y"])]
        graph = h.make_graph(nodes, "g", [h.make_tensor_value_info("x", T.FLOAT, x.shape)], [h.make_tensor_value_info("y", T.FLOAT, [1, 1, 1, 9])],
                             [numpy_helper.from_array(np.asarray(v), k) for k, v in constants.items()])
        model = h.make_model(graph, opset_imports=[h.make_opsetid("", 13)], ir_version=8)
        checker.check_model(model, full_check=True)
        data, core = model.SerializeToString(), ov.Core()
        results = {"onnxruntime": ort.InferenceSession(data, providers=["CPUExecutionProvider"]).run(None, {"x": x})[0],
                   "OpenVINO": core.compile_model(core.read_model(data), "CPU", {"INFERENCE_PRECISION_HINT": "f32"})(x)[0]}
        for name, values in results.items():
            print(kind, "joined" if joined else "alone", name, *(f"{v + 0.0:g}" for v in values.ravel()))
PYTHON
OPENBLAS_NUM_THREADS=1 "$work/venv/bin/python" "$work/case.py" 2> "$work/errors" | tee "$work/seen" || { cat "$work/errors"; exit 1; }
[ "$(cat "$work/seen")" = "$(cat <<'TEXT'
signed alone onnxruntime -1 -0.75 -0.5 -0.25 0 0.25 0.5 0.75 1
signed alone OpenVINO -1 -0.75 -0.5 -0.25 0 0.25 0.5 0.75 1
signed joined onnxruntime -1 -0.75 -0.5 -0.25 0 0.25 0.5 0.75 1
signed joined OpenVINO -1 -1 0 0 0 0 1 1 1
unsigned alone onnxruntime -1 -0.75 -0.5 -0.25 0 0.25 0.5 0.75 1
unsigned alone OpenVINO -1 -0.75 -0.5 -0.25 0 0.25 0.5 0.75 1
unsigned joined onnxruntime -1 -0.75 -0.5 -0.25 0 0.25 0.5 0.75 1
unsigned joined OpenVINO -1 -0.75 -0.5 -0.25 0 0.25 0.5 0.75 1
TEXT
)" ] || { echo "changed"; exit 1; }
