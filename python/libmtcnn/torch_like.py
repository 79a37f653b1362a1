"""What code written for a torch.nn.Module calls of a detector. There is nothing to learn here, so most of it does nothing."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, TypeVar

from libmtcnn import _core
from libmtcnn.options import device_name
from libmtcnn.tensors import torch_module

if TYPE_CHECKING:
    import torch

Self = TypeVar("Self", bound="TorchLike")


class TorchLike:
    """Calls, devices and parameters as a torch.nn.Module has them. The class itself says how a detector is made and called."""

    _detector: _core.Detector
    _device: str

    def _make(self) -> None:
        """Makes the detector anew, on the device."""
        raise NotImplementedError

    def forward(self, *arguments: Any, **named: Any) -> Any:
        """What calling the object does."""
        raise NotImplementedError

    def __call__(self, *arguments: Any, **named: Any) -> Any:
        return self.forward(*arguments, **named)

    # Devices.

    @property
    def device(self) -> torch.device | str:
        """Where the nets run: a torch.device where torch is installed, else a name."""
        name = self._detector.device()
        name = "cpu" if name.startswith("cpu") else name  # "cpu:torch" is no name of torch's
        torch = torch_module()
        return name if torch is None else torch.device(name)

    def to(self: Self, device: Any = None, *_: Any, **__: Any) -> Self:
        """Moves the nets to another device; other arguments of torch's to(), as a dtype, mean nothing here."""
        named = isinstance(device, str) or type(device).__name__ == "device"
        if named and device_name(device) != self._device:
            self._device = device_name(device)
            self._make()
        return self

    def cuda(self: Self, device: int | torch.device | None = None) -> Self:
        """to() the GPU."""
        return self.to(f"cuda:{device}" if isinstance(device, int) else device or "cuda")

    def cpu(self: Self) -> Self:
        """to() the CPU."""
        return self.to("cpu")

    # Modes and types.

    training = False

    def eval(self: Self) -> Self:
        """Does nothing."""
        return self

    def train(self: Self, mode: bool = True) -> Self:
        """Does nothing; libmtcnn.train() trains nets."""
        return self

    def _unchanged(self: Self, *_: Any, **__: Any) -> Self:
        """Does nothing: the nets compute as the options say."""
        return self

    double = half = float = bfloat16 = type = share_memory = zero_grad = _unchanged

    # Parameters.

    def parameters(self, recurse: bool = True) -> Iterator[Any]:
        """None."""
        return iter(())

    def named_parameters(self, *_: Any, **__: Any) -> Iterator[Any]:
        """None."""
        return iter(())

    named_modules = named_children = named_buffers = modules = children = buffers = named_parameters

    def requires_grad_(self: Self, requires_grad: bool = True) -> Self:
        """Does nothing."""
        return self

    def state_dict(self) -> dict[str, Any]:
        """Empty; model folders hold the weights."""
        return {}
