#!/usr/bin/env python3
"""Small networks on a simulated Arduino Uno: Condense's C, emlearn's, and a beginner's plain loops; exact cycles, in simavr.

    Benchmarks/uno-peers.py OUT.json [PROGRAM...]

PROGRAM: condense, emlearn (0.23.2, floats), plain-float and plain-int8 (loops over arrays in flash, two buffers in turns; the latter
over the integers of the .tflite file, each sum times a float); all by default. Rows of other programs that OUT holds are kept.
Weights are random. Networks: mlp 64-16-10, mlp-small 16-16-4, and the one of Teachers/cnn-uno.yaml. All are compiled by avr-gcc with
-O2 and, as the Arduino IDE does, -Os, with the firmware and the harness of `condense profile`. Packages come from PyPI into a virtual
environment, $VENV, which is made where it is missing. CONDENSE is the program. Needs the simulators (make simulators).
"""
import datetime, json, os, re, subprocess, sys, tempfile

PACKAGES = ["tensorflow-cpu==2.21.0", "keras==3.15.1", "ai-edge-litert==2.3.0", "emlearn==0.23.2", "numpy==2.4.6"]
VENV = os.environ.get("VENV", os.path.expanduser("~/.cache/condense-tests/uno-peers"))
if not sys.executable.startswith(os.path.realpath(VENV)) and not os.environ.get("UNO_VENV"):
    if not os.path.exists(VENV + "/bin/python"):
        subprocess.run([sys.executable, "-m", "venv", VENV], check=True)
        subprocess.run([VENV + "/bin/pip", "install", "-q", *PACKAGES], check=True)
    os.environ["UNO_VENV"] = VENV
    os.execv(VENV + "/bin/python", [VENV + "/bin/python", *sys.argv])

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
os.environ["CUDA_VISIBLE_DEVICES"] = ""
import numpy as np, tensorflow as tf, keras
from keras import layers as L
from tensorflow.lite.python import schema_py_generated as schema
from ai_edge_litert.interpreter import Interpreter, OpResolverType

HOME = os.path.realpath(os.path.dirname(__file__) + "/..")
RESOURCES = HOME + "/Sources/Simulation/Resources/"
CONDENSE = os.environ.get("CONDENSE", HOME + "/.build/release/condense")
IMAGES, FLASH, RAM = 5, 32256, 2048


class Failed(Exception):
    pass


def call(*arguments, folder=None):
    run = subprocess.run(arguments, cwd=folder, capture_output=True, text=True)
    if run.returncode: raise Failed(f"{os.path.basename(arguments[0])}: {(run.stderr or run.stdout)[-600:]}")
    return run.stdout


# MARK: Networks

def mlp(inputs, hidden, outputs):
    i = L.Input((1, 1, inputs), batch_size=1)
    return i, [L.Flatten(), L.Dense(hidden, activation="relu"), L.Dense(outputs)]


def cnn_uno():
    return L.Input((28, 28, 1), batch_size=1), [
        L.Conv2D(8, 5, strides=3, activation="relu"), L.Conv2D(24, 3, activation="relu"), L.MaxPooling2D(2), L.Flatten(),
        L.Dense(32, activation="relu"), L.Dense(10)]


NETWORKS = {"mlp": lambda: mlp(64, 16, 10), "mlp-small": lambda: mlp(16, 16, 4), "cnn-uno": cnn_uno}


