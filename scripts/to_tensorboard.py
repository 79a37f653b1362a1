#!/usr/bin/env python3
"""Writes the figures of training runs (metrics.jsonl) as event files for TensorBoard: OUT/<run>/<train or val>/.

The same command again replaces what it wrote. It needs the package tensorboard, which scripts/setup.sh puts into the
project's virtual environment. To look at the figures: tensorboard --logdir OUT
"""
from __future__ import annotations

import argparse
import json
import math
import pathlib
import shutil
import sys
import tempfile

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "notebooks"))

try:
    from run_data import Run, load_runs, number
    from run_files import RunError, read_json
    from tensorboard.summary import Writer
except ImportError as missing:
    if "-h" not in sys.argv and "--help" not in sys.argv:
        sys.exit(f"error: {missing}; scripts/setup.sh installs it, or: {sys.executable} -m pip install tensorboard")

MARK = "mtcnn-tensorboard.json"  # in OUT: which of its entries this script wrote
FORMAT = "mtcnn-tensorboard"


class Refused(Exception):
    """One sentence for the user."""


class Parser(argparse.ArgumentParser):
    def error(self, message: str) -> None:
        print(f"error: {message} (--help explains)", file=sys.stderr)
        sys.exit(2)


def parse_arguments() -> argparse.Namespace:
    parser = Parser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("runs", metavar="RUN", nargs="+", type=pathlib.Path, help="a folder that `mtcnn train` wrote")
    parser.add_argument("--out", required=True, type=pathlib.Path, help="folder for the event files")
    parser.add_argument("--force", action="store_true", help="write beside what else is in OUT; none of it is changed")
    return parser.parse_args()


def write_events(run: Run, folder: pathlib.Path) -> None:
    """A subfolder a split. Steps are batches; what was not measured is left out. Wall times are counted back from when
    the last line was written."""
    seconds = [number(row.get("time_s")) for row in run.metrics]
    ended = (run.folder / "metrics.jsonl").stat().st_mtime
    last = max((s for s in seconds if math.isfinite(s)), default=0.0)
    for split in sorted({row["split"] for row in run.metrics}):
        writer = Writer(str(folder / split))
        for row, spent in zip(run.metrics, seconds):
            if row["split"] != split:
                continue
            time = ended - last + spent if math.isfinite(spent) else ended
            for key, value in row.items():
                if key not in ("step", "split") and math.isfinite(number(value)):
                    writer.add_scalar(key, value, row["step"], wall_time=time)
        writer.close()


def own_entries(out: pathlib.Path, force: bool) -> set[str]:
    """Names in `out` that an earlier call wrote. Raises Refused where the folder holds other things."""
    if (out / MARK).exists():
        mark = read_json(out / MARK)
        if mark.get("format") != FORMAT or mark.get("version") != 1 or not isinstance(mark.get("runs"), list):
            raise Refused(f"{out / MARK}: found format {mark.get('format')}, version {mark.get('version')}; "
                          f"expected {FORMAT}, version 1")
        return {name for name in mark["runs"] if isinstance(name, str) and name == pathlib.Path(name).name}
    if out.exists() and any(out.iterdir()) and not force:
        raise Refused(f"{out}: holds other things; choose a new or empty folder, or add --force to write beside them")
    return set()


def write_mark(out: pathlib.Path, names: set[str]) -> None:
    begun = out / f".{MARK}.begun"
    begun.write_text(json.dumps({"format": FORMAT, "version": 1, "runs": sorted(names)}) + "\n", "utf-8")
    begun.replace(out / MARK)


def write_runs(runs: list[Run], out: pathlib.Path, force: bool) -> None:
    """All event files appear, and replace older ones, once the last of them is written."""
    own = own_entries(out, force)
    names = {run.name.split("/")[0] for run in runs}
    for name in sorted(names - own):
        if (out / name).exists():
            raise Refused(f"{out / name}: is in the way and not of this script; choose another --out")
    out.mkdir(parents=True, exist_ok=True)
    write_mark(out, own)
    begun = pathlib.Path(tempfile.mkdtemp(prefix=".begun-", dir=out))
    try:
        for run in runs:
            write_events(run, begun / run.name)
        write_mark(out, own | names)
        for name in own:
            shutil.rmtree(out / name, ignore_errors=True)
        for name in names:
            (begun / name).rename(out / name)
        write_mark(out, names)
    finally:
        shutil.rmtree(begun, ignore_errors=True)


def main() -> int:
    arguments = parse_arguments()
    try:
        runs = load_runs(arguments.runs)
        started = [run for run in runs if run.metrics]
        for run in runs:
            if not run.metrics:
                print(f"{run.folder}: no epoch has ended yet; left out", file=sys.stderr)
        if not started:
            raise Refused("no run has finished an epoch: nothing to write")
        write_runs(started, arguments.out, arguments.force)
    except (RunError, Refused) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    except OSError as error:
        print(f"error: {error.filename or arguments.out}: {error.strerror or error}", file=sys.stderr)
        return 1
    print(f"{len(started)} run(s) written; look at them with: tensorboard --logdir {arguments.out}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
