"""Writes tests/golden/reference/, ten small reference outputs, from the definitions in docs/conventions.md and docs/formats.md. Nothing of
the library is used: nets, resampling, suppression and scores are computed here in plain numpy, in double precision; ellipses of FDDB are
drawn by OpenCV, as the 2011 evaluator draws them. Only the detections of the default model are the program's own, to see changes.

usage: make_reference.py MTCNN    with the interpreter that scripts/setup.sh makes; MTCNN is the program
"""
import itertools
import json
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
from PIL import Image

ROOT = Path(__file__).resolve().parents[2]
OUT = ROOT / "tests/golden/reference"
MODEL = ROOT / "models/default"
sys.path.insert(0, str(ROOT / "examples/onnx_cascade"))
import cascade  # resampling, suppression and the three stages in numpy; its nets are replaced by those below

SAMPLES = ("astronaut.jpg", "grace_hopper.jpg")
FACE = (178, 78, 268, 168)  # a window on the astronaut's face


# --- files ------------------------------------------------------------------------------------------------------------

def read_safetensors(path):
    """Tensors by name, and the metadata."""
    data = path.read_bytes()
    start = 8 + int.from_bytes(data[:8], "little")
    header = json.loads(data[8:start])
    metadata = header.pop("__metadata__", {})
    types = {"F32": "<f4", "U8": "u1"}
    return {name: np.frombuffer(data[start + entry["data_offsets"][0]:start + entry["data_offsets"][1]],
                                types[entry["dtype"]]).reshape(entry["shape"]) for name, entry in header.items()}, metadata


def write_safetensors(path, tensors):
    header, blobs, end = {}, [], 0
    for name, values in tensors.items():
        blobs.append(np.ascontiguousarray(values).tobytes())
        header[name] = {"dtype": {"float32": "F32", "uint8": "U8"}[values.dtype.name], "shape": values.shape,
                        "data_offsets": [end, end + len(blobs[-1])]}
        end += len(blobs[-1])
    text = json.dumps(header).encode()
    text += b" " * (-(8 + len(text)) % 64)
    path.write_bytes(len(text).to_bytes(8, "little") + text + b"".join(blobs))


def write_json(name, rows):
    """A list with an item per line."""
    (OUT / name).write_text("[\n" + ",\n".join(json.dumps(row) for row in rows) + "\n]\n")


# --- the nets ---------------------------------------------------------------------------------------------------------

def convolution(maps, weight, bias):
    """[N, C, H, W] with [K, C, k, k], stride 1, no padding."""
    size = weight.shape[2]
    windows = np.lib.stride_tricks.sliding_window_view(maps, (size, size), axis=(2, 3))
    return np.einsum("nchwij,kcij->nkhw", windows, weight, optimize=True) + bias[:, None, None]


