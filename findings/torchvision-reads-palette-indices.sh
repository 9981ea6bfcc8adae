#!/usr/bin/env bash
# torchvision's decode_image leaves the mode UNCHANGED unless told otherwise, and a PNG with a palette then comes out as the numbers
# of its palette's entries in one channel: a grey picture of the wrong things, without a word. Where an entry takes fewer than 8 bits
# it is not even these, but the packed bytes of the file. mode="RGB" gives the colours. Pillow's convert("RGB") does, too.
# Needs python3-venv and PyPI. Exits with 1 when the behaviour changed.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install -q torchvision==0.29.2 numpy==2.4.6
cat > "$work/case.py" <<'PYTHON'
import struct, zlib
import torch
from torchvision.io import decode_image

def png(depth, row):
    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
    palette = bytes([200, 10, 20, 210, 30, 40, 220, 50, 60, 230, 70, 80])
    data = (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", 4, 1, depth, 3, 0, 0, 0)) + chunk(b"PLTE", palette)
            + chunk(b"IDAT", zlib.compress(b"\0" + row)) + chunk(b"IEND", b""))
    return torch.frombuffer(bytearray(data), dtype=torch.uint8)

for depth, row in ((8, bytes([0, 1, 2, 3])), (2, bytes([0b00011011]))):
    plain, colours = decode_image(png(depth, row)), decode_image(png(depth, row), mode="RGB")
    first = plain[0, 0].tolist() if depth == 8 else [plain[0, 0, 0].item()]
    print(depth, "bits: channels", plain.shape[0], "values", *first, "| red as RGB", *colours[0, 0].tolist())
PYTHON
"$work/venv/bin/python" "$work/case.py" 2> "$work/errors" | tee "$work/seen" || { cat "$work/errors"; exit 1; }
[ "$(cat "$work/seen")" = "$(cat <<'TEXT'
8 bits: channels 1 values 0 1 2 3 | red as RGB 200 210 220 230
2 bits: channels 1 values 27 | red as RGB 200 210 220 230
TEXT
)" ] || { echo "changed"; exit 1; }
