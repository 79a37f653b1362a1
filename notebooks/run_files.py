"""Reads the kinds of file that runs and crops consist of; says in one sentence what is wrong with a damaged one."""
from __future__ import annotations

import json
import math
import pathlib
from collections.abc import Mapping

import numpy as np

DTYPES = {"U8": np.dtype("u1"), "I32": np.dtype("<i4"), "I64": np.dtype("<i8"), "F32": np.dtype("<f4")}
LARGEST_HEADER = 1 << 20


class RunError(Exception):
    """A file is not what it should be: one sentence with the file, what was found and what was expected."""


def read_safetensors(path: pathlib.Path) -> tuple[dict[str, np.ndarray], dict[str, str]]:
    """Tensors by name, mapped from the disk and read-only, and the file's metadata.

    Raises RunError where the file cannot be read or does not hold what its header says.
    """
    try:
        size = path.stat().st_size
        data = np.memmap(path, np.uint8, "r") if size else np.empty(0, np.uint8)
    except OSError as error:
        raise RunError(f"{path}: cannot be read: {error.strerror or error}") from None
    if size < 8:
        raise RunError(f"{path}: no safetensors file: {size} bytes; expected at least 8 for the header's length")
    length = int.from_bytes(data[:8].tobytes(), "little")
    if length > min(LARGEST_HEADER, size - 8):
        raise RunError(f"{path}: damaged: a header of {length} bytes in a file of {size}; "
                       f"expected at most {min(LARGEST_HEADER, size - 8)}")
    try:
        header = json.loads(data[8:8 + length].tobytes())
        metadata = dict(header.pop("__metadata__", {}))
        tensors = {name: tensor_of(data[8 + length:], entry) for name, entry in header.items()}
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise RunError(f"{path}: damaged: {error}; expected a safetensors header that fits the file") from None
    return tensors, metadata


def tensor_of(data: np.ndarray, entry: Mapping) -> np.ndarray:
    """The tensor that a header entry describes, as a view of `data`, the bytes behind the header."""
    if entry["dtype"] not in DTYPES:
        raise ValueError(f"a tensor of {entry['dtype']}, where only {', '.join(DTYPES)} are known")
    dtype, shape, (begin, end) = DTYPES[entry["dtype"]], tuple(entry["shape"]), entry["data_offsets"]
    if not 0 <= begin <= end <= len(data) or end - begin != math.prod(shape) * dtype.itemsize:
        raise ValueError(f"bytes {begin} to {end} of {len(data)} for a tensor of shape {list(shape)}")
    return data[begin:end].view(dtype).reshape(shape)


def read_json(path: pathlib.Path) -> dict:
    """A JSON object. Raises RunError where the file holds none."""
    try:
        value = json.loads(path.read_text("utf-8"))
    except OSError as error:
        raise RunError(f"{path}: cannot be read: {error.strerror or error}") from None
    except ValueError as error:
        raise RunError(f"{path}: damaged: {error}; expected JSON") from None
    if not isinstance(value, dict):
        raise RunError(f"{path}: found {type(value).__name__}; expected a JSON object")
    return value
