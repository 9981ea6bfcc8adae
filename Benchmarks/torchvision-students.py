#!/usr/bin/env python3
"""Networks of torchvision through Condense and back: imported, channels pruned, quantized, exported, equal in onnxruntime.

    Benchmarks/torchvision-students.py OUT.json [NETWORK ...]

Networks learn ten patterns of colour, 64x64, from random weights in a minute (random networks blow the rounding of single numbers up
from layer to layer): nothing but packages comes from PyPI (a virtual environment in $VENV, made where it is missing). Each network is a teacher, whose students are pruned by
channels, quantized, and both; pruned ones learn for EPOCHS more. `condense predict` gives probabilities, onnxruntime runs the exported file on the same
images: equal is, of floats, a greatest difference of logits of 1e-4 of the largest; of integers a step on 99 % of the logits. onnxruntime
multiplies by a ratio of 24 bits where Condense takes 15, so single numbers are a step apart, which deep networks blow up:
`difference` is the greatest in shares of the largest logit, `runtimeWithinStep` the runtime against itself without optimizations.
`sameAsFile` is the share of Condense's logits that are exactly those of the exported file under the rounding of
Documentation/integer-arithmetic.md, computed here once more from that page.
CONDENSE is the program, KEEP a folder for the files.
"""
import glob, io, json, os, subprocess, sys, tempfile, time, warnings

PACKAGES = ["torch==2.15.0", "torchvision==0.29.2", "onnx==1.23.2", "onnxruntime==1.32.0", "numpy==2.4.6", "pillow"]
VENV = os.environ.get("VENV", os.path.expanduser("~/.cache/condense-tests/torchvision-students"))
if not os.environ.get("STUDENTS_VENV"):
    if not os.path.exists(VENV + "/bin/python"):
        subprocess.run([sys.executable, "-m", "venv", VENV], check=True)
        subprocess.run([VENV + "/bin/pip", "install", "-q", *PACKAGES], check=True)
    os.environ["STUDENTS_VENV"] = VENV
    os.execv(VENV + "/bin/python", [VENV + "/bin/python", *sys.argv])

warnings.filterwarnings("ignore")
import numpy as np, onnx, onnxruntime, torch, torch.nn as nn, torchvision
from PIL import Image

CONDENSE = os.environ.get("CONDENSE", os.path.realpath(os.path.dirname(__file__) + "/../.build/release/condense"))
NETWORKS = ["mobilenet_v3_small", "shufflenet_v2_x0_5", "efficientnet_b0"]
SIDE, CLASSES = 64, 10
MEAN, STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
SPARSITY = 0.2
EPOCHS = int(os.environ.get("EPOCHS", 5))
STEPS = int(os.environ.get("STEPS", 150))
torch.manual_seed(0)
torch.set_num_threads(1)
R = np.random.default_rng(0)


def pattern(kind):
    """Waves of a direction and a colour of their own, with noise."""
    y, x = np.mgrid[0:SIDE, 0:SIDE] / SIDE
    angle = kind * np.pi / CLASSES
    wave = np.sin(2 * np.pi * (3 + kind % 3) * (x * np.cos(angle) + y * np.sin(angle)) + R.uniform(0, 6))
    colour = np.array([np.cos(kind), np.sin(kind), np.cos(2 * kind)])
    return np.uint8(np.clip(128 + 60 * wave[..., None] * colour + R.normal(0, 25, (SIDE, SIDE, 3)), 0, 255))


def batch(labels):
    x = np.stack([pattern(int(k)) for k in labels]).transpose(0, 3, 1, 2) / 255
    return torch.tensor((x - np.reshape(MEAN, (3, 1, 1))) / np.reshape(STD, (3, 1, 1)), dtype=torch.float32)


def images(folder):
    for split, count in (("train", 24), ("val", 4), ("test", 10)):
        for kind in range(CLASSES):
            place = f"{folder}/{split}/kind{kind}"
            os.makedirs(place, exist_ok=True)
            for k in range(count): Image.fromarray(pattern(kind)).save(f"{place}/{k:02}.png")


