"""The C++ library through its C functions (mtcnn/capi/mtcnn.h): plain arrays in, plain arrays out. Images are uint8 [h, w, 3], RGB, without
gaps between pixels; boxes x1 y1 x2 y2 in pixels, half-open. Raises the exceptions of libmtcnn.errors. Calls run without the GIL.

The detector on the CPU needs no torch. For other devices there is a second library with the same functions, which links the LibTorch of the
torch that the package was built with; it is loaded when such a device is asked for.
"""

from __future__ import annotations

import ctypes
import functools
import importlib.util
import json
import logging
import os
from collections.abc import Sequence
from ctypes import POINTER, byref, c_char_p, c_float, c_int, c_int32, c_int64, c_size_t, c_uint8, c_void_p
from typing import Any

import numpy as np
from numpy.typing import NDArray

from libmtcnn import errors

_FOLDER = os.path.dirname(os.path.abspath(__file__))
#: By the codes of mtcnn.h, from 1.
_EXCEPTIONS = (
    errors.UsageError,
    errors.NotFoundError,
    errors.UnreadableError,
    errors.UnwritableError,
    errors.BadFormatError,
    errors.UnsupportedError,
    errors.Interrupted,
    MemoryError,
    errors.InternalError,
)
_LEVELS = {2: logging.WARNING, 3: logging.ERROR}


class _Image(ctypes.Structure):
    _fields_ = [("pixels", c_void_p), ("width", c_int32), ("height", c_int32), ("row_stride", c_int64)]


class _Pixels(ctypes.Structure):
    _fields_ = [("pixels", c_void_p), ("width", c_int32), ("height", c_int32)]


_Sink = ctypes.CFUNCTYPE(None, c_int, c_char_p)
_ARGUMENTS = {
    "mtcnn_set_log": [_Sink],
    "mtcnn_set_threads": [c_int],
    "mtcnn_free": [c_void_p],
    "mtcnn_make_detector": [c_char_p, c_char_p, POINTER(c_void_p)],
    "mtcnn_with_options": [c_void_p, c_char_p, c_char_p, POINTER(c_void_p)],
    "mtcnn_free_detector": [c_void_p],
    "mtcnn_options": [c_void_p, POINTER(c_void_p)],
    "mtcnn_device": [c_void_p, POINTER(c_void_p)],
    "mtcnn_object": [c_void_p, POINTER(c_void_p)],
    "mtcnn_landmark_names": [c_void_p, POINTER(c_void_p)],
    "mtcnn_search": [c_void_p, POINTER(_Image), c_size_t, POINTER(c_void_p), POINTER(c_size_t)],
    "mtcnn_search_on_device": [c_void_p, POINTER(_Image), c_size_t, POINTER(c_void_p), POINTER(c_size_t)],
    "mtcnn_trace": [c_void_p, POINTER(_Image), POINTER(c_void_p), POINTER(c_void_p), POINTER(c_size_t)],
    "mtcnn_read_image": [c_char_p, POINTER(_Pixels)],
    "mtcnn_decode_image": [c_char_p, c_size_t, c_char_p, POINTER(_Pixels)],
    "mtcnn_write_image": [c_char_p, POINTER(_Image)],
    "mtcnn_stretch": [POINTER(_Image), c_float * 4, c_int, POINTER(_Pixels)],
    "mtcnn_crop": [POINTER(_Image), c_float * 4, c_float, c_int, POINTER(_Pixels)],
    "mtcnn_align": [POINTER(_Image), c_float * 10, c_int, POINTER(_Pixels)],
}
_TEXTS = ("mtcnn_last_error", "mtcnn_version", "mtcnn_commit", "mtcnn_libtorch_version")
_NOTHING = ("mtcnn_set_log", "mtcnn_free", "mtcnn_free_detector")


@_Sink
def _log(level: int, text: bytes) -> None:
    """What no call returns goes to Python's logging, under the name "libmtcnn"."""
    logging.getLogger("libmtcnn").log(_LEVELS.get(level, logging.INFO), "%s", text.decode("utf-8", "replace"))


def _load(name: str) -> ctypes.CDLL:
    library = ctypes.CDLL(os.path.join(_FOLDER, name))
    for function, arguments in _ARGUMENTS.items():
        getattr(library, function).argtypes = arguments
        getattr(library, function).restype = None if function in _NOTHING else c_int
    for function in _TEXTS:
        getattr(library, function).restype = c_char_p
    library.mtcnn_set_log(_log)
    return library


