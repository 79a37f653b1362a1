"""What happens inside one search, as arrays with names: MTCNN.trace() returns it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]


@dataclass(frozen=True)
class Level:
    """One size of the picture in the pyramid, and P-Net's view of it.

    P-Net slides a window of 12 x 12 level pixels in steps of 2; each place is a cell. Cell (row, column) sees the picture's
    [2 column / scale_x, (2 column + 12) / scale_x) x [2 row / scale_y, (2 row + 12) / scale_y).
    """

    #: level pixels
    width: int
    height: int
    #: level pixels per image pixel
    scale_x: float
    scale_y: float
    #: [height, width, 3], the net's input: (value - mean) * scale, about -1 to 1
    pixels: Floats
    #: [rows, columns], in [0, 1]: how sure P-Net is of a face in each cell
    probabilities: Floats
    #: [n, 5], x1 y1 x2 y2 score in image pixels: the cells that passed P-Net's threshold and survived suppression within the level, as they
    #: are, before regression
    windows: Floats

    @property
    def face_size(self) -> float:
        """Side of the window in image pixels: the size of faces that this level is for."""
        return 12 / self.scale_x

    @property
    def image(self) -> NDArray[np.uint8]:
        """[height, width, 3]: `pixels` as a picture to look at (for a mean of 127.5 and a scale of 1 / 128)."""
        return np.clip(np.rint(self.pixels * 128 + 127.5), 0, 255).astype(np.uint8)


@dataclass(frozen=True)
class Answers:
    """What R-Net or O-Net says about n windows."""

    #: [n, 4], image pixels: what the net saw
    windows: Floats
    #: [n], in [0, 1]: at or above `threshold` a window passes
    scores: Floats
    #: [n, 4]: the windows regressed by the net
    boxes: Floats
    #: [n, K, 2] with K landmarks (5 of a face), image pixels; zeros for R-Net
    landmarks: Floats
    threshold: float

    @property
    def passed(self) -> NDArray[np.bool_]:
        """[n]: which windows pass."""
        return self.scores >= np.float32(self.threshold)


@dataclass(frozen=True)
class Trace:
    """One search from the picture to its faces. Boxes are x1 y1 x2 y2 in image pixels, origin top left, half-open; scores are
    probabilities; everything lies by falling score unless it says otherwise."""

    #: [h, w, 3], RGB: the picture that was searched
    image: NDArray[np.uint8]
    #: largest level first; empty where the picture is smaller than min_face
    levels: list[Level]
    #: [n, 5]: after suppression across levels, regressed and squared
    after_pnet: Floats
    #: for the windows of after_pnet that touch the picture, in their order
    rnet: Answers
    #: [n, 5]: passed R-Net, suppressed, regressed and squared
    after_rnet: Floats
    #: for the windows of after_rnet that touch the picture, in their order
    onet: Answers
    #: [n, 4]: the faces, as detect() gives them
    boxes: Floats
    #: [n]: the faces' confidences
    confidences: Floats
    #: [n, K, 2]: of a face left eye, right eye, nose, left and right mouth corner, as seen in the image
    landmarks: Floats

    @property
    def counts(self) -> dict[str, int]:
        """How many places there are after each step: the cascade in one line."""
        return {
            "cells": sum(level.probabilities.size for level in self.levels),
            "P-Net, per level": sum(len(level.windows) for level in self.levels),
            "P-Net": len(self.after_pnet),
            "R-Net passed": int(self.rnet.passed.sum()),
            "R-Net": len(self.after_rnet),
            "O-Net passed": int(self.onet.passed.sum()),
            "faces": len(self.boxes),
        }


def make_trace(image: NDArray[np.uint8], raw: dict[str, Any], thresholds: list[float]) -> Trace:
    """`raw` is what the extension module gives."""
    faces = raw["faces"]
    return Trace(
        image=image,
        levels=[Level(**level) for level in raw["levels"]],
        after_pnet=raw["after_pnet"],
        rnet=Answers(**raw["rnet"], threshold=thresholds[1]),
        after_rnet=raw["after_rnet"],
        onet=Answers(**raw["onet"], threshold=thresholds[2]),
        boxes=faces[:, :4],
        confidences=faces[:, 4],
        landmarks=faces[:, 5:].reshape(len(faces), faces.shape[1] // 2 - 2, 2),
    )
