try:
    from ai_edge_litert.interpreter import Interpreter
except ImportError:
    try:
        from tflite_runtime.interpreter import Interpreter
    except ImportError:
        from tensorflow.lite import Interpreter
shape = [int(a) for a in sys.argv[2:]]
places = [int(n) for n in open("places.txt").read().split()]
interpreter = Interpreter(model_path=sys.argv[1], experimental_preserve_all_tensors=bool(places))
interpreter.allocate_tensors()
takes, gives = interpreter.get_input_details()[0], interpreter.get_output_details()[0]
images = numpy.fromfile("images.f32", "<f4").reshape(shape)
sides = [int(e) for e in takes["shape"][1:]]
if sides != shape[1:]: images = images.transpose(0, 2, 3, 1)
def real(detail, value):
    scale, zero = detail["quantization"]
    if value.dtype.kind == "f" or scale == 0: return value
    return (value.astype("f4") - zero) * numpy.float32(scale)
found = []
for image in images:
    x = image[None]
    if takes["dtype"] != numpy.float32:
        scale, zero = takes["quantization"]
        ends = numpy.iinfo(takes["dtype"])
        x = numpy.clip(numpy.rint(x / numpy.float32(scale)) + zero, ends.min, ends.max)
    interpreter.set_tensor(takes["index"], x.astype(takes["dtype"]))
    interpreter.invoke()
    found.append(real(gives, interpreter.get_tensor(gives["index"])).ravel())
    if places: break
if places:
    details = {d["index"]: d for d in interpreter.get_tensor_details()}
    layers = []
    for place in places:
        if place not in details: continue
        try: value = interpreter.get_tensor(place)
        except ValueError: continue
        layers.append((str(place), real(details[place], value)))
    write_layers(layers)
else:
    numpy.array(found).astype("<f4").tofile("result")
