"""Figures of what the best epochs' nets answered on the validation crops. Each function shows what
the runs have, or says in a sentence why there is nothing."""
from __future__ import annotations

import dataclasses
import html
import math
import textwrap
from collections.abc import Callable, Iterator, Sequence

import numpy as np
from IPython.display import HTML, display
from matplotlib import ticker
from matplotlib.axes import Axes
from matplotlib.lines import Line2D

from figure_parts import WIDTH, drawn_name, figure, legend, line_style, log_axis, not_measured, run_entries, say, show
from run_answers import Answers
from run_data import Run
from run_files import RunError

FACE, NO_FACE = "#0072B2", "#D55E00"
TRUE, PREDICTED = "#56B4E9", "#E69F00"
POINTS_OF_A_CURVE = 1500


def answered(runs: Sequence[Run]) -> Iterator[tuple[int, Run, Answers]]:
    """Those runs that have answers, with their place in `runs`."""
    for i, run in enumerate(runs):
        if run.answers is not None:
            yield i, run, run.answers


def scores(answers: Answers) -> tuple[np.ndarray, np.ndarray] | None:
    """Scores of positives and of negatives, f32 [n] each; None without both."""
    positive, negative = answers.get("positive_score"), answers.get("negative_score")
    return None if positive is None or negative is None else (np.asarray(positive), np.asarray(negative))


def say_who_lacks(runs: Sequence[Run]) -> None:
    """Names the runs that have no answers, if there are any."""
    without = [run.name for run in runs if run.answers is None]
    if without:
        say("Without answers on the validation crops (no epoch has ended, or an older version trained them): "
            f"{', '.join(without)}.")


