#!/usr/bin/env bash
# Unsigned bytes around the zero point 128 go through an AveragePool whose padding counts, or through a ReduceSum, between DequantizeLinear and
# QuantizeLinear. OpenVINO's CPU plugin takes the zero point out of the layer as if it were linear: padding counts as -128 steps
# instead of 0, and a sum of n numbers is off by n - 1 zero points. Signed bytes, whose zero point is 0, are right, and so is
# onnxruntime. Nothing is said. Needs python3-venv and PyPI. Exits with 1 when the behaviour changed.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install -q onnxruntime==1.32.0 onnx==1.23.2 numpy==2.4.6 openvino==2026.4.1
cat > "$work/case.py" <<'PYTHON'
import numpy as np, onnxruntime as ort, openvino as ov
from onnx import TensorProto as T, checker, helper as h, numpy_helper

x = np.full((1, 2, 3, 3), 1.0, "f4")
layers = {"AveragePool, padding not counted": ("AveragePool", ["xr"], {"kernel_shape": [3, 3], "pads": [1, 1, 1, 1]}, x.shape),
          "AveragePool, padding counted": ("AveragePool", ["xr"], {"kernel_shape": [3, 3], "pads": [1, 1, 1, 1], "count_include_pad": 1}, x.shape),
          "ReduceMean": ("ReduceMean", ["xr", "axes"], {}, (1, 1, 3, 3)), "ReduceSum": ("ReduceSum", ["xr", "axes"], {}, (1, 1, 3, 3))}
for layer, (op, read, attributes, shape) in layers.items():
    for kind, type, zero in (("unsigned", np.uint8, 128), ("signed", np.int8, 0)):
        constants = {"s": np.float32(0.0625), "z": type(zero), "axes": np.array([1])}
        nodes = [h.make_node("QuantizeLinear", ["x", "s", "z"], ["xq"]), h.make_node("DequantizeLinear", ["xq", "s", "z"], ["xr"]),
                 h.make_node(op, read, ["a"], **attributes), h.make_node("QuantizeLinear", ["a", "s", "z"], ["aq"]),
                 h.make_node("DequantizeLinear", ["aq", "s", "z"], ["y"])]
        graph = h.make_graph(nodes, "g", [h.make_tensor_value_info("x", T.FLOAT, x.shape)], [h.make_tensor_value_info("y", T.FLOAT, shape)],
                             [numpy_helper.from_array(np.asarray(v), k) for k, v in constants.items()])
        model = h.make_model(graph, opset_imports=[h.make_opsetid("", 18)], ir_version=8)
        checker.check_model(model, full_check=True)
        data, core = model.SerializeToString(), ov.Core()
        results = {"onnxruntime": ort.InferenceSession(data, providers=["CPUExecutionProvider"]).run(None, {"x": x})[0],
                   "OpenVINO": core.compile_model(core.read_model(data), "CPU", {"INFERENCE_PRECISION_HINT": "f32"})(x)[0]}
        for name, values in results.items():
            print(f"{layer}, {kind}, {name}:", *(f"{v:g}" for v in values[0, 0].ravel()))
PYTHON
OPENBLAS_NUM_THREADS=1 "$work/venv/bin/python" "$work/case.py" 2> "$work/errors" | tee "$work/seen" || { cat "$work/errors"; exit 1; }
[ "$(cat "$work/seen")" = "$(cat <<'TEXT'
AveragePool, padding not counted, unsigned, onnxruntime: 1 1 1 1 1 1 1 1 1
AveragePool, padding not counted, unsigned, OpenVINO: 1 1 1 1 1 1 1 1 1
AveragePool, padding not counted, signed, onnxruntime: 1 1 1 1 1 1 1 1 1
AveragePool, padding not counted, signed, OpenVINO: 1 1 1 1 1 1 1 1 1
AveragePool, padding counted, unsigned, onnxruntime: 0.4375 0.6875 0.4375 0.6875 1 0.6875 0.4375 0.6875 0.4375
AveragePool, padding counted, unsigned, OpenVINO: -4 -2 -4 -2 1 -2 -4 -2 -4
AveragePool, padding counted, signed, onnxruntime: 0.4375 0.6875 0.4375 0.6875 1 0.6875 0.4375 0.6875 0.4375
AveragePool, padding counted, signed, OpenVINO: 0.4375 0.6875 0.4375 0.6875 1 0.6875 0.4375 0.6875 0.4375
ReduceMean, unsigned, onnxruntime: 1 1 1 1 1 1 1 1 1
ReduceMean, unsigned, OpenVINO: 1 1 1 1 1 1 1 1 1
ReduceMean, signed, onnxruntime: 1 1 1 1 1 1 1 1 1
ReduceMean, signed, OpenVINO: 1 1 1 1 1 1 1 1 1
ReduceSum, unsigned, onnxruntime: 2 2 2 2 2 2 2 2 2
ReduceSum, unsigned, OpenVINO: -6 -6 -6 -6 -6 -6 -6 -6 -6
ReduceSum, signed, onnxruntime: 2 2 2 2 2 2 2 2 2
ReduceSum, signed, OpenVINO: 2 2 2 2 2 2 2 2 2
TEXT
)" ] || { echo "changed"; exit 1; }
