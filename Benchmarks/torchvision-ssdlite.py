"""Trains torchvision's SSDLite on the blood cells, with the images, epochs and size of Recipes/bccd.yaml.

  torchvision-ssdlite.py bccd-voc.tar.gz [--epochs 120] [--size 192] [--images N] [--seed 0] [--threads 2]

The network is ssdlite320_mobilenet_v3_large from random weights, its transform at SIZE instead of 320; anchors are
relative, so they follow. Optimizer and schedule are those of torchvision's reference recipe (SGD, momentum 0.9, weight
decay 4e-5, cosine, learning rate 0.15 for a batch of 192), scaled to the batch, after one epoch of warm-up. Augmentations
are the reference's for SSD: colours, zoom out, crop by overlap, flip. Trained on train, tested on test, the last epoch
counts. JSON on standard output: VOC's average precision at an overlap of 0.5 (all points), as `condense evaluate` has it.
"""

import argparse
import json
import math
import os
import sys
import tarfile
import tempfile
import time
import xml.etree.ElementTree as ET

import numpy as np
import torch
import torchvision
from PIL import Image
from torchvision import tv_tensors
from torchvision.models.detection import ssdlite320_mobilenet_v3_large
from torchvision.models.detection.transform import GeneralizedRCNNTransform
from torchvision.transforms import v2

CLASSES = ["Platelets", "RBC", "WBC"]


def found_folder(root):
    for folder, names, _ in os.walk(root):
        if {"Annotations", "ImageSets", "JPEGImages"} <= set(names):
            return folder
    sys.exit(f"{root}: no folder with Annotations, ImageSets and JPEGImages")


class Cells(torch.utils.data.Dataset):
    """The images of a split with their boxes: edges from 0, the last pixel included, cut off at the image."""

    def __init__(self, folder, split, limit, transforms):
        with open(f"{folder}/ImageSets/Main/{split}.txt") as file:
            names = file.read().split()[:limit]
        self.transforms = transforms
        self.items = []
        for name in names:
            image = Image.open(f"{folder}/JPEGImages/{name}.jpg").convert("RGB")
            boxes, labels, difficult = [], [], []
            for thing in ET.parse(f"{folder}/Annotations/{name}.xml").getroot().iter("object"):
                x0, y0, x1, y1 = (
                    float(thing.find(f"bndbox/{edge}").text) for edge in ("xmin", "ymin", "xmax", "ymax")
                )
                box = [max(x0 - 1, 0), max(y0 - 1, 0), min(x1, image.width), min(y1, image.height)]
                if box[2] <= box[0] or box[3] <= box[1]:
                    continue
                boxes.append(box)
                labels.append(CLASSES.index(thing.find("name").text) + 1)
                flag = thing.find("difficult")
                difficult.append(flag is not None and flag.text == "1")
            self.items.append((image, boxes, labels, difficult))

    def __len__(self):
        return len(self.items)

    def __getitem__(self, index):
        image, boxes, labels, difficult = self.items[index]
        boxes = tv_tensors.BoundingBoxes(
            torch.tensor(boxes, dtype=torch.float32).reshape(-1, 4), format="XYXY", canvas_size=(image.height, image.width)
        )
        target = {"boxes": boxes, "labels": torch.tensor(labels, dtype=torch.int64)}
        image = tv_tensors.Image(v2.functional.pil_to_tensor(image))
        if self.transforms:
            image, target = self.transforms(image, target)
        image = v2.functional.to_dtype(image, torch.float32, scale=True)
        return image, target, difficult


def collate(batch):
    return tuple(zip(*batch))


def overlaps(box, boxes):
    low, high = np.maximum(box[:2], boxes[:, :2]), np.minimum(box[2:], boxes[:, 2:])
    common = np.prod(np.clip(high - low, 0, None), axis=1)
    area = lambda b: np.prod(b[..., 2:] - b[..., :2], axis=-1)
    return common / (area(box) + area(boxes) - common)


