#!/usr/bin/env bash
# A QDQ convolution of unsigned bytes and signed weights is wrong in the default sessions of onnxruntime and OpenVINO on x86
# processors with AVX2 and no VNNI: pairs of products saturate in 16 bits. Signed values change nothing; unsigned weights with
# zero point 128 are exact. Needs python3-venv, Debian's qemu-user (x86-64), and PyPI. Exits with 1 when the behaviour changed.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install -q onnxruntime==1.31.1 onnx==1.23.2 numpy==2.4.6 openvino==2026.4.1
cat > "$work/case.py" <<'PYTHON'
import sys
import numpy as np, onnx, onnxruntime as ort, openvino as ov
from onnx import TensorProto, helper as h, numpy_helper as nh

def model(values, weights):
    """Three equal taps a channel, weights of 127, pixels of 255: the sum is 72 * 255 * 127."""
    v0, w0 = (128 if t == np.uint8 else 0 for t in (values, weights))
    zero = np.array(0 if values == np.uint8 else -128).astype(values)
    tensors = {"s": np.float32(1 / 255), "z": zero, "w": np.full((4, 8, 3, 3), 127 + w0).astype(weights),
               "ws": np.full(4, 0.01, "f4"), "wz": np.full(4, w0, weights), "os": np.float32(72 * 1.27 / 200), "oz": zero}
    nodes = [h.make_node("QuantizeLinear", ["x", "s", "z"], ["xq"]), h.make_node("DequantizeLinear", ["xq", "s", "z"], ["xd"]),
             h.make_node("DequantizeLinear", ["w", "ws", "wz"], ["wd"], axis=0), h.make_node("Conv", ["xd", "wd"], ["c"]),
             h.make_node("QuantizeLinear", ["c", "os", "oz"], ["cq"]), h.make_node("DequantizeLinear", ["cq", "os", "oz"], ["y"])]
    graph = h.make_graph(nodes, "g", [h.make_tensor_value_info("x", TensorProto.FLOAT, [1, 8, 6, 6])],
                         [h.make_tensor_value_info("y", TensorProto.FLOAT, None)], [nh.from_array(np.asarray(v), k) for k, v in tensors.items()])
    return h.make_model(graph, opset_imports=[h.make_opsetid("", 17)], ir_version=8).SerializeToString()

x = np.ones((1, 8, 6, 6), "f4")
for name, values, weights in (("u8 values, s8 weights", np.uint8, np.int8), ("s8 values, s8 weights", np.int8, np.int8), ("u8 values, u8 weights", np.uint8, np.uint8)):
    data = model(values, weights)
    a = ort.InferenceSession(data, providers=["CPUExecutionProvider"]).run(None, {"x": x})[0].max()
    b = ov.Core().compile_model(ov.Core().read_model(data), "CPU", {"INFERENCE_PRECISION_HINT": "f32"})([x])[0].max()
    print(f"{name}: expected 91.44, onnxruntime {a:.2f}, openvino {b:.2f}")
PYTHON
echo "onnxruntime 1.31.1, openvino 2026.4.1, $(qemu-x86_64 --version | head -n 1), -cpu Haswell"
OPENBLAS_NUM_THREADS=1 qemu-x86_64 -cpu Haswell "$work/venv/bin/python" "$work/case.py" 2> "$work/errors" | tee "$work/seen" || { cat "$work/errors"; exit 1; }
[ "$(cat "$work/seen")" = "$(cat <<'TEXT'
u8 values, s8 weights: expected 91.44, onnxruntime 46.18, openvino 46.18
s8 values, s8 weights: expected 91.44, onnxruntime 46.18, openvino 46.18
u8 values, u8 weights: expected 91.44, onnxruntime 91.44, openvino 91.44
TEXT
)" ]
