#!/usr/bin/env bash
# Vela codes weights for Ethos-U with runs of zeros, so masks of one half should take one size. Random zeros, two of four, blocks or halves of
# channels do; zeros at every second input channel cost as much as no zeros at all, by Vela's own coder, for the Ethos-U55 and -U85. And
# a layer of zeros alone takes more flash than one where 5 of 100 random weights are left.
# Needs python3-venv and PyPI. Exits with 1 when the behaviour changed.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install -q ethos-u-vela==5.2.0 ai-edge-litert==2.3.0 flatbuffers==25.12.19 numpy==2.4.6
cat > "$work/case.py" <<'PYTHON'
import os, subprocess, sys
import flatbuffers, numpy as np
from ai_edge_litert import schema_py_generated as S

os.chdir(sys.argv[1])
shape = (64, 3, 3, 64)  # output channels, rows, columns, input channels

def tensor(shape, kind, scale, buffer=0):
    t, g = S.TensorT(), S.QuantizationParametersT()
    g.scale, g.zeroPoint, g.quantizedDimension = [scale], [0], 0
    t.name, t.shape, t.type, t.quantization, t.buffer = f"t{buffer}", list(shape), kind, g, buffer
    return t

def layer(weights):
    buffers = [S.BufferT(), S.BufferT(), S.BufferT(), S.BufferT()]
    buffers[2].data = np.frombuffer(weights.astype("i1").tobytes(), "u1")
    buffers[3].data = np.zeros(4 * 64, "u1")
    tensors = [tensor([1, 16, 16, 64], S.TensorType.INT8, 0.05), tensor(shape, S.TensorType.INT8, 0.01, 2),
               tensor([64], S.TensorType.INT32, 0.0005, 3), tensor([1, 16, 16, 64], S.TensorType.INT8, 0.1, 1)]
    options, code, call, graph, model = S.Conv2DOptionsT(), S.OperatorCodeT(), S.OperatorT(), S.SubGraphT(), S.ModelT()
    options.padding, options.strideH, options.strideW, options.dilationHFactor, options.dilationWFactor = 0, 1, 1, 1, 1
    code.builtinCode = code.deprecatedBuiltinCode = S.BuiltinOperator.CONV_2D
    code.version = 3
    call.opcodeIndex, call.inputs, call.outputs, call.builtinOptions = 0, [0, 1, 2], [3], options
    call.builtinOptionsType = S.BuiltinOptions.Conv2DOptions
    graph.tensors, graph.inputs, graph.outputs, graph.operators = tensors, [0], [3], [call]
    model.version, model.operatorCodes, model.subgraphs, model.buffers = 3, [code], [graph], buffers
    builder = flatbuffers.Builder(1024)
    builder.Finish(model.Pack(builder), b"TFL3")
    return bytes(builder.Output())

def size(weights, target):
    open("layer.tflite", "wb").write(layer(weights))
    subprocess.run([os.path.dirname(sys.executable) + "/vela", "--accelerator-config", target, "--output-dir", ".", "layer.tflite"],
                   check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return os.path.getsize("layer_vela.tflite")

random = np.random.default_rng(0)
dense = random.integers(1, 128, size=shape) * random.choice([-1, 1], size=shape)
channel = np.arange(64)
masks = {"all": np.ones(shape), "random half": random.random(shape) < 0.5, "every second input channel": channel % 2 == 0,
         "every second pair of input channels": channel // 2 % 2 == 0, "first half of the input channels": channel < 32,
         "every second output channel": (channel % 2 == 0).reshape(64, 1, 1, 1), "5 of 100 at random": random.random(shape) < 0.05,
         "none": np.zeros(shape)}
for target in ("ethos-u55-128", "ethos-u85-256"):
    for name, mask in masks.items():
        print(f"{target}, {name}: {round(size(dense * mask, target) / 1000)} kB")
PYTHON
OPENBLAS_NUM_THREADS=1 "$work/venv/bin/python" "$work/case.py" "$work" 2> "$work/errors" | tee "$work/seen" || { cat "$work/errors"; exit 1; }
[ "$(cat "$work/seen")" = "$(cat <<'TEXT'
ethos-u55-128, all: 39 kB
ethos-u55-128, random half: 25 kB
ethos-u55-128, every second input channel: 39 kB
ethos-u55-128, every second pair of input channels: 25 kB
ethos-u55-128, first half of the input channels: 25 kB
ethos-u55-128, every second output channel: 25 kB
ethos-u55-128, 5 of 100 at random: 5 kB
ethos-u55-128, none: 7 kB
ethos-u85-256, all: 43 kB
ethos-u85-256, random half: 26 kB
ethos-u85-256, every second input channel: 40 kB
ethos-u85-256, every second pair of input channels: 26 kB
ethos-u85-256, first half of the input channels: 26 kB
ethos-u85-256, every second output channel: 26 kB
ethos-u85-256, 5 of 100 at random: 5 kB
ethos-u85-256, none: 7 kB
TEXT
)" ] || { echo "changed"; exit 1; }
