"""Whether the device finds what the CPU's engine finds: single images, batches, half precision, images that lie on the device."""
import numpy as np

from gpu_check import scenes

MOST_PIXELS, MOST_CONFIDENCE = 0.05, 1e-3
LEAST_OVERLAP = 0.9  # of two boxes that are one face in half precision
BATCHES = (1, 8, 32)


def rows_of(detector, images, batch):
    """For each image float [n, 5 + 10]: box x1 y1 x2 y2, confidence, points."""
    rows = []
    for first in range(0, len(images), batch):
        some = images[first : first + batch]
        table = detector.detect_faces(some, postprocess=False, box_format="xyxy", output_type="numpy")
        rows += [table[table[:, 0] == i, 1:] for i in range(len(some))]
    return rows


def overlap(box, boxes):
    low, high = np.maximum(box[:2], boxes[:, :2]), np.minimum(box[2:4], boxes[:, 2:4])
    common = np.prod(np.clip(high - low, 0, None), axis=1)
    return common / (np.prod(box[2:4] - box[:2]) + np.prod(boxes[:, 2:4] - boxes[:, :2], axis=1) - common)


def compared(expected, actual):
    """How far the faces of images are apart, each with the one that overlaps it most."""
    facts = {"images": len(expected), "faces": sum(map(len, expected)), "missing": 0, "added": 0, "pixels": 0.0, "confidence": 0.0}
    for ours, theirs in zip(expected, actual, strict=True):
        left = list(range(len(theirs)))
        for face in ours:
            overlaps = overlap(face, theirs[left]) if left else np.zeros(0)
            if len(overlaps) == 0 or overlaps.max() < LEAST_OVERLAP:
                facts["missing"] += 1
                continue
            other = theirs[left.pop(int(overlaps.argmax()))]
            facts["pixels"] = max(facts["pixels"], float(np.abs(face[:4] - other[:4]).max()))
            facts["confidence"] = max(facts["confidence"], float(abs(face[4] - other[4])))
        facts["added"] += len(left)
    return facts


def same(facts):
    return facts["missing"] + facts["added"] == 0 and facts["pixels"] <= MOST_PIXELS and facts["confidence"] <= MOST_CONFIDENCE


def run(task):
    import torch

    import libmtcnn

    images = scenes.album(task, 6 if task.tiny else 200)
    # The device computes in floats and has no screen in bytes.
    plain = {"screen": False, "fixed_point": False}
    expected = rows_of(libmtcnn.MTCNN(device="cpu", **plain), images, 8)
    detector = libmtcnn.MTCNN(device=task.device)
    alone = None
    for batch in BATCHES:
        actual = rows_of(detector, images, batch)
        alone = alone or actual
        facts = compared(expected, actual)
        task.check(f"same faces as the CPU, batch {batch}", facts["faces"] > 0 and same(facts), **facts)
    pixels = [torch.from_numpy(image).to(task.torch_device) for image in images]
    facts = compared(alone, rows_of(detector, pixels, 8))
    task.check("same faces in images that lie on the device", same(facts), **facts)
    planes = [image.permute(2, 0, 1).contiguous() for image in pixels]
    facts = compared(alone, rows_of(detector, planes, 8))
    task.check("same faces in planes that lie on the device", same(facts), **facts)
    facts = compared(expected, rows_of(libmtcnn.MTCNN(device=task.device, half=True), images, 8))
    off = facts["missing"] + facts["added"]
    task.check("nearly the same faces in half precision", off <= 0.02 * facts["faces"] + 1, **facts)
    mixed = [*images[:4], np.zeros((0, 0, 3), np.uint8), np.zeros((1, 1, 3), np.uint8), np.full((9, 400, 3), 7, np.uint8), *images[4:6]]
    facts = compared(rows_of(libmtcnn.MTCNN(device="cpu", **plain), mixed, len(mixed)), rows_of(detector, mixed, len(mixed)))
    task.check("mixed sizes with empty and tiny images", same(facts), **facts)
