"""What the tests of `mtcnn live` share: videos of known motion, one run of the program, and how its error must look.

usage of a test: NAME_test.py PROGRAM MAKE_FILM [unittest arguments]
"""
import json
import os
import pathlib
import resource
import signal
import subprocess
import sys

from support import PROGRAM, FolderTestCase

MAKE_FILM = sys.argv[2]
SAMPLES = pathlib.Path(__file__).resolve().parents[2] / "samples"
GRAIN = "4"


def make_film(path, scene, frames, grain=GRAIN):
    """Writes the video; where its images lie in each frame: a list of (scale, dx, dy)."""
    subprocess.run([MAKE_FILM, path, scene, SAMPLES, grain, str(frames)], check=True, timeout=300)
    numbers = [[float(number) for number in line.split()] for line in pathlib.Path(f"{path}.truth").read_text().splitlines()]
    return [[tuple(row[i:i + 3]) for i in range(0, len(row), 3)] for row in numbers]


class Live:
    """One run of the program on a video."""

    def __init__(self, *arguments, environment=None, limit=None):
        def limits():
            if limit is not None:
                signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
                resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
        done = subprocess.run([PROGRAM, "live", *map(str, arguments)], capture_output=True, text=True, timeout=300,
                              env={**os.environ, **(environment or {})}, preexec_fn=limits)
        self.code, self.out, self.err = done.returncode, done.stdout, done.stderr
        self.rows = [json.loads(line) for line in self.out.splitlines()]


class LiveTestCase(FolderTestCase):
    def film(self, scene, frames, name="film.mp4"):
        path = self.folder / name
        return path, make_film(path, scene, frames)

    def assertOneLine(self, run, code, *words):
        super().assertOneLine(run, code, *words)
        self.assertTrue(run.err.splitlines()[-1].startswith("error: "), f"other libraries speak after it: {run.err}")
