import onnxruntime
shape = [int(a) for a in sys.argv[2:]]
names = [n for n in open("names.txt", encoding="utf-8").read().split("\n") if n]
options = onnxruntime.SessionOptions()
options.log_severity_level = 3
# Optimizations may move the quantizing in front of a value that is an output: it would come out rounded.
if names: options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
options.add_session_config_entry("session.model_external_initializers_file_folder_path", sys.argv[1])
session = onnxruntime.InferenceSession(open("model.onnx", "rb").read(), options,
                                       providers=["CPUExecutionProvider"])
takes = session.get_inputs()[0]
last = len(takes.shape) == 4 and takes.shape[3] in (1, 3, 4) and takes.shape[1] not in (1, 3, 4)
images = numpy.fromfile("images.f32", "<f4").reshape(shape)
if last: images = images.transpose(0, 2, 3, 1)
images = images.astype({"tensor(float16)": "f2", "tensor(double)": "f8"}.get(takes.type, "f4"))
if names:
    values = session.run(names, {takes.name: images[:1]})
    write_layers([(n, v) for n, v in zip(names, values)])
else:
    first = [session.get_outputs()[0].name]
    found = [session.run(first, {takes.name: images[i:i + 1]})[0].ravel() for i in range(len(images))]
    numpy.array(found).astype("<f4").tofile("result")
