"""PNet, RNet and ONet as torch modules, as facenet-pytorch has them: to look at, to finetune, to put elsewhere. Needs torch.

The detector does not use them: its engine has the same weights. Parameters have the same names as in facenet-pytorch; the map in front of a
dense layer is in the order channels, rows, columns here.
"""

from __future__ import annotations

import json
import os
import struct

import numpy as np
import torch
from torch import nn

from libmtcnn.errors import BadFormatError, NotFoundError, UnsupportedError

_DEFAULT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "model")


def read_weights(path: str) -> dict[str, torch.Tensor]:
    """The float32 tensors of a safetensors file, by name.

    Raises:
        NotFoundError, BadFormatError: naming the file.
    """
    try:
        with open(path, "rb") as file:
            content = file.read()
    except FileNotFoundError:
        raise NotFoundError(f"{path}: no such file: expected a net's weights, as `mtcnn export` and `mtcnn import` write them") from None
    try:
        length = struct.unpack("<Q", content[:8])[0]
        header = json.loads(content[8 : 8 + length])
        tensors = {}
        for name, entry in header.items():
            if name == "__metadata__":
                continue
            first, last = (8 + length + offset for offset in entry["data_offsets"])
            if entry["dtype"] != "F32" or not 8 + length <= first <= last <= len(content):
                raise ValueError(name)
            tensors[name] = torch.from_numpy(np.frombuffer(content[first:last], np.float32).reshape(entry["shape"]).copy())
    except (ValueError, KeyError, TypeError, AttributeError, struct.error, RecursionError) as error:
        raise BadFormatError(f"{path}: damaged, or no safetensors file of float32 tensors ({error})") from None
    return tensors


class _Net(nn.Module):
    """Layers as the weights say; in evaluation mode.

    Args:
        pretrained: with the weights of `model`; else with those that torch makes.
        model: a model folder; None is the one that MTCNN_MODEL names, or else the built-in default model.
    """

    _file = ""
    _pools: tuple[int, ...] = ()  # the side of the window behind each convolution; 0: none
    _heads: tuple[str, ...] = ()  # face, box, landmarks

    def __init__(self, pretrained: bool = True, *, model: str | os.PathLike[str] | None = None) -> None:
        super().__init__()
        folder = os.fspath(model) if model is not None else os.environ.get("MTCNN_MODEL") or _DEFAULT
        path = os.path.join(folder, f"{self._file}.safetensors")
        weights = read_weights(path)
        kept = {}
        for name, value in weights.items():
            layer, _, kind = name.rpartition(".")
            if self._file != "onet" and len(value) == 10 and layer not in self._heads and layer[-2:-1] == "_":
                continue  # landmark heads of the first two nets only help training
            kept[name] = value
            if kind != "weight":
                continue
            if layer.startswith("prelu"):
                self.add_module(layer, nn.PReLU(len(value)))
            elif value.ndim == 4:
                self.add_module(layer, nn.Conv2d(value.shape[1], value.shape[0], value.shape[2]))
            else:
                self.add_module(layer, nn.Linear(value.shape[1], value.shape[0]))
        missing = [head for head in self._heads if not hasattr(self, head)]
        if missing:
            raise UnsupportedError(f"{path}: expected the layers {', '.join(self._heads)}: {', '.join(missing)} not found")
        if pretrained:
            self.load_state_dict(kept)
        self.eval()

    def forward(self, x: torch.Tensor) -> tuple[torch.Tensor, ...]:
        """Answers for windows, float32 [n, 3, h, w], RGB, (value - 127.5) / 128.

        Returns:
            box offsets [n, 4, …], for ONet also landmarks [n, 10], and probabilities of no face and of a face [n, 2, …].
        """
        for i, pool in enumerate(self._pools, 1):
            x = getattr(self, f"prelu{i}")(getattr(self, f"conv{i}")(x))
            if pool:
                x = nn.functional.max_pool2d(x, pool, 2, ceil_mode=True)
        dense = len(self._pools) + 1
        if hasattr(self, f"dense{dense}"):
            x = getattr(self, f"prelu{dense}")(getattr(self, f"dense{dense}")(x.flatten(1)))
        face, *others = (getattr(self, head)(x) for head in self._heads)
        return (*others, face.softmax(dim=1))


class PNet(_Net):
    """Looks at 12 x 12 pixels in steps of two; [n, …, rows, columns]."""

    _file, _pools, _heads = "pnet", (2, 0, 0), ("conv4_1", "conv4_2")


class RNet(_Net):
    """Looks at 24 x 24 pixels."""

    _file, _pools, _heads = "rnet", (3, 3, 0), ("dense5_1", "dense5_2")


class ONet(_Net):
    """Looks at 48 x 48 pixels; offsets, landmarks (five x, then five y in the weights of others; as the weights say), probabilities."""

    _file, _pools, _heads = "onet", (3, 3, 2, 0), ("dense6_1", "dense6_2", "dense6_3")
