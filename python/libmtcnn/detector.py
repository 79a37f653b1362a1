"""MTCNN: one class for our own way of searching and for those of facenet-pytorch and ipazc's mtcnn."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from libmtcnn import _core, faces
from libmtcnn.crops import SELECTIONS, Crops
from libmtcnn.errors import UsageError
from libmtcnn.images import ImageLike, Pixels, batches, check_save_paths, is_batch, lies_on, pixels_on_device, save_paths, to_pixels
from libmtcnn.options import changed, check_choice, device_name
from libmtcnn.torch_like import TorchLike
from libmtcnn.tracing import Trace, make_trace

if TYPE_CHECKING:
    import torch

Floats = NDArray[np.float32]

_STAGES = ("face_and_landmarks_detection", "face_detection_only")


class MTCNN(Crops, TorchLike):
    """Finds faces: boxes, confidences and five landmarks; or whatever the model was trained for, with the points that it has.

    Takes the parameters of facenet-pytorch's `MTCNN` and of ipazc's, and every detector option by its name (docs/configuration.md); what
    is not given has the value that the model recommends. Any number of threads may search with one object at the same time.

    Args:
        image_size: side of the crops that calling the object gives, pixels.
        margin: room around the box in a crop, in pixels of the crop, both sides together.
        min_face_size: the smallest face to find, image pixels; the cost grows as 1 / min_face_size².
        thresholds: the probabilities that a candidate window needs to pass P-Net, R-Net and O-Net.
        factor: scale of a pyramid level relative to the one before, in (0, 0.98).
        post_process: crops as (value - 127.5) / 128 rather than 0..255.
        select_largest: the largest face first, rather than the most confident.
        selection_method: which face is cropped where there are several and keep_all is off: "largest", "probability",
            "center_weighted_size" or "largest_over_threshold" (0.9); wins over select_largest.
        keep_all: crop all faces.
        device: "cpu", "cuda", "cuda:1" (experimental), "auto" (cuda if there is a GPU), or as in TensorFlow, "GPU:0"; None is the CPU.
        model: a model folder; None is the folder that the environment variable MTCNN_MODEL names, or else the built-in default model.
        align: crops are turned and scaled so that eyes, nose and mouth lie where recognition nets of ArcFace's kind expect them, rather
            than cut along the box.
        stages: "face_and_landmarks_detection", or "face_detection_only": detect_faces() leaves the keypoints out.
        weights_file: another name for `model`.
        options: min_face, max_face, max_side, rotate, rotate_margin, clip, padding, nms_level, nms_levels, nms_rnet, nms_onet; how the confidence
            is made: plain (the paper's way), pnet_weight, rnet_weight, support, box_voting, mirror_weight; how the computer works:
            screen, fixed_point, half, max_windows; and the other packages' min_face_size, scale_factor, steps_threshold, threshold_pnet, threshold_rnet,
            threshold_onet, nms_pnet1, nms_pnet2.

    Raises:
        UsageError (a ValueError): an option that does not exist or lies outside its range, a device that is not there.
        NotFoundError (a FileNotFoundError), BadFormatError (a ValueError): the model folder is missing or damaged.

    Examples:
        >>> mtcnn = MTCNN()
        >>> mtcnn.detect_faces("photo.jpg")                             # a dict a face
        >>> boxes, probabilities, points = mtcnn.detect("photo.jpg", landmarks=True)
        >>> crops = MTCNN(image_size=112, align=True, keep_all=True)("photo.jpg")
    """

    def __init__(
        self,
        image_size: int = 160,
        margin: float = 0,
        min_face_size: float | None = None,
        thresholds: Sequence[float] | None = None,
        factor: float | None = None,
        post_process: bool = True,
        select_largest: bool = True,
        selection_method: str | None = None,
        keep_all: bool = False,
        device: str | torch.device | None = None,
        *,
        model: str | os.PathLike[str] | None = None,
        align: bool = False,
        stages: str | None = None,
        weights_file: str | os.PathLike[str] | None = None,
        **options: Any,
    ) -> None:
        if isinstance(image_size, (str, os.PathLike)) or image_size is None:
            raise TypeError(
                f"MTCNN: image_size: found {image_size!r}, expected a number of pixels; stages and weights_file are passed by name"
            )
        if isinstance(image_size, (list, tuple)):
            raise UsageError(f"MTCNN: image_size: found {image_size!r}, expected one number: crops are square")
        if not 0 < image_size <= 4096 or image_size != int(image_size):
            raise UsageError(f"MTCNN: image_size: invalid value: found {image_size}, expected a whole number, [1, 4096]")
        if not 0 <= margin < image_size:
            raise UsageError(f"MTCNN: margin: invalid value: found {margin}, expected a number, [0, image_size)")
        check_choice("selection_method", selection_method, SELECTIONS)
        check_choice("stages", stages, _STAGES)
        self.image_size = int(image_size)
        self.margin = margin
        self.post_process = post_process
        self.select_largest = select_largest
        self.selection_method = selection_method or ("largest" if select_largest else "probability")
        self.keep_all = keep_all
        self.align = align
        self.stages = stages or _STAGES[0]
        self._model = _model_folder(model if model is not None else weights_file)
        self._device = device_name(device)
        given = {"min_face_size": min_face_size, "thresholds": thresholds, "factor": factor}
        self._given = {**options, **{key: value for key, value in given.items() if value is not None}}
        self._make()

    def _make(self) -> None:
        loaded = _core.Detector(self._model, self._device)
        self._detector = changed(loaded, self._given, "MTCNN")

    # What the search looks for.

    @property
    def options(self) -> dict[str, Any]:
        """All options that are in force, by their names in docs/configuration.md: a dict, with a dict for each group."""
        return json.loads(self._detector.options())

    def set_options(self, **options: Any) -> None:
        """Changes options for all searches from now on.

        Raises:
            UsageError: naming the option; nothing is changed then.
        """
        self._detector = changed(self._detector, options, "MTCNN")
        self._given = self.options  # by one name each: what was given may have had several

    @property
    def object(self) -> str:
        """What the model finds, the name of one: "face"."""
        return self._detector.object

    @property
    def landmark_names(self) -> tuple[str, ...]:
        """The points of a detection, in order; for faces libmtcnn.LANDMARKS, for a model without points none."""
        return self._detector.landmark_names

    @property
    def min_face_size(self) -> float:
        """The smallest face looked for, image pixels."""
        return self.options["min_face"]

    @min_face_size.setter
    def min_face_size(self, value: float) -> None:
        self.set_options(min_face_size=value)

    @property
    def thresholds(self) -> list[float]:
        """Probabilities to pass P-Net, R-Net and O-Net."""
        return self.options["thresholds"]

    @thresholds.setter
    def thresholds(self, value: Sequence[float]) -> None:
        self.set_options(thresholds=value)

    @property
    def factor(self) -> float:
        """Size of a pyramid level relative to the one before."""
        return self.options["factor"]

    @factor.setter
    def factor(self, value: float) -> None:
        self.set_options(factor=value)

    # Copies and pickles have no nets in them: they are loaded again.

    def __getstate__(self) -> dict[str, Any]:
        return {key: value for key, value in self.__dict__.items() if key != "_detector"}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        self._make()

    # Searching.

    def _rows(self, detector: _core.Detector, image: Any) -> Iterator[tuple[Pixels, Floats]]:
        """Every picture with its faces: float32 [n, 6 + 2 K], x1 y1 x2 y2 confidence x0 y0 x1 y1 … angle, by falling confidence."""
        images = image if is_batch(image) else [image]
        device = detector.device()
        if not detector.turns and all(lies_on(item, device) for item in images):
            tensors = [pixels_on_device(item) for item in images]
            yield from zip(tensors, detector.detect_on_device(tensors), strict=True)
            return
        for batch in batches(images):
            yield from zip(batch, detector.detect(batch), strict=True)

    def detect(self, img: ImageLike | Sequence[ImageLike], landmarks: bool = False) -> tuple[Any, ...]:
        """Finds faces, as facenet-pytorch's detect().

        Args:
            img: one picture (see libmtcnn.to_pixels), or a list, tuple or 4-D array of pictures of any sizes.
            landmarks: also return the points.

        Returns:
            boxes: float32 [n, 4], x1 y1 x2 y2, image pixels, half-open; the largest first, or the surest where select_largest is off.
                Boxes may leave the picture unless the option `clip` is on. None where there is no face.
            probabilities: float32 [n]; [None] where there is no face.
            points, if asked for: float32 [n, 5, 2], left eye, right eye, nose, left and right mouth corner as seen in the image (for a model
                with other points [n, K, 2], see landmark_names); or None.
            For several pictures each is one array [pictures, n, …] where all have as many faces, else an object array with such an item a
            picture.

        Raises:
            TypeError, UsageError: no picture. Exceptions of read_image() for file names.
        """
        boxes: list[Any] = []
        probabilities: list[Any] = []
        points: list[Any] = []
        for _, rows in self._rows(self._detector, img):
            if len(rows) == 0:
                boxes.append(None)
                probabilities.append([None])
                points.append(None)
                continue
            if self.select_largest:
                rows = rows[faces.largest_first(rows[:, :4])]
            boxes.append(rows[:, :4])
            probabilities.append(rows[:, 4])
            points.append(rows[:, 5:-1].reshape(len(rows), len(self.landmark_names), 2))
        found = (boxes, probabilities, points) if landmarks else (boxes, probabilities)
        return tuple(faces.batch_array(items) if is_batch(img) else items[0] for items in found)

    def detect_faces(
        self,
        image: ImageLike | Sequence[ImageLike],
        fit_to_image: bool = True,
        limit_boundaries_landmarks: bool = False,
        box_format: str = "xywh",
        output_type: str = "json",
        postprocess: bool = True,
        batch_stack_justification: str = "center",
        **options: Any,
    ) -> Any:
        """Finds faces, as detect_faces() of ipazc's mtcnn, by falling confidence.

        Args:
            image: one picture (see libmtcnn.to_pixels), or a list, tuple or 4-D array of pictures of any sizes.
            fit_to_image: cut boxes at the picture's border.
            limit_boundaries_landmarks: move points that lie outside into the picture.
            box_format: "xywh" for [x, y, width, height] or "xyxy" for [x1, y1, x2, y2], image pixels.
            output_type: "json" or "numpy".
            postprocess: False: neither of the first two.
            batch_stack_justification: without effect, as pictures of unequal sizes are not padded.
            options: for this search alone; as in the constructor.

        Returns:
            "json": a list with a dict a face: 'box', four whole numbers; 'confidence', a float in [0, 1]; 'keypoints', a dict of
            'left_eye', 'right_eye', 'nose', 'mouth_left' and 'mouth_right', (x, y) in whole pixels, as seen in the image; where the option
            rotate is on 'angle', the degrees clockwise by which the face is turned. Several pictures: a list of such lists.
            "numpy": float32 [n, 16]: index of the picture, box, confidence, the five x, the five y, not rounded ([n, 6] without keypoints).
            With a model of other points these are as many, by their own names (landmark_names); without points there are no keypoints.

        Raises:
            TypeError, UsageError: no picture, or an option that does not exist. Exceptions of read_image() for file names.
        """
        check_choice("box_format", box_format, ("xywh", "xyxy"))
        check_choice("output_type", output_type, ("json", "numpy"))
        detector = changed(self._detector, options, "detect_faces") if options else self._detector
        tables = []
        angles = []
        for index, (pixels, rows) in enumerate(self._rows(detector, image)):
            if postprocess:
                rows = faces.limited(rows, pixels.shape, fit_to_image, limit_boundaries_landmarks)
            tables.append(faces.ipazc_table(index, rows, box_format))
            angles.append(rows[:, -1] if detector.turns else None)
        with_points = self.stages == _STAGES[0]
        if output_type == "numpy":
            table = np.concatenate(tables) if tables else np.empty((0, 6 + 2 * len(self.landmark_names)), np.float32)
            return table if with_points else table[:, :6]
        names = self.landmark_names if with_points and self.landmark_names else None
        dicts = [faces.ipazc_dicts(table, names, turns) for table, turns in zip(tables, angles, strict=True)]
        return dicts if is_batch(image) else dicts[0]

    def predict(self, image: ImageLike | Sequence[ImageLike], **arguments: Any) -> Any:
        """detect_faces() by another name."""
        return self.detect_faces(image, **arguments)

    def trace(self, image: ImageLike) -> Trace:
        """Searches one picture and keeps all that happens on the way: levels, P-Net's maps, windows with scores after each stage."""
        pixels = to_pixels(image)
        return make_trace(pixels, self._detector.trace(pixels), self.thresholds)

    # Crops.

    def forward(self, img: ImageLike | Sequence[ImageLike], save_path: Any = None, return_prob: bool = False) -> Any:
        """Finds faces and cuts them out, as calling facenet-pytorch's MTCNN. Call the object itself: `mtcnn(img)`.

        Args:
            img: as detect().
            save_path: also write the crop there, a file name (a list of them for several pictures), ending in .jpg, .png, …; further
                faces go to name_2, name_3 …. A file that `img` names is refused, and so are two crops of one name.
            return_prob: also return the confidence.

        Returns:
            float32 [3, image_size, image_size], RGB, of the face that selection_method picks, or [n, 3, image_size, image_size] of all with
            keep_all; None where there is no face; for several pictures a list. With return_prob also the confidence (with keep_all those of
            all faces; None, or with keep_all [None], where there is no face).
        """
        images: Any = img if is_batch(img) else [img]
        for path in save_paths(save_path, images):
            check_save_paths([path], images)
        self._check_align()
        boxes, probabilities, points = self.detect(img, landmarks=True)
        if not self.keep_all:
            boxes, probabilities, points = self.select_boxes(boxes, probabilities, points, img, method=self.selection_method)
        crops = self.extract(img, boxes, save_path, points)
        return (crops, probabilities) if return_prob else crops


def _model_folder(model: str | os.PathLike[str] | None) -> str | None:
    return os.fspath(model) if model is not None else os.environ.get("MTCNN_MODEL") or None
