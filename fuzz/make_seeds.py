#!/usr/bin/env python3
"""Valid inputs of every fuzz target, made by the program: OUT/TARGET/.

usage: make_seeds.py PROGRAM OUT [MODEL_FOLDER]
PROGRAM is `mtcnn`; where it was built with LibTorch there are seeds for what training and TorchScript write, too. Files larger than 64 KiB are
left out: a fuzzer gets nowhere with them.
"""

import json
import re
import shutil
import struct
import subprocess
import sys
import tempfile
import zlib
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[1]
LARGEST = 64 << 10
BETWEEN = b"\xff\xfe"  # see parts_of() in input.h


class Seeds:
    def __init__(self, program, out):
        self.program, self.out = program, out

    def run(self, *arguments):
        """Its stdout; nothing where this build of the program cannot do it."""
        done = subprocess.run([self.program, *map(str, arguments)], capture_output=True, text=True)
        return done.stdout if done.returncode == 0 else None

    def add(self, target, name, content):
        if isinstance(content, Path):
            if not content.exists():
                return
            content = content.read_bytes()
        if isinstance(content, str):
            content = content.encode()
        if len(content) <= LARGEST:
            folder = self.out / target
            folder.mkdir(parents=True, exist_ok=True)
            (folder / name).write_bytes(content)

    def add_several(self, target, name, files):
        if all(file.exists() for file in files):
            self.add(target, name, BETWEEN.join(file.read_bytes() for file in files))


def mat_element(kind, data):
    """An element of a MATLAB 5 file: its type, its length, its bytes up to a multiple of 8."""
    return struct.pack("<II", kind, len(data)) + data + bytes(-len(data) % 8)


def mat_value(value, name=b""):
    """A matrix element: lists are columns of cells, strings rows of characters, tuples of tuples doubles."""
    if isinstance(value, list):
        kind, shape, body = 1, (len(value), 1), b"".join(map(mat_value, value))
    elif isinstance(value, str):
        kind, shape, body = 4, (1, len(value)), mat_element(4, value.encode("utf-16-le"))
    else:
        columns = list(zip(*value))
        kind, shape, body = 6, (len(value), len(columns)), mat_element(9, b"".join(struct.pack("<d", v) for column in columns for v in column))
    return mat_element(14, mat_element(6, struct.pack("<II", kind, 0)) + mat_element(5, struct.pack("<ii", *shape)) + mat_element(1, name) + body)


def mat_file():
    """WIDER FACE's ground truth for two images."""
    variables = {b"event_list": ["0--Parade"], b"file_list": [["one", "two"]], b"face_bbx_list": [[((1.0, 2.0, 9.0, 9.5), (20.0, 3.0, 8.0, 9.0)), ((5.0, 5.0, 30.0, 40.0),)]]}
    header = b"MATLAB 5.0 MAT-file".ljust(116) + bytes(8) + struct.pack("<H", 0x0100) + b"IM"
    return header + b"".join(mat_value(value, name) for name, value in variables.items())


