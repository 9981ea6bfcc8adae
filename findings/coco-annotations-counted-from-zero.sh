#!/usr/bin/env bash
# Annotations of a COCO file whose ids begin at 0: pycocotools takes the one with id 0 for "matched by none", so who finds it is
# charged with a false alarm, and a perfect detector of two things has an AP of 0.25. faster-coco-eval does the same. hotcoco
# says so and counts rightly. Where "area" is missing, pycocotools raises, hotcoco takes the box, and faster-coco-eval counts all as small.
# Needs python3-venv and PyPI. Exits with 1 when the behaviour changed.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install -q pycocotools==2.0.11 faster-coco-eval==1.8.0 hotcoco==1.3.0 numpy==2.4.6
cat > "$work/case.py" <<'PYTHON'
import contextlib, copy, io, json, os, sys, warnings
import faster_coco_eval, hotcoco, pycocotools.coco, pycocotools.cocoeval

warnings.filterwarnings("ignore")
os.chdir(sys.argv[1])
box = [10.0, 10.0, 50.0, 50.0]
found = [{"image_id": i, "category_id": 1, "bbox": box, "score": score} for i, score in ((1, 0.9), (2, 0.8))]

def truth(first, areas=True):
    things = [{"id": first + k, "image_id": 1 + k, "category_id": 1, "bbox": box, "iscrowd": 0, "area": 2500.0} for k in (0, 1)]
    if not areas:
        for thing in things:
            del thing["area"]
    return {"info": {}, "images": [{"id": i, "width": 64, "height": 64, "file_name": f"{i}.png"} for i in (1, 2)],
            "annotations": things, "categories": [{"id": 1, "name": "thing"}]}

def score(name, given):
    if name == "hotcoco":
        json.dump(given, open("truth.json", "w"))
        json.dump(found, open("found.json", "w"))
        true = hotcoco.COCO("truth.json")
        evaluation = hotcoco.COCOeval(true, true.load_res("found.json"), "bbox")
    else:
        kinds = {"pycocotools": (pycocotools.coco.COCO, pycocotools.cocoeval.COCOeval),
                 "faster-coco-eval": (faster_coco_eval.COCO, faster_coco_eval.COCOeval_faster)}[name]
        true = kinds[0]()
        true.dataset = copy.deepcopy(given)
        true.createIndex()
        evaluation = kinds[1](true, true.loadRes(copy.deepcopy(found)), "bbox")
    evaluation.evaluate()
    evaluation.accumulate()
    evaluation.summarize()
    return [float(evaluation.stats[k]) for k in (0, 3, 4)]

for what, given in (("ids from 1", truth(1)), ("ids from 0", truth(0)), ("no areas", truth(1, areas=False))):
    for name in ("pycocotools", "faster-coco-eval", "hotcoco"):
        try:
            with contextlib.redirect_stdout(io.StringIO()):
                values = score(name, given)
            print(what, name, "AP {:.3f} small {:.3f} medium {:.3f}".format(*values))
        except KeyError as error:
            print(what, name, "KeyError", error)
PYTHON
OPENBLAS_NUM_THREADS=1 "$work/venv/bin/python" "$work/case.py" "$work" 2> "$work/errors" | tee "$work/seen" || { cat "$work/errors"; exit 1; }
[ "$(cat "$work/seen")" = "$(cat <<'TEXT'
ids from 1 pycocotools AP 1.000 small -1.000 medium 1.000
ids from 1 faster-coco-eval AP 1.000 small -1.000 medium 1.000
ids from 1 hotcoco AP 1.000 small -1.000 medium 1.000
ids from 0 pycocotools AP 0.252 small -1.000 medium 0.252
ids from 0 faster-coco-eval AP 0.252 small -1.000 medium 0.252
ids from 0 hotcoco AP 1.000 small -1.000 medium 1.000
no areas pycocotools KeyError 'area'
no areas faster-coco-eval AP 1.000 small 1.000 medium -1.000
no areas hotcoco AP 1.000 small -1.000 medium 1.000
TEXT
)" ] || { echo "changed"; exit 1; }
