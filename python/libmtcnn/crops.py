"""MTCNN's crops: which face is taken of each image, how it is cut out, and where it is written."""

from __future__ import annotations

import os
import warnings
from collections.abc import Sequence
from typing import Any

from libmtcnn import _core, faces
from libmtcnn.errors import UsageError
from libmtcnn.images import check_save_paths, crop_paths, is_batch, save_paths, to_pixels
from libmtcnn.options import check_choice
from libmtcnn.tensors import TensorLike, stacked

SELECTIONS = ("largest", "probability", "center_weighted_size", "largest_over_threshold")


class Crops:
    """Selects and cuts out faces that were found, as facenet-pytorch's MTCNN; see libmtcnn.MTCNN for what the attributes mean."""

    image_size: int
    margin: float
    post_process: bool
    keep_all: bool
    align: bool

    @property
    def landmark_names(self) -> tuple[str, ...]:
        """The points of a detection, in order."""
        raise NotImplementedError

    def select_boxes(
        self,
        all_boxes: Any,
        all_probs: Any,
        all_points: Any,
        imgs: Any,
        method: str = "probability",
        threshold: float = 0.9,
        center_weight: float = 2.0,
    ) -> tuple[Any, Any, Any]:
        """One face per image out of what detect(…, landmarks=True) returned, as facenet-pytorch's select_boxes().

        Args:
            method: see selection_method in the constructor.
            threshold: that "largest_over_threshold" asks for.
            center_weight: of the squared distance from the image's centre in "center_weighted_size".

        Returns:
            boxes [1, 4], probability, points [1, 5, 2] (or as many as the model has); None each where there is none. Several images: object
            arrays with an item per image, probabilities as arrays [1].
        """
        check_choice("method", method, SELECTIONS)
        if not is_batch(imgs):
            box, probability, point = faces.select(all_boxes, all_probs, all_points, imgs, method, threshold, center_weight)
            return box, probability[0], point
        selected = [
            faces.select(*found, method, threshold, center_weight) for found in zip(all_boxes, all_probs, all_points, imgs, strict=True)
        ]
        boxes, probabilities, points = ([item[i] for item in selected] for i in range(3))
        return faces.object_array(boxes), faces.object_array(probabilities), faces.object_array(points)

    def extract(self, img: Any, batch_boxes: Any, save_path: Any = None, batch_points: Any = None) -> Any:
        """Cuts boxes out, as facenet-pytorch's extract(): each stretched to a square of image_size, with `margin` around it.

        Args:
            img: as detect().
            batch_boxes: [n, 4] as detect() gives them, or None; for several images one such item each.
            save_path: as forward().
            batch_points: [n, 5, 2] as detect() gives them; needed where `align` is on.

        Returns:
            as forward().
        """
        self._check_align()
        if self.align and batch_points is None:
            raise UsageError("extract: align needs batch_points, the landmarks that detect() returns")
        many = is_batch(img)
        images, boxes, points = (img, batch_boxes, batch_points) if many else ([img], [batch_boxes], [batch_points])
        paths = save_paths(save_path, images)
        if len(paths) != len(images) or len(boxes) != len(images):
            raise UsageError(
                f"extract: found {len(images)} pictures, {len(boxes)} items of boxes and {len(paths)} paths; expected as many of each"
            )
        kept = [0 if found is None else len(found if self.keep_all else found[:1]) for found in boxes]
        check_save_paths([name for path, count in _last_of_each(paths, kept) for name in crop_paths(path, count)], images)
        crops = [
            None if boxes[i] is None else self._crops(image, boxes[i], None if points is None else points[i], paths[i])
            for i, image in enumerate(images)
        ]
        return crops if many else crops[0]

    def _check_align(self) -> None:
        if self.align and self.landmark_names != faces.LANDMARKS:
            names = ", ".join(self.landmark_names) or "none"
            raise UsageError(f"align: found a model with the points {names}, expected the five of a face; leave align out for other objects")

    def _crops(self, image: Any, boxes: Any, points: Any, path: Any) -> TensorLike:
        pixels = to_pixels(image)
        crops = []
        kept = boxes if self.keep_all else boxes[:1]
        for i, (box, name) in enumerate(zip(kept, crop_paths(path, len(kept)), strict=True)):
            if self.align:
                crop = faces.align_face(pixels, points[i], self.image_size)
            else:
                crop = faces.extract_face(pixels, box, self.image_size, self.margin)
            if name is not None:
                _core.write_image(name, to_pixels(crop))
            crops.append(faces.fixed_image_standardization(crop) if self.post_process else crop)
        return stacked(crops) if self.keep_all else crops[0]


def _last_of_each(paths: Sequence[Any], counts: Sequence[int]) -> list[tuple[Any, int]]:
    """One name for several images is taken as it was said, as facenet-pytorch does: the last one stays, and a warning says so."""
    last = {os.path.realpath(path): (path, count) for path, count in zip(paths, counts, strict=True) if path is not None}
    if len(last) < sum(path is not None for path in paths):
        warnings.warn("save_path: several pictures have one name; the crops of the last one stay", stacklevel=4)
    return list(last.values())
