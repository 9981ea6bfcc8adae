# Makes the .tflite files of LiteRT's tools that are read in tests: a residual network of PyTorch's by litert-torch, channels first
# before a transpose, and quantized by ai-edge-quantizer (.f32: images; .out: what the interpreter gives, as reals).
#
#   python3 -m venv venv && venv/bin/pip install litert-torch ai-edge-quantizer && venv/bin/python make-litert-networks.py
import numpy as np
import litert_torch
import torch
import torch.nn as nn
from ai_edge_litert.interpreter import Interpreter
from ai_edge_quantizer import quantizer, recipe

torch.manual_seed(0)
NAME = "litert_residual"


class Block(nn.Module):
    def __init__(self, i, o, s):
        super().__init__()
        self.conv1, self.norm1 = nn.Conv2d(i, o, 3, s, 1, bias=False), nn.BatchNorm2d(o)
        self.conv2, self.norm2 = nn.Conv2d(o, o, 3, 1, 1, bias=False), nn.BatchNorm2d(o)
        self.short = (nn.Sequential() if i == o
                      else nn.Sequential(nn.Conv2d(i, o, 1, s, bias=False), nn.BatchNorm2d(o)))

    def forward(self, x):
        y = torch.relu(self.norm1(self.conv1(x)))
        return torch.relu(self.norm2(self.conv2(y)) + self.short(x))


class Residual(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv, self.pool = nn.Conv2d(3, 8, 3, 1, 1), nn.MaxPool2d(3, 2, 1)
        self.a, self.b = Block(8, 8, 1), Block(8, 16, 2)
        self.mean, self.logits = nn.AdaptiveAvgPool2d(1), nn.Linear(16, 10)

    def forward(self, x):
        x = self.b(self.a(self.pool(torch.relu(self.conv(x)))))
        return self.logits(torch.flatten(self.mean(x), 1))


def run(path, images):
    interpreter = Interpreter(path)
    interpreter.allocate_tensors()
    takes, gives = interpreter.get_input_details()[0], interpreter.get_output_details()[0]
    found = []
    for image in images:
        if takes["dtype"] != np.float32:
            scale, zero = takes["quantization"]
            image = np.clip(np.rint(image / np.float32(scale)) + zero, -128, 127)
        interpreter.set_tensor(takes["index"], image[None].astype(takes["dtype"]))
        interpreter.invoke()
        y = interpreter.get_tensor(gives["index"])[0].astype("f4")
        if gives["dtype"] != np.float32:
            scale, zero = gives["quantization"]
            y = (y - zero) * np.float32(scale)
        found.append(y)
    return np.array(found, "<f4")


model = Residual()
for name, value in model.state_dict().items():
    if "running_var" in name: value.uniform_(0.5, 1.5)
    if "running_mean" in name: value.normal_(0, 0.1)
model.eval()
images = torch.rand(8, 3, 16, 16) * 2 - 1
images.numpy().tofile(f"{NAME}.f32")
litert_torch.convert(model, (images[:1],)).export(f"{NAME}-float.tflite")
key, names = list(Interpreter(f"{NAME}-float.tflite").get_signature_list().items())[0]
for kind, rule in (("weights", recipe.weight_only_wi8_afp32), ("int8", recipe.static_wi8_ai8)):
    work = quantizer.Quantizer(f"{NAME}-float.tflite")
    work.load_quantization_recipe(rule())
    samples = {key: [{names["inputs"][0]: images[i:i + 1].numpy()} for i in range(len(images))]}
    found = work.quantize(work.calibrate(samples) if work.need_calibration else None)
    open(f"{NAME}-{kind}.tflite", "wb").write(bytes(found.quantized_model))
for kind in ("float", "weights", "int8"):
    run(f"{NAME}-{kind}.tflite", images.numpy()).tofile(f"{NAME}-{kind}.out")
