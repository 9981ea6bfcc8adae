#!/usr/bin/env bash
# A dilated convolution multiplies no more than a plain one. Vela 5.2.0 lets the Ethos-U do dilations of 1 and 2 itself; larger ones it writes out
# as windows full of zeros, which are multiplied: a dilation of 3 takes five times the products of 2, one of 5 fourteen times. Even ones
# are halved first, so 4 takes half of what 3 takes. Segmentation networks that can choose should choose even dilations.
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

def layer(dilation):
    kernel, read, made = 3, 32, 32
    weights = np.random.default_rng(0).integers(-127, 128, size=(made, kernel, kernel, read))
    buffers = [S.BufferT(), S.BufferT(), S.BufferT(), S.BufferT()]
    buffers[2].data = np.frombuffer(weights.astype("i1").tobytes(), "u1")
    buffers[3].data = np.zeros(4 * made, "u1")
    tensors = [tensor([1, 32, 32, read], S.TensorType.INT8, 0.05), tensor(weights.shape, S.TensorType.INT8, 0.01, 2),
               tensor([made], S.TensorType.INT32, 0.0005, 3), tensor([1, 32, 32, made], S.TensorType.INT8, 0.1, 1)]
    options, code, call, graph, model = S.Conv2DOptionsT(), S.OperatorCodeT(), S.OperatorT(), S.SubGraphT(), S.ModelT()
    options.padding, options.strideH, options.strideW, options.dilationHFactor, options.dilationWFactor = 0, 1, 1, dilation, dilation
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
    row = next(csv.DictReader(open(summary)))
    os.remove(summary)
    products, cycles = round(float(row["nn_macs"]) / 1e6), round(float(row["cycles_total"]) / 1000)
    left = re.search("CPU operators = ([0-9]+)", said)[1]
    return f"{products} million products, {cycles} thousand cycles, operators left to the processor: {left}"

for target in ("ethos-u55-128", "ethos-u65-512"):
    for dilation in range(1, 8):
        print(f"{target}, dilation {dilation}:", cost(layer(dilation), target))
PYTHON
OPENBLAS_NUM_THREADS=1 "$work/venv/bin/python" "$work/case.py" "$work" 2> "$work/errors" | tee "$work/seen" || { cat "$work/errors"; exit 1; }
[ "$(cat "$work/seen")" = "$(cat <<'TEXT'
ethos-u55-128, dilation 1: 9 million products, 80 thousand cycles, operators left to the processor: 0
ethos-u55-128, dilation 2: 9 million products, 80 thousand cycles, operators left to the processor: 0
ethos-u55-128, dilation 3: 51 million products, 405 thousand cycles, operators left to the processor: 0
ethos-u55-128, dilation 4: 26 million products, 214 thousand cycles, operators left to the processor: 0
ethos-u55-128, dilation 5: 127 million products, 1000 thousand cycles, operators left to the processor: 0
ethos-u55-128, dilation 6: 51 million products, 413 thousand cycles, operators left to the processor: 0
ethos-u55-128, dilation 7: 236 million products, 1853 thousand cycles, operators left to the processor: 0
ethos-u65-512, dilation 1: 9 million products, 31 thousand cycles, operators left to the processor: 0
ethos-u65-512, dilation 2: 9 million products, 33 thousand cycles, operators left to the processor: 0
ethos-u65-512, dilation 3: 51 million products, 106 thousand cycles, operators left to the processor: 0
ethos-u65-512, dilation 4: 26 million products, 55 thousand cycles, operators left to the processor: 0
ethos-u65-512, dilation 5: 127 million products, 256 thousand cycles, operators left to the processor: 0
ethos-u65-512, dilation 6: 51 million products, 106 thousand cycles, operators left to the processor: 0
ethos-u65-512, dilation 7: 236 million products, 472 thousand cycles, operators left to the processor: 0
TEXT
)" ] || { echo "changed"; exit 1; }
