#!/usr/bin/env python3
"""ONNX files as users have them, through Condense: imported, refused with the reason, equal to onnxruntime.

    Benchmarks/import-corpus.py OUT.json [GROUP ...]

Groups: patterns torchscript dynamo keras quantized transformers; all where none is given. Weights are random, so nothing but packages
comes from PyPI (a virtual environment in $VENV, made where it is missing). Each file is imported, written again by
`condense export`, and both files are run by onnxruntime on the same images: equal is a greatest difference of 1e-4 of the largest
logit, or of twice as much as the runtime's result with and without its optimizations differs (`runtime`: random networks may blow
rounding up); of bytes a step on 99 % of the logits, both run without optimizations or both with them (the runtime with
them differs from itself without by as much as `runtime` says); of values that the file quantizes by their own range 5 % of the largest logit, or nearer than the runtime to the
network that was quantized.
CONDENSE is the program, KEEP a folder for the files.
"""
import json, os, subprocess, sys, tempfile, time, warnings

PACKAGES = ["torch==2.15.0", "torchvision==0.29.2", "onnx==1.23.2", "onnxruntime==1.32.0", "onnxscript==0.7.2", "keras==3.15.1", "numpy==2.4.6"]
VENV = os.environ.get("VENV", os.path.expanduser("~/.cache/condense-tests/import-corpus"))
if not sys.executable.startswith(os.path.realpath(VENV)) and not os.environ.get("CORPUS_VENV"):
    if not os.path.exists(VENV + "/bin/python"):
        subprocess.run([sys.executable, "-m", "venv", VENV], check=True)
        subprocess.run([VENV + "/bin/pip", "install", "-q", *PACKAGES], check=True)
    os.environ["CORPUS_VENV"] = VENV
    os.execv(VENV + "/bin/python", [VENV + "/bin/python", *sys.argv])

os.environ["KERAS_BACKEND"] = "torch"
warnings.filterwarnings("ignore")
import logging
logging.disable(logging.WARNING)
import numpy as np, onnx, onnxruntime, torch, torch.nn as nn, torch.nn.functional as F
from onnx import helper as h, numpy_helper as nh, TensorProto as T

CONDENSE = os.environ.get("CONDENSE", os.path.realpath(os.path.dirname(__file__) + "/../.build/release/condense"))
NORMALIZE = "mean=0.485,0.456,0.406,std=0.229,0.224,0.225"
torch.manual_seed(0)
R = np.random.default_rng(0)
onnxruntime.set_default_logger_severity(4)


# MARK: Comparing

def run(path, x, exact=False):
    options = onnxruntime.SessionOptions()
    if exact: options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    options.intra_op_num_threads = 1
    options.log_severity_level = 4
    session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
    entry = session.get_inputs()[0]
    if "16" in entry.type: x = x.astype(np.float16)
    batch = entry.shape[0] if isinstance(entry.shape[0], int) else len(x)
    parts = [session.run([session.get_outputs()[0].name], {entry.name: x[k:k + batch]})[0] for k in range(0, len(x), batch)]
    return np.concatenate(parts).astype(np.float64).reshape(len(x), -1)


def last_operator(model):
    makers = {o: n for n in model.graph.node for o in n.output}
    name = model.graph.output[0].name
    while name in makers and makers[name].op_type in ("Identity", "Cast", "Reshape", "Flatten", "Squeeze", "DequantizeLinear", "QuantizeLinear"):
        name = makers[name].input[0]
    return makers[name].op_type if name in makers else ""


def softmax(z):
    e = np.exp(z - z.max(1, keepdims=True))
    return e / e.sum(1, keepdims=True)


def score_step(model):
    """The step of the grid that the scores lie on; none where they are floats."""
    makers = {o: n for n in model.graph.node for o in n.output}
    values = {i.name: nh.to_array(i) for i in model.graph.initializer}
    node = makers.get(model.graph.output[0].name)
    while node is not None and node.op_type != "DequantizeLinear":
        if node.op_type not in ("Identity", "Reshape", "Flatten"): return None
        node = makers.get(node.input[0])
    return float(np.max(values[node.input[1]])) if node is not None else None


