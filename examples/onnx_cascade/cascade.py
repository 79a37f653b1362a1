"""Faces in an image with ONNX Runtime and numpy alone: the whole cascade, on the files that `mtcnn export --format onnx` writes.

usage: cascade.py MODEL_FOLDER IMAGE...
Prints one JSON line an image, as `mtcnn detect --plain --json -` does. Boxes and windows are x1, y1, x2, y2 in image pixels.
"""
import json
import pathlib
import sys

import numpy as np
import onnxruntime
from PIL import Image, ImageOps


def axis_weights(first, last, pixels, size):
    """How much each pixel from `start` on counts for each of `size` samples of [first, last): area averages where that shrinks, bilinear
    where it grows. Pixels outside the image count nothing."""
    step = (last - first) / size
    start, end = max(0, int(np.floor(first)) - 1), min(pixels, int(np.ceil(last)) + 1)
    source = np.arange(start, max(start, end))
    if step > 1:
        left = first + step * np.arange(size)[:, None]
        weights = np.clip(np.minimum(left + step, source + 1) - np.maximum(left, source), 0, None) / step
    else:
        centre = first + step * (np.arange(size)[:, None] + 0.5)
        weights = np.clip(1 - abs(centre - (source + 0.5)), 0, None)
    return weights, start


def resample(image, window, width, height, how):
    """The net's input [3, height, width] for a window of the image, which may leave it."""
    columns, x = axis_weights(window[0], window[2], image.shape[1], width)
    rows, y = axis_weights(window[1], window[3], image.shape[0], height)
    part = image[y:y + rows.shape[1], x:x + columns.shape[1]] - how["border"]
    values = np.einsum("yh,hwc,xw->cyx", rows, part, columns, optimize=True) + how["border"]
    return ((values - how["mean"]) * how["scale"]).astype(np.float32)


def suppress(boxes, scores, threshold, smaller_area=False):
    """Indices of the strongest boxes, without those that overlap a stronger one by more than the threshold."""
    boxes = boxes.astype(np.float32)  # as the program has it: overlaps of cells are often exactly the threshold
    area = (boxes[:, 2] - boxes[:, 0]) * (boxes[:, 3] - boxes[:, 1])
    order, kept = np.argsort(-scores, kind="stable"), []
    while order.size:
        best, order = order[0], order[1:]
        kept.append(best)
        sides = np.minimum(boxes[best, 2:], boxes[order, 2:]) - np.maximum(boxes[best, :2], boxes[order, :2])
        common = np.clip(sides, 0, None).prod(axis=1)
        whole = np.minimum(area[best], area[order]) if smaller_area else area[best] + area[order] - common
        order = order[~(common / whole > np.float32(threshold))]
    return kept


def moved(windows, offsets):
    """Windows with their edges moved by offsets, which are shares of their sizes."""
    sizes = windows[:, 2:] - windows[:, :2]
    return windows + offsets * np.hstack([sizes, sizes])


def squared(boxes):
    """Squares with the same centres and the longer sides."""
    middle, half = (boxes[:, :2] + boxes[:, 2:]) / 2, (boxes[:, 2:] - boxes[:, :2]).max(axis=1, keepdims=True) / 2
    return np.hstack([middle - half, middle + half])


def probability(logits):
    return 1 / (1 + np.exp(-logits.astype(np.float32)))  # as the program has it, where equal ones keep their order


class Net:
    """An ONNX file; its metadata say what its crops are like."""

    def __init__(self, path):
        self.session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
        self.how = json.loads(self.session.get_modelmeta().custom_metadata_map["input"])
        self.outputs = [output.name for output in self.session.get_outputs()]

    def run(self, crops):
        """Logits of a face (probabilities round to 1 too early to be put in order), offsets, landmarks, with the values last."""
        answers = dict(zip(self.outputs, self.session.run(None, {"input": np.stack(crops)})))
        answers = {name: np.moveaxis(values, 1, -1).astype(np.float64) for name, values in answers.items()}
        both = np.maximum(answers["probability"], 1e-30)
        return np.log(both[..., 1] / both[..., 0]), answers["offsets"], answers.get("landmarks")

    def look(self, image, windows, side):
        """run() for square windows, those without a pixel of the image left out, and the windows."""
        inside = (windows[:, 2:] > 0).all(axis=1) & (windows[:, :2] < image.shape[1::-1]).all(axis=1)
        windows = windows[inside]
        if not len(windows):
            return np.zeros(0), np.zeros((0, 4)), np.zeros((0, 0)), windows
        margins = self.how.get("crop_margin", 0) * (windows[:, 2:3] - windows[:, :1]) * [-1, -1, 1, 1]
        crops = windows + margins - np.array([self.how["crop_lead"]] * 2 + [0, 0])
        return *self.run([resample(image, crop, side, side, self.how) for crop in crops]), windows


