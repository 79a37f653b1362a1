"""Faces after the search: chosen, cut out, and put into the forms of other packages."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from libmtcnn import _core
from libmtcnn.errors import UsageError
from libmtcnn.images import ImageLike, check_save_paths, to_pixels
from libmtcnn.tensors import TensorLike, as_tensor, is_tensor

Floats = NDArray[np.float32]

#: Order of a face's five points everywhere; left and right as seen in the image.
LANDMARKS = ("left_eye", "right_eye", "nose", "mouth_left", "mouth_right")


def object_array(items: Sequence[Any]) -> NDArray[Any]:
    """One item a place, whatever the items are: NumPy itself would join arrays of equal shape."""
    array = np.empty(len(items), dtype=object)
    for i, item in enumerate(items):
        array[i] = item
    return array


def batch_array(items: Sequence[Any]) -> NDArray[Any]:
    """Arrays of one shape in one array, as facenet-pytorch's detect() gives them; else one item a place."""
    shapes = {np.shape(item) for item in items}
    if len(items) > 0 and len(shapes) == 1 and all(isinstance(item, np.ndarray) for item in items):
        return np.stack(list(items))
    if len(items) > 0 and shapes == {(1,)}:  # no face in any
        return np.array([list(item) for item in items], dtype=object)
    return object_array(items)


def largest_first(boxes: Floats) -> NDArray[np.intp]:
    """The order of boxes [n, 4] by falling area."""
    return np.argsort(-((boxes[:, 2] - boxes[:, 0]) * (boxes[:, 3] - boxes[:, 1])), kind="stable")


def select(
    boxes: Any, probabilities: Any, points: Any, image: ImageLike, method: str, threshold: float, center_weight: float
) -> tuple[Any, Any, Any]:
    """One face of one picture: boxes [1, 4], probabilities [1], points [1, K, 2]; or None, [None], None."""
    if boxes is None:
        return None, [None], None
    boxes, probabilities, points = np.asarray(boxes), np.asarray(probabilities), np.asarray(points)
    areas = (boxes[:, 2] - boxes[:, 0]) * (boxes[:, 3] - boxes[:, 1])
    if method == "probability":
        worth = probabilities
    elif method == "center_weighted_size":
        height, width = to_pixels(image).shape[:2]
        away = (boxes[:, :2] + boxes[:, 2:]) / 2 - np.array([width / 2, height / 2])
        worth = areas - center_weight * (away**2).sum(axis=1)
    elif method == "largest_over_threshold":
        worth = np.where(probabilities > threshold, areas, -np.inf)
    else:
        worth = areas
    best = int(np.argmax(worth))
    if worth[best] == -np.inf:
        return None, [None], None
    return boxes[[best]], probabilities[[best]], points[[best]]


def limited(rows: Floats, shape: Sequence[int], boxes: bool, points: bool) -> Floats:
    """Faces [n, 6 + 2 K] with boxes, points or both moved into a picture of shape [h, w, 3]."""
    rows = rows.copy()
    height, width = shape[:2]
    if boxes:
        rows[:, 0:4:2] = rows[:, 0:4:2].clip(0, width)
        rows[:, 1:4:2] = rows[:, 1:4:2].clip(0, height)
    if points:
        rows[:, 5:-1:2] = rows[:, 5:-1:2].clip(0, max(0, width - 1))
        rows[:, 6:-1:2] = rows[:, 6:-1:2].clip(0, max(0, height - 1))
    return rows


def ipazc_table(index: int, rows: Floats, box_format: str) -> Floats:
    """Faces [n, 6 + 2 K] as [n, 6 + 2 K]: index of the picture, box, confidence, all x and all y of the points."""
    table = np.concatenate([np.full((len(rows), 1), index, np.float32), rows[:, :5], rows[:, 5:-1:2], rows[:, 6:-1:2]], axis=1)
    if box_format == "xywh":
        table[:, 3:5] -= table[:, 1:3]
    return table


def ipazc_dict(row: Floats, names: Sequence[str] | None) -> dict[str, Any]:
    """A row of ipazc_table() as a dict, places in whole pixels; without keypoints where there are no names."""
    whole = np.rint(row).astype(int)
    face: dict[str, Any] = {"box": whole[1:5].tolist(), "confidence": float(row[5])}
    if names is not None:
        face["keypoints"] = {name: (int(whole[6 + i]), int(whole[6 + len(names) + i])) for i, name in enumerate(names)}
    return face


def ipazc_dicts(table: Floats, names: Sequence[str] | None, angles: Floats | None) -> list[dict[str, Any]]:
    """The rows of ipazc_table() as dicts, with their angles where there are any."""
    dicts = [ipazc_dict(row, names) for row in table]
    if angles is not None:
        for face, angle in zip(dicts, angles, strict=True):
            face["angle"] = float(angle)
    return dicts