def judge(path, folder, images=4):
    model = onnx.load(path)
    dims = [d.dim_value for d in model.graph.input[0].type.tensor_type.shape.dim]
    item = dims[1:]
    last = item[-1] in (1, 3, 4) and item[0] not in (1, 3, 4)
    channels = item[-1] if last else item[0]
    count = max(images, dims[0])
    x = R.normal(size=(count - count % max(dims[0], 1), *item)).astype(np.float32)
    norm = NORMALIZE if channels == 3 else "mean=0.5,std=0.5"
    out = folder + "/out"
    subprocess.run(["rm", "-rf", out])
    start = time.time()
    p = subprocess.run([CONDENSE, "export", path, "--format", "onnx", "--out", out, "--normalize", norm], capture_output=True, text=True)
    seconds = round(time.time() - start, 2)
    if p.returncode:
        return {"imported": False, "reason": p.stderr.strip().replace(folder + "/", "")[:1200], "code": p.returncode}
    operators = {n.op_type for n in model.graph.node}
    exact = bool(operators & {"QuantizeLinear", "QLinearConv"})
    expected = run(path, x, exact)
    found = run(out + "/model.onnx", x.transpose(0, 3, 1, 2).copy() if last else x, exact)
    end = last_operator(model)
    if end in ("Softmax",): found = softmax(found)
    if end == "LogSoftmax": found = np.log(softmax(found))
    if end == "Sigmoid" and expected.shape[1] == 1: found = softmax(found)[:, 1:]
    if expected.shape != found.shape: return {"imported": True, "equal": False, "reason": f"{expected.shape} and {found.shape}"}
    largest = np.abs(expected).max()
    away = np.abs(expected - found)
    result = {"imported": True, "difference": float(f"{away.max() / max(largest, 1e-30):.2e}"), "seconds": seconds}
    half = any(i.data_type == T.FLOAT16 for i in model.graph.initializer)
    if "DynamicQuantizeLinear" in operators:
        real = run(path + ".clean", x)
        result["equal"] = bool(away.max() <= 0.05 * largest or np.abs(found - real).max() <= np.abs(expected - real).max())
    elif exact:
        step = score_step(model) or largest / 255
        usual, ours = run(path, x), run(out + "/model.onnx", x.transpose(0, 3, 1, 2).copy() if last else x)
        result["runtime"] = float(f"{np.abs(usual - expected).max() / max(largest, 1e-30):.2e}")
        result["withinStep"] = [float((d <= 1.001 * step).mean()) for d in (away, np.abs(usual - ours))]
        result["equal"] = max(result["withinStep"]) >= 0.99
    else:
        limit = (1e-2 if half else 1e-4) * largest
        if away.max() > limit:
            own = np.abs(run(path, x, True) - expected).max()
            result["runtime"] = float(f"{own / max(largest, 1e-30):.2e}")
            limit = max(limit, 2 * own)
        result["equal"] = bool(away.max() <= limit)
    return result


# MARK: Networks

def settle(model, size, channels=3):
    """Norms get the statistics of random images, and numbers of their own, so that every layer matters."""
    norms = [m for m in model.modules() if isinstance(m, nn.modules.batchnorm._BatchNorm)]
    for m in norms: m.momentum = 1.0
    model.train()
    with torch.no_grad(): model(torch.randn(2, channels, size, size))
    for m in norms:
        with torch.no_grad():
            m.running_mean += 0.05 * torch.randn_like(m.running_mean) * m.running_var.sqrt()
            m.running_var *= 1 + 0.2 * torch.rand_like(m.running_var)
            if m.affine:
                m.weight.uniform_(0.7, 1.1)
                m.bias.normal_(0, 0.1)
    return model.eval()


def write(model, path, size, dynamo, opset=None, channels=3, batch=None):
    x = torch.randn(batch or 2, channels, size, size)
    names = dict(input_names=["input"], output_names=["logits"])
    if dynamo:
        shapes = None if batch else ({0: torch.export.Dim("n")},)
        torch.onnx.export(model, (x,), path, dynamo=True, dynamic_shapes=shapes, external_data=False, verbose=False, **({"opset_version": opset} if opset else {}), **names)
    else:
        axes = None if batch else {"input": {0: "n"}, "logits": {0: "n"}}
        torch.onnx.export(model, (x,), path, dynamo=False, dynamic_axes=axes, **({"opset_version": opset} if opset else {}), **names)


