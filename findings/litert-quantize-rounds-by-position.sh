#!/usr/bin/env bash
# LiteRT without delegates quantizes equal floats to unequal integers, by their position: whole blocks of eight round halves to
# even, the remainder away from zero. MEAN does the like with blocks of sixteen (halves up, then away from zero).
# Needs python3-venv and PyPI. Exits with 1 when the behaviour changed.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install -q ai-edge-litert==2.3.0 tflite-micro==0.dev20261023182759 numpy==2.4.6
cat > "$work/case.py" <<'PYTHON'
import numpy as np, flatbuffers
from ai_edge_litert import schema_py_generated as S
from ai_edge_litert.interpreter import Interpreter, OpResolverType as R
from tflite_micro.python.tflite_micro import runtime as micro

def grid(scales, axis=0):
    g = S.QuantizationParametersT()
    g.scale, g.zeroPoint, g.quantizedDimension = [float(s) for s in scales], [0] * len(scales), axis
    return g

class Network:
    """One operator."""
    def __init__(self): self.tensors, self.buffers = [], [S.BufferT()]
    def tensor(self, shape, kind, quantization=None, data=None):
        t = S.TensorT()
        t.name, t.shape, t.type, t.quantization, t.buffer = f"t{len(self.tensors)}", list(shape), kind, quantization, 0
        if data is not None:
            b = S.BufferT(); b.data = list(np.ascontiguousarray(data).tobytes()); self.buffers.append(b); t.buffer = len(self.buffers) - 1
        self.tensors.append(t)
        return len(self.tensors) - 1
    def finished(self, code, version, read, output, options, kind):
        c, o, g, m = S.OperatorCodeT(), S.OperatorT(), S.SubGraphT(), S.ModelT()
        c.builtinCode, c.deprecatedBuiltinCode, c.version = code, min(code, 127), version
        o.opcodeIndex, o.inputs, o.outputs, o.builtinOptions, o.builtinOptionsType = 0, read, [output], options, kind
        g.tensors, g.inputs, g.outputs, g.operators = self.tensors, read[:1], [output], [o]
        m.version, m.operatorCodes, m.subgraphs, m.buffers = 3, [c], [g], self.buffers
        f = flatbuffers.Builder(1024); f.Finish(m.Pack(f), b"TFL3")
        return bytes(f.Output())

def litert(data, x, resolver):
    i = Interpreter(model_content=data, experimental_op_resolver_type=resolver); i.allocate_tensors()
    i.set_tensor(i.get_input_details()[0]["index"], x); i.invoke()
    return i.get_tensor(i.get_output_details()[0]["index"]).ravel().tolist()

def tflm(data, x):
    i = micro.Interpreter.from_bytes(data); i.set_input(x, 0); i.invoke()
    return i.get_output(0).ravel().tolist()

BYTE, WORD, REAL, HALF = S.TensorType.INT8, S.TensorType.INT32, S.TensorType.FLOAT32, S.TensorType.INT4
O, K = S.BuiltinOperator, S.BuiltinOptions
def show(name, value): print(name, value, flush=True)

n = Network()
x, y = n.tensor([1, 11], REAL), n.tensor([1, 11], BYTE, grid([1]))
data = n.finished(O.QUANTIZE, 1, [x], y, S.QuantizeOptionsT(), K.QuantizeOptions)
for name, r in (("default", R.AUTO), ("no delegates", R.BUILTIN_WITHOUT_DEFAULT_DELEGATES), ("reference", R.BUILTIN_REF)):
    show("QUANTIZE of eleven times 0.5, " + name, litert(data, np.full((1, 11), 0.5, "f4"), r))
n = Network()
x, a, y = n.tensor([1, 2, 2, 18], BYTE, grid([1])), n.tensor([2], WORD, None, np.array([1, 2], "i4")), n.tensor([1, 1, 1, 18], BYTE, grid([1]))
o = S.ReducerOptionsT(); o.keepDims = True
data = n.finished(O.MEAN, 2, [x, a], y, o, K.ReducerOptions)
image = np.zeros((1, 2, 2, 18), "i1"); image[:, 0] = -1
show("MEAN of -1, -1, 0, 0 in 18 channels, no delegates", litert(data, image, R.BUILTIN_WITHOUT_DEFAULT_DELEGATES))
PYTHON
echo "ai-edge-litert 2.3.0, tflite-micro 0.dev20261023182759"
"$work/venv/bin/python" "$work/case.py" 2> "$work/errors" > "$work/all" || { cat "$work/errors"; exit 1; }
grep . "$work/all" | tee "$work/seen"
[ "$(cat "$work/seen")" = "$(cat <<'TEXT'
QUANTIZE of eleven times 0.5, default [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]
QUANTIZE of eleven times 0.5, no delegates [0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1]
QUANTIZE of eleven times 0.5, reference [1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1]
MEAN of -1, -1, 0, 0 in 18 channels, no delegates [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, -1, -1]
TEXT
)" ]