def _square_side(image_size: int) -> int:
    if not 0 < image_size <= 4096:
        raise UsageError(f"image_size: invalid value: found {image_size}, expected a whole number, [1, 4096]")
    return int(image_size)


def _to_tensor(crop: NDArray[np.uint8]) -> TensorLike:
    return as_tensor(np.ascontiguousarray(crop.transpose(2, 0, 1), dtype=np.float32))


def extract_face(
    img: ImageLike, box: Any, image_size: int = 160, margin: float = 0, save_path: str | os.PathLike[str] | None = None
) -> TensorLike:
    """Cuts a box out, as facenet-pytorch's extract_face(): whole pixels, cut at the picture's border, stretched to a square.

    Args:
        img: a picture; see libmtcnn.to_pixels.
        box: x1 y1 x2 y2, image pixels.
        image_size: side of the crop, pixels.
        margin: room around the box, in pixels of the crop, both sides together.
        save_path: also write the crop there.

    Returns:
        float32 [3, image_size, image_size], RGB, 0..255.

    Raises:
        UsageError: a box without area, an empty picture, a size out of its range, or save_path is img's own file.
    """
    check_save_paths([save_path], [img])
    pixels = to_pixels(img)
    size = _square_side(image_size)
    if not 0 <= margin < size:
        raise UsageError(f"margin: invalid value: found {margin}, expected a number, [0, image_size)")
    sides = np.asarray(box, dtype=np.float64).reshape(-1)
    if sides.shape != (4,) or not np.isfinite(sides).all() or (sides[2:] <= sides[:2]).any():
        raise UsageError(f"extract_face: no box: found {box}, expected four numbers, x1 < x2 and y1 < y2")
    height, width = pixels.shape[:2]
    if pixels.size == 0:
        raise UsageError("extract_face: the picture is empty")
    room = margin * (sides[2:] - sides[:2]) / (size - margin) / 2
    # At least one pixel, also of a box that touches the picture's border from outside.
    low = np.clip(sides[:2] - room, 0, (width - 1, height - 1)).astype(int)
    high = np.maximum(np.clip(sides[2:] + room, 0, (width, height)).astype(int), low + 1)
    crop = _core.stretch(pixels, [*map(float, low), *map(float, high)], size)
    if save_path is not None:
        _core.write_image(os.fspath(save_path), crop)
    return _to_tensor(crop)


def crop_face(img: ImageLike, box: Any, image_size: int = 112, margin: float = 0.2) -> TensorLike:
    """Cuts out the square round a box without stretching it, as `mtcnn detect --crops`: what lies outside the picture is black.

    Args:
        box: x1 y1 x2 y2, image pixels.
        margin: room on each side, as a share of the box's longer side.

    Returns:
        float32 [3, image_size, image_size], RGB, 0..255.

    Raises:
        Error: a box without area.
    """
    if not margin >= 0:
        raise UsageError(f"margin: invalid value: found {margin}, expected a number, at least 0")
    return _to_tensor(_core.crop(to_pixels(img), np.asarray(box, np.float32).reshape(-1).tolist(), margin, _square_side(image_size)))


def align_face(img: ImageLike, landmarks: Any, image_size: int = 112) -> TensorLike:
    """Turns and scales a face so that its points come nearest to where recognition nets of ArcFace's kind expect them, as
    `mtcnn detect --crops --align`.

    Args:
        landmarks: [5, 2], image pixels, in the order of libmtcnn.LANDMARKS.

    Returns:
        float32 [3, image_size, image_size], RGB, 0..255; black outside the picture.

    Raises:
        Error: points that no turn brings to these places.
    """
    points = np.asarray(landmarks, np.float32)
    if points.shape != (5, 2):
        raise UsageError(f"align_face: no landmarks: found shape {list(points.shape)}, expected [5, 2]")
    return _to_tensor(_core.align(to_pixels(img), points.tolist(), _square_side(image_size)))


def fixed_image_standardization(image_tensor: TensorLike) -> TensorLike:
    """(value - 127.5) / 128: what face recognition nets take."""
    return (image_tensor - 127.5) / 128.0


def prewhiten(x: TensorLike) -> TensorLike:
    """A tensor less its mean, divided by its standard deviation (at least 1 / sqrt(number of values))."""
    if is_tensor(x):
        return (x - x.mean()) / x.std().clamp(min=1.0 / x.numel() ** 0.5)
    return (x - x.mean()) / max(x.std(ddof=1), 1.0 / x.size**0.5)
