"""The three-stage MTCNN face detector: boxes, confidences, five landmarks; training, preparing and evaluating.

    from libmtcnn import MTCNN
    faces = MTCNN().detect_faces("photo.jpg")

Conventions everywhere: images are RGB, uint8 [h, w, 3]; boxes are x1 y1 x2 y2 in image pixels, origin top left, half-open; landmarks are
left eye, right eye, nose, left and right mouth corner, as seen in the image. docs/python.md has the details, and the parameters of
facenet-pytorch and ipazc's mtcnn beside ours. Without torch, what would be a tensor is an array.
"""

import importlib
from typing import Any

from libmtcnn import _core
from libmtcnn.errors import (
    BadFormatError,
    Error,
    InternalError,
    Interrupted,
    NotFoundError,
    UnreadableError,
    UnsupportedError,
    UnwritableError,
    UsageError,
)

from libmtcnn._core import set_threads
from libmtcnn.detector import MTCNN
from libmtcnn.faces import LANDMARKS, align_face, crop_face, extract_face, fixed_image_standardization, prewhiten
from libmtcnn.images import ImageLike, read_image, to_pixels
from libmtcnn.program import evaluate, pipeline, prepare, run, train
from libmtcnn.tracing import Answers, Level, Trace


def __getattr__(name: str) -> Any:
    """What needs torch, on demand: `training`, PNet, RNet, ONet."""
    if name in ("PNet", "RNet", "ONet"):
        return getattr(importlib.import_module("libmtcnn.nets"), name)
    if name in ("training", "nets"):
        return importlib.import_module(f"libmtcnn.{name}")
    raise AttributeError(f"module 'libmtcnn' has no attribute {name!r}")


__version__ = _core.version

__all__ = [
    "LANDMARKS",
    "MTCNN",
    "Answers",
    "BadFormatError",
    "Error",
    "ImageLike",
    "InternalError",
    "Interrupted",
    "Level",
    "NotFoundError",
    "Trace",
    "UnreadableError",
    "UnsupportedError",
    "UnwritableError",
    "UsageError",
    "align_face",
    "crop_face",
    "evaluate",
    "extract_face",
    "fixed_image_standardization",
    "pipeline",
    "prepare",
    "prewhiten",
    "read_image",
    "run",
    "set_threads",
    "to_pixels",
    "train",
]
