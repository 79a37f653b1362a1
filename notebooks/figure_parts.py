"""What all figures of the notebooks share: size, colours, legends, axes, and how they are shown."""
from __future__ import annotations

import html
import io
from collections.abc import Sequence

import matplotlib.pyplot as plt
import numpy as np
from IPython.display import HTML, Image, display
from matplotlib import ticker
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from run_data import Run

# Okabe and Ito's colours, which stay apart for colour-blind readers; from the eighth run on they repeat, dotted.
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#555555")
WIDTH = 11.0  # inches
PIXELS_AN_INCH, DRAWN_LARGER = 90, 1.75
LETTERS_A_LINE, LETTERS_OF_A_MARK = 125, 7  # of a legend
LEGEND_ROW = 0.21  # inches

STYLE = {"font.size": 10, "axes.titlesize": 11, "axes.spines.top": False, "axes.spines.right": False, "axes.grid": True,
         "grid.color": "#e4e4e4", "axes.axisbelow": True, "figure.constrained_layout.use": True, "lines.linewidth": 1.8,
         "legend.frameon": False, "axes.titlelocation": "left"}
plt.rcParams.update(STYLE)


def figure(rows: int = 1, columns: int = 1, height: float = 3.4) -> tuple[Figure, np.ndarray]:
    """An empty figure and its axes [rows, columns]; `height` of a row in inches."""
    return plt.subplots(rows, columns, figsize=(WIDTH, rows * height), squeeze=False)


def show(drawn: Figure, alt: str) -> None:
    """Displays the figure as PNG. alt: what it shows, for those who cannot see it."""
    data = io.BytesIO()
    drawn.savefig(data, format="png", dpi=PIXELS_AN_INCH * DRAWN_LARGER)
    plt.close(drawn)
    display(Image(data.getvalue(), format="png", width=round(drawn.get_figwidth() * PIXELS_AN_INCH), alt=alt))


def say(text: str) -> None:
    display(HTML(f'<p class="note">{html.escape(text)}</p>'))


def drawn_name(run: Run) -> str:
    """As matplotlib draws it as it is: text between dollars would be a formula."""
    return run.name.replace("$", r"\$")


def line_style(index: int) -> dict:
    return {"color": COLOURS[index % len(COLOURS)], "linestyle": ":" if index >= len(COLOURS) else "-"}


def legend(drawn: Figure, entries: Sequence[Line2D]) -> None:
    """Above the axes, which keep their height: one row if it fits, else as many columns as do."""
    widths = [len(str(entry.get_label())) + LETTERS_OF_A_MARK for entry in entries]
    columns = len(entries) if sum(widths) <= LETTERS_A_LINE else max(1, LETTERS_A_LINE // max(widths))
    drawn.set_figheight(drawn.get_figheight() + LEGEND_ROW * (-(-len(entries) // columns) - 1))
    drawn.legend(handles=entries, loc="outside upper left", ncols=columns)


def not_measured(ax: Axes) -> None:
    ax.set(xticks=[], yticks=[])
    ax.text(0.5, 0.5, "not measured", transform=ax.transAxes, ha="center", color="#777777")


def run_entries(runs: Sequence[Run], chosen: Sequence[Run]) -> list[Line2D]:
    """Legend entries of the runs that are in `chosen`; a run has the same colour in all figures."""
    return [Line2D([], [], label=drawn_name(run), **line_style(i)) for i, run in enumerate(runs) if run in chosen]


def log_axis(ax: Axes, values: np.ndarray) -> None:
    """Makes the y axis logarithmic, with plain numbers at the ticks, where the values spread enough to read it."""
    spread = values.max() / values.min()
    if spread < 3:
        return
    ax.set_yscale("log")
    ax.yaxis.set_major_locator(ticker.LogLocator(subs=(1, 2, 5) if spread < 200 else (1,)))
    ax.yaxis.set_major_formatter(ticker.FuncFormatter(lambda value, _: f"{value:g}"))
    ax.yaxis.set_minor_formatter(ticker.NullFormatter())
