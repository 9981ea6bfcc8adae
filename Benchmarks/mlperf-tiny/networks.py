#!/usr/bin/env python3
"""Makes the networks of mlperf-tiny.sh as int8 .tflite files with random weights, inputs, and what LiteRT computes of them.

    networks.py FOLDER [NAME...]

FOLDER gets NAME.tflite, NAME.reshaped.tflite (for BakeNN), NAME.in (images, int8, one behind another), NAME.ref (LiteRT's outputs by
its plain kernels) and NAME.json.
Layers and sizes are those of MLPerf Tiny (github.com/mlcommons/tiny) and of Teachers/; all end in scores, without a softmax. Cycles
hardly depend on weights. Packages come from PyPI into a virtual environment, $VENV, which is made where it is missing.
"""
import json, os, subprocess, sys

PACKAGES = ["tensorflow-cpu==2.21.0", "keras==3.15.1", "ai-edge-litert==2.3.0", "flatbuffers==25.12.19", "numpy==2.4.6"]
VENV = os.environ.get("VENV", os.path.expanduser("~/.cache/condense-tests/mlperf-tiny"))
if not sys.executable.startswith(os.path.realpath(VENV)) and not os.environ.get("TINY_VENV"):
    if not os.path.exists(VENV + "/bin/python"):
        subprocess.run([sys.executable, "-m", "venv", VENV], check=True)
        subprocess.run([VENV + "/bin/pip", "install", "-q", *PACKAGES], check=True)
    os.environ["TINY_VENV"] = VENV
    os.execv(VENV + "/bin/python", [VENV + "/bin/python", *sys.argv])

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
os.environ["CUDA_VISIBLE_DEVICES"] = ""
import flatbuffers, keras, numpy as np, tensorflow as tf
from keras import layers as L
from tensorflow.lite.python import schema_py_generated as schema
from ai_edge_litert.interpreter import Interpreter, OpResolverType

IMAGES = 3


def conv(x, filters, kernel, stride=1, relu=True, norm=True):
    x = L.Conv2D(filters, kernel, strides=stride, padding="same")(x)
    if norm: x = L.BatchNormalization()(x)
    return L.ReLU()(x) if relu else x


def separable(x, filters, stride=1):
    x = L.DepthwiseConv2D(3, strides=stride, padding="same")(x)
    x = L.ReLU()(L.BatchNormalization()(x))
    return conv(x, filters, 1)


def head(x, pool, classes):
    return L.Dense(classes)(L.Flatten()(L.AveragePooling2D(pool)(x)))


def resnet8(batch):
    """Image classification."""
    i = x = L.Input((32, 32, 3), batch_size=batch)
    x = conv(x, 16, 3)
    for filters, stride in ((16, 1), (32, 2), (64, 2)):
        y = conv(conv(x, filters, 3, stride), filters, 3, relu=False)
        x = L.ReLU()(L.Add()([y, x if stride == 1 else conv(x, filters, 1, stride, relu=False, norm=False)]))
    return i, head(x, 8, 10)


def mobilenet_vww(batch):
    """Visual wake words: MobileNetV1, width 0.25."""
    i = x = L.Input((96, 96, 3), batch_size=batch)
    x = conv(x, 8, 3, 2)
    for filters, stride in ((16, 1), (32, 2), (32, 1), (64, 2), (64, 1), (128, 2), *[(128, 1)] * 5, (256, 2), (256, 1)):
        x = separable(x, filters, stride)
    return i, head(x, 3, 2)


def ds_cnn(batch):
    """Keyword spotting."""
    i = x = L.Input((49, 10, 1), batch_size=batch)
    x = conv(x, 64, (10, 4), 2)
    for _ in range(4): x = separable(x, 64)
    return i, head(x, (25, 5), 12)


def autoencoder(batch):
    """Anomaly detection. Its input is an image of one pixel, as Condense reads images alone."""
    i = L.Input((1, 1, 640), batch_size=batch)
    x = L.Flatten()(i)
    for width in (128, 128, 128, 128, 8, 128, 128, 128, 128):
        x = L.ReLU()(L.BatchNormalization()(L.Dense(width)(x)))
    return i, L.Dense(640)(x)


def mobilenet_cifar(batch):
    """Teachers/mobilenet-cifar.yaml, width 0.25."""
    i = x = L.Input((32, 32, 3), batch_size=batch)
    x = conv(x, 8, 3)
    for filters, stride in ((16, 1), (32, 2), (32, 1), (64, 2), (64, 1)): x = separable(x, filters, stride)
    return i, head(x, 8, 10)


def lenet5(batch):
    """Teachers/lenet5.yaml."""
    i = x = L.Input((28, 28, 1), batch_size=batch)
    for filters in (20, 50): x = L.MaxPooling2D(2)(L.ReLU()(L.Conv2D(filters, 5)(x)))
    return i, L.Dense(10)(L.ReLU()(L.Dense(500)(L.Flatten()(x))))


NETWORKS = {
    "resnet8": resnet8, "mobilenet-vww": mobilenet_vww, "ds-cnn": ds_cnn, "autoencoder": autoencoder,
    "mobilenet-cifar": mobilenet_cifar, "lenet5": lenet5}


def multiply_adds(model):
    total = 0
    for layer in model.layers:
        if isinstance(layer, L.DepthwiseConv2D):
            total += int(np.prod(layer.output.shape[1:])) * int(np.prod(layer.kernel_size))
        elif isinstance(layer, L.Conv2D):
            total += int(np.prod(layer.output.shape[1:])) * int(np.prod(layer.kernel.shape[:3]))
        elif isinstance(layer, L.Dense):
            total += int(np.prod(layer.kernel.shape))
    return total