TRANSFORMERS = ("vit", "swin", "maxvit")


def torchvision_networks(transformers=False):
    import torchvision.models as models
    for name in models.list_models(module=models):
        if name.startswith(TRANSFORMERS) != transformers: continue
        extra = {"init_weights": False} if name in ("googlenet", "inception_v3") else {}
        if 4 * models.get_model_weights(name).DEFAULT.meta["num_params"] > 100 << 20: continue
        yield name, (lambda name=name, extra=extra: models.get_model(name, weights=None, **extra)), 299 if name == "inception_v3" else 224


def torchvision_files(folder, dynamo, transformers=False):
    for name, make, size in torchvision_networks(transformers):
        def file(path, make=make, size=size):
            model = make()
            settle(model, size) if not transformers else model.eval()
            write(model, path, size, dynamo)
        yield name, file


KERAS = ["MobileNet", "MobileNetV2", "MobileNetV3Small", "MobileNetV3Large", "ResNet50", "ResNet50V2", "DenseNet121", "EfficientNetB0", "EfficientNetV2B0", "Xception", "InceptionV3"]


def keras_files(folder):
    for name in KERAS:
        def file(path, name=name):
            import keras
            size = 299 if name in ("Xception", "InceptionV3") else 224
            model = getattr(keras.applications, name)(weights=None, input_shape=(size, size, 3))
            for layer in model.layers:
                if isinstance(layer, keras.layers.BatchNormalization):
                    layer.set_weights([w * R.uniform(0.8, 1.2, w.shape) + R.uniform(0, 0.1, w.shape) for w in layer.get_weights()])
            model(np.zeros((1, size, size, 3), np.float32))
            model.export(path, format="onnx", verbose=False)
        yield name, file


class Calibration:
    def __init__(self, size, count=4):
        from onnxruntime.quantization import CalibrationDataReader
        self.images = iter([{"input": R.normal(size=(2, 3, size, size)).astype(np.float32)} for _ in range(count)])

    def get_next(self): return next(self.images, None)


def quantized_files(folder):
    import onnxruntime.quantization as q
    from onnxruntime.quantization.shape_inference import quant_pre_process
    import torchvision.models as models
    forms = {
        "qdq-u8s8": dict(quant_format=q.QuantFormat.QDQ, activation_type=q.QuantType.QUInt8, weight_type=q.QuantType.QInt8),
        "qdq-s8s8-channels": dict(quant_format=q.QuantFormat.QDQ, activation_type=q.QuantType.QInt8, weight_type=q.QuantType.QInt8, per_channel=True),
        "qdq-u8u8": dict(quant_format=q.QuantFormat.QDQ, activation_type=q.QuantType.QUInt8, weight_type=q.QuantType.QUInt8),
        "qoperator-u8s8": dict(quant_format=q.QuantFormat.QOperator, activation_type=q.QuantType.QUInt8, weight_type=q.QuantType.QInt8),
        "qoperator-u8s8-channels": dict(quant_format=q.QuantFormat.QOperator, activation_type=q.QuantType.QUInt8, weight_type=q.QuantType.QInt8, per_channel=True),
        "dynamic": None,
    }
    for name in ("resnet18", "mobilenet_v2", "squeezenet1_1", "shufflenet_v2_x1_0", "small"):
        for form, options in forms.items():
            def file(path, name=name, options=options):
                size = 32 if name == "small" else 64
                make = small_network() if name == "small" else models.get_model(name, weights=None, num_classes=20)
                write(settle(make, size), path + ".float", size, False, 17)
                quant_pre_process(path + ".float", path + ".clean")
                if options is None: q.quantize_dynamic(path + ".clean", path, weight_type=q.QuantType.QInt8 if name == "small" else q.QuantType.QUInt8)
                else: q.quantize_static(path + ".clean", path, Calibration(size), **options)
            yield f"{name}-{form}", file


# MARK: Public patterns