class Network:
    def __init__(self, name, folder):
        keras.utils.set_random_seed(1)
        random = np.random.default_rng(2)
        i, self.layers = NETWORKS[name]()
        x = i
        for layer in self.layers: x = layer(x)
        model = keras.Model(i, x)
        for layer in self.layers:
            if layer.weights: layer.bias.assign(random.normal(0, 0.05, layer.bias.shape))
        images = random.random((16, *model.input_shape[1:]), dtype=np.float32)
        converter = tf.lite.TFLiteConverter.from_keras_model(model)
        converter.optimizations = [tf.lite.Optimize.DEFAULT]
        converter.representative_dataset = lambda: ([image[None]] for image in images)
        converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
        converter.inference_input_type = converter.inference_output_type = tf.int8
        self.data, self.path = converter.convert(), f"{folder}/{name}.tflite"
        with open(self.path, "wb") as file: file.write(self.data)
        interpreter = Interpreter(model_content=self.data, experimental_op_resolver_type=OpResolverType.BUILTIN_REF)
        interpreter.allocate_tensors()
        entry, exit = interpreter.get_input_details()[0], interpreter.get_output_details()[0]
        self.inputs = random.integers(-128, 128, (IMAGES, *entry["shape"][1:]), dtype=np.int8)
        self.outputs = []
        for image in self.inputs:
            interpreter.set_tensor(entry["index"], image[None])
            interpreter.invoke()
            self.outputs.append(interpreter.get_tensor(exit["index"])[0])
        self.outputs = np.array(self.outputs)
        (scale, zero), (self.scale, _) = entry["quantization"], exit["quantization"]
        self.floats = ((self.inputs.astype(np.float32) - zero) * scale).astype(np.float32)
        self.float_outputs = np.concatenate([model(image[None]).numpy() for image in self.floats])
        self.multiply_adds = sum(
            int(np.prod(layer.kernel.shape)) * (int(np.prod(layer.output.shape[1:3])) if isinstance(layer, L.Conv2D) else 1)
            for layer in self.layers if layer.weights)


# MARK: Programs: files, what their header defines, bytes of an image, and what outputs are read as

def header(input_type, inputs, output_type, outputs, body):
    return f"""#include <stdint.h>
{input_type} *network_input(void); /* {inputs} */
const {output_type} *network_run(void); /* {outputs} */
{body}"""


def condense(network, work):
    call(CONDENSE, "export", network.path, "--format", "c", "--target", "uno", "--name", "network", "--normalize",
         "mean=0,std=1,range=1", "--out", work + "/exported")
    return [work + "/exported/network.c"], work + "/exported/network.h", np.int8, np.int8


def emlearn(network, work):
    from emlearn import net
    if any(isinstance(layer, (L.Conv2D, L.MaxPooling2D)) for layer in network.layers): raise Failed("it has no convolutions")
    dense = [layer for layer in network.layers if layer.weights]
    text = net.c_generate_net_loadable(
        ["relu"] * (len(dense) - 1) + ["identity"], [layer.kernel.numpy() for layer in dense],
        [layer.bias.numpy() for layer in dense], "net")
    inputs, outputs = dense[0].kernel.shape[0], dense[-1].kernel.shape[1]
    write(work + "/network.h", header("float", inputs, "float", outputs, ""))
    write(work + "/network.c", f"""#include "network.h"
{text}
static float in[{inputs}];
float *network_input(void) {{ return in; }}
const float *network_run(void) {{
  static float out[{outputs}];
  net_regress(in, {inputs}, out, {outputs});
  return out;
}}
""")
    return [work + "/network.c"], work + "/network.h", np.float32, np.float32