def contents(data):
    """Names of its operators, as TensorFlow Lite Micro adds them, and bytes of weights and biases."""
    model = schema.ModelT.InitFromPackedBuf(data, 0)
    names = {code: name for name, code in vars(schema.BuiltinOperator).items() if isinstance(code, int)}
    operators = {names[max(code.builtinCode, code.deprecatedBuiltinCode)] for code in model.operatorCodes}
    capitals = {"CONV_2D": "Conv2D", "DEPTHWISE_CONV_2D": "DepthwiseConv2D", "MAX_POOL_2D": "MaxPool2D",
                "AVERAGE_POOL_2D": "AveragePool2D"}
    buffers = {tensor.buffer for tensor in model.subgraphs[0].tensors}
    return {
        "operators": sorted(capitals.get(name) or name.title().replace("_", "") for name in operators),
        "weightBytes": sum(len(model.buffers[k].data) for k in buffers if model.buffers[k].data is not None)}


def reshaped(data):
    """The same network with a RESHAPE, and its options, before fully connected layers of images: BakeNN 1.0 asks for both."""
    model = schema.ModelT.InitFromPackedBuf(data, 0)
    graph = model.subgraphs[0]
    code = next((k for k, c in enumerate(model.operatorCodes) if c.builtinCode == schema.BuiltinOperator.RESHAPE), None)
    if code is None:
        code = len(model.operatorCodes)
        added = schema.OperatorCodeT()
        added.builtinCode = added.deprecatedBuiltinCode = schema.BuiltinOperator.RESHAPE
        added.version = 1
        model.operatorCodes.append(added)
    fully_connected = {k for k, c in enumerate(model.operatorCodes) if c.builtinCode == schema.BuiltinOperator.FULLY_CONNECTED}

    def reshape(operator, shape):
        operator.builtinOptionsType = schema.BuiltinOptions.ReshapeOptions
        operator.builtinOptions = schema.ReshapeOptionsT()
        operator.builtinOptions.newShape = [int(length) for length in shape]

    operators = []
    for operator in graph.operators:
        if operator.opcodeIndex == code: reshape(operator, graph.tensors[operator.outputs[0]].shape)
        if operator.opcodeIndex in fully_connected and len(graph.tensors[operator.inputs[0]].shape) > 2:
            source, flat, shape = graph.tensors[operator.inputs[0]], schema.TensorT(), schema.TensorT()
            flat.shape, flat.type, flat.quantization = [1, int(np.prod(source.shape))], source.type, source.quantization
            flat.name, flat.buffer, flat.hasRank = b"flat", 0, True
            buffer = schema.BufferT()
            buffer.data = np.frombuffer(np.array(flat.shape, np.int32).tobytes(), np.uint8)
            model.buffers.append(buffer)
            shape.shape, shape.type, shape.name, shape.buffer = [2], schema.TensorType.INT32, b"shape", len(model.buffers) - 1
            shape.hasRank = True
            graph.tensors += [flat, shape]
            added = schema.OperatorT()
            added.opcodeIndex, added.inputs = code, [operator.inputs[0], len(graph.tensors) - 1]
            added.outputs = [len(graph.tensors) - 2]
            reshape(added, flat.shape)
            operators.append(added)
            operator.inputs = [len(graph.tensors) - 2, *operator.inputs[1:]]
        operators.append(operator)
    graph.operators = operators
    builder = flatbuffers.Builder(len(data) + 1024)
    builder.Finish(model.Pack(builder), b"TFL3")
    return bytes(builder.Output())


def main(folder, names):
    os.makedirs(folder, exist_ok=True)
    for name in names or NETWORKS:
        keras.utils.set_random_seed(1)
        model = keras.Model(*NETWORKS[name](None))
        shape = model.input_shape[1:]
        random = np.random.default_rng(2)
        images = random.random((16, *shape), dtype=np.float32)
        # A bias of zeros would be left out.
        for layer in model.layers:
            if isinstance(layer, L.Dense): layer.bias.assign(random.normal(0, 0.05, layer.bias.shape))
        for _ in range(3): model(images, training=True)
        # Of one image: else the file computes its batch size at each call.
        single = keras.Model(*NETWORKS[name](1))
        single.set_weights(model.get_weights())
        converter = tf.lite.TFLiteConverter.from_keras_model(single)
        converter.optimizations = [tf.lite.Optimize.DEFAULT]
        converter.representative_dataset = lambda: ([image[None]] for image in images)
        converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
        converter.inference_input_type = converter.inference_output_type = tf.int8
        data = converter.convert()
        path = os.path.join(folder, name)
        with open(path + ".tflite", "wb") as file: file.write(data)
        with open(path + ".reshaped.tflite", "wb") as file: file.write(reshaped(data))
        interpreter = Interpreter(model_content=data, experimental_op_resolver_type=OpResolverType.BUILTIN_REF)
        interpreter.allocate_tensors()
        entry, exit = interpreter.get_input_details()[0], interpreter.get_output_details()[0]
        with open(path + ".in", "wb") as inputs, open(path + ".ref", "wb") as outputs:
            for _ in range(IMAGES):
                image = random.integers(-128, 128, entry["shape"], dtype=np.int8)
                interpreter.set_tensor(entry["index"], image)
                interpreter.invoke()
                inputs.write(image.tobytes())
                outputs.write(interpreter.get_tensor(exit["index"]).tobytes())
        facts = {"multiplyAdds": multiply_adds(model), **contents(data), "inputBytes": image.size,
                 "outputBytes": int(np.prod(exit["shape"])), "fileBytes": len(data)}
        with open(path + ".json", "w") as file: json.dump(facts, file)
        print(name, facts, file=sys.stderr)


if __name__ == "__main__": main(sys.argv[1], sys.argv[2:])
