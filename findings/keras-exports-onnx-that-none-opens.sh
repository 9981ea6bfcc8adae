#!/usr/bin/env bash
# Keras 3.15.1 with TensorFlow writes ONNX files of common layers that no runtime opens, and export returns as if all were well (a line in
# the log at most): gelu becomes an operator Erfc, celu Expm1, a convolution in groups a StatefulPartitionedCall, which ONNX does not have;
# Normalization leaves its mean and variance out and asks for them as inputs. ConvNeXt, EfficientNet and ResNeXt have these.
# Needs python3-venv and PyPI. Exits with 1 when the behaviour changed.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install -q keras==3.15.1 tensorflow-cpu==2.21.0 tf2onnx==1.17.0 onnx==1.23.2 onnxruntime==1.32.0 numpy==2.4.6
cat > "$work/case.py" <<'PYTHON'
import contextlib, io, os, sys
os.environ.update(TF_CPP_MIN_LOG_LEVEL="3", CUDA_VISIBLE_DEVICES="")
import keras, numpy as np, onnx, onnxruntime as ort

ort.set_default_logger_severity(4)
os.chdir(sys.argv[1])
layers = keras.layers
x = np.random.default_rng(0).normal(size=(1, 6, 6, 4)).astype("f4")
statistics = {"mean": [1.0, 2.0, 3.0, 4.0], "variance": [1.0, 4.0, 9.0, 16.0]}
for name, layer in (("relu", layers.Activation("relu")), ("elu", layers.Activation("elu")), ("celu", layers.Activation("celu")),
                    ("gelu", layers.Activation("gelu")),
                    ("gelu by tanh", layers.Activation(lambda t: keras.activations.gelu(t, approximate=True))),
                    ("Conv2D", layers.Conv2D(4, 3)), ("Conv2D, 2 groups", layers.Conv2D(4, 3, groups=2)),
                    ("DepthwiseConv2D", layers.DepthwiseConv2D(3)), ("BatchNormalization", layers.BatchNormalization()),
                    ("Rescaling", layers.Rescaling(0.5)), ("Normalization", layers.Normalization(**statistics))):
    network = keras.Sequential([keras.Input((6, 6, 4), batch_size=1), layer])
    ours = network(x, training=False)
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
        network.export("network.onnx", format="onnx", verbose=False)
    model = onnx.load("network.onnx")
    unknown = sorted({n.op_type for n in model.graph.node if not onnx.defs.has(n.op_type)})
    made = {o for n in model.graph.node for o in n.output} | {t.name for t in model.graph.initializer} | {i.name for i in model.graph.input}
    missing = len({i for n in model.graph.node for i in n.input if i} - made)
    try:
        session = ort.InferenceSession("network.onnx", providers=["CPUExecutionProvider"])
        theirs = session.run(None, {session.get_inputs()[0].name: x})[0]
        said = "equal" if np.allclose(theirs, ours, atol=1e-5) else "not equal"
    except Exception:
        said = "refused"
    inputs = len(model.graph.input)
    print(f"{name}: {said}", *unknown, *([f"{inputs} inputs"] if inputs > 1 else []), *([f"{missing} undefined"] if missing else []))
PYTHON
OPENBLAS_NUM_THREADS=1 "$work/venv/bin/python" "$work/case.py" "$work" 2> "$work/errors" | tee "$work/seen" || { cat "$work/errors"; exit 1; }
[ "$(cat "$work/seen")" = "$(cat <<'TEXT'
relu: equal
elu: equal
celu: refused Expm1
gelu: refused Erfc
gelu by tanh: equal
Conv2D: equal
Conv2D, 2 groups: refused StatefulPartitionedCall
DepthwiseConv2D: equal
BatchNormalization: equal
Rescaling: equal
Normalization: refused 3 inputs
TEXT
)" ] || { echo "changed"; exit 1; }
