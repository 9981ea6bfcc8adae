#!/usr/bin/env bash
# A PNG of 16-bit grey, as microscopes and scanners write it, turns almost white when Pillow 13.0.0 converts it to 8 bits: numbers
# are cut off at 255, not scaled. The same grey with an alpha channel, or as three equal colours, is scaled. torchvision's decode_png
# gives 16 bits in every mode, so two loaders of one folder train on different pictures.
# Needs python3-venv and PyPI. Exits with 1 when the behaviour changed.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install -q pillow==13.0.0 numpy==2.4.6
cat > "$work/case.py" <<'PYTHON'
import io, struct, zlib
import numpy as np
from PIL import Image

def png(color_type, samples):
    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
    row = b"\0" + b"".join(struct.pack(">H", s) for s in samples)
    header = struct.pack(">IIBBBBB", len(values), 1, 16, color_type, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(row)) + chunk(b"IEND", b"")

values = [0, 200, 8192, 32768, 65535]
for name, color_type, samples in (("grey", 0, values), ("grey and alpha", 4, [s for v in values for s in (v, 65535)]),
                                  ("colour", 2, [v for v in values for _ in range(3)])):
    image = Image.open(io.BytesIO(png(color_type, samples)))
    for mode in ("L", "RGB"):
        pixels = np.asarray(image.convert(mode)).reshape(len(values), -1)[:, 0]
        print(name, image.mode, mode, *pixels)
PYTHON
OPENBLAS_NUM_THREADS=1 "$work/venv/bin/python" "$work/case.py" 2> "$work/errors" | tee "$work/seen" || { cat "$work/errors"; exit 1; }
[ "$(cat "$work/seen")" = "$(cat <<'TEXT'
grey I;16 L 0 200 255 255 255
grey I;16 RGB 0 200 255 255 255
grey and alpha RGBA L 0 0 32 128 255
grey and alpha RGBA RGB 0 0 32 128 255
colour RGB L 0 0 32 128 255
colour RGB RGB 0 0 32 128 255
TEXT
)" ] || { echo "changed"; exit 1; }
