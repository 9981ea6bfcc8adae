#!/usr/bin/env bash
# TFLite Micro (and LiteRT's reference and optimized convolution kernels, not its default delegate) make 1 of a sum of 1
# that is scaled by 0.25: they round twice, first the product with the multiplier, then the shift.
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
x, w = n.tensor([1, 1, 1, 8], BYTE, grid([1])), n.tensor([4, 1, 1, 8], BYTE, grid([1] * 4), np.zeros((4, 1, 1, 8), "i1"))
b, y = n.tensor([4], WORD, grid([1] * 4), np.array([-5, -1, 1, 5], "i4")), n.tensor([1, 1, 1, 4], BYTE, grid([4]))
o = S.Conv2DOptionsT(); o.padding = o.strideH = o.strideW = o.dilationHFactor = o.dilationWFactor = 1
data = n.finished(O.CONV_2D, 3, [x, w, b], y, o, K.Conv2DOptions)
zero = np.zeros((1, 1, 1, 8), "i1")
for name, r in (("default", R.AUTO), ("no delegates", R.BUILTIN_WITHOUT_DEFAULT_DELEGATES), ("reference", R.BUILTIN_REF)):
    show("-1.25, -0.25, 0.25, 1.25, LiteRT, " + name, litert(data, zero, r))
show("-1.25, -0.25, 0.25, 1.25, TFLite Micro", tflm(data, zero))
PYTHON
echo "ai-edge-litert 2.3.0, tflite-micro 0.dev20261023182759"
"$work/venv/bin/python" "$work/case.py" 2> "$work/errors" > "$work/all" || { cat "$work/errors"; exit 1; }
grep . "$work/all" | tee "$work/seen"
[ "$(cat "$work/seen")" = "$(cat <<'TEXT'
-1.25, -0.25, 0.25, 1.25, LiteRT, default [-1, 0, 0, 1]
-1.25, -0.25, 0.25, 1.25, LiteRT, no delegates [-1, 0, 1, 2]
-1.25, -0.25, 0.25, 1.25, LiteRT, reference [-1, 0, 1, 2]
-1.25, -0.25, 0.25, 1.25, TFLite Micro [-1, 0, 1, 2]
TEXT
)" ]
