#!/usr/bin/env bash
# Patches of 4x4 pixels, by 4 at a time, are how ConvNeXt and vision transformers begin. Vela 5.2.0 takes such a convolution for Ethos-U without
# a word (no operator is left to the processor) and models dozens of times the cycles of a stride of 3, for fewer multiplications:
# strides above 3 are taken apart. On the U55 a window larger than the stride is left to the processor altogether.
# Needs python3-venv and PyPI. Exits with 1 when the behaviour changed.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install -q ethos-u-vela==5.2.0 ai-edge-litert==2.3.0 flatbuffers==25.12.19 numpy==2.4.6
cat > "$work/case.py" <<'PYTHON'
import csv, os, re, subprocess, sys
import flatbuffers, numpy as np
from ai_edge_litert import schema_py_generated as S

os.chdir(sys.argv[1])

def tensor(shape, kind, scale, buffer=0):
    t, g = S.TensorT(), S.QuantizationParametersT()
    g.scale, g.zeroPoint, g.quantizedDimension = [scale], [0], 0
    t.name, t.shape, t.type, t.quantization, t.buffer = f"t{buffer}", list(shape), kind, g, buffer
    return t

def layer(kernel, stride, read, made):
    weights = np.random.default_rng(0).integers(-127, 128, size=(made, kernel, kernel, read))
    buffers = [S.BufferT(), S.BufferT(), S.BufferT(), S.BufferT()]
    buffers[2].data = np.frombuffer(weights.astype("i1").tobytes(), "u1")
    buffers[3].data = np.zeros(4 * made, "u1")
    tensors = [tensor([1, 48, 48, read], S.TensorType.INT8, 0.05), tensor(weights.shape, S.TensorType.INT8, 0.01, 2),
               tensor([made], S.TensorType.INT32, 0.0005, 3), tensor([1, 48 // stride, 48 // stride, made], S.TensorType.INT8, 0.1, 1)]
    options, code, call, graph, model = S.Conv2DOptionsT(), S.OperatorCodeT(), S.OperatorT(), S.SubGraphT(), S.ModelT()
    options.padding, options.strideH, options.strideW, options.dilationHFactor, options.dilationWFactor = 0, stride, stride, 1, 1
    code.builtinCode = code.deprecatedBuiltinCode = S.BuiltinOperator.CONV_2D
    code.version = 3
    call.opcodeIndex, call.inputs, call.outputs, call.builtinOptions = 0, [0, 1, 2], [3], options
    call.builtinOptionsType = S.BuiltinOptions.Conv2DOptions
    graph.tensors, graph.inputs, graph.outputs, graph.operators = tensors, [0], [3], [call]
    model.version, model.operatorCodes, model.subgraphs, model.buffers = 3, [code], [graph], buffers
    builder = flatbuffers.Builder(1024)
    builder.Finish(model.Pack(builder), b"TFL3")
    return bytes(builder.Output())

def cost(data, target):
    open("layer.tflite", "wb").write(data)
    said = subprocess.run([os.path.dirname(sys.executable) + "/vela", "--accelerator-config", target, "--output-dir", ".", "layer.tflite"],
                          check=True, capture_output=True, text=True).stdout
    summary = next(name for name in os.listdir() if name.endswith(".csv"))
    cycles = float(next(csv.DictReader(open(summary)))["cycles_total"])
    os.remove(summary)
    return f"{round(cycles / 1000)} thousand cycles, operators left to the processor: {re.search('CPU operators = ([0-9]+)', said)[1]}"

for target in ("ethos-u55-128", "ethos-u65-512"):
    for kernel, stride, read, made in ((3, 2, 32, 32), (3, 3, 32, 32), (3, 4, 32, 32), (5, 4, 32, 32), (3, 3, 3, 64), (4, 4, 3, 64)):
        products = (48 // stride) ** 2 * kernel ** 2 * read * made
        print(f"{target}, {kernel}x{kernel} by {stride}, {read} to {made}: {products // 1000} thousand products,",
              cost(layer(kernel, stride, read, made), target))
PYTHON
OPENBLAS_NUM_THREADS=1 "$work/venv/bin/python" "$work/case.py" "$work" 2> "$work/errors" | tee "$work/seen" || { cat "$work/errors"; exit 1; }
[ "$(cat "$work/seen")" = "$(cat <<'TEXT'
ethos-u55-128, 3x3 by 2, 32 to 32: 5308 thousand products, 48 thousand cycles, operators left to the processor: 0
ethos-u55-128, 3x3 by 3, 32 to 32: 2359 thousand products, 31 thousand cycles, operators left to the processor: 0
ethos-u55-128, 3x3 by 4, 32 to 32: 1327 thousand products, 1386 thousand cycles, operators left to the processor: 0
ethos-u55-128, 5x5 by 4, 32 to 32: 3686 thousand products, 0 thousand cycles, operators left to the processor: 1
ethos-u55-128, 3x3 by 3, 3 to 64: 442 thousand products, 19 thousand cycles, operators left to the processor: 0
ethos-u55-128, 4x4 by 4, 3 to 64: 442 thousand products, 693 thousand cycles, operators left to the processor: 0
ethos-u65-512, 3x3 by 2, 32 to 32: 5308 thousand products, 15 thousand cycles, operators left to the processor: 0
ethos-u65-512, 3x3 by 3, 32 to 32: 2359 thousand products, 10 thousand cycles, operators left to the processor: 0
ethos-u65-512, 3x3 by 4, 32 to 32: 1327 thousand products, 224 thousand cycles, operators left to the processor: 0
ethos-u65-512, 5x5 by 4, 32 to 32: 3686 thousand products, 0 thousand cycles, operators left to the processor: 1
ethos-u65-512, 3x3 by 3, 3 to 64: 442 thousand products, 25 thousand cycles, operators left to the processor: 0
ethos-u65-512, 4x4 by 4, 3 to 64: 442 thousand products, 221 thousand cycles, operators left to the processor: 0
TEXT
)" ] || { echo "changed"; exit 1; }
