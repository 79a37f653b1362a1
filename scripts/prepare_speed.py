#!/usr/bin/env python3
"""Times `mtcnn prepare --stage pnet` beside a plain Python script in one run: OpenCV reads the pictures and cuts jittered 12x12 crops, in as
many processes as the program has threads. Needs the packages opencv-python-headless and numpy.

Usage: prepare_speed.py PROGRAM DATA [--threads 2] [--repeats 3]     DATA holds wider/ and celeba/, as configs/prepare.json names them
"""
import argparse
import json
import multiprocessing
import os
import pathlib
import platform
import random
import shutil
import subprocess
import tempfile
import time

import cv2
import numpy as np

CROPS_A_FACE = 92
CROPS_A_PICTURE = 22


def read_lists(data):
    """Pictures with their boxes."""
    pictures = []
    lines = iter((data / "wider/wider_face_split/wider_face_train_bbx_gt.txt").read_text().splitlines())
    for name in lines:
        count = int(next(lines))
        boxes = [list(map(float, next(lines).split()[:4])) for _ in range(max(1, count))]
        pictures.append((data / "wider/WIDER_train/images" / name, boxes[:count]))
    split = dict(line.split() for line in (data / "celeba/Eval/list_eval_partition.txt").read_text().splitlines())
    for line in (data / "celeba/Anno/list_bbox_celeba.txt").read_text().splitlines()[2:]:
        name, *box = line.split()
        if split[name] == "0":
            pictures.append((data / "celeba/Img/img_celeba" / name, [list(map(float, box))]))
    return pictures


def cut_crops(part):
    cv2.setNumThreads(1)
    dice = random.Random(1)
    crops = []
    for path, boxes in part:
        image = cv2.imread(str(path))
        height, width = image.shape[:2]
        windows = []
        for x, y, w, h in boxes:
            for _ in range(CROPS_A_FACE):
                side = dice.uniform(0.8 * min(w, h), 1.25 * max(w, h))
                windows.append((x + w / 2 + dice.uniform(-0.2, 0.2) * w - side / 2, y + h / 2 + dice.uniform(-0.2, 0.2) * h - side / 2, side))
        for _ in range(CROPS_A_PICTURE):
            side = dice.uniform(12, min(width, height))
            windows.append((dice.uniform(0, width - side), dice.uniform(0, height - side), side))
        for x, y, side in windows:
            x1, y1, x2, y2 = max(0, int(x)), max(0, int(y)), min(width, int(x + side)), min(height, int(y + side))
            if x2 > x1 and y2 > y1:
                crops.append(cv2.resize(image[y1:y2, x1:x2], (12, 12), interpolation=cv2.INTER_AREA))
    return len(np.stack(crops))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("program")
    parser.add_argument("data", type=pathlib.Path)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--repeats", type=int, default=3)
    arguments = parser.parse_args()
    pictures = read_lists(arguments.data)
    parts = [pictures[i::64] for i in range(64)]
    print(f"{platform.processor() or platform.machine()}, {os.cpu_count()} cores; {len(pictures)} pictures; {arguments.threads} threads or processes")
    for _ in range(arguments.repeats):
        start = time.monotonic()
        with multiprocessing.Pool(arguments.threads) as pool:
            theirs = sum(pool.imap_unordered(cut_crops, parts)) / (time.monotonic() - start)
        folder = pathlib.Path(tempfile.mkdtemp())
        config = folder / "prepare.json"
        sets = [{"kind": kind, "path": kind, "split": "train"} for kind in ("wider", "celeba")]
        config.write_text(json.dumps({"root": str(arguments.data.resolve()), "datasets": sets}))
        start = time.monotonic()
        subprocess.run([arguments.program, "prepare", "--stage", "pnet", "--config", config, "--out", folder / "crops", "--threads", str(arguments.threads), "-q"], check=True)
        seconds = time.monotonic() - start
        ours = sum(json.loads((folder / "crops/manifest.json").read_text())["counts"].values())
        shutil.rmtree(folder)
        print(f"mtcnn prepare {ours} crops in {seconds:.1f} s, {ours / seconds:,.0f}/s; Python {theirs:,.0f}/s; ratio {ours / seconds / theirs:.2f}")


if __name__ == "__main__":
    main()