def add_data(seeds, toys, work):
    wider = toys / "wider"
    seeds.add("wider_list", "toys.txt", wider / "wider_face_split/wider_face_val_bbx_gt.txt")
    seeds.add_several("celeba", "toys", [toys / "celeba" / name for name in ("Anno/list_bbox_celeba.txt", "Anno/list_landmarks_celeba.txt", "Eval/list_eval_partition.txt")])
    seeds.add("mat", "two_images.mat", mat_file())
    images = sorted((wider / "WIDER_val/images").rglob("*.jpg"))[:4]
    for image in images:
        seeds.add("image", image.name, image)
    for picture in sorted((REPOSITORY / "tests/data/pictures").glob("*.*")):
        if picture.suffix != ".py":
            seeds.add("image", picture.name, picture)
    found = seeds.run("detect", *images, "--json", "-", "-q")
    seeds.add("detections", "toys.jsonl", found or "")
    seeds.add("wider_results", "toys.jsonl", (found or "").replace("0--Crowd", "0--Parade"))
    seeds.add("wider_results", "one.txt", "one\n2\n1 1 9 9 0.9\n20.5 3 8 9 0.25\n")
    seeds.add("fddb", "one", BETWEEN.join((b"a/b/one\n", b"a/b/one\n1\n20.5 10 1.2 40 50  1\n", b"a/b/one\n1\n30 40 20 40 0.8\n")))
    own = [{"image": "a.jpg", "width": 64, "height": 48, "faces": [{"box": [1, 2, 10.5, 12], "landmarks": [[3, 4]] * 5}, {"box": [30, 3, 9, 9], "ignore": True}]},
           {"image": "b.jpg", "faces": []}]
    seeds.add("own_annotations", "own.jsonl", "".join(json.dumps(line) + "\n" for line in own))
    coco = {"images": [{"id": 1, "file_name": "a.jpg", "width": 64, "height": 48}, {"id": 2, "file_name": "b.jpg"}], "categories": [{"id": 3, "name": "face"}],
            "annotations": [{"id": 1, "image_id": 1, "category_id": 3, "bbox": [1, 2, 10, 12], "area": 120, "iscrowd": 0, "keypoints": [3, 4, 2] * 5},
                            {"id": 2, "image_id": 1, "category_id": 3, "bbox": [30, 3, 9, 9], "iscrowd": 1}]}
    results = [{"image_id": 1, "category_id": 3, "bbox": [1, 2, 10, 11], "score": 0.75}]
    seeds.add("labels", "coco.json", json.dumps(coco))
    seeds.add("coco_results", "coco", json.dumps(coco).encode() + BETWEEN + json.dumps(results).encode())
    work.mkdir()


def add_videos(seeds, work):
    """By the program that the tests of `mtcnn live` use, where it was built."""
    maker = Path(seeds.program).parent / "tests/e2e/make_film"
    if not maker.exists():
        return
    for suffix in ("mp4", "avi", "mkv"):
        video = work / f"video.{suffix}"
        if subprocess.run([maker, video, "slow:96x64", REPOSITORY / "samples", "0", "6"], capture_output=True).returncode == 0:
            seeds.add("video", video.name, video)


def add_labels(seeds, toys, work):
    """Two images in each format."""
    own = work / "own"
    (own / "images").mkdir(parents=True)
    lines = []
    for image in sorted((toys / "wider/WIDER_val/images").rglob("*.jpg"))[:2]:
        shutil.copy(image, own / "images")
        face = {"box": [10, 12, 40.5, 50], "landmarks": [[20, 30], [40, 30], [30, 40], [22, 50], [38, 50]]}
        lines.append(json.dumps({"image": image.name, "faces": [face, {"box": [60, 70, 20, 20], "ignore": True}]}))
    (own / "annotations.jsonl").write_text("".join(line + "\n" for line in lines))
    for kind in ("voc", "yolo", "labelme", "cvat", "labelstudio"):
        out = work / kind
        if seeds.run("convert", own, "--from", "own", "--to", kind, "--out", out) is None:
            continue
        files = sorted(file for file in out.rglob("*") if file.suffix in (".xml", ".json"))
        for file in files[:2]:
            seeds.add("labels", f"{kind}_{file.name}", file)
    seeds.add("labels", "yolo", b"names: [face]\npath: .\ntrain: images\n" + BETWEEN + b"0 0.5 0.5 0.2 0.3\n")


