#!/usr/bin/env bash
# OpenVINO's CPU plugin computes a QDQ convolution in floats when its weights are unsigned bytes around zero point 128, and in
# 8-bit integers when they are the same numbers as signed bytes. The form that is exact on processors without VNNI is therefore
# not computed in integers there: no kernel of 8 bits, and halves that floats round to the other side. Seen on x86-64 with VNNI.
# Needs python3-venv and PyPI. Exits with 1 when the behaviour changed, and with 77 on a processor without VNNI.
set -euo pipefail
grep -qE 'avx512_vnni|avx_vnni' /proc/cpuinfo || exit 77
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install -q onnx==1.23.2 numpy==2.4.6 openvino==2026.4.1
cat > "$work/case.py" <<'PYTHON'
import numpy as np, onnx, openvino as ov
from onnx import TensorProto, helper as h, numpy_helper as nh

weights = np.random.default_rng(0).integers(-127, 128, (16, 16, 3, 3))

def model(kind):
    zero = 128 if kind == np.uint8 else 0
    tensors = {"s": np.float32(1 / 255), "z": np.uint8(0), "w": (weights + zero).astype(kind), "ws": np.full(16, 0.01, "f4"),
               "wz": np.full(16, zero, kind), "os": np.float32(0.5), "oz": np.uint8(128)}
    nodes = [h.make_node("QuantizeLinear", ["x", "s", "z"], ["xq"]), h.make_node("DequantizeLinear", ["xq", "s", "z"], ["xd"]),
             h.make_node("DequantizeLinear", ["w", "ws", "wz"], ["wd"], axis=0), h.make_node("Conv", ["xd", "wd"], ["c"], name="conv"),
             h.make_node("QuantizeLinear", ["c", "os", "oz"], ["cq"]), h.make_node("DequantizeLinear", ["cq", "os", "oz"], ["y"])]
    graph = h.make_graph(nodes, "g", [h.make_tensor_value_info("x", TensorProto.FLOAT, [1, 16, 8, 8])],
                         [h.make_tensor_value_info("y", TensorProto.FLOAT, None)], [nh.from_array(np.asarray(v), k) for k, v in tensors.items()])
    return h.make_model(graph, opset_imports=[h.make_opsetid("", 17)], ir_version=8).SerializeToString()

for kind in (np.int8, np.uint8):
    core = ov.Core()
    compiled = core.compile_model(core.read_model(model(kind)), "CPU", {"INFERENCE_PRECISION_HINT": "f32"})
    for op in compiled.get_runtime_model().get_ops():
        info = op.get_rt_info()
        if info["layerType"].astype(str) == "Convolution":
            print(f"{kind.__name__} weights: convolution in {info['runtimePrecision'].astype(str)}")
PYTHON
echo "openvino 2026.4.1"
"$work/venv/bin/python" "$work/case.py" | tee "$work/seen"
[ "$(cat "$work/seen")" = "$(cat <<'TEXT'
int8 weights: convolution in u8
uint8 weights: convolution in f32
TEXT
)" ]