_library = _load("libmtcnn_c.so")
version: str = _library.mtcnn_version().decode()
commit: str = _library.mtcnn_commit().decode()
_torch_library: ctypes.CDLL | None = None
_threads = 0


def _library_for(device: str) -> ctypes.CDLL:
    global _torch_library
    if device == "cpu":
        return _library
    if _torch_library is None:
        _torch_library = _load_with_torch(device)
        _torch_library.mtcnn_set_threads(_threads)
    return _torch_library


def _load_with_torch(device: str) -> ctypes.CDLL:
    name = "libmtcnn_c_torch.so"
    hint = "install torch, then install libmtcnn again from its source"
    if not os.path.exists(os.path.join(_FOLDER, name)):
        raise errors.UnsupportedError(f"device: found {device!r}, expected cpu: this libmtcnn was built without torch; {hint}")
    if importlib.util.find_spec("torch") is None:
        raise errors.UnsupportedError(f"device: found {device!r}, which needs torch, and torch is not installed; {hint}")
    import torch  # its LibTorch serves both

    try:
        library = _load(name)
    except OSError as error:
        raise errors.UnsupportedError(f"device: found {device!r}, which needs the torch that libmtcnn was built with: {error}; {hint}") from None
    other = other_torch(library.mtcnn_libtorch_version().decode())
    if other:
        raise errors.UnsupportedError(f"device: found {device!r} and {other}")
    return library


def other_torch(built: str) -> str | None:
    """What to say where the installed torch is not `built`, the one that libmtcnn was built with."""
    import torch

    if torch.__version__.split("+")[0] == built:
        return None
    return (
        f"torch {torch.__version__}, expected torch {built}, which libmtcnn was built with: install "
        "libmtcnn again (pip install --force-reinstall --no-deps --no-cache-dir ...)"
    )


def _check(library: ctypes.CDLL, code: int) -> None:
    if code != 0:
        raise _EXCEPTIONS[code - 1](library.mtcnn_last_error().decode("utf-8", "surrogateescape"))


def _image(array: NDArray[np.uint8]) -> _Image:
    """A view of the array, which must outlive it."""
    if array.dtype != np.uint8 or array.ndim != 3 or array.shape[2] != 3 or (array.size and array.strides[1:] != (3, 1)):
        raise errors.InternalError("an image is a uint8 array [h, w, 3] without gaps between pixels")
    height, width = array.shape[:2]
    if max(height, width) > 0x7FFFFFFF:
        raise errors.InternalError("an image's side fits an int")
    return _Image(array.__array_interface__["data"][0], width, height, array.strides[0])


def _on_device(tensor: Any) -> _Image:
    """As _image(), of a torch tensor on the detector's device."""
    height, width = tensor.shape[:2]
    return _Image(tensor.data_ptr(), width, height, tensor.stride(0))


def _floats(library: ctypes.CDLL, address: int | None, count: int) -> NDArray[np.float32]:
    """A copy of what the library has allocated, which is freed."""
    array = np.empty(count, np.float32)
    if count:
        ctypes.memmove(array.__array_interface__["data"][0], address, array.nbytes)
    library.mtcnn_free(address)
    return array


def _text(library: ctypes.CDLL, pointer: c_void_p) -> str:
    text = ctypes.string_at(pointer.value or 0)
    library.mtcnn_free(pointer)
    return text.decode()


def _made_image(function: str, *arguments: Any) -> NDArray[np.uint8]:
    made = _Pixels()
    _check(_library, getattr(_library, function)(*arguments, byref(made)))
    array = np.empty((made.height, made.width, 3), np.uint8)
    if array.size:
        ctypes.memmove(array.__array_interface__["data"][0], made.pixels, array.nbytes)
    _library.mtcnn_free(made.pixels)
    return array


def set_threads(count: int) -> None:
    """How many cores a search may use, in the whole process; 0 = all."""
    global _threads
    _check(_library, _library.mtcnn_set_threads(count))
    _threads = count
    if _torch_library is not None:
        _torch_library.mtcnn_set_threads(count)


