"""Whatever a picture may come as, made a uint8 array [h, w, 3], RGB."""

from __future__ import annotations

import os
import sys
import warnings
from collections.abc import Sequence
from typing import Any, TypeAlias, Union

import numpy as np
from numpy.typing import NDArray

from libmtcnn import _core
from libmtcnn.errors import NotFoundError, UsageError
from libmtcnn.tensors import TensorLike, is_tensor

_ORIENTATION = 0x112  # EXIF's tag
Pixels: TypeAlias = NDArray[np.uint8]
#: One picture: a file name, a file's bytes, a NumPy array, a torch tensor or a PIL image.
ImageLike: TypeAlias = Union[str, "os.PathLike[str]", bytes, NDArray[Any], TensorLike, Any]


def read_image(path: str | os.PathLike[str]) -> Pixels:
    """Reads a picture as the program does: JPEG, PNG, BMP, WebP, TIFF, PNM or JPEG 2000 (and HEIC, AVIF, JPEG XL and GIF where the package
    was built with their libraries), upright as its EXIF orientation says, transparency laid on white.

    Returns:
        uint8 [h, w, 3], RGB.

    Raises:
        NotFoundError, UnreadableError, BadFormatError, UnsupportedError: naming the file.
    """
    name = os.fspath(path)
    if isinstance(name, str) and "://" in name and not os.path.exists(name):
        raise NotFoundError(f"{name}: no file: addresses are not opened; download it, and give the file or its bytes")
    return _core.read_image(name)


def is_batch(image: Any) -> bool:
    """Whether this is many pictures: a list, a tuple, or an array or tensor of four dimensions."""
    if isinstance(image, (list, tuple)):
        return True
    return (isinstance(image, np.ndarray) or is_tensor(image)) and image.ndim == 4


def to_pixels(image: ImageLike) -> Pixels:
    """One picture of any kind as uint8 [h, w, 3], RGB; a view where it already is one.

    Arrays and tensors are [h, w, c] or [c, h, w] with c = 3 (RGB), 4 (RGBA), 2 (grey and alpha) or 1, or grey [h, w]; values 0..255:
    uint8, or any other type, which is rounded. PIL images are taken as they stand: EXIF orientation does not count, as boxes are in the
    pixels of the image that was given, and a warning says so. Transparency is laid on white. An open file or BytesIO is read.

    Raises:
        TypeError: no picture at all.
        UsageError: another shape, or values outside 0..255 (as of pictures scaled to 0..1).
    """
    if isinstance(image, (str, os.PathLike)):
        return read_image(image)
    if isinstance(image, (bytes, bytearray, memoryview)):
        return _core.decode_image(bytes(image), "image")
    if is_tensor(image):
        return _from_array(_tensor_array(image))
    if isinstance(image, np.ndarray):
        return _from_array(image)
    pil = sys.modules.get("PIL.Image")
    if pil is not None and isinstance(image, pil.Image):
        return _from_array(_pil_array(pil, image))
    if callable(getattr(image, "read", None)):
        content = image.read()
        if isinstance(content, bytes):
            return _core.decode_image(content, str(getattr(image, "name", "image")))
    raise TypeError(f"image: found {_described(image)}, expected a file name, bytes, a NumPy array, a torch tensor or a PIL image")


def lies_on(image: Any, device: str) -> bool:
    """Whether this is a tensor of bytes, RGB, on the device of a detector that reads it there."""
    name = "cpu" if device == "cpu:torch" else device
    if not (is_tensor(image) and device != "cpu" and str(image.device) == name):
        return False
    plain = str(image.dtype) == "torch.uint8" and str(image.layout) == "torch.strided" and image.ndim == 3
    return plain and (image.shape[2] == 3 or (image.shape[0] == 3 and image.shape[2] not in (1, 2, 4)))


def pixels_on_device(tensor: Any) -> Any:
    """What lies_on() takes, as [h, w, 3] without gaps between pixels; a view where it already is that."""
    if tensor.shape[2] not in (1, 2, 3, 4):
        tensor = tensor.permute(1, 2, 0)
    return tensor if tensor.stride()[1:] == (3, 1) else tensor.contiguous()


def save_paths(save_path: Any, images: Sequence[Any]) -> Sequence[Any]:
    """One file name a picture, or None."""
    if save_path is None:
        return [None] * len(images)
    return [save_path] if isinstance(save_path, (str, os.PathLike)) else save_path


def crop_paths(path: Any, count: int) -> list[str | None]:
    """The files of a picture's crops: name, name_2, name_3 …"""
    if path is None:
        return [None] * count
    stem, ending = os.path.splitext(os.fspath(path))
    return [f"{stem}_{i + 1}{ending}" if i > 0 else os.fspath(path) for i in range(count)]


