#!/usr/bin/env bash
# REDUCE_MAX of signed bytes at the end of a .tflite file, as TensorFlow's converter makes of GlobalMaxPooling2D in an int8 network. LiteRT gives
# each channel's greatest number. OpenVINO 2026.4.1 opens the file and gives -1 for every channel, whatever is read, with AVX-512
# and with AVX2. Unsigned bytes, floats and REDUCE_MIN are right, as is the same layer from ONNX.
# Needs python3-venv and PyPI. Exits with 1 when the behaviour changed.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install -q ai-edge-litert==2.3.0 flatbuffers==25.12.19 numpy==2.4.6 openvino==2026.4.1
cat > "$work/case.py" <<'PYTHON'
import os, sys
import flatbuffers, numpy as np, openvino as ov
from ai_edge_litert import schema_py_generated as S
from ai_edge_litert.interpreter import Interpreter

os.chdir(sys.argv[1])

def reduction(op, kind):
    """One operator over rows and columns of an image of 3x3 pixels and 4 channels."""
    tensors = []
    for name, shape, type, buffer in (("x", [1, 3, 3, 4], kind, 0), ("axes", [2], S.TensorType.INT32, 1), ("y", [1, 4], kind, 0)):
        t = S.TensorT()
        t.name, t.shape, t.type, t.buffer = name, shape, type, buffer
        if type in (S.TensorType.INT8, S.TensorType.UINT8):
            t.quantization = S.QuantizationParametersT()
            t.quantization.scale, t.quantization.zeroPoint = [0.5], [3]
        tensors.append(t)
    axes, code, options, call, graph, model = S.BufferT(), S.OperatorCodeT(), S.ReducerOptionsT(), S.OperatorT(), S.SubGraphT(), S.ModelT()
    axes.data = np.frombuffer(np.array([1, 2], "i4").tobytes(), "u1")
    code.builtinCode = code.deprecatedBuiltinCode = getattr(S.BuiltinOperator, op)
    code.version = 2
    call.inputs, call.outputs, call.builtinOptions, call.builtinOptionsType = [0, 1], [2], options, S.BuiltinOptions.ReducerOptions
    graph.tensors, graph.inputs, graph.outputs, graph.operators = tensors, [0], [2], [call]
    model.version, model.operatorCodes, model.subgraphs, model.buffers = 3, [code], [graph], [S.BufferT(), axes]
    builder = flatbuffers.Builder(1024)
    builder.Finish(model.Pack(builder), b"TFL3")
    return bytes(builder.Output())

values = np.random.default_rng(0).permutation(36).reshape(1, 3, 3, 4)
for op in ("REDUCE_MAX", "REDUCE_MIN"):
    for kind, type, shift in (("INT8", "i1", 18), ("UINT8", "u1", 0), ("FLOAT32", "f4", 18)):
        data = reduction(op, getattr(S.TensorType, kind))
        x = (values - shift).astype(type)
        interpreter = Interpreter(model_content=data)
        interpreter.allocate_tensors()
        interpreter.set_tensor(interpreter.get_input_details()[0]["index"], x)
        interpreter.invoke()
        open("network.tflite", "wb").write(data)
        ours = ov.Core().compile_model("network.tflite", "CPU")(x)[0]
        for name, y in (("LiteRT", interpreter.get_tensor(interpreter.get_output_details()[0]["index"])), ("OpenVINO", ours)):
            print(op, kind, name, *(f"{v:.0f}" for v in y.ravel()))
PYTHON
OPENBLAS_NUM_THREADS=1 "$work/venv/bin/python" "$work/case.py" "$work" 2> "$work/errors" | tee "$work/seen" || { cat "$work/errors"; exit 1; }
[ "$(cat "$work/seen")" = "$(cat <<'TEXT'
REDUCE_MAX INT8 LiteRT 17 16 14 13
REDUCE_MAX INT8 OpenVINO -1 -1 -1 -1
REDUCE_MAX UINT8 LiteRT 35 34 32 31
REDUCE_MAX UINT8 OpenVINO 35 34 32 31
REDUCE_MAX FLOAT32 LiteRT 17 16 14 13
REDUCE_MAX FLOAT32 OpenVINO 17 16 14 13
REDUCE_MIN INT8 LiteRT -15 -17 -18 -16
REDUCE_MIN INT8 OpenVINO -15 -17 -18 -16
REDUCE_MIN UINT8 LiteRT 3 1 0 2
REDUCE_MIN UINT8 OpenVINO 3 1 0 2
REDUCE_MIN FLOAT32 LiteRT -15 -17 -18 -16
REDUCE_MIN FLOAT32 OpenVINO -15 -17 -18 -16
TEXT
)" ] || { echo "changed"; exit 1; }