class Cascade:
    def __init__(self, folder):
        folder = pathlib.Path(folder)
        cascade = json.loads((folder / "cascade.json").read_text("utf-8"))
        self.options, self.points = cascade["detector"], cascade["landmark_order"]
        self.pnet, self.rnet, self.onet = (Net(folder / f"{net}.onnx") for net in ("pnet", "rnet", "onet"))
        self.least = [np.log(p / (1 - p)) for p in self.options["thresholds"]]

    def pyramid(self, image):
        """Candidate windows of P-Net at all scales, and their logits."""
        height, width = image.shape[:2]
        how, face, found = self.pnet.how, self.options["min_face"], [(np.zeros((0, 4)), np.zeros(0), np.zeros((0, 4)))]
        while min(width, height) >= face * (1 - 1e-9) and not 0 < self.options["max_face"] < face * (1 - 1e-9):
            level = [max(12, 2 * int(side * 6 / face + 0.5)) for side in (width, height)]
            logits, offsets, _ = self.pnet.run([resample(image, (0, 0, width, height), *level, how)])
            rows, columns = np.nonzero(logits[0] >= self.least[0])
            corner = 2 * np.stack([columns, rows], axis=1) + how["window_first"]
            windows = np.hstack([corner, corner + how["window_size"]]) * np.divide([width, height] * 2, level * 2)
            kept = suppress(windows, logits[0, rows, columns], self.options["nms_level"])
            found.append((windows[kept], logits[0, rows, columns][kept], offsets[0, rows, columns][kept]))
            face /= self.options["factor"]
        windows, logits, offsets = map(np.concatenate, zip(*found))
        kept = suppress(windows, logits, self.options["nms_levels"])
        return squared(moved(windows[kept], offsets[kept]))

    def detect(self, image):
        """Faces in an RGB image [height, width, 3] of bytes, the surest first: boxes [N, 4], confidences [N], points [N, K, 2]."""
        image = image.astype(np.float64)
        logits, offsets, _, windows = self.rnet.look(image, self.pyramid(image), 24)
        good = logits >= self.least[1]
        windows, logits, offsets = windows[good], logits[good], offsets[good]
        kept = suppress(windows, probability(logits), self.options["nms_rnet"])
        logits, offsets, points, windows = self.onet.look(image, squared(moved(windows[kept], offsets[kept])), 48)
        good = logits >= self.least[2]
        boxes, logits = moved(windows, offsets)[good], logits[good]
        kept = suppress(boxes, probability(logits), self.options["nms_onet"], smaller_area=True)
        corners, sizes = windows[good][kept][:, None, :2], (windows[:, 2:] - windows[:, :2])[good][kept][:, None]
        shares = np.zeros((len(kept), 0, 2)) if points is None else points[good][kept].reshape(len(kept), len(self.points), 2)
        return boxes[kept], probability(logits[kept]), corners + shares * sizes + self.onet.how["landmark_shift"]


def main():
    if len(sys.argv) < 3:
        sys.exit(__doc__)
    cascade = Cascade(sys.argv[1])
    for path in sys.argv[2:]:
        image = np.asarray(ImageOps.exif_transpose(Image.open(path)).convert("RGB"))
        faces = [{"box": [x1, y1, x2 - x1, y2 - y1], "confidence": confidence, "keypoints": dict(zip(cascade.points, points))}
                 for (x1, y1, x2, y2), confidence, points in zip(*(values.tolist() for values in cascade.detect(image)))]
        print(json.dumps({"image": path, "width": image.shape[1], "height": image.shape[0], "faces": faces}))


if __name__ == "__main__":
    main()
