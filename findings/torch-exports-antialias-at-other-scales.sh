#!/usr/bin/env bash
# interpolate(scale_factor=0.5) of 7 pixels makes 3 and steps by 2, in torch and in the file that torch.onnx.export writes. With
# antialias=True the exporter writes the size in place of the factor, so the file steps by 7/3: all pixels but the middle of the image
# lie elsewhere, nothing is said. Whole results (8 pixels by 0.5) are alike. With align_corners=True torch's antialias is another
# mapping than ONNX's, so enlarged images differ, too.
# Needs python3-venv and PyPI. Exits with 1 when the behaviour changed.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install -q torch==2.15.0 onnx==1.23.2 onnxscript==0.7.2 onnxruntime==1.32.0 numpy==2.4.6
cat > "$work/case.py" <<'PYTHON'
import contextlib, io, logging, warnings
import numpy as np, onnxruntime as ort, torch
from torch import nn

warnings.filterwarnings("ignore")
logging.disable(logging.CRITICAL)

class Resize(nn.Module):
    def __init__(self, **how):
        super().__init__()
        self.how = how
    def forward(self, x):
        return nn.functional.interpolate(x, mode="bilinear", **self.how)

for width, how in ((8, {"scale_factor": 0.5}), (7, {"scale_factor": 0.5}), (7, {"size": (1, 11), "align_corners": True})):
    for antialias in (False, True):
        x = torch.arange(1.0, width + 1).square().reshape(1, 1, 1, width).repeat(1, 1, 2, 1)
        module = Resize(antialias=antialias, **how).eval()
        with contextlib.redirect_stdout(io.StringIO()):
            program = torch.onnx.export(module, (x,), dynamo=True, verbose=False)
        session = ort.InferenceSession(program.model_proto.SerializeToString(), providers=["CPUExecutionProvider"])
        theirs = session.run(None, {session.get_inputs()[0].name: x.numpy()})[0]
        for name, values in (("torch", module(x).numpy()), ("file", theirs)):
            print(width, *how.values(), "antialias" if antialias else "plain", name, *(f"{v:.2f}" for v in values[0, 0, 0]))
PYTHON
OPENBLAS_NUM_THREADS=1 "$work/venv/bin/python" "$work/case.py" 2> "$work/errors" | tee "$work/seen" || { cat "$work/errors"; exit 1; }
[ "$(cat "$work/seen")" = "$(cat <<'TEXT'
8 0.5 plain torch 2.50 12.50 30.50 56.50
8 0.5 plain file 2.50 12.50 30.50 56.50
8 0.5 antialias torch 3.43 13.00 31.00 53.57
8 0.5 antialias file 3.43 13.00 31.00 53.57
7 0.5 plain torch 2.50 12.50 30.50
7 0.5 plain file 2.50 12.50 30.50
7 0.5 antialias torch 3.43 13.00 31.00
7 0.5 antialias file 4.00 16.94 38.29
7 (1, 11) True plain torch 1.00 2.80 5.00 8.00 11.80 16.00 21.40 27.20 33.80 41.20 49.00
7 (1, 11) True plain file 1.00 2.80 5.00 8.00 11.80 16.00 21.40 27.20 33.80 41.20 49.00
7 (1, 11) True antialias torch 1.00 2.20 4.00 7.00 10.40 14.60 19.60 25.00 31.60 38.60 46.40
7 (1, 11) True antialias file 1.00 2.80 5.00 8.00 11.80 16.00 21.40 27.20 33.80 41.20 49.00
TEXT
)" ] || { echo "changed"; exit 1; }