def add_crops_and_runs(seeds, toys, work):
    sets = lambda split: [{"kind": "wider", "path": "wider", "split": split}, {"kind": "celeba", "path": "celeba", "split": split}]
    few = {"positives": 2, "parts": 2, "near_negatives": 1, "negatives": 1, "landmarks": 1}
    config = {"root": str(toys), "datasets": sets("train"), "validation": sets("val"), "pnet": few}
    (work / "prepare.json").write_text(json.dumps(config))
    seeds.add("options", "prepare.json", json.dumps(config))
    crops = work / "pnet"
    seeds.run("prepare", "--stage", "pnet", "--config", work / "prepare.json", "--out", crops, "-q")
    seeds.add("manifest", "pnet.json", crops / "manifest.json")
    for shard in sorted(crops.glob("*.safetensors")) + sorted((crops / "validation").glob("*.safetensors")):
        seeds.add("shard", shard.name, shard)
    run = work / "run"
    if seeds.run("train", "--net", "pnet", "--data", crops, "--out", run, "--epochs", 1, "--batch", 64, "--set", "batch.steps_per_epoch=3", "-q") is None:
        return
    seeds.add_several("run_folder", "pnet", [run / name for name in ("config.json", "environment.json", "metrics.jsonl")])
    seeds.add("options", "train.json", run / "config.json")


def optimizer_state():
    """AdamW's state of one parameter."""
    shape, count = [10, 3, 3, 3], 270
    data = struct.pack("<q", 7) + bytes(8 * count)
    tensors = {"step": ("I64", [], 0, 8), "exp_avg": ("F32", shape, 8, 8 + 4 * count), "exp_avg_sq": ("F32", shape, 8 + 4 * count, 8 + 8 * count)}
    header = {f"conv1.weight.{name}": {"dtype": dtype, "shape": size, "data_offsets": [begin, end]} for name, (dtype, size, begin, end) in tensors.items()}
    header["__metadata__"] = {"format": "mtcnn-optimizer", "version": "1", "optimizer": "adamw", "checksum": f"crc32:{zlib.crc32(data):08x}"}
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    return struct.pack("<Q", len(text)) + text + data


def add_models(seeds, work, model):
    seeds.add("model_folder", "cascade.json", model / "cascade.json")
    seeds.add("options", "detect.json", json.dumps(json.loads((model / "cascade.json").read_text())["detector"]))
    seeds.add("weights", "pnet.safetensors", model / "pnet.safetensors")
    seeds.add("foreign_weights", "pnet.safetensors", model / "pnet.safetensors")
    if seeds.run("export", "--run", model, "--out", work / "onnx", "--format", "onnx") is not None:
        seeds.add("foreign_weights", "pnet.onnx", work / "onnx/pnet.onnx")
    for made in sorted((REPOSITORY / "tests/data/weights").glob("*.*")):
        if made.suffix in (".lz4", ".npy", ".pkl"):
            seeds.add("foreign_weights", made.name, made)
    if seeds.run("export", "--run", model, "--out", work / "script", "--format", "torchscript") is not None:
        seeds.add("torchscript", "pnet.pt", work / "script/pnet.pt")


def main():
    if len(sys.argv) not in (3, 4):
        sys.exit(__doc__)
    seeds = Seeds(sys.argv[1], Path(sys.argv[2]))
    model = Path(sys.argv[3]) if len(sys.argv) > 3 else REPOSITORY / "models/default"
    with tempfile.TemporaryDirectory() as scratch:
        toys, work = Path(scratch) / "toys", Path(scratch) / "work"
        seeds.run("toy-data", toys, "--images", 8, "--val", 4, "--seed", 1, "-q")
        add_data(seeds, toys, work)
        add_crops_and_runs(seeds, toys, work)
        add_labels(seeds, toys, work)
        add_videos(seeds, work)
        add_models(seeds, work, model)
    for config in sorted((REPOSITORY / "configs").rglob("*.json")):
        seeds.add("options", re.sub(r"\W+", "_", str(config.relative_to(REPOSITORY))), config)
    seeds.add("optimizer_state", "adamw.safetensors", optimizer_state())
    pickle = b"\x80\x02ccollections\nOrderedDict\n)R(X\x01\x00\x00\x00aK\x01X\x01\x00\x00\x00b(K\x02K\x03tu."
    seeds.add("pickle", "small.pkl", pickle)


if __name__ == "__main__":
    main()
