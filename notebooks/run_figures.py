"""Figures of how runs went. Each function shows what the runs have, or says in a sentence why there is nothing."""
from __future__ import annotations

import dataclasses
import html
import math
from collections.abc import Sequence

import numpy as np
from IPython.display import HTML, display
from matplotlib import ticker
from matplotlib.axes import Axes
from matplotlib.lines import Line2D

from figure_parts import figure, legend, line_style, log_axis, not_measured, run_entries, say, show
from run_answers import NETS
from run_data import Run

LETTERS_OF_A_COMMIT = 12


def overview(runs: Sequence[Run]) -> None:
    """A table with a row a run."""
    environment = ("device", "threads", "version", "commit")
    head = ("run", "net", "epochs", "steps", "crops a second", "best epoch", "best figure", *environment)
    rows = []
    for i, run in enumerate(runs):
        best = run.best()
        rate = run.samples_per_s()
        planned = run.config.get("epochs", "?")
        known = [str(run.environment.get(key, "unknown"))[:LETTERS_OF_A_COMMIT] for key in environment]
        colour = f'<span style="color:{line_style(i)["color"]}">&#9632;</span> '
        cells = [NETS[run.net], f"{run.epochs} of {planned}" + ("" if run.done else ", unfinished"), f"{run.steps:,}",
                 "" if math.isnan(rate) else f"{rate:,.0f}", str(best[0]) if best else "none yet",
                 f"{run.best_metric} {figure_text(run.best_metric, best[1])}" if best else "", *known]
        rows.append(f"<td>{colour}{html.escape(run.name)}</td>" + "".join(f"<td>{html.escape(c)}</td>" for c in cells))
    display(HTML("<table><thead><tr>" + "".join(f"<th>{name}</th>" for name in head) + "</tr></thead><tbody>" +
                 "".join(f"<tr>{row}</tr>" for row in rows) + "</tbody></table>"))


def figure_text(name: str, value: float) -> str:
    """A value with its unit."""
    return f"{100 * value:.2f} %" if name in ("accuracy", "fpr_at_97", "nme") else f"{value:.4f}"


@dataclasses.dataclass(frozen=True)
class Curve:
    """What one pair of axes shows over the epochs."""
    key: str                              # in metrics.jsonl
    title: str
    label: str                            # of the axis, with unit
    percent: bool = False
    log: bool = False
    from_zero: bool = False
    splits: tuple[str, ...] = ("train", "val")


LOSSES = (Curve("loss", "Loss", "weighted sum of the terms", log=True),
          Curve("accuracy", "Accuracy at threshold 0.5", "crops that are right (%)", percent=True))
TERMS = (Curve("loss_face", "Face or not", "loss of a crop", log=True),
         Curve("loss_box", "Box", "loss of a crop", log=True),
         Curve("loss_landmark", "Landmarks", "loss of a crop", log=True))
PACE = (Curve("lr", "Learning rate", "at the epoch's end", log=True, splits=("train",)),
        Curve("samples_per_s", "Speed", "crops a second", from_zero=True, splits=("train",)),
        Curve("wait_share", "Waiting for data", "share of the time (%)", percent=True, from_zero=True,
              splits=("train",)))
QUALITY = (Curve("recall", "Recall at threshold 0.5", "positives that pass (%)", percent=True),
           Curve("precision", "Precision at threshold 0.5", "faces among what passes (%)", percent=True),
           Curve("fpr_at_97", "False positives at 97 % recall", "negatives that pass (%)", percent=True, log=True,
                 splits=("val",)),
           Curve("box_error", "Box error (root mean square)", "of the window's side", log=True, splits=("val",)),
           Curve("nme", "Landmark error (mean distance)", "% of the face's side", percent=True, log=True,
                 splits=("val",)))


def curves(runs: Sequence[Run], wanted: Sequence[Curve], columns: int | None = None) -> None:
    """One pair of axes a curve, all runs in each; validation solid with a star at the best epoch, training dashed."""
    started = [run for run in runs if run.metrics]
    if not started:
        say("No run has finished an epoch yet.")
        return
    columns = columns or len(wanted)
    drawn, axes = figure(-(-len(wanted) // columns), columns, 3.1)
    both = any(len(curve.splits) > 1 for curve in wanted)
    for curve, ax in zip(wanted, axes.flat):
        draw_curve(ax, runs, curve)
    for ax in axes.flat[len(wanted):]:
        ax.axis("off")
    entries = run_entries(runs, started) + (style_entries() if both else [])
    if any("val" in curve.splits for curve in wanted):
        entries.append(Line2D([], [], color="#333333", linestyle="", marker="*", markersize=11, label="best epoch"))
    legend(drawn, entries)
    show(drawn, "Over the epochs: " + ", ".join(curve.title for curve in wanted))


def draw_curve(ax: Axes, runs: Sequence[Run], curve: Curve) -> None:
    factor = 100 if curve.percent else 1
    seen = []
    for i, run in enumerate(runs):
        best = run.best()
        for split in curve.splits:
            epochs, values = run.series(split, curve.key)
            if not np.isfinite(values).any():
                continue
            values = values * factor
            seen.append(values[np.isfinite(values)])
            dashed = split == "train" and len(curve.splits) > 1
            style = line_style(i) | ({"linestyle": "--", "linewidth": 1.2} if dashed else {})
            ax.plot(epochs, values, marker="o", markersize=2 if dashed else 3.5, **style)
            if split == "val" and best and best[0] in epochs:
                ax.plot(best[0], values[list(epochs).index(best[0])], "*", color=style["color"], markersize=13,
                        markeredgecolor="white")
    ax.set(title=curve.title, xlabel="epoch", ylabel=curve.label)
    if not seen:
        not_measured(ax)
        return
    values = np.concatenate(seen)
    if curve.log and values.min() > 0:
        log_axis(ax, values)
    if curve.from_zero:
        ax.set_ylim(0, 1.1 * values.max() or 1)
    ax.xaxis.set_major_locator(ticker.MaxNLocator(integer=True, min_n_ticks=1))


def style_entries() -> list[Line2D]:
    return [Line2D([], [], color="#333333", linestyle="--", linewidth=1.2, label="training"),
            Line2D([], [], color="#333333", marker="o", markersize=4, label="validation")]