def small_network(middle=None, width=8, end=None, channels=3):
    layers = [nn.Conv2d(channels, width, 3, padding=1), nn.BatchNorm2d(width), nn.ReLU()]
    return nn.Sequential(*layers, *([middle] if middle else []), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(width, 10), *([end] if end else []))


class Of(nn.Module):
    """A layer that is a function, with the parameters of the layers that it is given."""
    def __init__(self, function, **layers):
        super().__init__()
        self.function = function
        for name, layer in layers.items(): setattr(self, name, layer)

    def forward(self, x): return self.function(self, x)


def pattern_modules():
    yield "relu6", nn.ReLU6(), {}
    yield "hardtanh", nn.Hardtanh(-0.7, 0.9), {}
    yield "hardswish", nn.Hardswish(), {}
    yield "hardsigmoid", nn.Hardsigmoid(), {}
    yield "elu", nn.ELU(0.7), {}
    yield "selu", nn.SELU(), {}
    yield "gelu", nn.GELU(), {}
    yield "gelu-tanh", nn.GELU(approximate="tanh"), {}
    yield "silu", nn.SiLU(), {}
    prelu = nn.PReLU(8); nn.init.uniform_(prelu.weight, -0.3, 0.6)
    yield "prelu", prelu, {}
    yield "leaky", nn.LeakyReLU(0.2), {}
    yield "pad-zeros", nn.Sequential(nn.ZeroPad2d((0, 1, 0, 1)), nn.Conv2d(8, 8, 3, stride=2)), {}
    yield "pad-same-even", nn.Conv2d(8, 8, 4, padding="same"), {}
    yield "pad-max", nn.Sequential(nn.BatchNorm2d(8), nn.ZeroPad2d(1), nn.MaxPool2d(3, 2)), {}
    yield "ceil-max", nn.MaxPool2d(3, 2, ceil_mode=True), {}
    yield "ceil-mean", nn.AvgPool2d(3, 2, ceil_mode=True, count_include_pad=False), {}
    yield "ceil-mean-counting", nn.AvgPool2d(3, 2, ceil_mode=True), {}
    yield "gate-expand", Of(lambda s, x: x * torch.sigmoid(s.c(x.mean((2, 3), keepdim=True))).expand_as(x), c=nn.Conv2d(8, 8, 1)), {}
    yield "gate-view", Of(lambda s, x: x * torch.sigmoid(s.f(x.mean((2, 3)))).view(x.size(0), 8, 1, 1), f=nn.Linear(8, 8)), {}
    yield "sum-of-means", Of(lambda s, x: F.relu(x + x.mean((2, 3), keepdim=True))), {}
    yield "mean-twice", Of(lambda s, x: x * x.mean(3, keepdim=True).mean(2, keepdim=True)), {}
    yield "chunk", Of(lambda s, x: torch.cat([x.chunk(2, 1)[1].relu(), x.chunk(2, 1)[0]], 1)), {}
    yield "split-uneven", Of(lambda s, x: torch.cat([x[:, 3:], x[:, :3].relu()], 1)), {}
    yield "crop", Of(lambda s, x: x[:, :, 1:-2, 2:]), {}
    yield "stride-slice", Of(lambda s, x: x[:, :, ::2, 1::2]), {}
    yield "space-to-depth-by-slices", Of(lambda s, x: s.c(torch.cat([x[..., ::2, ::2], x[..., 1::2, ::2], x[..., ::2, 1::2], x[..., 1::2, 1::2]], 1)), c=nn.Conv2d(32, 8, 1)), {}
    yield "shuffle", nn.Sequential(nn.ChannelShuffle(2), nn.Conv2d(8, 8, 1)), {}
    yield "shuffle-by-view", Of(lambda s, x: x.view(x.size(0), 2, 4, x.size(2), x.size(3)).transpose(1, 2).reshape(x.size(0), 8, x.size(2), x.size(3))), {}
    yield "pixel-shuffle", nn.Sequential(nn.PixelShuffle(2), nn.Conv2d(2, 8, 1)), {}
    yield "adaptive-4", Of(lambda s, x: F.adaptive_avg_pool2d(x, 4)), {}
    yield "adaptive-max", Of(lambda s, x: F.adaptive_max_pool2d(x, 1)), {}
    yield "bilinear", nn.Upsample(scale_factor=2, mode="bilinear", align_corners=False), {}
    yield "nearest", nn.Upsample(scale_factor=2, mode="nearest"), {}
    yield "group-norm", nn.GroupNorm(2, 8), {}
    yield "layer-norm", nn.Sequential(Of(lambda s, x: x.permute(0, 2, 3, 1)), nn.LayerNorm(8), Of(lambda s, x: x.permute(0, 3, 1, 2))), {}
    yield "instance-norm", nn.InstanceNorm2d(8, affine=True), {}
    yield "linear-last", Of(lambda s, x: s.f(x.permute(0, 2, 3, 1)).permute(0, 3, 1, 2), f=nn.Linear(8, 8)), {}
    yield "difference", Of(lambda s, x: x - s.c(x), c=nn.Conv2d(8, 8, 1)), {}
    yield "scale", Of(lambda s, x: x * s.g.weight.view(1, 8, 1, 1), g=nn.BatchNorm2d(8)), {}
    yield "log-softmax", nn.Identity(), {"end": nn.LogSoftmax(1)}
    yield "softmax", nn.Identity(), {"end": nn.Softmax(1)}
    yield "grey", nn.Identity(), {"channels": 1}
    yield "fixed-batch", Of(lambda s, x: s.f(x.view(x.size(0), -1)).view(x.size(0), 8, 1, 1), f=nn.Linear(8 * 32 * 32, 8)), {"batch": 4}
    yield "batch-of-one", Of(lambda s, x: s.f(x.view(x.size(0), -1)).view(x.size(0), 8, 1, 1), f=nn.Linear(8 * 32 * 32, 8)), {"batch": 1}
    for opset in (9, 10, 11, 12, 13, 15, 18):
        yield f"opset-{opset}", nn.Sequential(nn.ReLU6(), nn.Dropout(), nn.MaxPool2d(2), nn.ZeroPad2d(1), nn.Conv2d(8, 8, 3)), {"opset": opset}
    yield "opset-23", nn.ReLU6(), {"opset": 23}