def plain(network, work, layers, element, sum_type, finish, entry_zero):
    """Loops as a beginner writes them. Layers: (kind, input shape, output shape, kernel, stride, weights, biases, more)."""
    progmem, reads = [], {"float": "pgm_read_float", "int8_t": "(int8_t)pgm_read_byte", "int32_t": "(int32_t)pgm_read_dword"}
    # Buffers in turns; the first holds the image.
    sizes = [int(np.prod(layers[0][1]))] + [int(np.prod(layer[2])) for layer in layers]
    body = []

    def array(name, kind, values):
        progmem.append(f"static const {kind} {name}[{len(values)}] PROGMEM = {{{', '.join(repr(v) for v in values)}}};")

    for k, (what, read, made, kernel, stride, weights, biases, more) in enumerate(layers):
        source, target = f"buffer{k % 2}", f"buffer{(k + 1) % 2}"
        if weights is not None:
            array(f"w{k}", element, weights.flatten().tolist())
            array(f"b{k}", sum_type, biases.flatten().tolist())
            for name, kind, values in more.get("arrays", []): array(f"{name}{k}", kind, values)
        load = f"{reads[element]}(&w{k}[%s])"
        zero, count = more.get("zero", entry_zero), int(np.prod(read))
        pixels = f"for (int16_t y = 0; y < {made[0]}; y++) for (int16_t x = 0; x < {made[1 % len(made)]}; x++)"
        if what == "linear":
            body.append(f"""  for (int16_t o = 0; o < {made[-1]}; o++) {{
    {sum_type} sum = {reads[sum_type]}(&b{k}[o]);
    for (int16_t i = 0; i < {count}; i++) sum += ({sum_type})({source}[i]{zero}) * {load % f"o * {count} + i"};
    {target}[o] = {finish(k, more)};
  }}""")
        elif what == "conv":
            h, w, c = read
            body.append(f"""  {pixels} for (int16_t o = 0; o < {made[2]}; o++) {{
    {sum_type} sum = {reads[sum_type]}(&b{k}[o]);
    for (int16_t a = 0; a < {kernel}; a++) for (int16_t b = 0; b < {kernel}; b++) for (int16_t i = 0; i < {c}; i++)
      sum += ({sum_type})({source}[((y * {stride} + a) * {w} + x * {stride} + b) * {c} + i]{zero})
        * {load % f"((o * {kernel} + a) * {kernel} + b) * {c} + i"};
    {target}[(y * {made[1]} + x) * {made[2]} + o] = {finish(k, more)};
  }}""")
        else:
            h, w, c = read
            body.append(f"""  {pixels} for (int16_t o = 0; o < {c}; o++) {{
    {element} most = {source}[(y * {stride} * {w} + x * {stride}) * {c} + o];
    for (int16_t a = 0; a < {kernel}; a++) for (int16_t b = 0; b < {kernel}; b++) {{
      {element} v = {source}[((y * {stride} + a) * {w} + x * {stride} + b) * {c} + o];
      if (v > most) most = v;
    }}
    {target}[(y * {made[1]} + x) * {c} + o] = most;
  }}""")
    buffers = [max(sizes[parity::2]) for parity in (0, 1)]
    write(work + "/network.h", header(element, sizes[0], element, sizes[-1], ""))
    write(work + "/network.c", f"""#include "network.h"
#include <avr/pgmspace.h>
#include <math.h>
{chr(10).join(progmem)}
static {element} buffer0[{buffers[0]}], buffer1[{buffers[1]}];
static inline int8_t clamped(float value, int8_t least) {{
  int32_t rounded = lroundf(value);
  return rounded < least ? least : rounded > 127 ? 127 : rounded;
}}
{element} *network_input(void) {{ return buffer0; }}
const {element} *network_run(void) {{
{chr(10).join(body)}
  return buffer{len(layers) % 2};
}}
""")
    return [work + "/network.c"], work + "/network.h"


def plain_float(network, work):
    layers = []
    for layer in network.layers:
        read, made = layer.input.shape[1:], layer.output.shape[1:]
        relu = layer.weights and layer.get_config()["activation"] == "relu"
        if isinstance(layer, L.Dense):
            layers.append(("linear", read, made, 0, 0, layer.kernel.numpy().T, layer.bias.numpy(), {"relu": relu}))
        elif isinstance(layer, L.Conv2D):
            layers.append(("conv", read, made, layer.kernel_size[0], layer.strides[0], layer.kernel.numpy().transpose(3, 0, 1, 2),
                           layer.bias.numpy(), {"relu": relu}))
        elif isinstance(layer, L.MaxPooling2D):
            layers.append(("pool", read, made, 2, 2, None, None, {}))
    finish = lambda k, more: "sum > 0 ? sum : 0" if more["relu"] else "sum"
    return *plain(network, work, layers, "float", "float", finish, ""), np.float32, np.float32


