#!/usr/bin/env python3
"""Lists of the crowd images that the default model learns from, out of what `assemble.py` of the data has made.

usage: default_model_data.py CROWDS LABELS MIRROR [--second FILE...]
CROWDS has NAME/images and NAME/annotations.jsonl for each set; LABELS its sets.json and labels/NAME.jsonl.xz, which name the files in their
repositories; MIRROR the git directories of these. Writes CROWDS/NAME/train.jsonl and val.jsonl, the annotations of nine images in ten and of the
tenth, with what their repositories know besides:
- boxes drawn by hand (VOC) become faces where the detector found none, and make faces of those that it doubted;
- centres of heads (ground truth of crowd counting) without a face near them become ignored boxes as large as the faces around;
- what another detector found (--second, `mtcnn detect --json`) with a confidence of .6 or more and the labels lack becomes ignored too: most are faces
  that the first one missed, and a net that gets them as negatives learns to miss them. Of its weaker detections about half are heads where all heads
  are known; they stay negatives, as the nets have to learn from such.
Needs numpy, and scipy for the centres of heads.
"""

import argparse
import io
import json
import lzma
import subprocess
import xml.etree.ElementTree
from pathlib import Path

import numpy as np

#: Shifts of a hand-drawn box's top and bottom to WIDER FACE's convention, of its height.
HAND_TOP, HAND_BOTTOM = 0.07, 0.03
SAME_FACE = 0.4  # IoU
SECOND_CONFIDENCE = 0.6
TYPICAL_SIDE = 12.0  # of a head where no face is near, pixels


def mirrored(mirror, repository, path):
    """The bytes of a file in the newest commit of a mirrored repository; nothing where it is not there."""
    folder = mirror / repository.replace("/", "+")
    place = next(p for p in (folder / "repo" / ".git", folder / "repo", folder / ".git", folder) if (p / "objects").is_dir())
    done = subprocess.run(["git", "--git-dir", place, "show", f"HEAD:{path}"], capture_output=True)
    return done.stdout if done.returncode == 0 else None


def overlap(a, b):
    width = min(a[0] + a[2], b[0] + b[2]) - max(a[0], b[0])
    height = min(a[1] + a[3], b[1] + b[3]) - max(a[1], b[1])
    common = max(width, 0) * max(height, 0)
    return common / (a[2] * a[3] + b[2] * b[3] - common + 1e-9)


def add_hand_drawn(faces, data):
    for item in xml.etree.ElementTree.fromstring(data).iter("object"):
        x1, y1, x2, y2 = (float(item.find(f"bndbox/{key}").text) for key in ("xmin", "ymin", "xmax", "ymax"))
        width, height = x2 - x1, y2 - y1
        if min(width, height) <= 3:
            continue
        box = [round(v, 1) for v in (x1, y1 + HAND_TOP * height, width, height * (1 - HAND_TOP + HAND_BOTTOM))]
        best = max(faces, key=lambda face: overlap(face["box"], box), default=None)
        if best is not None and overlap(best["box"], box) >= SAME_FACE:
            best.pop("ignore", None)
        else:
            faces.append({"box": box})


def add_head_centres(faces, data):
    import scipy.io

    centres = scipy.io.loadmat(io.BytesIO(data))["image_info"][0, 0]["location"][0, 0]
    boxes = np.array([face["box"] for face in faces], float).reshape(-1, 4)
    for x, y in centres:
        right, down = (x - boxes[:, 0]) / boxes[:, 2], (y - boxes[:, 1]) / boxes[:, 3]
        if ((-0.3 <= right) & (right <= 1.3) & (-0.5 <= down) & (down <= 1.3)).any():
            continue
        near = np.argsort(((boxes[:, :2] + boxes[:, 2:] / 2 - [x, y]) ** 2).sum(1))[:5]
        side = 1.5 * (float(np.median(boxes[near, 2])) if len(near) else TYPICAL_SIDE)
        faces.append({"box": [round(float(v), 1) for v in (x - side / 2, y - side / 2, side, side)], "ignore": True})


def add_second_opinion(faces, boxes):
    known = [face["box"] for face in faces]
    faces += [{"box": box, "ignore": True} for box in boxes if all(overlap(box, other) < SAME_FACE for other in known)]


def boxes_by_name(files):
    """The boxes in detection files, by image name, which is the same in no two sets."""
    boxes = {}
    for file in files:
        with file.open(encoding="utf-8") as lines:
            for image in map(json.loads, lines):
                sure = (face["box"] for face in image["faces"] if face["confidence"] >= SECOND_CONFIDENCE)
                boxes[Path(image["image"]).name] = [[round(v, 1) for v in box] for box in sure]
    return boxes


#: Sets that know more than the detector: where their files lie, and what to do with them.
MORE = {
    "jolig": (lambda path: f"annotations/{Path(path).stem}.xml", add_hand_drawn),
    "sht": (lambda path: str(Path(path.replace("/images/", "/ground-truth/").replace("IMG_", "GT_IMG_")).with_suffix(".mat")), add_head_centres),
}


def write_lists(folder, row_of, repository, mirror, second):
    parts = {"train": [], "val": []}
    place, add = MORE.get(folder.name, (None, None))
    for line in (folder / "annotations.jsonl").read_text(encoding="utf-8").splitlines():
        image = json.loads(line)
        name = Path(image["image"]).stem
        data = mirrored(mirror, repository, place(row_of[name]["path"])) if place else None
        if data:
            add(image["faces"], data)
        add_second_opinion(image["faces"], second.get(Path(image["image"]).name, []))
        parts["val" if int(name[:4], 16) % 10 == 0 else "train"].append(json.dumps(image))
    for part, lines in parts.items():
        (folder / f"{part}.jsonl").write_text("".join(line + "\n" for line in lines), encoding="utf-8")
    print(f"{folder.name}: {len(parts['train'])} images to learn from, {len(parts['val'])} apart", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name in ("crowds", "labels", "mirror"):
        parser.add_argument(name, type=Path)
    parser.add_argument("--second", type=Path, nargs="+", default=[], metavar="FILE")
    arguments = parser.parse_args()
    second = boxes_by_name(arguments.second)
    sets = json.loads((arguments.labels / "sets.json").read_text(encoding="utf-8"))
    for name, about in sets.items():
        if not (arguments.crowds / name / "annotations.jsonl").exists():
            print(f"{name}: not there, left out", flush=True)
            continue
        with lzma.open(arguments.labels / "labels" / f"{name}.jsonl.xz", "rt", encoding="utf-8") as rows:
            row_of = {row["sha"][:16]: row for row in map(json.loads, rows)}
        write_lists(arguments.crowds / name, row_of, about["repo"], arguments.mirror, second)


if __name__ == "__main__":
    main()
