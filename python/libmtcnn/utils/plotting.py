"""plot() and its parts, as ipazc's mtcnn has them: what detect_faces() found, drawn on a copy of the picture."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from libmtcnn.errors import UsageError
from libmtcnn.images import ImageLike, Pixels, to_pixels

_YELLOW = "#FFFF00"
_POINTS = ("left_eye", "right_eye", "nose", "mouth_left", "mouth_right")  # the order of detect_faces(output_type="numpy")


def plot(image: ImageLike, detection: Any, input_as_width_height: bool = True) -> Pixels | None:
    """Box and points of one face, or of all.

    Args:
        image: one picture (see libmtcnn.to_pixels).
        detection: a dict of detect_faces(), a list of them, or rows of its "numpy" form.
        input_as_width_height: boxes are x y width height, else x1 y1 x2 y2.

    Returns:
        uint8 [h, w, 3], a copy; None where there is no face.
    """
    if len(detection) == 0:
        return None
    several = isinstance(detection, list) or (isinstance(detection, np.ndarray) and detection.ndim > 1)
    return plot_all(image, detection if several else [detection], input_as_width_height)


def plot_all(image: ImageLike, detections: Any, input_as_width_height: bool = True) -> Pixels:
    """plot() of every face."""
    canvas = to_pixels(image).copy()
    for detection in detections:
        canvas = plot_bbox(canvas, detection, input_as_width_height=input_as_width_height)
        canvas = plot_landmarks(canvas, detection)
    return canvas


def plot_bbox(
    image: ImageLike, bbox: Any, color: Any = _YELLOW, normalize_color: bool = False, input_as_width_height: bool = True
) -> Pixels:
    """The edges of a box: four numbers, or a face. Boxes may leave the picture."""
    canvas = to_pixels(image).copy()
    values = np.asarray(bbox["box"] if isinstance(bbox, Mapping) else bbox, dtype=float)
    x1, y1, x2, y2 = np.rint(values[1:5] if len(values) > 4 else values[:4]).astype(int)
    if input_as_width_height:
        x2, y2 = x1 + x2, y1 + y2
    colour = parse_color(color)
    height, width = canvas.shape[:2]
    rows, columns = slice(max(0, y1), max(0, min(height, y2 + 1))), slice(max(0, x1), max(0, min(width, x2 + 1)))
    for x in (x1, x2):
        if 0 <= x < width:
            canvas[rows, x] = colour
    for y in (y1, y2):
        if 0 <= y < height:
            canvas[y, columns] = colour
    return canvas


def plot_landmarks(
    image: ImageLike,
    landmarks: Any,
    color: Any = _YELLOW,
    keypoints: str = "nose,mouth_right,right_eye,left_eye,mouth_left",
    brush_size: int = 2,
    normalize_color: bool = False,
) -> Pixels:
    """A square of 2 * brush_size + 1 pixels on each point: a dict of points, a face, or a row of the "numpy" form."""
    canvas = to_pixels(image).copy()
    points = _points(landmarks)
    colour = parse_color(color)
    for name in (part.strip() for part in keypoints.split(",")):
        if name in points:
            x, y = (int(round(float(value))) for value in points[name])
            canvas[max(0, y - brush_size) : max(0, y + brush_size + 1), max(0, x - brush_size) : max(0, x + brush_size + 1)] = colour
    return canvas


def parse_color(color: Any) -> Pixels:
    """A colour as uint8 [3]: "#RRGGBB", "#RGB", the same after "0x", or three numbers, in [0, 1] where they are no whole numbers."""
    if not isinstance(color, str):
        values = np.asarray(color)
        return np.rint(values * 255 if np.issubdtype(values.dtype, np.floating) else values).astype(np.uint8)
    digits = color.removeprefix("#").removeprefix("0x")
    if len(digits) == 3:
        digits = "".join(2 * digit for digit in digits)
    try:
        return np.frombuffer(bytes.fromhex(digits), np.uint8, 3)
    except ValueError:
        raise UsageError(f'color: found {color!r}, expected "#RRGGBB"') from None


def _points(landmarks: Any) -> dict[str, Any]:
    if isinstance(landmarks, Mapping):
        return dict(landmarks.get("keypoints", {}) if "box" in landmarks else landmarks)
    values = np.asarray(landmarks, dtype=float).ravel()
    if len(values) == 16:  # picture, box, confidence, the five x, the five y
        values = values[6:]
    return {name: (values[i], values[i + 5]) for i, name in enumerate(_POINTS)} if len(values) == 10 else {}
