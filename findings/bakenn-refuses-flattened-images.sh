#!/usr/bin/env bash
# BakeNN 1.0 refuses int8 .tflite files of Keras networks that end in Flatten and Dense, in both forms in which TensorFlow 2.21
# writes them: a RESHAPE whose shape is an input alone, without options, and, where the image has one pixel left, a fully
# connected layer that reads four axes. LiteRT runs both. A RESHAPE with its options before the layer is taken
# (Benchmarks/mlperf-tiny/networks.py).
# Needs python3-venv and PyPI. Exits with 1 when the behaviour changed.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install -q "bakenn[tflite]==1.0.0" ai-edge-litert==2.3.0 flatbuffers==25.12.19 numpy==2.4.6
cat > "$work/case.py" <<'PYTHON'
import os, sys, tempfile
import bakenn, flatbuffers, numpy as np
from ai_edge_litert import schema_py_generated as S
from ai_edge_litert.interpreter import Interpreter

def grid(scales):
    g = S.QuantizationParametersT()
    g.scale, g.zeroPoint, g.quantizedDimension = list(scales), [0] * len(scales), 0
    return g

def network(shape, reshape, options):
    """A linear layer of 16 inputs that reads an image, flattened before or not."""
    tensors, buffers, operators, codes = [], [S.BufferT()], [], []
    def tensor(shape, kind, quantization=None, data=None):
        t = S.TensorT()
        t.name, t.shape, t.type, t.quantization, t.buffer = f"t{len(tensors)}", list(shape), kind, quantization, 0
        if data is not None:
            b = S.BufferT(); b.data = list(np.ascontiguousarray(data).tobytes()); buffers.append(b); t.buffer = len(buffers) - 1
        tensors.append(t)
        return len(tensors) - 1
    def operator(code, version, read, made, kind=S.BuiltinOptions.NONE, options=None):
        c, o = S.OperatorCodeT(), S.OperatorT()
        c.builtinCode = c.deprecatedBuiltinCode = code
        c.version = version
        codes.append(c)
        o.opcodeIndex, o.inputs, o.outputs, o.builtinOptionsType, o.builtinOptions = len(codes) - 1, read, made, kind, options
        operators.append(o)
    value = entry = tensor(shape, S.TensorType.INT8, grid([0.1]))
    if reshape:
        sizes = tensor([2], S.TensorType.INT32, None, np.array([1, 16], np.int32))
        flat = tensor([1, 16], S.TensorType.INT8, grid([0.1]))
        written = None
        if options: written = S.ReshapeOptionsT(); written.newShape = [1, 16]
        operator(S.BuiltinOperator.RESHAPE, 1, [value, sizes], [flat],
                 S.BuiltinOptions.ReshapeOptions if options else S.BuiltinOptions.NONE, written)
        value = flat
    weights = tensor([3, 16], S.TensorType.INT8, grid([0.01] * 3), np.ones((3, 16), np.int8))
    bias = tensor([3], S.TensorType.INT32, grid([0.001] * 3), np.ones(3, np.int32))
    result = tensor([1, 3], S.TensorType.INT8, grid([0.5]))
    operator(S.BuiltinOperator.FULLY_CONNECTED, 4, [value, weights, bias], [result], S.BuiltinOptions.FullyConnectedOptions,
             S.FullyConnectedOptionsT())
    g, m = S.SubGraphT(), S.ModelT()
    g.tensors, g.inputs, g.outputs, g.operators = tensors, [entry], [result], operators
    m.version, m.operatorCodes, m.subgraphs, m.buffers = 3, codes, [g], buffers
    f = flatbuffers.Builder(1024); f.Finish(m.Pack(f), b"TFL3")
    return bytes(f.Output())

def litert(data, shape):
    i = Interpreter(model_content=data)
    i.allocate_tensors()
    i.set_tensor(i.get_input_details()[0]["index"], np.full(shape, 100, np.int8))
    i.invoke()
    return i.get_tensor(i.get_output_details()[0]["index"])[0].tolist()

def baked(data, folder):
    with open(folder + "/a.tflite", "wb") as file: file.write(data)
    try:
        bakenn.compile_tflite(folder + "/a.tflite", folder + "/out", name="a")
        return "taken"
    except bakenn.CompileError as error:
        return str(error)

said = []
for shape, reshape, options in (((1, 2, 2, 4), True, False), ((1, 1, 1, 16), False, False), ((1, 2, 2, 4), True, True)):
    data = network(shape, reshape, options)
    with tempfile.TemporaryDirectory() as folder: said.append(baked(data, folder))
    print(f"RESHAPE {reshape}, options {options}: LiteRT {litert(data, shape)}; BakeNN: {said[-1]}")
sys.exit(0 if said[2] == "taken" and "taken" not in said[:2] else 1)
PYTHON
"$work/venv/bin/python" "$work/case.py"
