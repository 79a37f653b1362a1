"""What facenet-pytorch's notebooks take from its `training`: helpers to train a net of your own, as one for recognition, on crops of faces.

Needs torch. libmtcnn.train() trains the detector's nets.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import torch


def collate_pil(batch: Iterable[tuple[Any, Any]]) -> tuple[list[Any], list[Any]]:
    """For a DataLoader of PIL images: (images, labels) as two lists, as images of unequal sizes make no tensor."""
    pairs = list(batch)
    return [image for image, _ in pairs], [label for _, label in pairs]


def accuracy(logits: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
    """The share of rows [n, classes] whose largest value stands at the label [n]."""
    return (logits.argmax(dim=1) == y).float().mean()


class BatchTimer:
    """A metric: batches, or samples, a second since the last call; or seconds for each.

    Args:
        rate: so many a second, rather than seconds.
        per_sample: of samples, rather than of batches.
    """

    def __init__(self, rate: bool = True, per_sample: bool = True) -> None:
        self.rate, self.per_sample = rate, per_sample
        self.start = time.perf_counter()

    def __call__(self, y_pred: Any, y: Any) -> torch.Tensor:
        now = time.perf_counter()
        seconds = max(now - self.start, 1e-9) / (len(y_pred) if self.per_sample else 1)
        self.start = now
        return torch.tensor(1 / seconds if self.rate else seconds)


class Logger:
    """Shows loss and metrics on one line of stdout.

    Args:
        mode: the word in front.
        length: batches in all.
        calculate_mean: values are sums over all batches so far, of which the mean is shown.
    """

    def __init__(self, mode: str, length: int, calculate_mean: bool = False) -> None:
        self.mode, self.length, self.calculate_mean = mode, length, calculate_mean

    def __call__(self, loss: Any, metrics: Mapping[str, Any], i: int) -> None:
        share = i + 1 if self.calculate_mean else 1
        shown = [f"{name}: {float(value) / share:9.4f}" for name, value in {"loss": loss, **metrics}.items()]
        end = "\n" if i + 1 == self.length else ""
        print(f"\r{self.mode} | {i + 1:5d}/{self.length:<5d}| " + " | ".join(shown) + "   ", end=end, flush=True)


def pass_epoch(
    model: torch.nn.Module,
    loss_fn: Callable[[Any, Any], torch.Tensor],
    loader: Any,
    optimizer: torch.optim.Optimizer | None = None,
    scheduler: Any = None,
    batch_metrics: Mapping[str, Callable[[Any, Any], torch.Tensor]] | None = None,
    show_running: bool = True,
    device: Any = "cpu",
    writer: Any = None,
) -> tuple[torch.Tensor, dict[str, torch.Tensor]]:
    """One epoch: of training where model.training is set, else of validation.

    Args:
        loader: batches (x, y).
        optimizer, scheduler: of training; the scheduler goes on once.
        batch_metrics: by name, what to say of each batch; by default the samples a second.
        show_running: show means so far rather than the batch's values.
        writer: a SummaryWriter with `iteration` and `interval` as facenet-pytorch's examples set them.

    Returns:
        the mean loss and the mean of each metric over the batches.

    Raises:
        ValueError: no batch at all, or no optimizer in training.
    """
    training = model.training
    if training and optimizer is None:
        raise ValueError("pass_epoch: training needs an optimizer; call model.eval() to validate")
    if batch_metrics is None:
        batch_metrics = {"time": BatchTimer()}
    mode = "Train" if training else "Valid"
    logger = Logger(mode, len(loader), calculate_mean=show_running)
    loss_sum, sums, count = torch.zeros(()), {}, 0
    with torch.set_grad_enabled(training and torch.is_grad_enabled()):
        for count, (x, y) in enumerate(loader, 1):
            x, y = x.to(device), y.to(device)
            y_pred = model(x)
            loss = loss_fn(y_pred, y)
            if training:
                loss.backward()
                optimizer.step()
                optimizer.zero_grad()
            values = {name: metric(y_pred, y).detach().cpu() for name, metric in batch_metrics.items()}
            loss = loss.detach().cpu()
            loss_sum = loss_sum + loss
            sums = {name: sums.get(name, 0) + value for name, value in values.items()}
            if writer is not None and training:
                if writer.iteration % writer.interval == 0:
                    _write(writer, mode, {"loss": loss, **values})
                writer.iteration += 1
            logger(loss_sum if show_running else loss, sums if show_running else values, count - 1)
    if count == 0:
        raise ValueError("pass_epoch: the loader gives no batch")
    if training and scheduler is not None:
        scheduler.step()
    mean_loss, means = loss_sum / count, {name: value / count for name, value in sums.items()}
    if writer is not None and not training:
        _write(writer, mode, {"loss": mean_loss, **means})
    return mean_loss, means


def _write(writer: Any, mode: str, values: Mapping[str, Any]) -> None:
    for name, value in values.items():
        writer.add_scalars(name, {mode: value}, writer.iteration)
