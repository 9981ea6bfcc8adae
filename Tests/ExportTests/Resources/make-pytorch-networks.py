"""Small residual networks with random weights, as both of PyTorch's exporters write them.

python3 -m venv v && v/bin/pip install torch onnx onnxscript onnxruntime; v/bin/python make-pytorch-networks.py
"""
import onnx, torch, torch.nn as nn, torch.nn.functional as F, numpy as np, sys, os, onnxruntime as ort

torch.manual_seed(0)
out = sys.argv[1] if len(sys.argv) > 1 else "."

class Block(nn.Module):
    def __init__(self, i, o, s):
        super().__init__()
        self.conv1 = nn.Conv2d(i, o, 3, s, 1, bias=False); self.bn1 = nn.BatchNorm2d(o)
        self.conv2 = nn.Conv2d(o, o, 3, 1, 1, bias=False); self.bn2 = nn.BatchNorm2d(o)
        self.short = nn.Sequential() if i == o else nn.Sequential(nn.Conv2d(i, o, 1, s, bias=False), nn.BatchNorm2d(o))
    def forward(self, x):
        return F.relu(self.bn2(self.conv2(F.relu(self.bn1(self.conv1(x))))) + self.short(x))

class Residual(nn.Module):
    """A residual network: strides, projections, adaptive pooling, view by size."""
    def __init__(self):
        super().__init__()
        self.stem = nn.Conv2d(3, 4, 3, 1, 1, bias=False); self.bn = nn.BatchNorm2d(4)
        self.a = Block(4, 4, 1); self.b = Block(4, 8, 2); self.fc = nn.Linear(8, 10)
    def forward(self, x):
        x = self.b(self.a(F.relu(self.bn(self.stem(x)))))
        x = F.adaptive_avg_pool2d(x, 1)
        return self.fc(x.view(x.size(0), -1))

class OptionA(nn.Module):
    """Shortcuts without weights: every other pixel, zero channels."""
    def __init__(self):
        super().__init__()
        self.c1 = nn.Conv2d(3, 4, 3, 1, 1); self.c2 = nn.Conv2d(4, 8, 3, 2, 1); self.fc = nn.Linear(8, 5)
    def forward(self, x):
        x = F.relu(self.c1(x))
        x = F.relu(self.c2(x) + F.pad(x[:, :, ::2, ::2], (0, 0, 0, 0, 2, 2)))
        return self.fc(x.mean((2, 3)))

class Mobile(nn.Module):
    """Depthwise convolutions, ReLU6, hard swish, squeeze and excitation, channel shuffle, concat, upsampling, padding."""
    def __init__(self):
        super().__init__()
        self.stem = nn.Conv2d(3, 8, 3, 2, 0)
        self.dw = nn.Conv2d(8, 8, 3, 1, 1, groups=8); self.pw = nn.Conv2d(8, 8, 1)
        self.se1 = nn.Conv2d(8, 4, 1); self.se2 = nn.Conv2d(4, 8, 1)
        self.g = nn.Conv2d(8, 8, 1, groups=2)
        self.fc = nn.Linear(16 * 4 * 4, 6); self.drop = nn.Dropout(0.2)
    def forward(self, x):
        x = F.relu6(self.stem(F.pad(x, (1, 1, 1, 1))))
        x = F.hardswish(self.pw(F.leaky_relu(self.dw(x), 0.1)))
        s = torch.sigmoid(self.se2(torch.tanh(self.se1(F.adaptive_avg_pool2d(x, 1)))))
        x = x * s
        y = self.g(x); n, c, h, w = y.shape
        y = y.reshape(n, 2, c // 2, h, w).transpose(1, 2).reshape(n, c, h, w)
        y = F.interpolate(F.max_pool2d(y, 2), scale_factor=2, mode="nearest")
        x = torch.cat([x, y], 1)
        x = F.avg_pool2d(x, 3, 2, 1)
        return self.fc(self.drop(torch.flatten(x, 1)))

def randomize(net):
    for m in net.modules():
        if isinstance(m, nn.BatchNorm2d):
            m.running_mean.normal_(0, .3); m.running_var.uniform_(.5, 2); m.weight.data.uniform_(.5, 1.5); m.bias.data.normal_(0, .3)
    return net.eval()

x = torch.randn(4, 3, 16, 16, generator=torch.Generator().manual_seed(1))
x.numpy().astype("<f4").tofile(f"{out}/images.f32")
for name, make in [("residual", Residual), ("option-a", OptionA), ("mobile", Mobile)]:
    net = randomize(make())
    with torch.no_grad(): y = net(x)
    y.numpy().astype("<f4").tofile(f"{out}/{name}.f32")
    for kind, opset in [("torchscript", 13), ("torchscript", 17), ("dynamo", 18), ("dynamo", 21)]:
        p = f"{out}/{name}-{kind}-{opset}.onnx"
        try:
            if kind == "dynamo":
                torch.onnx.export(net, (x,), p, dynamo=True, opset_version=opset, input_names=["image"], output_names=["logits"],
                                  dynamic_shapes={"x": {0: torch.export.Dim("batch")}}, external_data=(opset == 21), verbose=False)
            else:
                torch.onnx.export(net, (x,), p, dynamo=False, opset_version=opset, input_names=["image"], output_names=["logits"],
                                  dynamic_axes={"image": {0: "batch"}, "logits": {0: "batch"}}, training=torch.onnx.TrainingMode.EVAL,
                                  do_constant_folding=(opset == 17))
            # Stack traces of the machine that this runs on are no part of a network.
            m = onnx.load(p, load_external_data=False)
            for n in m.graph.node: n.ClearField("metadata_props"); n.ClearField("doc_string")
            for v in list(m.graph.value_info) + list(m.graph.input) + list(m.graph.output): v.ClearField("metadata_props")
            m.graph.ClearField("metadata_props"); onnx.save(m, p)
            z = ort.InferenceSession(p).run(None, {"image": x.numpy()})[0]
            print(p, os.path.getsize(p), "ort diff", float(np.abs(z - y.numpy()).max()), z.shape)
        except Exception as e:
            print(p, "FAILED", repr(e)[:300])
