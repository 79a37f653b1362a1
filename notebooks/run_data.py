#!/usr/bin/env python3
"""Reads what `mtcnn train` leaves in a run folder, finished or not; docs/formats.md describes it. Needs numpy only.

Usage: run_data.py RUN...      prints a line a run, and fails at the first folder that is none
"""
from __future__ import annotations

import collections
import dataclasses
import functools
import json
import math
import pathlib
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence

import numpy as np

from run_answers import NETS, Answers, ValidationCrops
from run_files import RunError, read_json

SPLITS = ("train", "val")


def read_metrics(path: pathlib.Path) -> list[dict]:
    """Lines of metrics.jsonl; none where the run has not come so far. Raises RunError naming a line that is damaged."""
    try:
        lines = path.read_text("utf-8").splitlines(keepends=True)
    except FileNotFoundError:
        return []
    except (OSError, ValueError) as error:
        raise RunError(f"{path}: cannot be read: {error}") from None
    metrics = []
    for number, line in enumerate(lines, 1):
        try:
            row = json.loads(line)
        except ValueError:
            if number == len(lines) and not line.endswith("\n"):
                break  # a run that is being written, or was killed, may end in half a line
            raise RunError(f"{path}:{number}: damaged: found {line.strip()[:40]!r}; expected JSON") from None
        if not isinstance(row, dict) or row.get("split") not in SPLITS or not all(
                isinstance(row.get(key), int) for key in ("step", "epoch")):
            raise RunError(f"{path}:{number}: found {line.strip()[:40]!r}; expected an object with step, epoch and "
                           f"split ({' or '.join(SPLITS)})")
        metrics.append(row)
    return metrics


@dataclasses.dataclass(frozen=True)
class Run:
    """A run folder. `metrics` are the lines of metrics.jsonl: values by name, None where not measured."""
    folder: pathlib.Path
    name: str
    config: Mapping
    environment: Mapping
    metrics: Sequence[Mapping]
    done: bool

    @classmethod
    def load(cls, path: str | pathlib.Path, name: str | None = None) -> Run:
        """name: what it is called in figures; None: as its folder. Raises RunError where the folder is no run."""
        folder = pathlib.Path(path)
        if not is_run(folder):
            found = ("a file" if folder.is_file() else "nothing" if not folder.exists() else
                     ", ".join(sorted(p.name for p in folder.iterdir())[:5]) or "an empty folder")
            raise RunError(f"{folder}: no run folder: found {found}; expected config.json and environment.json, "
                           "as `mtcnn train` writes them")
        folder = folder.resolve()
        config = read_json(folder / "config.json")
        if config.get("net") not in NETS:
            raise RunError(f"{folder / 'config.json'}: found net {config.get('net')}; expected {', '.join(NETS)}")
        return cls(folder, name or folder.name, config, read_json(folder / "environment.json"),
                   read_metrics(folder / "metrics.jsonl"), (folder / "DONE").exists())

    @property
    def net(self) -> str:
        """'pnet', 'rnet' or 'onet'."""
        return self.config["net"]

    @property
    def epochs(self) -> int:
        """Those that are finished."""
        return max((row["epoch"] for row in self.metrics), default=0)

    @property
    def steps(self) -> int:
        """Up to the last finished epoch."""
        return max((row["step"] for row in self.metrics), default=0)

    @property
    def best_metric(self) -> str:
        """The figure of the validation crops that names the best epoch."""
        return str(self.config.get("best_metric", "fpr_at_97"))

    def series(self, split: str, key: str) -> tuple[np.ndarray, np.ndarray]:
        """Epochs i64 [n] and values f64 [n] of one figure; NaN where it was not measured."""
        rows = [row for row in self.metrics if row["split"] == split]
        values = [number(row.get(key)) for row in rows]
        return np.array([row["epoch"] for row in rows], np.int64), np.array(values, np.float64)

    def best(self) -> tuple[int, float] | None:
        """The best epoch and its value of `best_metric`, the first of equals; None before it was ever measured."""
        epochs, values = self.series("val", self.best_metric)
        epochs, values = epochs[np.isfinite(values)], values[np.isfinite(values)]
        if not len(values):
            return None
        first = int(np.argmax(values) if self.best_metric == "accuracy" else np.argmin(values))
        return int(epochs[first]), float(values[first])

    def samples_per_s(self) -> float:
        """Training crops a second, median of the epochs; NaN before the first has ended."""
        rates = self.series("train", "samples_per_s")[1]
        return float(np.nanmedian(rates)) if np.isfinite(rates).any() else math.nan

    @functools.cached_property
    def answers(self) -> Answers | None:
        """None where the run has not come so far, or a version wrote it that kept no answers."""
        path = self.folder / "best" / "answers.safetensors"
        return Answers.load(path) if path.exists() else None

    @functools.cached_property
    def validation_crops(self) -> ValidationCrops:
        """Raises RunError where the crops are gone or others now."""
        folder = self.environment.get("validation")
        if not isinstance(folder, str):
            raise RunError(f"{self.folder / 'environment.json'}: does not say where the validation crops are; "
                           "expected 'validation'")
        return ValidationCrops(pathlib.Path(folder), self.net, self.config.get("validation_crops"))


def number(value: object) -> float:
    """NaN for what is no number."""
    return float(value) if isinstance(value, (int, float)) and not isinstance(value, bool) else math.nan


def is_run(folder: pathlib.Path) -> bool:
    return (folder / "config.json").is_file() and (folder / "environment.json").is_file()


def load_runs(paths: Iterable[str | pathlib.Path]) -> list[Run]:
    """Runs with names that tell them apart; a folder that is named twice is read once."""
    folders = list(dict.fromkeys(pathlib.Path(path).resolve() for path in paths))
    return [Run.load(folder, name) for folder, name in zip(folders, unique_names(folders))]


def unique_names(folders: Sequence[pathlib.Path]) -> list[str]:
    """For each of some different absolute folders the end of its path, just long enough that no two are equal."""
    lengths = [1] * len(folders)
    while True:
        names = ["/".join(folder.parts[-length:]) for folder, length in zip(folders, lengths)]
        count = collections.Counter(names)
        longer = [i for i, name in enumerate(names) if count[name] > 1 and lengths[i] < len(folders[i].parts)]
        if not longer:
            return names
        for i in longer:
            lengths[i] += 1


def find_runs(places: Iterable[pathlib.Path], most: int) -> list[pathlib.Path]:
    """The run folders below `places` that were written to last, newest first."""
    def runs_below(folder: pathlib.Path) -> Iterator[pathlib.Path]:
        if is_run(folder):
            yield folder
        elif folder.is_dir():
            for below in sorted(folder.iterdir()):
                if below.is_dir() and not below.is_symlink():
                    yield from runs_below(below)

    def last_written(folder: pathlib.Path) -> float:
        return max(path.stat().st_mtime for path in folder.iterdir())

    found = dict.fromkeys(run.resolve() for place in places for run in runs_below(place))
    return sorted(found, key=last_written, reverse=True)[:most]


def main() -> int:
    if len(sys.argv) < 2 or sys.argv[1] in ("-h", "--help"):
        print(__doc__)
        return 0 if len(sys.argv) > 1 else 2
    try:
        for run in load_runs(sys.argv[1:]):
            answers = f"answers of epoch {run.answers.epoch}" if run.answers else "no answers"
            print(f"{run.name}: {NETS[run.net]}, {run.epochs} epochs{'' if run.done else ', unfinished'}, {answers}")
    except RunError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
