#!/usr/bin/env bash
# RESIZE_BILINEAR of bytes steps along an image in 1024ths in LiteRT's own kernels and in TFLite Micro, and the error of 1/3 in them adds
# up: 8 pixels enlarged by 3 are up to 3 steps off, where no rounding of the exact number is more than a half. LiteRT's default
# session (XNNPACK) is exact, and by powers of two all are. Needs python3-venv and PyPI. Exits with 1 when the behaviour changed.
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

def network(factor):
    tensors, buffers = [], [S.BufferT()]
    def tensor(shape, kind, data=None):
        t = S.TensorT()
        t.name, t.shape, t.type, t.buffer = f"t{len(tensors)}", shape, kind, 0
        if kind == S.TensorType.INT8:
            t.quantization = S.QuantizationParametersT()
            t.quantization.scale, t.quantization.zeroPoint = [0.5], [0]
        if data is not None:
            b = S.BufferT()
            b.data = list(np.array(data, "i4").tobytes())
            buffers.append(b)
            t.buffer = len(buffers) - 1
        tensors.append(t)
        return len(tensors) - 1
    read, size = tensor([1, 8, 8, 4], S.TensorType.INT8), tensor([2], S.TensorType.INT32, [8 * factor, 8 * factor])
    made = tensor([1, 8 * factor, 8 * factor, 4], S.TensorType.INT8)
    code, call, graph, model, options = S.OperatorCodeT(), S.OperatorT(), S.SubGraphT(), S.ModelT(), S.ResizeBilinearOptionsT()
    code.builtinCode = code.deprecatedBuiltinCode = S.BuiltinOperator.RESIZE_BILINEAR
    code.version, options.halfPixelCenters = 3, True
    call.opcodeIndex, call.inputs, call.outputs, call.builtinOptions, call.builtinOptionsType = 0, [read, size], [made], options, S.BuiltinOptions.ResizeBilinearOptions
    graph.tensors, graph.inputs, graph.outputs, graph.operators = tensors, [read], [made], [call]
    model.version, model.operatorCodes, model.subgraphs, model.buffers = 3, [code], [graph], buffers
    builder = flatbuffers.Builder(1024)
    builder.Finish(model.Pack(builder), b"TFL3")
    return bytes(builder.Output())

def litert(data, x, resolver):
    i = Interpreter(model_content=data, experimental_op_resolver_type=resolver)
    i.allocate_tensors()
    i.set_tensor(i.get_input_details()[0]["index"], x)
    i.invoke()
    return i.get_tensor(i.get_output_details()[0]["index"])

def tflm(data, x):
    i = micro.Interpreter.from_bytes(data, arena_size=1 << 20)
    i.set_input(x, 0)
    i.invoke()
    return i.get_output(0)

def exact(x, factor):
    for axis in (1, 2):
        place = np.clip((np.arange(8 * factor) + 0.5) / factor - 0.5, 0, 7)
        lower = np.floor(place).astype(int)
        share = (place - lower).reshape([-1 if a == axis else 1 for a in range(4)])
        x = np.take(x, lower, axis) * (1 - share) + np.take(x, np.minimum(lower + 1, 7), axis) * share
    return x

x = np.random.default_rng(0).integers(-128, 128, (1, 8, 8, 4)).astype("i1")
runs = {"LiteRT": lambda d: litert(d, x, R.AUTO), "LiteRT without delegates": lambda d: litert(d, x, R.BUILTIN_WITHOUT_DEFAULT_DELEGATES),
        "LiteRT's reference": lambda d: litert(d, x, R.BUILTIN_REF), "TFLite Micro": lambda d: tflm(d, x)}
for factor in (2, 3, 4):
    for name, run in runs.items():
        print(f"by {factor}, {name}: {np.abs(run(network(factor)) - exact(x.astype('f8'), factor)).max():.2f}", flush=True)
PYTHON
echo "ai-edge-litert 2.3.0, tflite-micro 0.dev20261023182759"
"$work/venv/bin/python" "$work/case.py" 2> "$work/errors" > "$work/all" || { cat "$work/errors"; exit 1; }
grep "^by" "$work/all" | tee "$work/seen"
[ "$(cat "$work/seen")" = "$(cat <<'TEXT'
by 2, LiteRT: 0.50
by 2, LiteRT without delegates: 0.50
by 2, LiteRT's reference: 0.50
by 2, TFLite Micro: 0.50
by 3, LiteRT: 0.44
by 3, LiteRT without delegates: 3.00
by 3, LiteRT's reference: 3.00
by 3, TFLite Micro: 3.00
by 4, LiteRT: 0.50
by 4, LiteRT without delegates: 0.50
by 4, LiteRT's reference: 0.50
by 4, TFLite Micro: 0.50
TEXT
)" ]