def network(name, path):
    model = torchvision.models.get_model(name, weights=None, num_classes=CLASSES)
    optimizer = torch.optim.Adam(model.parameters(), 1e-3)
    labels = torch.arange(CLASSES).repeat(2)
    model.train()
    for step in range(STEPS):
        loss = nn.functional.cross_entropy(model(batch(labels)), labels)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    # Statistics of the last weights.
    for m in model.modules():
        if isinstance(m, nn.BatchNorm2d): m.momentum = None; m.reset_running_stats()
    with torch.no_grad():
        for _ in range(10): model(batch(labels))
    torch.onnx.export(model.eval(), (batch(labels[:2]),), path, dynamo=False, input_names=["input"], output_names=["logits"],
                      dynamic_axes={"input": {0: "n"}, "logits": {0: "n"}})


def run(*command):
    start = time.time()
    done = subprocess.run([CONDENSE, *command], capture_output=True, text=True)
    if done.returncode: raise SystemExit(f"condense {' '.join(command)}\n{done.stderr[-3000:]}")
    return done.stdout, round(time.time() - start, 1)


def grid_step(model):
    makers = {o: n for n in model.graph.node for o in n.output}
    values = {i.name: onnx.numpy_helper.to_array(i) for i in model.graph.initializer}
    node = makers[model.graph.output[0].name]
    return float(values[node.input[1]]) if node.op_type == "DequantizeLinear" else None


