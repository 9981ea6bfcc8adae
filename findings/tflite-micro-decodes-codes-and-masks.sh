#!/usr/bin/env bash
# PyPI's tflite-micro runs its custom operator TFLM_DECODE with all three forms, tables, Huffman codes and masks of pruned tensors, for
# int8 with a scale for each output channel too; the tool in its repository writes tables alone, the others raise. A stride of 0
# between tables lets all channels share one. LiteRT refuses such files. Needs python3-venv and PyPI. Exits with 1 when the
# behaviour changed.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install -q ai-edge-litert==2.3.0 tflite-micro==0.dev20261023182759 numpy==2.4.6
cat > "$work/case.py" <<'PYTHON'
import numpy as np, flatbuffers
from ai_edge_litert import schema_py_generated as S
from ai_edge_litert.interpreter import Interpreter
from tflite_micro.python.tflite_micro import runtime as micro

rng = np.random.default_rng(0)
ROWS, COLUMNS = 7, 33
scales = [1.0, 2.0, 1.0, 2.0, 1.0, 2.0, 1.0]
x = rng.integers(-20, 20, (1, COLUMNS)).astype("i1")

def network(weights, encoded=None, how=None):
    """A fully connected layer of weights, or of what DECODE makes of them."""
    tensors, buffers, codes, calls = [], [S.BufferT()], [], []
    def tensor(shape, kind, grid=None, data=None):
        t = S.TensorT()
        t.name, t.shape, t.type, t.buffer = f"t{len(tensors)}", list(shape), kind, 0
        if grid:
            t.quantization = S.QuantizationParametersT()
            t.quantization.scale, t.quantization.zeroPoint, t.quantization.quantizedDimension = grid, [0] * len(grid), 0
        if data is not None:
            b = S.BufferT()
            b.data = list(data)
            buffers.append(b)
            t.buffer = len(buffers) - 1
        tensors.append(t)
        return len(tensors) - 1
    def call(number, version, read, made, options=None, kind=0, name=None):
        c, o = S.OperatorCodeT(), S.OperatorT()
        c.builtinCode = c.deprecatedBuiltinCode = number
        c.version, c.customCode = version, name
        codes.append(c)
        o.opcodeIndex, o.inputs, o.outputs, o.builtinOptions, o.builtinOptionsType = len(codes) - 1, read, [made], options, kind
        calls.append(o)
    T = S.TensorType
    read = tensor([1, COLUMNS], T.INT8, [1.0])
    if encoded is None: w = tensor(weights.shape, T.INT8, scales, weights.tobytes())
    else:
        w = tensor(weights.shape, T.INT8, scales)
        call(S.BuiltinOperator.CUSTOM, 1, [tensor([len(encoded)], T.UINT8, None, encoded), tensor([len(how)], T.UINT8, None, how)], w, name="TFLM_DECODE")
    bias, made = tensor([ROWS], T.INT32, scales, bytes(4 * ROWS)), tensor([1, ROWS], T.INT8, [64.0])
    call(S.BuiltinOperator.FULLY_CONNECTED, 4, [read, w, bias], made, S.FullyConnectedOptionsT(), S.BuiltinOptions.FullyConnectedOptions)
    graph, model = S.SubGraphT(), S.ModelT()
    graph.tensors, graph.inputs, graph.outputs, graph.operators = tensors, [read], [made], calls
    model.version, model.operatorCodes, model.subgraphs, model.buffers = 3, codes, [graph], buffers
    builder = flatbuffers.Builder(1024)
    builder.Finish(model.Pack(builder), b"TFL3")
    return bytes(builder.Output())

def tflm(data):
    i = micro.Interpreter.from_bytes(data, arena_size=1 << 20)
    i.set_input(x, 0)
    i.invoke()
    return i.get_output(0)

def bits(text, word=8):
    text += "0" * (-len(text) % word)
    return bytes(int(text[k:k + 8], 2) for k in range(0, len(text), 8))

def head(form, *settings): return bytes([form, 1, 0, 0, *settings] + [0] * (12 - len(settings)))

def check(name, weights, encoded, how):
    same = (tflm(network(weights, encoded, how)) == tflm(network(weights))).all()
    print(name + ":", "equal" if same else "different", flush=True)

numbers = rng.integers(-127, 128, 16).astype("i1")
indices = rng.integers(0, 16, ROWS * COLUMNS)
weights = numbers[indices].reshape(ROWS, COLUMNS)
packed = bits("".join(f"{k:04b}" for k in indices))
check("a table a channel", weights, packed, head(0, 1, 4, 16) + numbers.tobytes() * ROWS)
check("one table for all channels, by a stride of 0", weights, packed, head(0, 1, 4, 0) + numbers.tobytes())
weights = np.where(rng.random((ROWS, COLUMNS)) < 0.8, 0, rng.integers(1, 4, (ROWS, COLUMNS))).astype("i1")
check("a mask", weights, bits("".join("01"[int(k != 0)] for k in weights.ravel())), head(2, 1) + weights[weights != 0].tobytes())
codes = {0: "0", 1: "10", 2: "110", 3: "111"}
table = [next(0x8000 | len(c) << 11 | v for v, c in codes.items() if f"{k:03b}".startswith(c)) for k in range(8)]
text = "".join(codes[v] for v in weights.ravel().tolist())
check("Huffman codes", weights, bits(text + "000", 32), head(1, 1, (3 - 1) << 4) + np.array(table, "<u2").tobytes())
try:
    Interpreter(model_content=network(weights, bits(text + "000", 32), head(1, 1, 32) + np.array(table, "<u2").tobytes())).allocate_tensors()
    print("LiteRT: runs")
except (RuntimeError, ValueError): print("LiteRT: refused")
PYTHON
echo "ai-edge-litert 2.3.0, tflite-micro 0.dev20261023182759"
"$work/venv/bin/python" "$work/case.py" 2> "$work/errors" > "$work/all" || { cat "$work/errors"; exit 1; }
grep -E "equal|different|LiteRT" "$work/all" | tee "$work/seen"
[ "$(cat "$work/seen")" = "$(cat <<'TEXT'
a table a channel: equal
one table for all channels, by a stride of 0: equal
a mask: equal
Huffman codes: equal
LiteRT: refused
TEXT
)" ]
