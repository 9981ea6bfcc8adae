#!/usr/bin/env bash
# A .tflite file of signed bytes flattens an image as it came and once more behind a pooling (a convolution does the same), joins the two,
# and a linear layer reads them. LiteRT computes that. OpenVINO 2026.4.1 opens the file and loses the second part: other numbers stand in
# its place, which ones depends on the processor (seen with AVX-512, and with AVX2). Floats are right, and so are bytes where both
# parts come from the pooling. Nothing is said. Needs python3-venv and PyPI. Exits with 1 when the behaviour changed.
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

class Network:
    def __init__(self, kind):
        self.kind, self.tensors, self.buffers, self.codes, self.calls = kind, [], [S.BufferT()], [], []
    def tensor(self, shape, kind, data=None, scale=0.5, zero=3):
        t = S.TensorT()
        t.name, t.shape, t.type, t.buffer = f"t{len(self.tensors)}", shape, kind, 0
        if kind == S.TensorType.INT8:
            t.quantization = S.QuantizationParametersT()
            t.quantization.scale, t.quantization.zeroPoint = [scale], [zero]
        if data is not None:
            buffer = S.BufferT()
            buffer.data = np.frombuffer(data.tobytes(), "u1")
            self.buffers.append(buffer)
            t.buffer = len(self.buffers) - 1
        self.tensors.append(t)
        return len(self.tensors) - 1
    def call(self, op, version, read, shape, options=None, kind=0):
        code, call, made = S.OperatorCodeT(), S.OperatorT(), self.tensor(shape, self.kind)
        code.builtinCode = code.deprecatedBuiltinCode = getattr(S.BuiltinOperator, op)
        code.version = version
        call.opcodeIndex, call.inputs, call.outputs = len(self.codes), read, [made]
        call.builtinOptions, call.builtinOptionsType = options, kind
        self.codes.append(code)
        self.calls.append(call)
        return made
    def finished(self, read, made):
        graph, model = S.SubGraphT(), S.ModelT()
        graph.tensors, graph.inputs, graph.outputs, graph.operators = self.tensors, [read], [made], self.calls
        model.version, model.operatorCodes, model.subgraphs, model.buffers = 3, self.codes, [graph], self.buffers
        builder = flatbuffers.Builder(1024)
        builder.Finish(model.Pack(builder), b"TFL3")
        return bytes(builder.Output())

def network(kind, both):
    n = Network(kind)
    x = n.tensor([1, 3, 3, 2], kind)
    window = S.Pool2DOptionsT()
    window.strideH = window.strideW = 1
    window.filterHeight = window.filterWidth = 2
    window.padding = S.Padding.VALID
    pooled = n.call("MAX_POOL_2D", 2, [x], [1, 2, 2, 2], window, S.BuiltinOptions.Pool2DOptions)
    flat, sizes = [], [18, 8] if both else [8]
    for value, size in zip([x, pooled] if both else [pooled], sizes):
        shape = n.tensor([2], S.TensorType.INT32, np.array([1, size], "i4"))
        flat.append(n.call("RESHAPE", 1, [value, shape], [1, size], S.ReshapeOptionsT(), S.BuiltinOptions.ReshapeOptions))
    options = S.ConcatenationOptionsT()
    options.axis = 1
    size = 26 if both else 16
    joined = n.call("CONCATENATION", 2, flat * (1 if both else 2), [1, size], options, S.BuiltinOptions.ConcatenationOptions)
    # The linear layer gives what it reads.
    weights = n.tensor([size, size], kind, np.eye(size).astype("i1" if kind == S.TensorType.INT8 else "f4"), 1.0, 0)
    made = n.call("FULLY_CONNECTED", 4, [joined, weights, -1], [1, size], S.FullyConnectedOptionsT(), S.BuiltinOptions.FullyConnectedOptions)
    return n.finished(x, made)

for name, kind, type in (("bytes", S.TensorType.INT8, "i1"), ("floats", S.TensorType.FLOAT32, "f4")):
    for both in (False, True):
        data, x = network(kind, both), np.arange(18).astype(type).reshape(1, 3, 3, 2)
        interpreter = Interpreter(model_content=data)
        interpreter.allocate_tensors()
        interpreter.set_tensor(interpreter.get_input_details()[0]["index"], x)
        interpreter.invoke()
        open("network.tflite", "wb").write(data)
        results = {"LiteRT": interpreter.get_tensor(interpreter.get_output_details()[0]["index"]),
                   "OpenVINO": ov.Core().compile_model("network.tflite", "CPU", {"INFERENCE_PRECISION_HINT": "f32"})(x)[0]}
        for runtime, y in results.items():
            flat = x.ravel()
            pooled = flat[[8, 9, 10, 11, 14, 15, 16, 17]]
            first = flat if both else pooled
            parts = (y.ravel()[:len(first)], first), (y.ravel()[len(first):], pooled)
            print(name, "image and pooled" if both else "pooled twice", runtime, *("kept" if np.array_equal(*part) else "lost" for part in parts))
PYTHON
OPENBLAS_NUM_THREADS=1 "$work/venv/bin/python" "$work/case.py" "$work" 2> "$work/errors" | tee "$work/seen" || { cat "$work/errors"; exit 1; }
[ "$(cat "$work/seen")" = "$(cat <<'TEXT'
bytes pooled twice LiteRT kept kept
bytes pooled twice OpenVINO kept kept
bytes image and pooled LiteRT kept kept
bytes image and pooled OpenVINO kept lost
floats pooled twice LiteRT kept kept
floats pooled twice OpenVINO kept kept
floats image and pooled LiteRT kept kept
floats image and pooled OpenVINO kept kept
TEXT
)" ] || { echo "changed"; exit 1; }
