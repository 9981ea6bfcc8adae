"""Makes the sets of large-sets.sh, and times torchvision on one of them.

  large-sets.py members FOLDER COUNT   COUNT members of about 8 KB in shards: 3,000 different JPEGs, repeated
  large-sets.py photos FOLDER COUNT    COUNT JPEGs of 500x375 in shards, and as files for torchvision
  large-sets.py torchvision FOLDER WORKERS BATCH ROUNDS   images a second of the files, with Pillow, to 224x224
"""

import io
import json
import os
import sys
import time

import numpy as np
from PIL import Image


def picture(rng, width, height, detail, noise):
    """A picture of soft shapes with fine noise, so that its JPEG has content at every scale."""
    coarse = rng.integers(0, 256, (detail, detail, 3), dtype=np.uint8)
    soft = np.asarray(Image.fromarray(coarse).resize((width, height), Image.BICUBIC)).astype(np.float32)
    soft += rng.normal(0, noise, (height, width, 1)).astype(np.float32)
    return Image.fromarray(np.clip(soft, 0, 255).astype(np.uint8))


def jpeg(image, quality):
    target = io.BytesIO()
    image.save(target, "JPEG", quality=quality)
    return target.getvalue()


def entry(name, content):
    """A tar's entry: header, content, padding."""
    header = bytearray(512)
    header[0 : len(name)] = name
    header[100:136] = b"0000644\0" + b"0000000\0" + b"0000000\0" + b"%011o\0" % len(content)
    header[136:148] = b"00000000000\0"
    header[148:157] = b"        0"
    header[257:265] = b"ustar\x0000"
    header[148:156] = b"%06o\0 " % sum(header)
    return bytes(header) + content + b"\0" * (-len(content) % 512)


def shards(folder, count, a_shard, member):
    os.makedirs(folder, exist_ok=True)
    for start in range(0, count, a_shard):
        with open(f"{folder}/part-{start // a_shard:05d}.tar", "wb", 1 << 20) as tar:
            for number in range(start, min(start + a_shard, count)):
                tar.write(entry(*member(number)))
            tar.write(b"\0" * 1024)


def members(folder, count):
    rng = np.random.default_rng(0)
    files = [jpeg(picture(rng, 160, 120, 12, 14), 85) for _ in range(3000)]
    print("mean bytes", sum(map(len, files)) // len(files), file=sys.stderr)
    shards(folder, count, 10_000, lambda n: (b"class%04d/%07d.jpg" % (n % 1000, n), files[n % 3000]))


def photos(folder, count):
    rng = np.random.default_rng(1)
    files = [jpeg(picture(rng, 500, 375, 24, 8), 90) for _ in range(1000)]
    print("mean bytes", sum(map(len, files)) // len(files), file=sys.stderr)
    shards(f"{folder}/shards", count, 1000, lambda n: (b"class%02d/%05d.jpg" % (n % 10, n), files[n % 1000]))
    for n in range(count):
        os.makedirs(f"{folder}/files/class{n % 10:02d}", exist_ok=True)
        with open(f"{folder}/files/class{n % 10:02d}/{n:05d}.jpg", "wb") as file:
            file.write(files[n % 1000])


def peer(folder, workers, batch, rounds):
    import PIL
    import torch
    import torchvision
    from torchvision import datasets, transforms

    torch.set_num_threads(1)
    data = datasets.ImageFolder(
        folder,
        transforms.Compose(
            [transforms.Resize((224, 224)), transforms.ToTensor(), transforms.Normalize([0.5] * 3, [0.25] * 3)]
        ),
    )
    rates = []
    for _ in range(rounds):
        loader = torch.utils.data.DataLoader(data, batch, shuffle=True, num_workers=workers)
        began = time.perf_counter()
        for _ in loader:
            pass
        rates.append(len(data) / (time.perf_counter() - began))
    versions = {"torch": torch.__version__, "torchvision": torchvision.__version__, "Pillow": PIL.__version__}
    print(json.dumps({"images": len(data), "workers": workers, "imagesPerSecond": rates, "versions": versions}))


if __name__ == "__main__":
    what, folder, *numbers = sys.argv[1:]
    {"members": members, "photos": photos, "torchvision": peer}[what](folder, *map(int, numbers))
