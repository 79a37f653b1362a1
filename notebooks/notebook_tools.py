"""What the notebooks share: running the program, reading its files, drawing pictures with boxes."""
from __future__ import annotations

import json
import os
import pathlib
import subprocess
from collections.abc import Sequence

import matplotlib.patches
import numpy as np
from IPython.display import Image as Shown
from IPython.display import display
from matplotlib.axes import Axes
from PIL import Image

from figure_parts import figure, show

ROOT = pathlib.Path(__file__).resolve().parent.parent
LABEL, FOUND = "#009E73", "#D55E00"


def program() -> pathlib.Path:
    """The program that MTCNN_PROGRAM names, or else the one that the project builds."""
    path = pathlib.Path(os.environ.get("MTCNN_PROGRAM") or ROOT / "build/release/mtcnn")
    if not path.exists():
        raise FileNotFoundError(f"{path} is not there: build it with scripts/quickstart.sh, or name it in MTCNN_PROGRAM")
    return path


def mtcnn(*arguments: object, tail: int = 0) -> None:
    """Runs `mtcnn ARGUMENTS…` from the project's folder and prints what it says as it comes. `tail`: only the last lines.

    Raises RuntimeError with the program's message where it fails.
    """
    words = [str(argument) for argument in arguments]
    print("$ mtcnn " + " ".join(shown(word) for word in words), flush=True)
    lines = []
    with subprocess.Popen([program(), *words], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, cwd=ROOT) as running:
        for line in running.stdout:
            lines.append(line.replace(str(ROOT) + "/", ""))
            if not tail:
                print(lines[-1], end="", flush=True)
    if tail:
        print("".join(lines[-tail:]), end="", flush=True)
    if running.returncode != 0:
        raise RuntimeError("".join(lines[-3:]).strip() or f"mtcnn ended with {running.returncode}")


def shown(word: str) -> str:
    return word.removeprefix(str(ROOT) + "/") or "."


def read_lines(path: pathlib.Path) -> list[dict]:
    """A file of annotations or detections."""
    return [json.loads(line) for line in path.read_text("utf-8").splitlines() if line.strip()]


def check_annotations(rows: Sequence[dict], images: pathlib.Path) -> list[str]:
    """What is wrong with labels at a glance: a sentence each."""
    complaints = []
    for row in rows:
        path = images / row["image"]
        if not path.exists():
            complaints.append(f"{row['image']}: no such picture in {images}")
            continue
        with Image.open(path) as picture:
            width, height = picture.size
        if (row.get("width", width), row.get("height", height)) != (width, height):
            complaints.append(f"{row['image']}: labelled as {row['width']} x {row['height']}, but it has {width} x {height} pixels")
        for x, y, w, h in (face["box"] for face in row["faces"]):
            if w <= 0 or h <= 0:
                complaints.append(f"{row['image']}: a box without area: {[x, y, w, h]}")
            elif x + w / 2 < 0 or y + h / 2 < 0 or x + w / 2 > width or y + h / 2 > height:
                complaints.append(f"{row['image']}: a box whose centre lies outside the picture: {[x, y, w, h]}")
    return complaints


def draw_boxes(ax: Axes, faces: Sequence[dict], colour: str, scores: bool = False) -> None:
    """Boxes and points of annotations or detections; ignored ones dotted."""
    for face in faces:
        x, y, w, h = face["box"]
        ax.add_patch(matplotlib.patches.Rectangle((x, y), w, h, fill=False, edgecolor=colour, linewidth=1.6,
                                                  linestyle=":" if face.get("ignore") else "-"))
        points = face.get("landmarks") or list(face.get("keypoints", {}).values())
        if points:
            ax.scatter(*np.transpose(points), s=5, color=colour)
        if scores:
            ax.text(x, y - 2, f"{face['confidence']:.2f}", color="white", fontsize=7, va="bottom",
                    bbox={"facecolor": colour, "edgecolor": "none", "pad": 0.8})


def picture_grid(pictures: Sequence[tuple], alt: str, columns: int = 3) -> None:
    """Pictures with boxes: (file, labels) or (file, labels, detections) each."""
    drawn, axes = figure(-(-len(pictures) // columns), columns, 3.4)
    for ax in axes.flat:
        ax.axis("off")
    for ax, (path, labels, *found) in zip(axes.flat, pictures):
        with Image.open(path) as picture:
            ax.imshow(picture.convert("RGB"))
        draw_boxes(ax, labels, LABEL)
        if found:
            draw_boxes(ax, found[0], FOUND, scores=True)
    show(drawn, alt)


def show_picture(path: pathlib.Path, alt: str) -> None:
    display(Shown(data=path.read_bytes(), format="png", alt=alt, width=900))


def overlap(a: Sequence[float], b: Sequence[float]) -> float:
    """Intersection over union of two boxes [x, y, w, h]."""
    w = min(a[0] + a[2], b[0] + b[2]) - max(a[0], b[0])
    h = min(a[1] + a[3], b[1] + b[3]) - max(a[1], b[1])
    common = max(0.0, w) * max(0.0, h)
    return common / (a[2] * a[3] + b[2] * b[3] - common)


def recall_and_precision(truth: Sequence[dict], found: dict[str, list[dict]]) -> tuple[float, float]:
    """Of labelled faces, matched one to one at an IoU of 0.5; ignored faces count nowhere. NaN where there is nothing to count."""
    faces = hits = boxes = 0
    for row in truth:
        rest = [face["box"] for face in found.get(row["image"], [])]
        boxes += len(rest)
        for face in sorted(row["faces"], key=lambda face: bool(face.get("ignore"))):
            match = max(rest, key=lambda box: overlap(box, face["box"]), default=None)
            is_hit = match is not None and overlap(match, face["box"]) >= 0.5
            if is_hit:
                rest.remove(match)
            if face.get("ignore"):
                boxes -= is_hit
            else:
                faces += 1
                hits += is_hit
    return hits / faces if faces else float("nan"), hits / boxes if boxes else float("nan")