def pattern_files(folder):
    for name, middle, options in pattern_modules():
        for dynamo in (False, True):
            opset = options.get("opset")
            if opset and (opset < 18) == dynamo or (opset == 18 and not dynamo): continue
            def file(path, middle=middle, options=options, dynamo=dynamo, opset=opset):
                channels = options.get("channels", 3)
                model = small_network(middle, end=options.get("end"), channels=channels)
                write(settle(model, 32, channels), path, 32, dynamo, opset, channels, options.get("batch"))
            yield f"{name}-{'dynamo' if dynamo else 'torchscript'}", file
    for name, build in HAND.items(): yield name, build


def w(*s): return (R.normal(size=s) / np.sqrt(np.prod(s[1:]) if len(s) > 1 else 10)).astype(np.float32)


def save(path, nodes, tensors, shape=("N", 3, 32, 32), opset=17, element=T.FLOAT, output=T.FLOAT):
    graph = h.make_graph(nodes, "g", [h.make_tensor_value_info("input", element, list(shape))], [h.make_tensor_value_info("logits", output, ["N", 10])],
                         [nh.from_array(v, k) for k, v in tensors.items()])
    model = h.make_model(graph, opset_imports=[h.make_opsetid("", opset)])
    model.ir_version = 8
    onnx.save(model, path)


N = h.make_node


