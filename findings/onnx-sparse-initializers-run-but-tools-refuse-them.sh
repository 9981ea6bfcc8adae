#!/usr/bin/env bash
# A model whose weights are stored as sparse_initializer passes onnx's checker and runs in onnxruntime, which also keeps them sparse when
# it saves the optimized model. But onnx's own shape inference, version converter and reference evaluator do not know such a weight,
# and onnxruntime's quantizers refuse the model: by "unknown initializers" (dynamic) and by "not a DAG" (static).
# Needs python3-venv and PyPI. Exits with 1 when the behaviour changed.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install -q onnx==1.23.2 onnxruntime==1.32.0 numpy==2.4.6
cat > "$work/case.py" <<'PYTHON'
import os, sys
import numpy as np
import onnx, onnxruntime
from onnx import TensorProto, compose, helper, numpy_helper, shape_inference, version_converter
from onnx.reference import ReferenceEvaluator
from onnxruntime.quantization import CalibrationDataReader, quantize_dynamic, quantize_static

onnxruntime.set_default_logger_severity(4)
random = np.random.default_rng(0)
weight = random.normal(size=(64, 32)).astype(np.float32)
weight[random.random(weight.shape) < 0.9] = 0
images = random.normal(size=(1, 64)).astype(np.float32)

def model(sparse):
    places = np.flatnonzero(weight).astype(np.int64)
    stored = (
        {"sparse_initializer": [helper.make_sparse_tensor(
            numpy_helper.from_array(weight.ravel()[places], "w"), numpy_helper.from_array(places, "w places"), [64, 32])]}
        if sparse else {"initializer": [numpy_helper.from_array(weight, "w")]})
    value = lambda name, shape: helper.make_tensor_value_info(name, TensorProto.FLOAT, shape)
    graph = helper.make_graph(
        [helper.make_node("MatMul", ["x", "w"], ["y"])], "g", [value("x", [1, 64])], [value("y", [1, 32])], **stored)
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)

class Calibration(CalibrationDataReader):
    def __init__(self): self.left = [{"x": images}]
    def get_next(self): return self.left.pop() if self.left else None

def session(proto, **settings):
    options = onnxruntime.SessionOptions()
    for name, setting in settings.items(): setattr(options, name, setting)
    return onnxruntime.InferenceSession(proto.SerializeToString(), options, providers=["CPUExecutionProvider"])

def attempt(body):
    try:
        body()
        return "ok"
    except Exception as error:
        return type(error).__name__ + ": " + str(error).strip().split("\n")[0][:60]

def runs(proto): np.testing.assert_allclose(session(proto).run(None, {"x": images})[0], images @ weight, atol=1e-4)

found = {}
for name in ["dense", "sparse"]:
    proto = model(name == "sparse")
    path, other = f"{name}.onnx", f"{name}-other.onnx"
    onnx.save(proto, path)
    session(proto, optimized_model_filepath=other)
    found[name] = {
        "file, bytes": os.path.getsize(path), "saved by onnxruntime, sparse tensors": len(onnx.load(other).graph.sparse_initializer),
        "checker": attempt(lambda: onnx.checker.check_model(proto, full_check=False)),
        "onnxruntime": attempt(lambda: runs(proto)),
        "shape inference": attempt(lambda: shape_inference.infer_shapes(proto, strict_mode=True)),
        "version converter": attempt(lambda: version_converter.convert_version(proto, 18)),
        "reference evaluator": attempt(lambda: ReferenceEvaluator(proto).run(None, {"x": images})),
        "quantize_dynamic": attempt(lambda: quantize_dynamic(path, other)),
        "quantize_static": attempt(lambda: quantize_static(path, other, Calibration())),
    }
for key in found["dense"]: print(f"{key:38} {str(found['dense'][key]):10} {found['sparse'][key]}")
dense, sparse = found["dense"], found["sparse"]
tools = ["shape inference", "version converter", "reference evaluator", "quantize_dynamic", "quantize_static"]
holds = (
    all(dense[tool] == "ok" for tool in ["checker", "onnxruntime"] + tools)
    and sparse["checker"] == "ok" and sparse["onnxruntime"] == "ok" and all(sparse[tool] != "ok" for tool in tools)
    and sparse["saved by onnxruntime, sparse tensors"] == 1 and "unknown initializers" in sparse["quantize_dynamic"]
    and "DAG" in sparse["quantize_static"])
sys.exit(0 if holds else 1)
PYTHON
cd "$work" && "$work/venv/bin/python" -W ignore case.py 2>/dev/null
