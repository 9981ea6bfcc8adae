"""How runtimes of integer networks round: single kernels on sums of which the exact results are known, as JSON.

    python runtime-rounding.py onnx | tflite

prints {runtime: {kernel: integers}}, each kernel with the input that `inputs` below gives. All zero points are 0 in signed
bytes; ONNX has unsigned bytes around 128, of which 128 is taken away again.
"""
import json
import sys

import numpy as np

HALVES = [-2.5, -1.5, -0.5, 0.5, 1.5, 2.5]
inputs = {
    "product-half": list(range(-11, 12)),     # sums that are multiplied by 0.5
    "product-quarter": list(range(-11, 12)),  # sums that are multiplied by 0.25
    "depthwise-half": list(range(-11, 12)),
    "add": HALVES * 3 + HALVES[:2],           # 20: whole blocks of 8 and 16, and a remainder
    "average-pool": HALVES * 3 + HALVES[:2],
    "mean": HALVES * 3 + HALVES[:2],
    "quantize": HALVES * 3 + HALVES[:2],
}


def window(averages):
    """Four bytes a channel, [2, 2, C], with these averages."""
    totals = [round(4 * average) for average in averages]
    return np.array([[t // 4 + (i < t % 4) for i in range(4)] for t in totals], "i4").T.reshape(2, 2, -1)


def onnx_answers():
    import onnxruntime, openvino
    from onnx import TensorProto, helper, numpy_helper

    def model(kernel):
        """The network, its real inputs and the scale of its output."""
        given, tensors, nodes = inputs[kernel], {}, []

        def store(name, value):
            tensors[name] = value
            return name

        def pair(value, name, scale):
            store(name + ".s", np.float32(scale)), store(name + ".z", np.uint8(128))
            nodes.append(helper.make_node("QuantizeLinear", [value, name + ".s", name + ".z"], [name + ".q"]))
            nodes.append(helper.make_node("DequantizeLinear", [name + ".q", name + ".s", name + ".z"], [name]))
            return name

        count = len(given)
        if kernel.startswith(("product", "depthwise")):
            ratio = 0.25 if "quarter" in kernel else 0.5
            depthwise = kernel.startswith("depthwise")
            image = np.zeros((1, count if depthwise else 8, 1, 1), "f4")
            shape = (count, 1 if depthwise else 8, 1, 1)
            store("w.q", np.zeros(shape, "i1")), store("w.s", np.ones(count, "f4")), store("w.z", np.zeros(count, "i1"))
            store("b.q", np.array(given, "i4")), store("b.s", np.ones(count, "f4")), store("b.z", np.zeros(count, "i4"))
            for name in "wb":
                nodes.append(helper.make_node("DequantizeLinear", [name + p for p in (".q", ".s", ".z")], [name], axis=0))
            nodes.append(helper.make_node("Conv", [pair("x", "xd", 1), "w", "b"], ["r"], group=count if depthwise else 1))
            pair("r", "y", 1 / ratio)
        elif kernel == "add":
            image = np.array(given, "f4").reshape(1, count)
            nodes.append(helper.make_node("Add", [pair("x", "xd", 0.5), pair("zero", "zd", 0.5)], ["r"]))
            pair("r", "y", 1)
        elif kernel == "quantize":
            image = np.array(given, "f4").reshape(1, count)
            pair("x", "y", 1)
        else:
            image = window(given).transpose(2, 0, 1)[None].astype("f4")
            attributes = {"kernel_shape": [2, 2], "strides": [2, 2]} if kernel == "average-pool" else {}
            operator = "AveragePool" if kernel == "average-pool" else "GlobalAveragePool"
            nodes.append(helper.make_node(operator, [pair("x", "xd", 1)], ["r"], **attributes))
            pair("r", "y", 1)
        images = {"x": image} | ({"zero": np.zeros_like(image)} if kernel == "add" else {})
        graph = helper.make_graph(
            nodes, kernel, [helper.make_tensor_value_info(n, TensorProto.FLOAT, list(i.shape)) for n, i in images.items()],
            [helper.make_tensor_value_info("y", TensorProto.FLOAT, None)],
            [numpy_helper.from_array(np.asarray(v), k) for k, v in tensors.items()])
        made = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
        return made.SerializeToString(), images, tensors["y.s"]

    def onnxruntime_run(data, images, level):
        options = onnxruntime.SessionOptions()
        options.graph_optimization_level, options.log_severity_level = level, 3
        session = onnxruntime.InferenceSession(data, options, providers=["CPUExecutionProvider"])
        return session.run(None, images)[0]

    core = openvino.Core()

    def openvino_run(data, images):
        compiled = core.compile_model(core.read_model(data), "CPU", {"INFERENCE_PRECISION_HINT": "f32"})
        return compiled(images)[0]

    levels = onnxruntime.GraphOptimizationLevel
    runtimes = {
        "onnxruntime": lambda d, i: onnxruntime_run(d, i, levels.ORT_ENABLE_ALL),
        "onnxruntime, not fused": lambda d, i: onnxruntime_run(d, i, levels.ORT_DISABLE_ALL),
        "openvino": openvino_run,
    }
    answers = {}
    for name, run in runtimes.items():
        answers[name] = {}
        for kernel in inputs:
            data, images, scale = model(kernel)
            answers[name][kernel] = [round(float(v) / float(scale)) for v in run(data, images).ravel()]
    return answers


def tflite_answers():
    import flatbuffers
    from ai_edge_litert import schema_py_generated as schema
    from ai_edge_litert.interpreter import Interpreter, OpResolverType
    from tflite_micro.python.tflite_micro import runtime as micro

    BYTE, WORD, REAL, HALF_BYTE = (
        schema.TensorType.INT8, schema.TensorType.INT32, schema.TensorType.FLOAT32, schema.TensorType.INT4)

    def grid(scales, axis=0):
        made = schema.QuantizationParametersT()
        made.scale = [float(scale) for scale in scales]
        made.zeroPoint, made.quantizedDimension = [0] * len(scales), axis
        return made

    class Network:
        """One operator with constants."""

        def __init__(self):
            self.tensors, self.buffers = [], [schema.BufferT()]

        def tensor(self, shape, kind, quantization=None, data=None):
            made = schema.TensorT()
            made.name, made.shape, made.type, made.quantization = f"t{len(self.tensors)}", list(shape), kind, quantization
            made.buffer = 0
            if data is not None:
                buffer = schema.BufferT()
                buffer.data = list(np.ascontiguousarray(data).tobytes())
                self.buffers.append(buffer)
                made.buffer = len(self.buffers) - 1
            self.tensors.append(made)
            return len(self.tensors) - 1

        def finished(self, code, version, read, output, taken, options, kind):
            operator_code, operator, graph, model = (
                schema.OperatorCodeT(), schema.OperatorT(), schema.SubGraphT(), schema.ModelT())
            operator_code.builtinCode, operator_code.deprecatedBuiltinCode = code, min(code, 127)
            operator_code.version = version
            operator.opcodeIndex, operator.inputs, operator.outputs = 0, read, [output]
            operator.builtinOptions, operator.builtinOptionsType = options, kind
            graph.tensors, graph.inputs, graph.outputs, graph.operators = self.tensors, taken, [output], [operator]
            model.version, model.operatorCodes, model.subgraphs, model.buffers = 3, [operator_code], [graph], self.buffers
            builder = flatbuffers.Builder(1024)
            builder.Finish(model.Pack(builder), b"TFL3")
            return bytes(builder.Output())

    def model(kernel):
        """The network and its inputs."""
        given, network = inputs.get(kernel, []), Network()
        count = len(given)
        operators, options = schema.BuiltinOperator, schema.BuiltinOptions
        if kernel.startswith(("product", "depthwise")):
            ratio, depthwise = 0.25 if "quarter" in kernel else 0.5, kernel.startswith("depthwise")
            image = np.zeros((1, 1, 1, count if depthwise else 8), "i1")
            x = network.tensor(image.shape, BYTE, grid([1]))
            shape = (1, 1, 1, count) if depthwise else (count, 1, 1, 8)
            w = network.tensor(shape, BYTE, grid([1] * count, 3 if depthwise else 0), np.zeros(shape, "i1"))
            b = network.tensor([count], WORD, grid([1] * count), np.array(given, "i4"))
            y = network.tensor((1, 1, 1, count), BYTE, grid([1 / ratio]))
            made = schema.DepthwiseConv2DOptionsT() if depthwise else schema.Conv2DOptionsT()
            made.padding = 1
            made.strideH = made.strideW = made.dilationHFactor = made.dilationWFactor = 1
            if depthwise: made.depthMultiplier = 1
            code = operators.DEPTHWISE_CONV_2D if depthwise else operators.CONV_2D
            kind = options.DepthwiseConv2DOptions if depthwise else options.Conv2DOptions
            return network.finished(code, 3, [x, w, b], y, [x], made, kind), [image]
        if kernel == "linear-4-bits":
            scales = [1, 2, 1, 2]
            integers = (np.arange(32) % 7 - 3).astype("i1")
            x = network.tensor([1, 8], BYTE, grid([1]))
            w = network.tensor([4, 8], HALF_BYTE, grid(scales), ((integers[1::2] & 15) << 4 | (integers[::2] & 15)).astype("u1"))
            b = network.tensor([4], WORD, grid(scales), np.zeros(4, "i4"))
            y = network.tensor([1, 4], BYTE, grid([1]))
            made = network.finished(
                operators.FULLY_CONNECTED, 10, [x, w, b], y, [x], schema.FullyConnectedOptionsT(),
                options.FullyConnectedOptions)
            return made, [np.arange(8, dtype="i1")[None]]
        if kernel == "quantize":
            x, y = network.tensor([1, count], REAL), network.tensor([1, count], BYTE, grid([1]))
            made = network.finished(operators.QUANTIZE, 1, [x], y, [x], schema.QuantizeOptionsT(), options.QuantizeOptions)
            return made, [np.array([given], "f4")]
        if kernel == "add":
            x, z = (network.tensor([1, count], BYTE, grid([0.5])) for _ in range(2))
            y = network.tensor([1, count], BYTE, grid([1]))
            made = network.finished(operators.ADD, 2, [x, z], y, [x, z], schema.AddOptionsT(), options.AddOptions)
            return made, [(2 * np.array([given])).astype("i1"), np.zeros((1, count), "i1")]
        image = window(given)[None].astype("i1")
        x = network.tensor(image.shape, BYTE, grid([1]))
        if kernel == "mean":
            axes = network.tensor([2], WORD, None, np.array([1, 2], "i4"))
            y, made = network.tensor((1, 1, 1, count), BYTE, grid([1])), schema.ReducerOptionsT()
            made.keepDims = True
            return network.finished(operators.MEAN, 2, [x, axes], y, [x], made, options.ReducerOptions), [image]
        y, made = network.tensor((1, 1, 1, count), BYTE, grid([1])), schema.Pool2DOptionsT()
        made.padding = 1
        made.strideH = made.strideW = made.filterHeight = made.filterWidth = 2
        return network.finished(operators.AVERAGE_POOL_2D, 2, [x], y, [x], made, options.Pool2DOptions), [image]

    def litert_run(data, images, resolver):
        interpreter = Interpreter(model_content=data, experimental_op_resolver_type=resolver)
        interpreter.allocate_tensors()
        for detail, image in zip(interpreter.get_input_details(), images):
            interpreter.set_tensor(detail["index"], image)
        interpreter.invoke()
        return interpreter.get_tensor(interpreter.get_output_details()[0]["index"])

    def micro_run(data, images):
        interpreter = micro.Interpreter.from_bytes(data)
        for position, image in enumerate(images): interpreter.set_input(image, position)
        interpreter.invoke()
        return interpreter.get_output(0)

    resolvers = {
        "litert": OpResolverType.AUTO, "litert, no delegates": OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES,
        "litert, reference": OpResolverType.BUILTIN_REF,
    }
    runtimes = {name: (lambda d, i, r=r: litert_run(d, i, r)) for name, r in resolvers.items()}
    runtimes["tflite micro"] = micro_run
    answers = {}
    for name, run in runtimes.items():
        answers[name] = {}
        for kernel in list(inputs) + ["linear-4-bits"]:
            try:
                answers[name][kernel] = [int(v) for v in run(*model(kernel)).ravel()]
            except RuntimeError:
                answers[name][kernel] = []  # refused
    return answers


print(json.dumps({"onnx": onnx_answers, "tflite": tflite_answers}[sys.argv[1]]()))
