"""bench.json of bench.py as a chart: bars of the median milliseconds per frame, by detector and number of threads. Standard library only.

Usage: bench_chart.py bench.json CHART.svg
"""
import json
import pathlib
import statistics
import sys
from xml.sax.saxutils import escape

NAMES = {"ours": "this detector", "facenet": "facenet-pytorch", "yunet": "OpenCV's YuNet"}
COLOURS = {"ours": "#1b7837", "facenet": "#9e9e9e", "yunet": "#5e8fc4"}
LEFT, BAR_WIDTH, RIGHT, BAR, TOP = 130, 420, 80, 20, 46


def text(x, y, words, anchor="start", weight="normal"):
    return (f'<text x="{x:.0f}" y="{y:.0f}" text-anchor="{anchor}" font-weight="{weight}" font-family="sans-serif" font-size="12" '
            f'fill="#222">{escape(words)}</text>')


def chart(report):
    """The SVG of one bench.json. Bars are the medians of all rounds."""
    rows = [(f"{row['folder']}, {row['threads']} thread" + ("s" if row["threads"] != 1 else ""), [(name, statistics.median(values)) for name, values in row["median_ms"].items() if values]) for row in report["rows"]]
    longest = max(ms for _, bars in rows for _, ms in bars)
    parts, y = [], TOP
    for title, bars in rows:
        parts.append(text(LEFT, y + 4, title, weight="bold"))
        y += 12
        for name, ms in bars:
            parts.append(text(LEFT - 8, y + 14, NAMES.get(name, name), "end"))
            parts.append(f'<rect x="{LEFT}" y="{y}" width="{max(1, BAR_WIDTH * ms / longest):.1f}" height="{BAR - 4}" fill="{COLOURS.get(name, "#777")}"/>')
            parts.append(text(LEFT + BAR_WIDTH * ms / longest + 6, y + 13, f"{ms:.1f} ms"))
            y += BAR
        y += 18
    width = LEFT + BAR_WIDTH + RIGHT
    title = text(16, 20, f"Median time of a frame of size {report['rows'][0]['size']}, min face {report['min_face']:g}", weight="bold")
    below = text(16, y + 4, f"{report['machine']['cores']} cores, {report['machine']['processor']}, {report['instruction_set']}; decoding left out; lower is better")
    return (f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{y + 16}" viewBox="0 0 {width} {y + 16}">'
            f'<rect width="100%" height="100%" fill="white"/>{title}{"".join(parts)}{below}</svg>\n')


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    pathlib.Path(sys.argv[2]).write_text(chart(json.loads(pathlib.Path(sys.argv[1]).read_text())))