class Detector:
    """Constant; any number of threads may use one."""

    def __init__(self, model: str | None, device: str) -> None:
        library = _library_for(device)
        made = c_void_p()
        _check(library, library.mtcnn_make_detector(None if model is None else os.fsencode(model), device.encode(), byref(made)))
        self._hold(library, made)

    def _hold(self, library: ctypes.CDLL, pointer: c_void_p) -> None:
        self._library, self._pointer = library, pointer

    def __del__(self) -> None:
        if getattr(self, "_pointer", None):
            self._library.mtcnn_free_detector(self._pointer)

    def with_options(self, text: str, where: str) -> Detector:
        made = c_void_p()
        _check(self._library, self._library.mtcnn_with_options(self._pointer, text.encode(), where.encode(), byref(made)))
        changed = object.__new__(Detector)
        changed._hold(self._library, made)
        return changed

    def options(self) -> str:
        return self._told("mtcnn_options")

    @functools.cached_property
    def turns(self) -> bool:
        """Whether images are searched turned, too."""
        return json.loads(self.options())["rotate"] != 0

    def device(self) -> str:
        return self._told("mtcnn_device")

    @functools.cached_property
    def object(self) -> str:
        """What the model finds, the name of one."""
        return self._told("mtcnn_object")

    @functools.cached_property
    def landmark_names(self) -> tuple[str, ...]:
        """Of a detection's landmarks, in order."""
        return tuple(json.loads(self._told("mtcnn_landmark_names")))

    def _told(self, function: str) -> str:
        text = c_void_p()
        _check(self._library, getattr(self._library, function)(self._pointer, byref(text)))
        return _text(self._library, text)

    def detect(self, images: Sequence[NDArray[np.uint8]]) -> list[NDArray[np.float32]]:
        """For each image float32 [n, 6 + 2 K] with K landmarks: x1 y1 x2 y2 confidence x0 y0 x1 y1 … angle."""
        return self._search(self._library.mtcnn_search, list(map(_image, images)))

    def detect_on_device(self, tensors: Sequence[Any]) -> list[NDArray[np.float32]]:
        """The same for tensors uint8 [h, w, 3] on the detector's device, without gaps between pixels."""
        return self._search(self._library.mtcnn_search_on_device, list(map(_on_device, tensors)))

    def _search(self, function: Any, images: list[_Image]) -> list[NDArray[np.float32]]:
        views = (_Image * len(images))(*images)
        counts = (c_size_t * len(images))()
        found_rows = c_void_p()
        _check(self._library, function(self._pointer, views, len(images), byref(found_rows), counts))
        values = 6 + 2 * len(self.landmark_names)
        rows = _floats(self._library, found_rows.value, sum(counts) * values).reshape(-1, values)
        found = []
        for count in counts:
            found.append(rows[:count])
            rows = rows[count:]
        return found

    def trace(self, image: NDArray[np.uint8]) -> dict[str, Any]:
        text, values, count = c_void_p(), c_void_p(), c_size_t()
        _check(self._library, self._library.mtcnn_trace(self._pointer, byref(_image(image)), byref(text), byref(values), byref(count)))
        steps = json.loads(_text(self._library, text))
        return _with_arrays(steps, _floats(self._library, values.value, count.value))


def _with_arrays(step: Any, values: NDArray[np.float32]) -> Any:
    """A trace with its arrays in place of where they lie among the values."""
    if isinstance(step, list):
        return [_with_arrays(item, values) for item in step]
    if isinstance(step, dict) and "at" in step:
        return values[step["at"] : step["at"] + int(np.prod(step["shape"]))].reshape(step["shape"])
    return {name: _with_arrays(value, values) for name, value in step.items()} if isinstance(step, dict) else step


def read_image(path: str) -> NDArray[np.uint8]:
    return _made_image("mtcnn_read_image", _path(path))


def decode_image(data: bytes, where: str) -> NDArray[np.uint8]:
    return _made_image("mtcnn_decode_image", data, len(data), where.encode())


def write_image(path: str, image: NDArray[np.uint8]) -> None:
    _check(_library, _library.mtcnn_write_image(_path(path), byref(_image(image))))


def stretch(image: NDArray[np.uint8], window: Sequence[float], size: int) -> NDArray[np.uint8]:
    return _made_image("mtcnn_stretch", byref(_image(image)), (c_float * 4)(*window), size)


def crop(image: NDArray[np.uint8], box: Sequence[float], margin: float, size: int) -> NDArray[np.uint8]:
    return _made_image("mtcnn_crop", byref(_image(image)), (c_float * 4)(*box), margin, size)


def align(image: NDArray[np.uint8], landmarks: Sequence[Sequence[float]], size: int) -> NDArray[np.uint8]:
    return _made_image("mtcnn_align", byref(_image(image)), (c_float * 10)(*(value for point in landmarks for value in point)), size)


def _path(path: str) -> bytes:
    name = os.fsencode(path)
    if b"\0" in name:
        raise errors.NotFoundError(f"{path!r}: a file name cannot hold a zero byte")
    return name