def plain_int8(network, work):
    model = schema.ModelT.InitFromPackedBuf(network.data, 0)
    graph, B = model.subgraphs[0], schema.BuiltinOperator
    def values(index, kind):
        return np.frombuffer(bytes(model.buffers[graph.tensors[index].buffer].data), kind).reshape(graph.tensors[index].shape)
    layers, zero = [], 0
    for operator in graph.operators:
        code = model.operatorCodes[operator.opcodeIndex].builtinCode
        x, y = graph.tensors[operator.inputs[0]], graph.tensors[operator.outputs[0]]
        read, made, options = list(x.shape[1:]), list(y.shape[1:]), operator.builtinOptions
        if code == B.RESHAPE: continue
        if code == B.MAX_POOL_2D:
            layers.append(("pool", read, made, options.filterHeight, options.strideH, None, None, {}))
            continue
        scales = graph.tensors[operator.inputs[1]].quantization.scale
        factors = np.broadcast_to(np.asarray(scales) * x.quantization.scale[0] / y.quantization.scale[0], made[-1:])
        z, out = int(x.quantization.zeroPoint[0]), int(y.quantization.zeroPoint[0])
        relu = options.fusedActivationFunction == schema.ActivationFunctionType.RELU
        more = {"zero": f" - {z}" if z >= 0 else f" + {-z}", "out": out, "least": max(out, -128) if relu else -128,
                "arrays": [("m", "float", [float(f) for f in factors])]}
        weights, biases = values(operator.inputs[1], np.int8), values(operator.inputs[2], np.int32)
        kernel, stride = (weights.shape[1], options.strideH) if code == B.CONV_2D else (0, 0)
        layers.append(("conv" if code == B.CONV_2D else "linear", read, made, kernel, stride, weights, biases, more))
    finish = lambda k, more: f"clamped(sum * pgm_read_float(&m{k}[o]) + ({more['out']}), {more['least']})"
    return *plain(network, work, layers, "int8_t", "int32_t", finish, ""), np.int8, np.int8


PROGRAMS = {"condense": condense, "emlearn": emlearn, "plain-float": plain_float, "plain-int8": plain_int8}


def write(path, text):
    with open(path, "w") as file: file.write(text)


# MARK: Measuring

