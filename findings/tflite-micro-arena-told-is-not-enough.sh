#!/usr/bin/env bash
# TFLite Micro tells how many bytes of its arena a network used; given so many it crashes before the first image. Of networks with
# small values the planning of the memory takes more than the values do, and is not counted (tflite-micro#2738 has the symptom).
# Needs python3-venv and PyPI. Exits with 1 when the behaviour changed.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install -q ai-edge-litert==2.3.0 tflite-micro==0.dev20261023182759 numpy==2.4.6
cat > "$work/case.py" <<'PYTHON'
import os, re, subprocess, sys
import numpy as np, flatbuffers
from ai_edge_litert import schema_py_generated as S
from tflite_micro.python.tflite_micro import runtime as micro

LAYERS, WIDTH = 10, 32

def grid(count, step):
    g = S.QuantizationParametersT()
    g.scale, g.zeroPoint, g.quantizedDimension = [step] * count, [0] * count, 0
    return g

def network():
    """Linear layers, one behind another: bytes, a scale each output."""
    tensors, buffers, operators = [], [S.BufferT()], []
    def tensor(shape, kind, quantization, data=None):
        t = S.TensorT()
        t.name, t.shape, t.type, t.quantization, t.buffer = f"t{len(tensors)}", shape, kind, quantization, 0
        if data is not None:
            b = S.BufferT(); b.data = list(data.tobytes()); buffers.append(b); t.buffer = len(buffers) - 1
        tensors.append(t)
        return len(tensors) - 1
    value = tensor([1, WIDTH], S.TensorType.INT8, grid(1, 0.1))
    for _ in range(LAYERS):
        weights = tensor([WIDTH, WIDTH], S.TensorType.INT8, grid(WIDTH, 0.01), np.eye(WIDTH, dtype=np.int8))
        bias = tensor([WIDTH], S.TensorType.INT32, grid(WIDTH, 0.001), np.ones(WIDTH, np.int32))
        o = S.OperatorT()
        o.opcodeIndex, o.inputs, o.builtinOptionsType, o.builtinOptions = (
            0, [value, weights, bias], S.BuiltinOptions.FullyConnectedOptions, S.FullyConnectedOptionsT())
        value = tensor([1, WIDTH], S.TensorType.INT8, grid(1, 0.1))
        o.outputs = [value]
        operators.append(o)
    c, g, m = S.OperatorCodeT(), S.SubGraphT(), S.ModelT()
    c.builtinCode = c.deprecatedBuiltinCode = S.BuiltinOperator.FULLY_CONNECTED
    c.version = 5
    g.tensors, g.inputs, g.outputs, g.operators = tensors, [0], [value], operators
    m.version, m.operatorCodes, m.subgraphs, m.buffers = 3, [c], [g], buffers
    f = flatbuffers.Builder(1024); f.Finish(m.Pack(f), b"TFL3")
    return bytes(f.Output())

if len(sys.argv) > 1:
    interpreter = micro.Interpreter.from_bytes(network(), arena_size=int(sys.argv[1]))
    interpreter.print_allocations()
    interpreter.set_input(np.zeros((1, WIDTH), np.int8), 0)
    interpreter.invoke()
    sys.exit(0)

def run(size):
    """Whether it works, and the bytes that it tells."""
    ran = subprocess.run([sys.executable, __file__, str(size)], capture_output=True, text=True)
    told = re.search(r"total (\d+) bytes", ran.stdout + ran.stderr)
    return ran.returncode, int(told[1]) if told else None

status, told = run(1 << 20)
assert status == 0 and told, "not run"
first = run(told)[0]
needed = next(size for size in range(told, 2 * told, 64) if run(size)[0] == 0)
print(f"told {told} bytes; with {told} it ends with {first}; {needed} bytes work")
sys.exit(0 if first != 0 and needed > 1.05 * told else 1)
PYTHON
"$work/venv/bin/python" "$work/case.py"
