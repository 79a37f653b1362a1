"""torch, where it is installed: tensors go in and out then, arrays otherwise. It is imported when it is needed."""

from __future__ import annotations

import functools
import importlib.util
import sys
from typing import TYPE_CHECKING, Any, TypeAlias, Union

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    import torch

#: A torch.Tensor where torch is installed, else a NumPy array.
TensorLike: TypeAlias = Union["torch.Tensor", NDArray[np.float32]]


@functools.lru_cache(maxsize=1)
def torch_module() -> Any:
    """The module torch; None where it is not installed."""
    if importlib.util.find_spec("torch") is None:
        return None
    import torch

    return torch


def is_tensor(value: Any) -> bool:
    """Without importing torch: whoever has a tensor has done that."""
    torch = sys.modules.get("torch")
    return torch is not None and isinstance(value, torch.Tensor)


def as_tensor(array: NDArray[Any]) -> TensorLike:
    torch = torch_module()
    return array if torch is None else torch.from_numpy(array)


def stacked(tensors: list[Any]) -> TensorLike:
    torch = torch_module()
    return np.stack(tensors) if torch is None else torch.stack(tensors)