def pooling(maps, size):
    """Maximum, stride 2; a last window that is cut off counts."""
    height, width = (-(-(side - size) // 2) + 1 for side in maps.shape[2:])
    return np.stack([np.stack([maps[:, :, 2 * i:2 * i + size, 2 * j:2 * j + size].max(axis=(2, 3)) for j in range(width)], axis=2)
                     for i in range(height)], axis=2)


LAYERS = {  # name, PReLU, side of the pooling's window
    "pnet": (("conv1", "prelu1", 2), ("conv2", "prelu2", 0), ("conv3", "prelu3", 0)),
    "rnet": (("conv1", "prelu1", 3), ("conv2", "prelu2", 3), ("conv3", "prelu3", 0), ("dense4", "prelu4", 0)),
    "onet": (("conv1", "prelu1", 3), ("conv2", "prelu2", 3), ("conv3", "prelu3", 2), ("conv4", "prelu4", 0), ("dense5", "prelu5", 0)),
}
HEADS = {"pnet": ("conv4_1", "conv4_2"), "rnet": ("dense5_1", "dense5_2"), "onet": ("dense6_1", "dense6_2", "dense6_3")}


class Net(cascade.Net):
    """One of the nets of models/default, without ONNX."""

    def __init__(self, path):
        self.name = Path(path).stem
        tensors, metadata = read_safetensors(MODEL / f"{self.name}.safetensors")
        self.weights = {name: values.astype(np.float64) for name, values in tensors.items()}
        self.how = {"mean": 127.5, "scale": 1 / 128, "border": 127.5, "crop_lead": 0, "landmark_shift": 0, "window_first": 0,
                    "window_size": 12, **json.loads(metadata.get("input", "{}"))}

    def layer(self, values, name):
        weight, bias = self.weights[f"{name}.weight"], self.weights[f"{name}.bias"]
        if weight.ndim == 4:
            return convolution(values, weight, bias)
        return values.reshape(len(values), -1) @ weight.T + bias

    def run(self, crops):
        """As cascade.Net.run."""
        values = np.stack(crops).astype(np.float64)
        for name, prelu, pool in LAYERS[self.name]:
            values = self.layer(values, name)
            slopes = self.weights[f"{prelu}.weight"].reshape(-1, *[1] * (values.ndim - 2))
            values = np.where(values > 0, values, slopes * values)
            values = pooling(values, pool) if pool else values
        heads = [np.moveaxis(self.layer(values, name), 1, -1) for name in HEADS[self.name]]
        return heads[0][..., 1] - heads[0][..., 0], heads[1], heads[2] if len(heads) > 2 else None


def painted(size, seed):
    """[height, width, 3] bytes: waves of each colour, and an ellipse with three dark spots."""
    rows, columns = np.mgrid[:size[0], :size[1]].astype(np.float64)
    picture = 128 + 90 * np.sin(rows[..., None] / (3 + np.arange(3) + seed) + columns[..., None] / (5 - np.arange(3)))
    for x, y, radius, grey in ((.5, .5, .4, 200), (.35, .4, .07, 40), (.65, .4, .07, 40), (.5, .7, .1, 90)):
        inside = ((columns / size[1] - x) ** 2 + (rows / size[0] - y) ** 2 / 1.4) < radius ** 2
        picture[inside] = grey
    return np.clip(np.rint(picture), 0, 255).astype(np.uint8)


def sample(name):
    return np.asarray(Image.open(ROOT / "samples" / name).convert("RGB"))


def crop_of_face(side):
    how = {"border": 0, "mean": 0, "scale": 1}
    values = cascade.resample(sample(SAMPLES[0]).astype(np.float64), FACE, side, side, how)
    return np.clip(np.rint(values), 0, 255).astype(np.uint8).transpose(1, 2, 0)


def net_outputs():
    for name, side in (("pnet", None), ("rnet", 24), ("onet", 48)):
        if side is None:
            face = cascade.resample(sample(SAMPLES[0]).astype(np.float64), (160, 60, 286, 200), 20, 22, {"border": 0, "mean": 0, "scale": 1})
            pixels = [np.clip(np.rint(face), 0, 255).astype(np.uint8).transpose(1, 2, 0)]
        else:
            pixels = [painted((side, side), 0), painted((side, side), 4), crop_of_face(side)]
        net = Net(name)
        inputs = [(image.transpose(2, 0, 1) - net.how["mean"]) * net.how["scale"] for image in map(np.float64, pixels)]
        logits, offsets, landmarks = net.run(inputs)
        tensors = {"pixels": np.stack(pixels), "logits": logits.astype(np.float32), "offsets": offsets.astype(np.float32)}
        if landmarks is not None:
            tensors["landmarks"] = landmarks.astype(np.float32)
        write_safetensors(OUT / f"{name}.safetensors", tensors)


# --- geometry ---------------------------------------------------------------------------------------------------------

def pyramid_levels():
    rows = []
    for width, height, min_face, max_face, factor in ((640, 480, 20, 0, .709), (1921, 1080, 40, 0, .709), (333, 250, 12, 100, .79),
                                                      (100, 20, 20, 0, .5), (64, 19, 20, 0, .709), (25, 25, 10, 0, .9)):
        levels, face = [], float(min_face)
        while min(width, height) >= face and not 0 < max_face < face:
            levels.append([max(12, 2 * int(side * 6 / face + .5)) for side in (width, height)])
            face /= factor
        rows.append({"width": width, "height": height, "min_face": min_face, "max_face": max_face, "factor": factor, "levels": levels})
    write_json("pyramid.json", rows)


def resampling():
    image = painted((17, 23), 1)
    rows = [{"image": image.tolist()}]
    for window, width, height in (((0, 0, 23, 17), 12, 12), ((3.25, 2.5, 9.75, 9), 12, 12), ((-4, -6, 12.5, 10.5), 6, 5),
                                  ((10, 5, 30, 25), 24, 4)):
        values = cascade.resample(image.astype(np.float64), window, width, height, {"border": 127.5, "mean": 127.5, "scale": 1 / 128})
        rows.append({"window": window, "values": np.round(values.transpose(1, 2, 0), 6).tolist()})
    write_json("resample.json", rows)


def suppression():
    random = np.random.default_rng(1)
    corner, side = random.integers(0, 60, (60, 2)), random.integers(6, 40, (60, 1))
    boxes = np.hstack([corner, corner + side]).astype(np.float64)
    scores = np.round(random.random(60), 2)  # with ties
    rows = [{"boxes": boxes.tolist(), "scores": scores.tolist()}]
    for threshold in (0, .3, .5, .7, 1):
        for smaller_area in (False, True):
            kept = cascade.suppress(boxes, scores, threshold, smaller_area)
            rows.append({"threshold": threshold, "smaller_area": smaller_area, "kept": [int(index) for index in kept]})
    write_json("suppression.json", rows)


def box_decoding():
    random, rows = np.random.default_rng(2), []
    for _ in range(8):
        window = np.round([*random.uniform(-20, 100, 2), 0, 0], 2)
        window[2:] = window[:2] + np.round(random.uniform(5, 60, 2), 2)
        offsets, targets = np.round(random.uniform(-.3, .3, 4), 3), np.round(random.uniform(0, 1, 10), 3)
        box = cascade.moved(window[None], offsets[None])
        points = window[:2] + targets.reshape(5, 2) * (window[2:] - window[:2])
        rows.append({"window": window.tolist(), "offsets": offsets.tolist(), "targets": targets.tolist(), "box": box[0].tolist(),
                     "square": cascade.squared(box)[0].tolist(), "points": points.tolist()})
    write_json("boxes.json", rows)


# --- whole searches ---------------------------------------------------------------------------------------------------

def detections(program):
    cascade.Net = Net
    searcher = cascade.Cascade(MODEL)
    searcher.options = {"max_face": 0, "factor": .709, "nms_level": .5, "nms_levels": .7, "nms_onet": .7, **searcher.options}
    rows = []
    for name in SAMPLES:
        boxes, confidences, points = searcher.detect(sample(name))
        rows.append({"image": name, "plain": True, "faces": [
            {"box": box.tolist(), "confidence": float(confidence), "landmarks": face.tolist()}
            for box, confidence, face in zip(boxes, confidences, points)]})
    command = [program, "detect", *[str(ROOT / "samples" / name) for name in SAMPLES], "--json", "-", "-q", "--set", "engine.screen=false"]
    for line in subprocess.run(command, capture_output=True, check=True, text=True).stdout.splitlines():
        found = json.loads(line)
        rows.append({"image": Path(found["image"]).name, "plain": False, "faces": [
            {"box": [face["box"][0], face["box"][1], face["box"][0] + face["box"][2], face["box"][1] + face["box"][3]],
             "confidence": face["confidence"], "landmarks": list(face["keypoints"].values())} for face in found["faces"]]})
    write_json("detections.json", rows)


# --- scores -----------------------------------------------------------------------------------------------------------

def toy_faces(random, count, size):
    corner = random.uniform(0, size - 60, (count, 2))
    return np.round(np.hstack([corner, random.uniform(8, 60, (count, 2))]), 1)


def toy_detections(random, faces, size):
    """Most faces found, moved a little; some twice; and some boxes that are none."""
    found = [face + np.round(random.normal(0, .07, 4) * face[[2, 3, 2, 3]], 1) for face in faces for _ in range(random.integers(0, 3))]
    found += list(toy_faces(random, random.integers(0, 3), size))
    return [[*(round(float(value), 1) for value in box), round(float(random.random()), 3)] for box in found if box[2] > 1 and box[3] > 1]


def wider_overlap(a, b):
    sides = [min(a[i] + a[i + 2], b[i] + b[i + 2]) - max(a[i], b[i]) + 1 for i in (0, 1)]
    if min(sides) <= 0:
        return 0
    return sides[0] * sides[1] / ((a[2] + 1) * (a[3] + 1) + (b[2] + 1) * (b[3] + 1) - sides[0] * sides[1])


def wider_ap(images, setting):
    """The official protocol: 1,000 thresholds over normalised scores, area under the monotone envelope."""
    scores = [found[4] for image in images for found in image["detections"]]
    low, span = min(scores), max(scores) - min(scores)
    counted, recalled = np.zeros(1000), np.zeros(1000)
    thresholds = [1 - (t + 1) / 1000 for t in range(1000)]
    for image in images:
        taken = set()
        for found in sorted(image["detections"], key=lambda found: -found[4]):
            if not image["faces"]:
                continue
            overlaps = [wider_overlap(found, face) for face in image["faces"]]
            best = int(np.argmax(overlaps))
            matches = overlaps[best] >= .5
            if matches and not image["kept"][best][setting]:
                continue
            from_here = np.array([(found[4] - low) / span >= threshold for threshold in thresholds])
            counted += from_here
            if matches and best not in taken:
                taken.add(best)
                recalled += from_here
    faces = sum(kept[setting] for image in images for kept in image["kept"])
    precision = np.divide(recalled, counted, out=np.zeros(1000), where=counted > 0)
    recall = np.concatenate([[0], recalled / faces, [1]])
    envelope = np.maximum.accumulate(np.concatenate([[0], precision, [0]])[::-1])[::-1]
    return float(np.sum(np.diff(recall) * envelope[1:]))


def wider():
    random, images = np.random.default_rng(3), []
    for _ in range(24):
        faces = toy_faces(random, random.integers(0, 7), 300)
        kept = [[bool(face[3] >= limit) for limit in (40, 25, 10)] for face in faces]
        images.append({"faces": faces.tolist(), "kept": kept, "detections": toy_detections(random, faces, 300)})
    write_json("wider.json", [*images, {"ap": [wider_ap(images, setting) for setting in range(3)]}])


def fddb_mask(region, size):
    mask = np.zeros(size[::-1], np.uint8)
    nearest = [int(np.rint(np.float32(value))) for value in (region[:2] if len(region) == 4 else region[3:5])]
    if len(region) == 4:
        far = [int(np.rint(np.float32(region[i] + region[i + 2]))) for i in (0, 1)]
        return cv2.rectangle(mask, nearest, far, 1, -1) > 0
    return cv2.ellipse(mask, nearest, (int(region[0]), int(region[1])), 180 - float(np.degrees(region[2])), 0, 360, 1, -1) > 0


def best_matching(overlaps):
    """(true positives, summed overlap) of the one-to-one matching with the largest sum; every way is tried."""
    if not overlaps.size:
        return 0, 0
    overlaps = overlaps if overlaps.shape[0] <= overlaps.shape[1] else overlaps.T
    rows = range(overlaps.shape[0])
    ways = ([overlaps[row, column] for row, column in zip(rows, columns)] for columns in itertools.permutations(range(overlaps.shape[1]), len(rows)))
    best = max(ways, key=sum)
    return sum(value > .5 for value in best), sum(best)


def fddb_counts(image, threshold):
    """(false positives, true positives, summed overlap) where detections with at least this score count."""
    counted = [index for index, found in enumerate(image["detections"]) if found[4] >= threshold]
    true, overlap = best_matching(image["overlaps"][counted])
    return len(counted) - true, true, overlap


def fddb():
    random, images = np.random.default_rng(4), []
    size = (300, 260)
    for _ in range(12):
        boxes = toy_faces(random, random.integers(1, 5), 240)
        faces = [[round(float(max(w, h) * .7), 2), round(float(min(w, h) * .55), 2), round(float(random.uniform(-1.5, 1.5)), 3),
                  float(x + w / 2), float(y + h / 2)] for x, y, w, h in boxes]
        found = toy_detections(random, boxes, 240)[:6]
        images.append({"size": size, "faces": faces, "detections": found})
    plain = [dict(image) for image in images]
    for image in images:
        masks = [fddb_mask(face, size) for face in image["faces"]]
        boxes = [fddb_mask(found[:4], size) for found in image["detections"]]
        image["overlaps"] = np.array([[np.sum(a & b) / np.sum(a | b) for a in masks] for b in boxes]).reshape(len(boxes), len(masks))
    faces = sum(len(image["faces"]) for image in images)
    curve = []
    # The evaluator gives an image without detections a row of its own.
    no_detections = {sys.float_info.max for image in images if not image["detections"]}
    for threshold in sorted(no_detections | {found[4] for image in images for found in image["detections"]}):
        false, true, overlap = np.sum([fddb_counts(image, threshold) for image in images], axis=0)
        curve.append([threshold, int(false), true / faces, overlap / faces])
    write_json("fddb.json", [*plain, {"curve": curve}])


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    OUT.mkdir(exist_ok=True)
    net_outputs()
    pyramid_levels()
    resampling()
    suppression()
    box_decoding()
    detections(sys.argv[1])
    wider()
    fddb()


if __name__ == "__main__":
    main()
