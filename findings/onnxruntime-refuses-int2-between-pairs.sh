#!/usr/bin/env bash
# onnxruntime 1.32.0 makes a QLinearConv of a Conv between QuantizeLinear and DequantizeLinear whose weights are INT2, which it then
# refuses to open: no such operator takes INT2. INT4 it leaves alone and computes in floats. Bytes that a Cast makes of either run
# in integers; without optimizations all run. Needs python3-venv and PyPI. Exits with 1 when the behaviour changed.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cat > "$work/case.py" <<'PYTHON'
import os, sys, numpy as np, onnx, onnxruntime as ort
from onnx import TensorProto as T, checker, helper as h, numpy_helper as nh

rng = np.random.default_rng(0)
place = sys.argv[1]

def packed(name, values, bits):
    flat = np.append(values.ravel(), np.zeros(-values.size % (8 // bits), "i1")).astype("u1") & (2 ** bits - 1)
    data = sum(flat[k::8 // bits].astype("u2") << (k * bits) for k in range(8 // bits)).astype("u1")
    return h.make_tensor(name, {4: T.INT4, 2: T.INT2}[bits], values.shape, data.tobytes(), raw=True)

def kernel(bits, cast, optimized):
    q = rng.integers(1 - 2 ** (bits - 1), 2 ** (bits - 1), (8, 4, 3, 3)).astype("i1")
    pair = lambda a, b, grid: [h.make_node("QuantizeLinear", [a, grid, "z"], [b + "q"]), h.make_node("DequantizeLinear", [b + "q", grid, "z"], [b])]
    nodes = pair("x", "a", "sx") + ([h.make_node("Cast", ["q"], ["b"], to=T.INT8)] if cast else [])
    nodes += [h.make_node("DequantizeLinear", ["b" if cast else "q", "s"], ["w"], axis=0), h.make_node("Conv", ["a", "w"], ["r"])] + pair("r", "y", "sy")
    tensors = [packed("q", q, bits), nh.from_array((rng.random(8) / 9 + 0.1).astype("f4"), "s"), nh.from_array(np.uint8(128), "z"),
               nh.from_array(np.float32(0.03), "sx"), nh.from_array(np.float32(0.2), "sy")]
    graph = h.make_graph(nodes, "g", [h.make_tensor_value_info("x", T.FLOAT, [1, 4, 5, 5])], [h.make_tensor_value_info("y", T.FLOAT, [1, 8, 3, 3])], tensors)
    model = h.make_model(graph, opset_imports=[h.make_opsetid("", 25)], ir_version=13)
    checker.check_model(model, full_check=True)
    options = ort.SessionOptions()
    options.log_severity_level = 4
    options.optimized_model_filepath = place + "/optimized.onnx"
    options.graph_optimization_level = getattr(ort.GraphOptimizationLevel, "ORT_ENABLE_EXTENDED" if optimized else "ORT_DISABLE_ALL")
    try: session = ort.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])
    except Exception as refusal: return "refused: " + str(refusal).split("Type Error: ")[-1].split(" in node")[0]
    session.run(None, {"x": rng.standard_normal((1, 4, 5, 5)).astype("f4")})
    return next(n.op_type for n in onnx.load(place + "/optimized.onnx").graph.node if "Conv" in n.op_type)

print("onnxruntime", ort.__version__)
for bits in (4, 2):
    for cast in (False, True):
        print(f"INT{bits}{', Cast to INT8' if cast else ''}: {kernel(bits, cast, True)}; without optimizations {kernel(bits, cast, False)}")
PYTHON
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install -q onnxruntime==1.32.0 onnx==1.23.2 numpy==2.4.6
"$work/venv/bin/python" "$work/case.py" "$work" 2> "$work/errors" > "$work/seen" || { cat "$work/errors"; exit 1; }
cat "$work/seen"
[ "$(cat "$work/seen")" = "$(cat <<'TEXT'
onnxruntime 1.32.0
INT4: Conv; without optimizations Conv
INT4, Cast to INT8: QLinearConv; without optimizations Conv
INT2: refused: Type 'tensor(int2)' of input parameter (q) of operator (QLinearConv); without optimizations Conv
INT2, Cast to INT8: QLinearConv; without optimizations Conv
TEXT
)" ] || { echo "changed"; exit 1; }