def measure(program, network, level, work):
    sources, head, input_type, output_type = PROGRAMS[program](network, work)
    inputs = network.inputs if input_type == np.int8 else network.floats
    size, results = inputs[0].size, network.outputs[0].size
    in_bytes, out_bytes = size * input_type().nbytes, results * output_type().nbytes
    import emlearn as package
    call("avr-gcc", "-mmcu=atmega328p", level, "-std=gnu99", "-ffunction-sections", "-fdata-sections", "-Wl,--gc-sections",
         # Room for what does not fit, so that it is told by how much.
         "-Wl,--defsym=__TEXT_REGION_LENGTH__=1048576", "-Wl,--defsym=__DATA_REGION_LENGTH__=1048576",
         "-I" + os.path.dirname(package.__file__), "-I" + work, f'-DCONDENSE_HEADER="{head}"', "-DCONDENSE_INPUT=network_input",
         "-DCONDENSE_RUN=network_run", "-o", "firmware.elf", RESOURCES + "avr-firmware.c", *sources, "-lm", folder=work)
    sections = {}
    for line in call("avr-size", "-A", "firmware.elf", folder=work).split("\n"):
        words = line.split()
        if len(words) == 3 and words[0].startswith("."): sections[words[0]] = int(words[1])
    flash = sum(sections.get(name, 0) for name in (".text", ".rodata", ".data"))
    static = sum(sections.get(name, 0) for name in (".data", ".bss", ".noinit"))
    sizes = {"flashBytes": flash, "staticBytes": static}
    beyond = [f"{what}: {used - room} bytes too many"
              for what, used, room in (("flash", flash, FLASH), ("RAM", static, RAM)) if used > room]
    if beyond: return sizes | {"reason": ", ".join(beyond)}
    symbols = {words[2]: int(words[0], 16) for words in map(str.split, call("avr-nm", "firmware.elf", folder=work).split("\n"))
               if len(words) == 3}
    inputs.tofile(work + "/inputs.bin")
    call("gcc", "-O2", RESOURCES + "avr-harness.c", "-o", "harness", "-lsimavr", "-lelf", "-lm", "-lpthread", folder=work)
    # The harness ends when its standard input does.
    harness = subprocess.Popen(
        ["./harness", "elf=firmware.elf", "mcu=atmega328p", "hz=16000000", "inputs=inputs.bin", "outputs=outputs.bin",
         "report=report.txt",
         f"run={symbols['network_run']}", f"fill={symbols['condense_fill']}", f"keep={symbols['condense_keep']}",
         f"end={symbols['_end'] & 0xFFFF}", f"in={in_bytes}", f"out={out_bytes}", "limit=2000000000"],
        cwd=work, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    said = harness.stderr.read()
    if harness.wait(): raise Failed(said[-300:])
    harness.stdin.close()
    report = [line.split() for line in open(work + "/report.txt")]
    stack = next(int(words[1]) for words in report if words[0] == "stack")
    beyond = [int(words[1]) for words in report if words[0] == "collision"]
    if beyond: return sizes | {"stackBytes": stack, "reason": f"RAM: the stack runs {beyond[0]} bytes into the variables"}
    cycles = [int(words[1]) for words in report if words[0] == "call"]
    found = np.fromfile(work + "/outputs.bin", output_type).reshape(IMAGES, results)
    expected = network.outputs if output_type == np.int8 else network.float_outputs
    unit = 1 if output_type == np.int8 else network.scale
    mean = sum(cycles) / len(cycles)
    return sizes | {
        "stackBytes": stack, "ramBytes": static + stack, "cycles": round(mean), "ms": round(mean / 16000, 3),
        "cyclesPerMultiplyAdd": round(mean / network.multiply_adds, 2),
        "greatestDifferenceInSteps": round(float(np.abs(found.astype(np.float64) - expected).max() / unit), 3)}


def main(out, programs):
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        for name in NETWORKS:
            network = Network(name, folder)
            for level in ("-O2", "-Os"):
                for program in programs:
                    with tempfile.TemporaryDirectory() as work:
                        try: found = measure(program, network, level, work)
                        except Failed as failure: found = {"reason": str(failure)}
                    rows.append({"network": name, "program": program, "target": "uno", "flags": level,
                                 "multiplyAdds": network.multiply_adds, "date": datetime.date.today().isoformat()} | found)
                    print(json.dumps(rows[-1])[:300], file=sys.stderr, flush=True)
    key = lambda row: (row["network"], row["flags"], row["program"])
    made = {key(row) for row in rows}
    if os.path.exists(out): rows += [row for row in json.load(open(out))["rows"] if key(row) not in made]
    gcc = call("avr-gcc", "--version").split("\n")[0]
    with open(out + ".partial", "w") as file:
        json.dump({"schema": 1, "tools": {"avr-gcc": gcc, "packages": PACKAGES}, "rows": sorted(rows, key=key)}, file, indent=1)
    os.rename(out + ".partial", out)
    ours = {key(row)[:2]: row for row in rows if row["program"] == "condense"}
    for row in sorted(rows, key=key):
        our = ours.get(key(row)[:2], {})
        ratio = f"{our['cycles'] / row['cycles']:.3f}" if "cycles" in row and "cycles" in our else "-"
        print(row["network"], row["flags"], row["program"], row.get("flashBytes", "-"), row.get("ramBytes", "-"),
              row.get("cycles", "-"), row.get("cyclesPerMultiplyAdd", "-"), ratio, row.get("reason", "")[:80], sep="\t")


if __name__ == "__main__":
    if len(sys.argv) < 2: raise SystemExit(__doc__)
    main(sys.argv[1], sys.argv[2:] or list(PROGRAMS))