def pass_rates(positive: np.ndarray, negative: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """At each threshold that is a positive's score, falling: how many positives and negatives score at least that.

    Returns thresholds f32 [m], positives i64 [m], negatives i64 [m]; ties share one threshold.
    """
    thresholds, counts = np.unique(positive, return_counts=True)
    passed = np.cumsum(counts[::-1])
    return thresholds[::-1], passed, len(negative) - np.searchsorted(np.sort(negative), thresholds[::-1], "left")


def thin(count: int) -> np.ndarray:
    """Places of at most about POINTS_OF_A_CURVE of `count` points, the first and the last among them."""
    return np.unique(np.linspace(0, count - 1, min(count, POINTS_OF_A_CURVE)).round().astype(int))


def recall_curves(runs: Sequence[Run]) -> None:
    """Precision, and negatives that pass, over recall."""
    able = [(i, run, scores(answers)) for i, run, answers in answered(runs) if scores(answers)]
    if not able:
        say("No run has answers on positives and negatives yet.")
        return
    drawn, (axes,) = figure(1, 2, 4)
    lowest, shares, first = [], [], [80.0]
    for i, _, (positive, negative) in able:
        _, found, passed = pass_rates(positive, negative)
        recall, precision = 100 * found / len(positive), 100 * found / (found + passed)
        share = 100 * passed / len(negative)
        at_half = int((positive >= 0.5).sum()), int((negative >= 0.5).sum())
        at_97 = int(np.searchsorted(found, math.ceil(0.97 * len(positive))))
        points = thin(len(recall))
        axes[0].plot(recall[points], precision[points], **line_style(i))
        if at_half[0]:
            axes[0].plot(100 * at_half[0] / len(positive), 100 * at_half[0] / sum(at_half), "o",
                         color=line_style(i)["color"], markersize=7)
        visible = points[passed[points] > 0]
        axes[1].plot(recall[visible], share[visible], **line_style(i))
        if passed[at_97]:
            axes[1].plot(recall[at_97], share[at_97], "s", color=line_style(i)["color"], markersize=7)
        lowest.append(precision[at_97])
        shares.append(share[visible])
        first += list(recall[visible][:1])
    axes[0].set(title="Precision over recall", xlabel="recall (% of positives found)",
                ylabel="precision (% of what passes)")
    axes[1].set(title="False positives over recall", xlabel="recall (% of positives found)",
                ylabel="negatives that pass (%)")
    floor = max(0, 10 * math.floor(min(lowest) / 10) - 10)
    axes[0].set_ylim(floor, 100 + 0.02 * (100 - floor))
    if any(map(len, shares)):
        log_axis(axes[1], np.concatenate(shares))
    axes[1].axvline(97, color="#999999", linewidth=1, linestyle="--", zorder=0)
    left = 10 * math.floor(min(first) / 10)  # before that, no negative passes
    for ax in axes:
        ax.set_xlim(left, 100 + 0.01 * (100 - left))
    marks = [Line2D([], [], color="#333333", linestyle="", marker="o", label="threshold 0.5"),
             Line2D([], [], color="#333333", linestyle="", marker="s", label="97 % of positives (fpr_at_97)")]
    legend(drawn, run_entries(runs, [run for _, run, _ in able]) + marks)
    show(drawn, "Precision over recall, and share of negatives that pass over recall")


def score_histograms(runs: Sequence[Run]) -> None:
    """One pair of axes a run."""
    able = [(run, answers, scores(answers)) for _, run, answers in answered(runs) if scores(answers)]
    if not able:
        say("No run has answers on positives and negatives yet.")
        return
    columns = 2 if len(able) in (2, 4) else min(3, len(able))
    drawn, axes = figure(-(-len(able) // columns), columns, 3.2)
    bins = np.linspace(0, 1, 41)
    for ax, (run, answers, both) in zip(axes.flat, able):
        for values, colour, name in zip(both, (FACE, NO_FACE), ("positives", "negatives")):
            share = 100 * np.histogram(values, bins)[0] / len(values)
            ax.stairs(share, bins, fill=True, color=colour, alpha=0.3)
            ax.stairs(share, bins, color=colour, linewidth=1.6, label=f"{len(values):,} {name}")
        ax.set(title=textwrap.fill(f"{drawn_name(run)}, epoch {answers.epoch}", 100 // columns),
               xlabel="score (probability of face)", ylabel="share of the crops (%)", xlim=(0, 1), yscale="log",
               ylim=(min(0.5, 50 / max(map(len, both))), 200))
        ax.yaxis.set_major_formatter(ticker.FuncFormatter(lambda value, _: f"{value:g}"))
        ax.legend(loc="upper center")
    for ax in axes.flat[len(able):]:
        ax.axis("off")
    show(drawn, "Histograms of the scores of positives and negatives")


def error_curves(runs: Sequence[Run]) -> None:
    """How many crops stay below an error, for boxes and landmarks."""
    panels = (("positive_box_error", "Boxes of positives", "offset error (of the window's side)", 1),
              ("part_box_error", "Boxes of part faces", "offset error (of the window's side)", 1),
              ("landmark_error", "Landmarks", "mean distance (% of the face's side)", 100))
    able = [run for _, run, answers in answered(runs) if any(answers.get(name) is not None for name, *_ in panels)]
    if not able:
        say("No run has answers on boxes or landmarks yet.")
        return
    drawn, (axes,) = figure(1, len(panels), 3.4)
    for ax, (name, title, label, factor) in zip(axes, panels):
        largest = 0.0
        for i, _, answers in answered(runs):
            values = answers.get(name)
            if values is None:
                continue
            values = factor * np.sort(values)
            points = thin(len(values))
            ax.plot(values[points], 100 * (points + 1) / len(values), **line_style(i))
            largest = max(largest, float(np.quantile(values, 0.99)))
        ax.set(title=title, xlabel=label, ylabel="crops with at most this error (%)", ylim=(0, 101))
        if largest > 0:
            ax.set_xlim(0, 1.05 * largest)
        else:
            not_measured(ax)
    legend(drawn, run_entries(runs, able))
    show(drawn, "Share of crops below an error, for boxes and landmarks")


@dataclasses.dataclass(frozen=True)
class Worst:
    """A kind of crop, and which of them the net did worst on."""
    kind: str
    value: str                                     # the tensor that is judged by
    largest: bool                                  # whether large values are bad
    title: str
    text: Callable[[float], str]                   # what stands above a picture
    columns: int = 12
    rows: int = 2


WORST = (Worst("negative", "negative_score", True, "negatives with the highest scores", lambda v: f"{v:.3f}"),
         Worst("positive", "positive_score", False, "positives with the lowest scores", lambda v: f"{v:.3f}"),
         Worst("landmark", "landmark_error", True, "landmarks with the greatest error", lambda v: f"{100 * v:.1f} %",
               columns=8))


def worst_errors(run: Run) -> None:
    """Pictures of the crops that the best epoch's net did worst on, and where they come from."""
    if run.answers is None:
        say(f"{run.name}: no answers on the validation crops yet.")
        return
    try:
        for worst in WORST:
            if run.answers.get(worst.value) is not None:
                show_worst(run, run.answers, worst)
    except RunError as error:
        say(f"No pictures of this run: {error}")


def show_worst(run: Run, answers: Answers, worst: Worst) -> None:
    values = np.asarray(answers.tensors[worst.value])
    order = np.argsort(-values if worst.largest else values, kind="stable")[:worst.columns * worst.rows]
    places = answers.tensors[f"{worst.kind}_place"]
    crops = [run.validation_crops.crop(worst.kind, places[i]) for i in order]
    points = answers.get("landmark_points") if worst.kind == "landmark" else None
    rows = -(-len(crops) // worst.columns)
    drawn, axes = figure(rows, worst.columns, WIDTH / worst.columns + 0.2)
    for ax in axes.flat:
        ax.axis("off")
    for ax, crop, i in zip(axes.flat, crops, order):
        side = crop.pixels.shape[0]
        ax.imshow(crop.pixels, interpolation="nearest", extent=(0, side, side, 0))
        ax.set_title(worst.text(float(values[i])), fontsize=9, loc="center")
        if points is not None:
            draw_points(ax, side * points[i].reshape(-1, 2), None if crop.landmarks is None else side * crop.landmarks)
            ax.axis("on")
            ax.grid(False)
            ax.spines[:].set_visible(False)
            ax.set(xlim=(-0.2 * side, 1.2 * side), ylim=(1.2 * side, -0.2 * side), xticks=[], yticks=[],
                   facecolor="#e4e4e4")
    title = f"epoch {answers.epoch}: {worst.title}"
    if points is not None:
        drawn.legend(handles=[Line2D([], [], linestyle="", **mark, label=name) for mark, name in
                              ((TRUE_MARK, "true"), (PREDICTED_MARK, "predicted"))], loc="outside upper right", ncols=2)
    drawn.suptitle(f"{drawn_name(run)}, {title}", x=0.01, ha="left", fontsize=11)
    show(drawn, f"{run.name}, {title}")
    entries = "".join(f"<li>{worst.text(float(values[i]))}: {html.escape(crop.image)}, window "
                      f"{' '.join(f'{edge:.0f}' for edge in crop.window)}</li>" for i, crop in zip(order, crops))
    display(HTML("<details><summary>Which pictures these are, and x1 y1 x2 y2 of the window in them"
                 f"</summary><ol>{entries}</ol></details>"))


TRUE_MARK = {"marker": "o", "markersize": 5, "color": TRUE, "mec": "black", "mew": 0.7}
PREDICTED_MARK = {"marker": "X", "markersize": 6, "color": PREDICTED, "mec": "black", "mew": 0.7}


def draw_points(ax: Axes, predicted: np.ndarray, true: np.ndarray | None) -> None:
    """Points [5, 2] in pixels of the crop; a line leads from each true point to the predicted one."""
    if true is not None:
        for pair in zip(true, predicted):
            ax.plot(*np.transpose(pair), color="black", linewidth=2.4)
            ax.plot(*np.transpose(pair), color="white", linewidth=1.2)
        ax.plot(*true.T, linestyle="", **TRUE_MARK)
    ax.plot(*predicted.T, linestyle="", **PREDICTED_MARK)
