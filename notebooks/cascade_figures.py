"""Figures of one search, as libmtcnn's MTCNN.trace() returns it: the pyramid, P-Net's maps, windows after each stage."""
from __future__ import annotations

from collections.abc import Sequence

import matplotlib.patches
import numpy as np
from matplotlib.axes import Axes

from figure_parts import COLOURS, WIDTH, figure, say, show

MOST_WINDOWS = 400  # drawn in one picture, the surest ones


def draw_windows(ax: Axes, boxes: np.ndarray, colour: str, width: float = 1.0, alphas: Sequence[float] | None = None) -> None:
    """boxes [n, 4 or more]: x1 y1 x2 y2."""
    for i, (x1, y1, x2, y2) in enumerate(boxes[:MOST_WINDOWS, :4]):
        ax.add_patch(matplotlib.patches.Rectangle((x1, y1), x2 - x1, y2 - y1, fill=False, edgecolor=colour, linewidth=width,
                                                  alpha=None if alphas is None else float(alphas[i])))


def show_picture_axes(ax: Axes, image: np.ndarray, title: str) -> None:
    ax.imshow(image)
    ax.set_title(title)
    ax.axis("off")


def pyramid(trace) -> None:
    """The levels side by side, all in one scale, with P-Net's window of 12 pixels in a corner of each."""
    if not trace.levels:
        say("The picture is smaller than the smallest face looked for: there is no level.")
        return
    gap = 12
    height = max(level.height for level in trace.levels)
    canvas = np.full((height, sum(level.width + gap for level in trace.levels), 3), 255, np.uint8)
    drawn, axes = figure(1, 1, WIDTH * height / canvas.shape[1] + 0.4)
    ax, left = axes[0, 0], 0
    for level in trace.levels:
        canvas[:level.height, left:left + level.width] = level.image
        ax.add_patch(matplotlib.patches.Rectangle((left - 0.5, -0.5), 12, 12, fill=False, edgecolor=COLOURS[1], linewidth=1.2))
        left += level.width + gap
    ax.imshow(canvas)
    ax.axis("off")
    show(drawn, f"The picture in {len(trace.levels)} sizes, side by side")


def heat_maps(trace, columns: int = 4) -> None:
    """P-Net's probabilities over each level, and how many windows pass."""
    if not trace.levels:
        return
    drawn, axes = figure(-(-len(trace.levels) // columns), columns, 2.9)
    for ax in axes.flat:
        ax.axis("off")
    for ax, level in zip(axes.flat, trace.levels):
        shown = 0.5 * level.image.mean(2) / 255
        ax.imshow(shown, cmap="gray", vmin=0, vmax=1, extent=(0, level.width, level.height, 0))
        # A cell stands in the middle of its window: 6 level pixels from where it begins.
        rows, columns_of_level = level.probabilities.shape
        mapped = ax.imshow(level.probabilities, cmap="inferno", vmin=0, vmax=1, interpolation="nearest",
                           alpha=0.35 + 0.65 * level.probabilities,  # the picture shows where there is no face
                           extent=(5, 5 + 2 * columns_of_level, 5 + 2 * rows, 5))
        ax.set(xlim=(0, level.width), ylim=(level.height, 0))
        ax.set_title(f"faces of {level.face_size:.0f} pixels: {len(level.windows)} windows", fontsize=9)
    drawn.colorbar(mapped, ax=axes, shrink=0.6, label="probability of a face")
    show(drawn, "P-Net's answer on each level: dark is no face, bright is one")


def level_windows(trace) -> np.ndarray:
    """[n, 5]: P-Net's windows of all levels, before suppression across them."""
    return np.concatenate([np.zeros((0, 5), np.float32), *(level.windows for level in trace.levels)])


def stages(trace) -> None:
    """The picture with the windows that are left after each net."""
    per_level = level_windows(trace)
    drawn, axes = figure(1, 4, 3.8)
    for ax, boxes, title, colour in zip(axes.flat, (per_level, trace.after_pnet, trace.after_rnet, trace.boxes),
                                        ("P-Net, each level", "P-Net, joined and corrected", "R-Net", "O-Net: faces"), COLOURS):
        show_picture_axes(ax, trace.image, f"{title}: {len(boxes)}")
        draw_windows(ax, boxes, colour, 2.0 if boxes is trace.boxes else 0.8)
    axes.flat[3].scatter(trace.landmarks[..., 0], trace.landmarks[..., 1], s=10, color=COLOURS[3])
    show(drawn, "Windows after each stage: fewer and better ones")


def crops(trace, answers, title: str, most: int = 24, columns: int = 12) -> None:
    """What a net saw, surest first, with the probability it gave; green frames pass."""
    order = np.argsort(-answers.scores, kind="stable")[:most]
    if not len(order):
        return
    drawn, axes = figure(-(-len(order) // columns), columns, 1.15)
    for ax in axes.flat:
        ax.axis("off")
    for ax, i in zip(axes.flat, order):
        ax.imshow(cut(trace.image, answers.windows[i]))
        passes = bool(answers.passed[i])
        ax.add_patch(matplotlib.patches.Rectangle((0, 0), 1, 1, transform=ax.transAxes, fill=False, linewidth=3 if passes else 0,
                                                  edgecolor=COLOURS[2]))
        ax.set_title(f"{answers.scores[i]:.2f}", fontsize=8, loc="center")
    show(drawn, title)


def cut(image: np.ndarray, window: np.ndarray) -> np.ndarray:
    """The window's pixels, rounded to whole ones; grey outside the picture."""
    x1, y1, x2, y2 = np.round(window).astype(int)
    out = np.full((max(1, y2 - y1), max(1, x2 - x1), 3), 127, np.uint8)
    left, top, right, bottom = max(x1, 0), max(y1, 0), min(x2, image.shape[1]), min(y2, image.shape[0])
    if right > left and bottom > top:
        out[top - y1:bottom - y1, left - x1:right - x1] = image[top:bottom, left:right]
    return out


def corrections(trace, answers, alt: str) -> None:
    """Windows that pass (thin) and where the net moves them (bold)."""
    drawn, axes = figure(1, 1, 5.2)
    show_picture_axes(axes[0, 0], trace.image, "what the net saw (thin), where it puts the box (bold)")
    draw_windows(axes[0, 0], answers.windows[answers.passed], COLOURS[5], 0.8)
    draw_windows(axes[0, 0], answers.boxes[answers.passed], COLOURS[1], 1.6)
    show(drawn, alt)
