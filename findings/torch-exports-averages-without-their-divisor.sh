#!/usr/bin/env bash
# AvgPool2d(divisor_override=1) adds a window up where it would average, and any other divisor is allowed. Both exporters of torch 2.15.0
# write a plain AveragePool, which ONNX gives no divisor, and say nothing: sums of 9 numbers come out as their means, a ninth of them.
# torch.export itself keeps the divisor. Needs python3-venv and PyPI. Exits with 1 when the behaviour changed.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install -q torch==2.15.0 onnx==1.23.2 onnxscript==0.7.2 onnxruntime==1.32.0 numpy==2.4.6
cat > "$work/case.py" <<'PYTHON'
import contextlib, io, logging, warnings
import onnx, onnxruntime as ort, torch

warnings.filterwarnings("ignore")
logging.disable(logging.CRITICAL)
x = torch.arange(1.0, 10).reshape(1, 1, 3, 3)
for divisor in (None, 1, 3):
    module = torch.nn.AvgPool2d(3, divisor_override=divisor).eval()
    print("divisor", divisor, "torch", f"{float(module(x)):.2f}", "torch.export", f"{float(torch.export.export(module, (x,)).module()(x)):.2f}")
    for dynamo in (True, False):
        with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
            if dynamo:
                data = torch.onnx.export(module, (x,), dynamo=True, verbose=False).model_proto.SerializeToString()
            else:
                file = io.BytesIO()
                torch.onnx.export(module, (x,), file, dynamo=False)
                data = file.getvalue()
        session = ort.InferenceSession(data, providers=["CPUExecutionProvider"])
        value = float(session.run(None, {session.get_inputs()[0].name: x.numpy()})[0].item())
        print("divisor", divisor, "dynamo" if dynamo else "old", f"{value:.2f}", *(n.op_type for n in onnx.load_from_string(data).graph.node))
PYTHON
OPENBLAS_NUM_THREADS=1 "$work/venv/bin/python" "$work/case.py" 2> "$work/errors" | tee "$work/seen" || { cat "$work/errors"; exit 1; }
[ "$(cat "$work/seen")" = "$(cat <<'TEXT'
divisor None torch 5.00 torch.export 5.00
divisor None dynamo 5.00 AveragePool
divisor None old 5.00 AveragePool
divisor 1 torch 45.00 torch.export 45.00
divisor 1 dynamo 5.00 AveragePool
divisor 1 old 5.00 AveragePool
divisor 3 torch 15.00 torch.export 15.00
divisor 3 dynamo 5.00 AveragePool
divisor 3 old 5.00 AveragePool
TEXT
)" ] || { echo "changed"; exit 1; }
