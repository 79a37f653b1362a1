"""What a trained net answered on the validation crops, and these crops; docs/formats.md describes the files."""
from __future__ import annotations

import dataclasses
import functools
import json
import pathlib
import zlib
from collections.abc import Mapping, Sequence

import numpy as np

from run_files import DTYPES, RunError, read_safetensors

NETS = {"pnet": "P-Net", "rnet": "R-Net", "onet": "O-Net"}
KINDS = ("positive", "part", "negative", "landmark")

# Tensors of best/answers.safetensors: whose crops, dtype, columns (0: one number a crop; None: two a point).
ANSWER_TENSORS = {
    **{f"{kind}_place": (kind, "I32", 2) for kind in KINDS},
    "positive_score": ("positive", "F32", 0),
    "negative_score": ("negative", "F32", 0),
    "positive_box_error": ("positive", "F32", 0),
    "part_box_error": ("part", "F32", 0),
    "landmark_error": ("landmark", "F32", 0),
    "landmark_points": ("landmark", "F32", None),
}


@dataclasses.dataclass(frozen=True)
class Answers:
    """What the net of the best epoch answered on every validation crop; n crops a kind.

    tensors, those that there were crops and heads for:
      KIND_place          i32 [n, 2]   segment and row: where the crop lies, see ValidationCrops
      positive_score, negative_score          f32 [n]   probability of "face", 0 to 1
      positive_box_error, part_box_error      f32 [n]   root mean square error of four offsets (of the window's side)
      landmark_error      f32 [n]      mean distance of the points over the face's side
      landmark_points     f32 [n, 2 k] predicted k points x0 y0 x1 y1 ..., over the window's side
    """
    net: str
    epoch: int
    tensors: Mapping[str, np.ndarray]

    @classmethod
    def load(cls, path: pathlib.Path) -> Answers:
        """Raises RunError where the file is none of answers or its tensors do not fit each other."""
        tensors, metadata = read_safetensors(path)
        found = (metadata.get("format"), metadata.get("version"))
        if found != ("mtcnn-answers", "1"):
            raise RunError(f"{path}: found format {found[0]}, version {found[1]}; expected mtcnn-answers, version 1")
        if metadata.get("net") not in NETS or not str(metadata.get("epoch")).isdigit():
            raise RunError(f"{path}: found net {metadata.get('net')}, epoch {metadata.get('epoch')}; "
                           f"expected one of {', '.join(NETS)} and a number")
        for name, tensor in tensors.items():
            if name not in ANSWER_TENSORS:
                raise RunError(f"{path}: found an unknown tensor '{name}'; expected {', '.join(ANSWER_TENSORS)}")
            kind, dtype, columns = ANSWER_TENSORS[name]
            if f"{kind}_place" not in tensors:
                raise RunError(f"{path}: found '{name}' alone; expected '{kind}_place' beside it")
            if columns is None and tensor.ndim == 2 and tensor.shape[1] > 0 and tensor.shape[1] % 2 == 0:
                columns = tensor.shape[1]
            shape = (len(tensors[f"{kind}_place"]), *([10 if columns is None else columns] if columns != 0 else []))
            if tensor.shape != shape or tensor.dtype != DTYPES[dtype]:
                raise RunError(f"{path}: '{name}' is {tensor.dtype} {list(tensor.shape)}; "
                               f"expected {DTYPES[dtype]} {list(shape)}")
        return cls(metadata["net"], int(metadata["epoch"]), tensors)

    def get(self, name: str) -> np.ndarray | None:
        """The named tensor; None where it is absent or empty."""
        tensor = self.tensors.get(name)
        return tensor if tensor is not None and len(tensor) else None


@dataclasses.dataclass(frozen=True)
class Crop:
    """One validation crop."""
    pixels: np.ndarray             # u8 [S, S, 3], RGB
    landmarks: np.ndarray | None   # f32 [k, 2]: true points x y, over the window's side; landmark crops only
    image: str                     # data set and name of the picture it comes from
    window: tuple[float, ...]      # x1 y1 x2 y2 in that picture, in pixels


class ValidationCrops:
    """Looks single crops up in a folder that `mtcnn prepare` wrote."""

    def __init__(self, folder: pathlib.Path, net: str, checksum: str | None) -> None:
        """checksum: of the manifest, as the run's config.json tells. Raises RunError if these are not those crops."""
        manifest = folder / "manifest.json"
        try:
            found = f"crc32:{zlib.crc32(manifest.read_bytes()):08x}"
        except OSError:
            raise RunError(f"{folder}: the validation crops are no longer there") from None
        if checksum not in (None, found):
            raise RunError(f"{folder}: other crops than the run was validated on: "
                           f"found {found}; expected {checksum} of manifest.json")
        self.folder, self.net = folder, net
        self._shards: dict[pathlib.Path, dict[str, np.ndarray]] = {}

    @functools.cached_property
    def _images(self) -> list[str]:
        """Data set and name of each picture, in the order of sources.jsonl."""
        path = self.folder / "sources.jsonl"
        try:
            rows = [json.loads(line) for line in path.read_text("utf-8").splitlines()]
            return [f"{row.get('dataset', '')}: {row['image']}" for row in rows]
        except (OSError, ValueError, TypeError, KeyError, AttributeError) as error:
            raise RunError(f"{path}: {error}; expected a line of JSON with 'image' for each picture") from None

    def crop(self, kind: str, place: Sequence[int]) -> Crop:
        """The crop at (segment, row). Raises RunError where the shard is missing, damaged or shorter."""
        segment, row = map(int, place)
        path = self.folder / f"{self.net}-{kind}-{segment:05d}.safetensors"
        if path not in self._shards:
            self._shards[path] = read_safetensors(path)[0]
        shard = self._shards[path]
        missing = {"pixels", "window", "source"} - set(shard)
        if missing:
            raise RunError(f"{path}: found {', '.join(shard)}; expected also {', '.join(sorted(missing))}")
        source = int(shard["source"][row]) if 0 <= row < len(shard["source"]) else -1
        if not 0 <= source < len(self._images) or row >= min(map(len, shard.values())):
            raise RunError(f"{path}: no crop {row}: found {len(shard['source'])} crops of {len(self._images)} pictures")
        points = shard["landmarks"][row].reshape(-1, 2) if "landmarks" in shard else None
        return Crop(np.ascontiguousarray(shard["pixels"][row].transpose(1, 2, 0)), points, self._images[source],
                    tuple(map(float, shard["window"][row])))