def precision(found, truth, label):
    """VOC's average precision since 2010 for one class; None without true boxes."""
    total, verdicts, used = 0, [], {}
    for image, (boxes, labels, difficult) in enumerate(truth):
        total += sum(1 for own, hard in zip(labels, difficult) if own == label and not hard)
        used[image] = set()
    ordered = sorted(
        ((score, image, box) for image, (boxes, labels, scores) in enumerate(found)
         for box, own, score in zip(boxes, labels, scores) if own == label), key=lambda item: -item[0])
    for _, image, box in ordered:
        boxes, labels, difficult = truth[image]
        own = [i for i, other in enumerate(labels) if other == label]
        shares = overlaps(box, boxes[own]) if own else np.zeros(0)
        if not len(shares) or shares.max() < 0.5:
            verdicts.append(0)
            continue
        best = own[int(shares.argmax())]
        if difficult[best]:
            continue
        verdicts.append(0 if best in used[image] else 1)
        used[image].add(best)
    if total == 0:
        return None
    right = np.cumsum(verdicts)
    recall = np.concatenate([[0], right / total])
    best = np.concatenate([right / np.arange(1, len(right) + 1), [0]])
    best = np.maximum.accumulate(best[::-1])[::-1]
    return float(sum((recall[k + 1] - recall[k]) * best[k] for k in range(len(right))))


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("archive")
    parser.add_argument("--epochs", type=int, default=120)
    parser.add_argument("--size", type=int, default=192)
    parser.add_argument("--batch", type=int, default=24)
    parser.add_argument("--images", type=int, help="use the first images of each split alone, to try the script")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--threads", type=int, default=2)
    given = parser.parse_args()
    torch.manual_seed(given.seed)
    torch.set_num_threads(given.threads)
    with tempfile.TemporaryDirectory() as folder, tarfile.open(given.archive) as archive:
        archive.extractall(folder, filter="data")
        augment = v2.Compose([
            v2.RandomPhotometricDistort(), v2.RandomZoomOut(fill=[127, 127, 127]), v2.RandomIoUCrop(),
            v2.RandomHorizontalFlip(), v2.SanitizeBoundingBoxes(),
        ])
        voc = found_folder(folder)
        train = Cells(voc, "train", given.images, augment)
        test = Cells(voc, "test", given.images, None)
    model = ssdlite320_mobilenet_v3_large(
        weights=None, weights_backbone=None, num_classes=len(CLASSES) + 1, trainable_backbone_layers=6)
    model.transform = GeneralizedRCNNTransform(
        given.size, given.size, [0.5] * 3, [0.5] * 3, size_divisible=1, fixed_size=(given.size, given.size))
    loader = torch.utils.data.DataLoader(
        train, given.batch, shuffle=True, collate_fn=collate, drop_last=len(train) > given.batch)
    rate = 0.15 * given.batch / 192
    optimizer = torch.optim.SGD(model.parameters(), lr=rate, momentum=0.9, weight_decay=4e-5)
    steps, warm = given.epochs * len(loader), len(loader)
    schedule = torch.optim.lr_scheduler.LambdaLR(
        optimizer,
        lambda step: (step + 1) / warm if step < warm
        else 0.5 * (1 + math.cos(math.pi * (step - warm) / max(1, steps - warm))))
    began = time.perf_counter()
    model.train()
    for epoch in range(given.epochs):
        total = 0.0
        for images, targets, _ in loader:
            losses = sum(model(list(images), list(targets)).values())
            if not torch.isfinite(losses):
                sys.exit(f"epoch {epoch + 1}: the loss is {losses.item()}")
            optimizer.zero_grad()
            losses.backward()
            optimizer.step()
            schedule.step()
            total += losses.item() / len(loader)
        print(f"epoch {epoch + 1}: loss {total:.4f}, {time.perf_counter() - began:.0f} s", file=sys.stderr)
    seconds = time.perf_counter() - began
    model.eval()
    found, truth = [], []
    with torch.no_grad():
        for image, target, difficult in (test[i] for i in range(len(test))):
            result = model([image])[0]
            found.append(tuple(result[key].numpy() for key in ("boxes", "labels", "scores")))
            truth.append((target["boxes"].numpy(), target["labels"].tolist(), difficult))
    each = {name: precision(found, truth, label + 1) for label, name in enumerate(CLASSES)}
    known = [value for value in each.values() if value is not None]
    print(json.dumps({
        "schema": 1, "what": "torchvision's SSDLite on the blood cells: VOC's mAP at 0.5 over all points",
        "torch": torch.__version__, "torchvision": torchvision.__version__, "epochs": given.epochs, "size": given.size,
        "batch": given.batch, "seed": given.seed, "trainImages": len(train), "testImages": len(test),
        "parameters": sum(p.numel() for p in model.parameters()), "seconds": round(seconds, 1),
        "map": sum(known) / len(known) if known else None, "perClass": each,
    }))


if __name__ == "__main__":
    main()
