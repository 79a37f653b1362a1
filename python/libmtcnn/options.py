"""What callers say of a search, in the words of other packages too, as the options and devices of ours."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from libmtcnn import _core
from libmtcnn.errors import UsageError

if TYPE_CHECKING:
    import torch

#: Parameters of other packages, and which of our options they set.
_RENAMED = {
    "min_face_size": "min_face",
    "scale_factor": "factor",
    "steps_threshold": "thresholds",
    "nms_pnet1": "nms_level",
    "nms_pnet2": "nms_levels",
}
_THRESHOLDS = ("threshold_pnet", "threshold_rnet", "threshold_onet")


def device_name(device: str | torch.device | None) -> str:
    """Ours for TensorFlow's names too: "CPU:0", "GPU:1"."""
    name = "cpu" if device is None else str(device)
    kind, _, number = name.lower().partition(":")
    if kind == "cpu" and number in ("", "0"):
        return "cpu"
    if kind in ("mps", "xpu", "xla", "hpu", "privateuseone"):
        raise UsageError(f'device: found {name!r}, expected "cpu", "cuda", "cuda:N" or "auto": the CPU\'s engine needs no other; device="cpu"')
    return f"cuda:{number}" if kind == "gpu" and number else "cuda" if kind == "gpu" else name


def check_choice(name: str, value: str | None, choices: Sequence[str]) -> None:
    """Refuses a word that is not one of these; None is not said."""
    if value is not None and value not in choices:
        raise UsageError(f"{name}: invalid value: found {value!r}, expected one of {', '.join(choices)}")


def changed(detector: _core.Detector, given: dict[str, Any], where: str) -> _core.Detector:
    """The detector with these options, by any of their names."""
    options: dict[str, Any] = {}
    thresholds = dict.fromkeys(_THRESHOLDS)
    for name, value in given.items():
        if name == "min_size":  # of the pyramid's smallest level in ipazc's; P-Net's window here
            if value != 12:
                raise UsageError(f"{where}: min_size: invalid value: found {value!r}, expected 12, the side of P-Net's window")
        elif name in thresholds:
            thresholds[name] = value
        else:
            options[_RENAMED.get(name, name)] = _plain(value)
    if any(value is not None for value in thresholds.values()):
        before = options.get("thresholds", json.loads(detector.options())["thresholds"])
        options["thresholds"] = [old if new is None else _plain(new) for old, new in zip(before, thresholds.values(), strict=True)]
    if not options:
        return detector
    try:
        text = json.dumps(options)
    except TypeError:
        raise TypeError(f"{where}: options are numbers, lists of numbers, true or false: found {options}") from None
    return detector.with_options(text, where)


def _plain(value: Any) -> Any:
    """Arrays, tensors and tuples as lists, their numbers as Python's."""
    if hasattr(value, "tolist"):
        return value.tolist()
    return [_plain(item) for item in value] if isinstance(value, (list, tuple)) else value
