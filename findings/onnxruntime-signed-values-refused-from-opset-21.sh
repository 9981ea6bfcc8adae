#!/usr/bin/env bash
# A float value is quantized to signed bytes, restored, and then moved (transposed, sliced, reshaped) or pooled by maximum. Up to
# opset 20 onnxruntime runs that; from opset 21 on its default session refuses the same file, which its session without optimizations
# runs: it turns signed bytes into unsigned ones (QDQ S8 to U8) and leaves one QuantizeLinear with the old output type.
# session.qdqisint8allowed=1 avoids it. Needs python3-venv and PyPI. Exits with 1 when the behaviour changed.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install -q onnxruntime==1.32.0 onnx==1.23.2 numpy==2.4.6
cat > "$work/case.py" <<'PYTHON'
import numpy as np, onnxruntime as ort
from onnx import TensorProto as T, checker, helper as h

ort.set_default_logger_severity(4)
x = np.arange(-8, 8, dtype="f4").reshape(1, 1, 4, 4)

def run(opset, zero_type, level, move, shape, allowed="0"):
    nodes = [h.make_node("QuantizeLinear", ["x", "scale", "zero"], ["q"]),
             h.make_node("DequantizeLinear", ["q", "scale", "zero"], ["d"]), move]
    constants = [h.make_tensor("scale", T.FLOAT, [], [0.5]), h.make_tensor("zero", zero_type, [], [100]),
                 h.make_tensor("to", T.INT64, [2], [1, 16])]
    graph = h.make_graph(nodes, "g", [h.make_tensor_value_info("x", T.FLOAT, x.shape)],
                         [h.make_tensor_value_info("y", T.FLOAT, shape)], constants)
    model = h.make_model(graph, opset_imports=[h.make_opsetid("", opset)], ir_version=10)
    checker.check_model(model, full_check=True)
    options = ort.SessionOptions()
    options.graph_optimization_level = getattr(ort.GraphOptimizationLevel, level)
    options.add_session_config_entry("session.qdqisint8allowed", allowed)
    try:
        ort.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"]).run(None, {"x": x})
        return "runs"
    except Exception as error:
        return "refuses: " + str(error).split("] ")[-1].strip()

moves = [(h.make_node("Transpose", ["d"], ["y"], perm=[0, 1, 3, 2]), [1, 1, 4, 4]),
         (h.make_node("Reshape", ["d", "to"], ["y"]), [1, 16]),
         (h.make_node("MaxPool", ["d"], ["y"], kernel_shape=[2, 2], strides=[2, 2]), [1, 1, 2, 2]),
         (h.make_node("Relu", ["d"], ["y"]), [1, 1, 4, 4])]
for move, shape in moves:
    print(move.op_type, "20 int8:", run(20, T.INT8, "ORT_ENABLE_ALL", move, shape))
    print(move.op_type, "21 int8:", run(21, T.INT8, "ORT_ENABLE_ALL", move, shape))
    print(move.op_type, "21 int8, unoptimized:", run(21, T.INT8, "ORT_DISABLE_ALL", move, shape))
    print(move.op_type, "21 int8, allowed:", run(21, T.INT8, "ORT_ENABLE_ALL", move, shape, "1"))
    print(move.op_type, "21 uint8:", run(21, T.UINT8, "ORT_ENABLE_ALL", move, shape))
PYTHON
OPENBLAS_NUM_THREADS=1 "$work/venv/bin/python" "$work/case.py" 2> "$work/errors" | tee "$work/seen" || { cat "$work/errors"; exit 1; }
refusal="refuses: output_dtype INT8 does not match y_zero_point type UINT8."
for move in Transpose Reshape MaxPool Relu; do
  default=$refusal
  [ $move = Relu ] && default=runs
  printf '%s\n' "$move 20 int8: runs" "$move 21 int8: $default" "$move 21 int8, unoptimized: runs" "$move 21 int8, allowed: runs" \
    "$move 21 uint8: runs"
done > "$work/expected"
cmp "$work/expected" "$work/seen" || { echo "changed"; exit 1; }