class Integers:
    """A file's numbers under the rounding of Documentation/integer-arithmetic.md: written from that page alone."""
    TABLES = {"HardSwish": lambda x, a: x * np.clip(x + 3, 0, 6) / 6, "Sigmoid": lambda x, a: 1 / (1 + np.exp(-x)),
              "HardSigmoid": lambda x, a: np.clip(a["alpha"] * x + a["beta"], 0, 1)}

    def __init__(self, model, x):
        self.values = {i.name: onnx.numpy_helper.to_array(i) for i in model.graph.initializer}
        self.makers = {o: n for n in model.graph.node for o in n.output}
        self.entry, self.x, self.known = model.graph.input[0].name, x, {}
        self.logits = self.scaled(model.graph.output[0].name)

    def scaled(self, name):
        whole, scale = self.read(name)
        return whole.numpy() * scale

    def read(self, name):
        """Integers without their zero point, and the scale, of what a DequantizeLinear makes."""
        pair = self.makers[self.makers[name].input[0]]
        scale, zero = float(self.values[pair.input[1]]), int(self.values[pair.input[2]])
        if pair.output[0] not in self.known:
            if pair.input[0] == self.entry:
                whole = torch.round(torch.tensor(self.x / np.float32(scale))).to(torch.int64).clamp(-zero, 255 - zero)
            else: whole = self.made(pair.input[0], scale, -zero, 255 - zero)
            self.known[pair.output[0]] = whole
        return self.known[pair.output[0]], scale

    def ratio(self, r, most=46):
        shift = int(np.clip(14 - np.floor(np.log2(r)), 0, most))
        multiplier = int(np.rint(r * 2.0 ** shift))
        if multiplier == 1 << 15 and shift > 0: return self.ratio_at(r, shift - 1)
        return min(multiplier, 32767), shift

    def ratio_at(self, r, shift): return min(int(np.rint(r * 2.0 ** shift)), 32767), shift

    def rescale(self, sums, ratios):
        pairs = [self.ratio(r) for r in np.atleast_1d(ratios)]
        axes = [1, -1] + [1] * (sums.dim() - 2)
        multiplier, shift = (torch.tensor(p, dtype=torch.int64).reshape(axes) for p in zip(*pairs))
        half = torch.where(shift > 0, torch.ones_like(shift) << (shift - 1).clamp(min=0), torch.zeros_like(shift))
        return (sums.to(torch.int64) * multiplier + half) >> shift

    def made(self, name, scale, least, most):
        node = self.makers[name]
        kind, a = node.op_type, {a.name: onnx.helper.get_attribute_value(a) for a in node.attribute}
        if kind == "Relu": return self.made(node.input[0], scale, max(least, 0), most)
        if kind in ("Conv", "Gemm"):
            x, sx = self.read(node.input[0])
            weight, bias = (self.makers[n] for n in node.input[1:3])
            zeros = self.values[weight.input[2]].astype("i8").ravel()
            w = self.values[weight.input[0]].astype("i8")
            w = torch.tensor((w - zeros.reshape([-1] + [1] * (w.ndim - 1))).astype("f8"))
            b = torch.tensor(self.values[bias.input[0]].astype("f8"))
            top, left, bottom, right = a.get("pads", [0] * 4)
            sums = nn.functional.conv2d(nn.functional.pad(x.double(), (left, right, top, bottom)), w, b, stride=a["strides"], groups=a["group"]) if kind == "Conv" else x.double() @ w.T + b
            result = self.rescale(sums, sx * np.broadcast_to(self.values[weight.input[1]].astype("f8"), (len(w),)) / scale)
        elif kind == "Concat":
            parts = [self.read(n) for n in node.input]
            result = torch.cat([x if s == scale else self.rescale(x, s / scale) for x, s in parts], 1)
        elif kind == "Add":
            parts = [self.read(n) for n in node.input]
            shift = self.ratio(max(s / scale for _, s in parts), 30)[1]
            result = sum(x * min(int(np.rint(s / scale * 2.0 ** shift)), 32767) for x, s in parts)
            result = (result + (1 << shift >> 1)) >> shift
        elif kind == "Mul":
            (x, sx), (y, sy) = (self.read(n) for n in node.input)
            result = self.rescale(x * y, sx * sy / scale)
        elif kind == "GlobalAveragePool":
            x, sx = self.read(node.input[0])
            result = self.rescale(x.sum((2, 3), keepdim=True), sx / (x.shape[2] * x.shape[3] * scale))
        elif kind in self.TABLES:
            x, sx = self.read(node.input[0])
            result = torch.tensor(np.rint(self.TABLES[kind](sx * x.numpy().astype("f8"), a) / scale)).to(torch.int64)
        else:
            source = self.makers[node.input[0]]
            x, sx = self.read(node.input[0]) if source.op_type == "DequantizeLinear" else (self.made(node.input[0], scale, -1 << 20, 1 << 20), scale)
            assert sx == scale, (kind, name)
            numbers = [self.values[n].tolist() for n in node.input[1:] if n in self.values]
            if kind == "MaxPool":
                top, left, bottom, right = a["pads"]
                result = nn.functional.max_pool2d(nn.functional.pad(x.double(), (left, right, top, bottom), value=-1e9), a["kernel_shape"], a["strides"]).to(torch.int64)
            elif kind == "Slice": result = x.narrow(numbers[2][0], numbers[0][0], numbers[1][0] - numbers[0][0])
            elif kind == "Reshape": result = x.reshape([x.shape[k] if extent == 0 else extent for k, extent in enumerate(numbers[0])])
            elif kind == "Transpose": result = x.permute(a["perm"])
            elif kind == "Flatten": result = x.flatten(1)
            else: raise SystemExit(f"{kind} has no integers here")
        return result.clamp(least, most)