def check_save_paths(paths: Sequence[Any], images: Sequence[Any]) -> None:
    """Refuses crops that would replace a picture named by its file, or each other. What is None does not count.

    Raises:
        UsageError: a path that is, maybe by another name or a link, an image's own file; or one that is there twice.
    """
    inputs = [os.fspath(image) for image in images if isinstance(image, (str, os.PathLike)) and os.path.exists(image)]
    taken = set()
    for name in (os.fspath(path) for path in paths if path is not None):
        for image in inputs if os.path.exists(name) else ():
            if os.path.samefile(name, image):
                raise UsageError(f"{name}: save_path would replace an input: found the input {image}; name another place with save_path")
        if os.path.realpath(name) in taken:
            raise UsageError(f"{name}: save_path: two crops would have this name; name a place for each")
        taken.add(os.path.realpath(name))


def _described(value: Any) -> str:
    return "None" if value is None else f"a {type(value).__module__}.{type(value).__qualname__}".replace("builtins.", "")


def _tensor_array(tensor: Any) -> NDArray[Any]:
    if tensor.device.type == "meta":
        raise UsageError('image: found a tensor of the device "meta", which holds no pixels')
    if tensor.layout != sys.modules["torch"].strided:
        tensor = tensor.to_dense()
    tensor = tensor.detach().cpu()
    if str(tensor.dtype) in ("torch.bfloat16", "torch.float8_e4m3fn", "torch.float8_e5m2"):  # NumPy has no such type
        tensor = tensor.float()
    return tensor.resolve_conj().resolve_neg().numpy()


def _from_array(array: NDArray[Any]) -> Pixels:
    if array.ndim == 2:
        array = array[:, :, None]
    if array.ndim == 3 and array.shape[2] not in (1, 2, 3, 4) and array.shape[0] in (1, 2, 3, 4):
        array = array.transpose(1, 2, 0)
    if array.ndim != 3 or array.shape[2] not in (1, 2, 3, 4):
        raise UsageError(f"image: no picture: found shape {list(array.shape)}, expected [height, width, 3], RGB")
    if array.dtype != np.uint8:
        array = _as_bytes(array)
    if array.shape[2] in (2, 4):
        array = _on_white(array)
    if array.shape[2] == 1:
        array = np.repeat(array, 3, axis=2)
    if array.strides[1:] != (3, 1):
        array = np.ascontiguousarray(array)
    return array


def _on_white(array: Pixels) -> Pixels:
    """The colours, or the grey, before the last channel, which is their alpha."""
    alpha = array[:, :, -1:].astype(np.uint16)
    lit = array[:, :, :-1].astype(np.uint16) * alpha + 255 * (255 - alpha)
    return ((lit + 127) // 255).astype(np.uint8)


def _as_bytes(array: NDArray[Any]) -> Pixels:
    if not (np.issubdtype(array.dtype, np.integer) or np.issubdtype(array.dtype, np.floating)):
        hint = "; multiply by 255 and convert to uint8" if array.dtype == np.bool_ else ""
        raise UsageError(f"image: found values of type {array.dtype}, expected uint8{hint}")
    if array.size == 0:
        return array.astype(np.uint8)
    low, high = array.min(), array.max()
    if not (low >= 0 and high <= 255):  # also NaN
        hint = "; undo the normalization first" if low < 0 else ""
        hint = "; divide 16-bit values by 257" if array.dtype == np.uint16 else hint
        raise UsageError(f"image: found values from {low:g} to {high:g}, expected 0 to 255{hint}")
    if np.issubdtype(array.dtype, np.floating) and 0 < high <= 1:
        raise UsageError(f"image: found values from {low:g} to {high:g}, expected 0 to 255; multiply by 255")
    return np.rint(array).astype(np.uint8)


def _pil_array(pil: Any, image: Any) -> NDArray[Any]:
    if image.info.get("exif") and image.getexif().get(_ORIENTATION, 1) not in (0, 1):
        warnings.warn(
            "the EXIF orientation of this PIL image is not applied: call PIL.ImageOps.exif_transpose(image) first, or pass the file name",
            stacklevel=2,
        )
    if image.mode == "RGB":
        return np.asarray(image)
    if image.mode in ("I", "F"):
        return np.asarray(image)
    if image.mode.startswith("I;16"):
        return np.rint(np.asarray(image).astype(np.float32) / 257).astype(np.uint8)
    if image.mode in ("RGBA", "LA", "PA", "La", "RGBa") or "transparency" in image.info:
        white = pil.new("RGBA", image.size, "white")
        return np.asarray(pil.alpha_composite(white, image.convert("RGBA")).convert("RGB"))
    return np.asarray(image.convert("RGB"))


def batches(images: Sequence[ImageLike], most: int = 16, pixels: int = 1 << 24) -> Any:
    """Lists of pictures that are searched together: files are read only when it is their turn, so memory stays bounded."""
    batch: list[Pixels] = []
    held = 0
    for image in images:
        batch.append(to_pixels(image))
        held += batch[-1].size // 3
        if len(batch) >= most or held >= pixels:
            yield batch
            batch, held = [], 0
    if batch:
        yield batch
