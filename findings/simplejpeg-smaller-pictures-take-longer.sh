#!/usr/bin/env bash
# simplejpeg picks the smallest of libjpeg-turbo's scales (eighths) that still covers min_height and min_width, to save time. At 7, 6
# and 5 eighths the picture takes longer than the whole one: only 8, 4, 2 and 1 have an inverse transform in vector code. So a loader
# that asks for 672x896 of a 768x1024 picture and gets just that spends half as much time again as one that gets it whole. Pillow's
# draft() knows the powers of two alone. Times of this run follow; what is checked is which is longer.
# Needs python3-venv and PyPI. Exits with 1 when the behaviour changed.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install -q simplejpeg==1.9.0 numpy==2.4.6
cat > "$work/case.py" <<'PYTHON'
import sys, time
import numpy as np, simplejpeg

y, x = np.mgrid[0:768, 0:1024]
waves = np.stack([127 + 60 * np.sin(x / (9 + c)) + 50 * np.cos(y / (13 + 2 * c)) for c in range(3)], -1)
noise = np.random.default_rng(0).normal(0, 12, waves.shape)
pixels = np.ascontiguousarray(np.clip(waves + noise, 0, 255).astype(np.uint8))
data = simplejpeg.encode_jpeg(pixels, quality=90, colorspace="RGB", colorsubsampling="420")

def milliseconds(eighths):
    began = time.process_time()
    for _ in range(4):
        out = simplejpeg.decode_jpeg(data, min_height=96 * eighths, min_width=128 * eighths, min_factor=1)
    assert out.shape == (96 * eighths, 128 * eighths, 3)
    return (time.process_time() - began) / 4 * 1000

best = {}
for _ in range(15):
    for eighths in range(8, 0, -1):
        best[eighths] = min(best.get(eighths, 1e9), milliseconds(eighths))
print(*(f"{k}/8 {best[k]:.2f} ms" for k in best), file=sys.stderr)
print("longer than whole:", *(f"{k}/8" for k in best if best[k] > 1.05 * best[8]))
print("shorter than whole:", *(f"{k}/8" for k in best if best[k] < 0.97 * best[8]))
PYTHON
"$work/venv/bin/python" "$work/case.py" | tee "$work/seen"
[ "$(cat "$work/seen")" = "$(cat <<'TEXT'
longer than whole: 7/8 6/8 5/8
shorter than whole: 4/8 3/8 2/8 1/8
TEXT
)" ] || { echo "changed"; exit 1; }