def tf_block(path, opset=15, half=False):
    """As tf2onnx writes MobileNet: a turn at the entry, SAME padding, Clip, a mean in two axes, a squeeze-and-excite block of features."""
    i = lambda *v: np.array(v, np.int64)
    nodes = [N("Transpose", ["input"], ["x"], perm=[0, 3, 1, 2]), N("Conv", ["x", "cw", "cb"], ["c"], strides=[2, 2], auto_pad="SAME_UPPER", kernel_shape=[3, 3]),
             N("Clip", ["c", "lo", "hi"], ["a"]), N("GlobalAveragePool", ["a"], ["g"]), N("Squeeze", ["g", "ax"], ["s"]),
             N("Reshape", ["s", "sh"], ["r"]), N("Transpose", ["r"], ["t"], perm=[0, 3, 1, 2]), N("Conv", ["t", "ew"], ["e"]), N("HardSigmoid", ["e"], ["hs"], alpha=0.2, beta=0.5),
             N("Mul", ["a", "hs"], ["m"]), N("Transpose", ["m"], ["l"], perm=[0, 2, 3, 1]), N("Reshape", ["l", "flat"], ["f"]), N("MatMul", ["f", "fw"], ["z"]), N("Add", ["z", "fb"], ["y"]), N("Softmax", ["y"], ["logits"], axis=-1)]
    save(path, nodes, {"cw": w(8, 3, 3, 3), "cb": w(8), "lo": np.float32(0), "hi": np.float32(6), "ax": i(2, 3), "sh": i(-1, 1, 1, 8), "ew": w(8, 8, 1, 1), "flat": i(-1, 2048), "fw": 20 * w(2048, 10), "fb": w(10)}, ("N", 32, 32, 3), opset)


def half_file(path):
    write(settle(small_network(), 32), path, 32, False, 17)
    model = onnx.load(path)
    for tensor in model.graph.initializer:
        if tensor.data_type == T.FLOAT: tensor.CopyFrom(nh.from_array(nh.to_array(tensor).astype(np.float16), tensor.name))
    nodes = list(model.graph.node)
    nodes[0].input[0] = "h"
    nodes[-1].output[0] = "lh"
    nodes = [N("Cast", ["input"], ["h"], to=T.FLOAT16)] + nodes + [N("Cast", ["lh"], ["logits"], to=T.FLOAT)]
    del model.graph.node[:]
    model.graph.node.extend(nodes)
    onnx.save(model, path)


def unordered(path):
    write(settle(small_network(), 32), path, 32, False, 17)
    model = onnx.load(path)
    nodes = list(reversed(model.graph.node))
    del model.graph.node[:]
    model.graph.node.extend(nodes)
    onnx.save(model, path)


HAND = {"tf2onnx-block": tf_block, "half-precision": half_file}


# MARK: The run

GROUPS = {
    "patterns": pattern_files, "torchscript": lambda f: torchvision_files(f, False), "dynamo": lambda f: torchvision_files(f, True),
    "keras": keras_files, "quantized": quantized_files, "transformers": lambda f: torchvision_files(f, False, True),
}


def main():
    out, chosen = sys.argv[1], sys.argv[2:] or list(GROUPS)
    folder = os.environ.get("KEEP") or tempfile.mkdtemp()
    os.makedirs(folder, exist_ok=True)
    report = {"schema": 1, "date": time.strftime("%Y-%m-%d"), "packages": PACKAGES, "groups": {}}
    if os.path.exists(out): report["groups"] = json.load(open(out))["groups"]
    only = os.environ.get("ONLY", "").split()
    for group in chosen:
        rows = report["groups"].get(group, {}).get("files", {}) if only else {}
        for name, make in GROUPS[group](folder):
            if only and name not in only: continue
            path = f"{folder}/{group}-{name}.onnx"
            try:
                make(path)
                rows[name] = judge(path, folder)
            except Exception as error:
                made = os.path.exists(path)
                rows[name] = {"made": made, "imported": made, "equal": False, "reason": f"{type(error).__name__}: {str(error)[:300]}"}
            row = rows[name]
            verdict = f"equal {row['equal']} {row.get('difference', '')}" if row["imported"] else "not made" if row.get("made") is False else "refused"
            print(f"{group} {name}: {verdict} {row.get('reason', '')[:400]}", flush=True)
            for suffix in ("", ".float", ".clean"):
                if not os.environ.get("KEEP") and os.path.exists(path + suffix): os.remove(path + suffix)
            made = [r for r in rows.values() if r.get("made", True)]
            imported = [r for r in made if r["imported"]]
            summary = {"files": len(made), "imported": len(imported), "equal": sum(r["equal"] for r in imported)}
            report["groups"][group] = {"summary": summary, "files": rows}
            with open(out, "w") as file: file.write(json.dumps(report, indent=1) + "\n")
        print(group, report["groups"].get(group, {}).get("summary"), flush=True)


if __name__ == "__main__":
    main()
