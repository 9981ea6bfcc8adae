#!/usr/bin/env bash
# A FULLY_CONNECTED layer whose weights are stored as survivors alone (SparsityParameters, CSR) computes what the dense one does in
# LiteRT where they are floats. The same layer in int8 loads and gets its memory without a word, and is refused at the first invoke:
# pruned and quantized together there is no sparse kernel without blocks.
# Needs python3-venv and PyPI. Exits with 1 when the behaviour changed.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install -q ai-edge-litert==2.3.0 numpy==2.4.6
cat > "$work/case.py" <<'PYTHON'
import flatbuffers, numpy as np
from ai_edge_litert import schema_py_generated as S
from ai_edge_litert.interpreter import Interpreter, OpResolverType

FLOAT, BYTE, WORD = S.TensorType.FLOAT32, S.TensorType.INT8, S.TensorType.INT32
tensors, buffers = [], []

def tensor(shape, kind, scale=None, data=None, sparsity=None):
    t = S.TensorT()
    t.name, t.shape, t.type, t.sparsity, t.buffer = f"t{len(tensors)}", shape, kind, sparsity, 0
    if scale:
        t.quantization = S.QuantizationParametersT()
        t.quantization.scale, t.quantization.zeroPoint = [scale], [0]
    if data is not None:
        b = S.BufferT()
        b.data = list(np.ascontiguousarray(data).tobytes())
        buffers.append(b)
        t.buffer = len(buffers) - 1
    tensors.append(t)
    return len(tensors) - 1

def numbers(values):
    v = S.Int32VectorT()
    v.values = [int(value) for value in values]
    return v

def csr(weights):
    """Rows dense, columns sparse, with the survivors in their order."""
    rows, columns, s = S.DimensionMetadataT(), S.DimensionMetadataT(), S.SparsityParametersT()
    rows.format, rows.denseSize, columns.format = S.DimensionType.DENSE, len(weights), S.DimensionType.SPARSE_CSR
    columns.arraySegmentsType = columns.arrayIndicesType = S.SparseIndexVector.Int32Vector
    columns.arraySegments = numbers(np.cumsum([0] + [np.count_nonzero(row) for row in weights]))
    columns.arrayIndices = numbers(np.nonzero(weights)[1])
    s.traversalOrder, s.dimMetadata = [0, 1], [rows, columns]
    return s, weights[weights != 0]

def layer(kind, sparse):
    tensors.clear(); buffers.clear(); buffers.append(S.BufferT())
    random = np.random.default_rng(1)
    weights = random.integers(-127, 128, size=(8, 16)) * (random.random((8, 16)) < 0.25)
    weights = weights.astype("f4" if kind == FLOAT else "i1")
    sparsity, data = csr(weights) if sparse else (None, weights)
    scales = (None,) * 4 if kind == FLOAT else (1 / 16, 1 / 128, 1 / 2048, 1 / 4)
    x = tensor([1, 16], kind, scales[0])
    w = tensor([8, 16], kind, scales[1], data, sparsity)
    b = tensor([8], FLOAT if kind == FLOAT else WORD, scales[2], np.zeros(8, "f4" if kind == FLOAT else "i4"))
    y = tensor([1, 8], kind, scales[3])
    code, op, graph, model = S.OperatorCodeT(), S.OperatorT(), S.SubGraphT(), S.ModelT()
    code.builtinCode = code.deprecatedBuiltinCode = S.BuiltinOperator.FULLY_CONNECTED
    code.version = 8
    op.opcodeIndex, op.inputs, op.outputs = 0, [x, w, b], [y]
    op.builtinOptions, op.builtinOptionsType = S.FullyConnectedOptionsT(), S.BuiltinOptions.FullyConnectedOptions
    graph.tensors, graph.inputs, graph.outputs, graph.operators = tensors, [x], [y], [op]
    model.version, model.operatorCodes, model.subgraphs, model.buffers = 3, [code], [graph], buffers
    builder = flatbuffers.Builder(1024)
    builder.Finish(model.Pack(builder), b"TFL3")
    return bytes(builder.Output())

def outcome(kind, sparse, resolver):
    interpreter = Interpreter(model_content=layer(kind, sparse), experimental_op_resolver_type=resolver)
    interpreter.allocate_tensors()
    interpreter.set_tensor(interpreter.get_input_details()[0]["index"], np.arange(-8, 8).astype("f4" if kind == FLOAT else "i1")[None])
    try:
        interpreter.invoke()
    except RuntimeError as error:
        return "refused at invoke: " + str(error).split(".")[0]
    return interpreter.get_tensor(interpreter.get_output_details()[0]["index"]).ravel().tolist()

for name, resolver in [("default", OpResolverType.AUTO), ("reference", OpResolverType.BUILTIN_REF)]:
    dense, sparse = outcome(FLOAT, False, resolver), outcome(FLOAT, True, resolver)
    print(f"{name} floats:", "equal to dense" if np.allclose(dense, sparse) else "not dense")
    print(f"{name} int8:", outcome(BYTE, True, resolver) if isinstance(outcome(BYTE, False, resolver), list) else "dense fails")
PYTHON
echo "ai-edge-litert 2.3.0"
"$work/venv/bin/python" "$work/case.py" 2> "$work/errors" > "$work/all" || { cat "$work/errors"; exit 1; }
grep . "$work/all" | tee "$work/seen"
[ "$(cat "$work/seen")" = "$(cat <<'TEXT'
default floats: equal to dense
default int8: refused at invoke: Unsupported sparse fully-connected weight format
reference floats: equal to dense
reference int8: refused at invoke: Unsupported sparse fully-connected weight format
TEXT
)" ]