def judge(model, folder, files):
    """A file of Condense's and its export, by their logits up to the constant that probabilities do not tell."""
    out = folder + "/exported"
    subprocess.run(["rm", "-rf", out])
    normalize = [] if model.endswith(".condensed") else ["--normalize", f"mean={','.join(map(str, MEAN))},std={','.join(map(str, STD))}"]
    run("export", model, "--format", "onnx", "--out", out, *normalize)
    told = json.loads(run("predict", model, *files, "--top", str(CLASSES), "--json", *normalize)[0])
    entries = told["predictions"]
    ours = np.array([[p for _, p in sorted((c["class"], c["probability"]) for c in e["classes"])] for e in entries])
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.optimized_model_filepath = out + "/optimized.onnx"
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_EXTENDED
    options.log_severity_level = 4
    session = onnxruntime.InferenceSession(out + "/model.onnx", options, providers=["CPUExecutionProvider"])
    x = np.stack([np.asarray(Image.open(f), "f4") for f in files]).transpose(0, 3, 1, 2) / 255
    x = ((x - np.reshape(MEAN, (3, 1, 1))) / np.reshape(STD, (3, 1, 1))).astype("f4")
    logits = session.run(None, {session.get_inputs()[0].name: x})[0].astype("f8")
    differences = logits - np.log(np.maximum(ours, 1e-300))
    differences -= np.median(differences, 1, keepdims=True)
    step = grid_step(onnx.load(out + "/model.onnx"))
    result = {"bytes": os.path.getsize(out + "/model.onnx"), "images": len(files),
              "samePrediction": int((logits.argmax(1) == ours.argmax(1)).sum()), "largestLogit": round(float(np.abs(logits).max()), 3)}
    if step is None:
        result["difference"] = float(f"{np.abs(differences).max() / np.abs(logits).max():.1e}")
        result["equal"] = bool(np.abs(differences).max() <= 1e-4 * np.abs(logits).max())
    else:
        result["withinStep"] = float((np.abs(differences) <= 1.01 * step).mean())
        # How much of it is the network's: the runtime differs from itself without optimizations by the rounding of floats alone.
        plain = onnxruntime.SessionOptions()
        plain.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
        plain.log_severity_level = 4
        again = onnxruntime.InferenceSession(out + "/model.onnx", plain, providers=["CPUExecutionProvider"]).run(None, {session.get_inputs()[0].name: x})[0]
        result["runtimeWithinStep"] = float((np.abs(again - logits) <= 1.01 * step).mean())
        result["difference"] = float(f"{np.abs(differences).max() / np.abs(logits).max():.1e}")
        exact = Integers(onnx.load(out + "/model.onnx"), x).logits - np.log(np.maximum(ours, 1e-300))
        exact -= np.median(exact, 1, keepdims=True)
        result["sameAsFile"] = float((np.abs(exact) <= 0.02 * step).mean())
        result["equal"] = result["withinStep"] >= 0.99
        operators = [n.op_type for n in onnx.load(out + "/optimized.onnx").graph.node]
        result["layersInIntegers"] = sum(o in ("QLinearConv", "QGemm") for o in operators)
        result["layersInFloats"] = sum(o in ("Conv", "FusedConv", "Gemm", "MatMul") for o in operators)
    return result


def main():
    out, chosen = sys.argv[1], sys.argv[2:] or NETWORKS
    folder = os.environ.get("KEEP") or tempfile.mkdtemp()
    os.makedirs(folder, exist_ok=True)
    images(folder + "/data")
    files = sorted(glob.glob(folder + "/data/test/*/*.png"))
    report = {"schema": 1, "date": time.strftime("%Y-%m-%d"), "packages": PACKAGES, "sparsity": SPARSITY, "networks": {}}
    for name in chosen:
        model = f"{folder}/{name}.onnx"
        network(name, model)
        recipe = f"""recipe: 1
data: {folder}/data
seeds: 1
training: {{learningRate: 0.01}}
teacher: {{model: {model}, normalize: "mean={','.join(map(str, MEAN))},std={','.join(map(str, STD))}"}}
students:
  - name: pruned
    pipeline:
      - channel-pruning: {{criterion: magnitude, sparsity: {SPARSITY}}}
        epochs: {EPOCHS}
  - name: int8
    pipeline:
      - post-training-quantization:
  - name: pruned-int8
    pipeline:
      - channel-pruning: {{criterion: magnitude, sparsity: {SPARSITY}}}
        epochs: {EPOCHS}
      - post-training-quantization:
"""
        with open(folder + "/recipe.yaml", "w") as file: file.write(recipe)
        place = f"{folder}/{name}-run"
        seconds = run("compare", folder + "/recipe.yaml", "--out", place, "--jobs", "1")[1]
        rows = {"imported": judge(model, folder, files)}
        for student in ("pruned", "int8", "pruned-int8"):
            rows[student] = judge(glob.glob(f"{place}/trials/{student}-s*/student.condensed")[0], folder, files)
        report["networks"][name] = {"seconds": seconds, "steps": rows}
        for step, row in rows.items(): print(name, step, row, flush=True)
        with open(out, "w") as file: file.write(json.dumps(report, indent=1) + "\n")


if __name__ == "__main__":
    main()
