"""File errors of every day (no permission, a name too long, links in a circle) are the user's to mend: exit code 1 or 2 and one line with the
file's name, in every command; never "internal bug".

usage: refused_paths_test.py PROGRAM MODEL_FOLDER; the model may be any.
"""
import os
import pathlib
import shutil
import subprocess
import sys
import unittest

from support import HAS_TORCH, PROGRAM, FolderTestCase

MODEL = pathlib.Path(sys.argv[2])
SOURCE = pathlib.Path(__file__).resolve().parents[2]
PICTURE = SOURCE / "samples" / "astronaut.jpg"


def commands(bad, out):
    """Every command with the path in each place where one goes."""
    net = MODEL / "pnet.safetensors"
    yield ["inspect", bad]
    yield ["inspect", MODEL, "--json", bad]
    yield ["detect", bad]
    yield ["detect", PICTURE, "--model", bad]
    yield ["detect", PICTURE, "--config", bad]
    yield ["detect", PICTURE, "--model", MODEL, "--json", bad]
    yield ["bench", "--images", bad, "--repeats", 1]
    yield ["bench", "--size", "64x64", "--repeats", 1, "--model", bad]
    yield ["live", "--video", bad, "--model", MODEL, "--json", out / "live.jsonl"]
    yield ["import", bad, bad, bad, "--out", out]
    yield ["export", "--run", bad, "--out", out]
    yield ["export", "--run", net, "--out", bad]
    yield ["calibrate", "--dataset", bad, "--model", MODEL, "--out", out]
    yield ["prepare", "--stage", "pnet", "--config", SOURCE / "configs" / "prepare.json", "--data", bad, "--out", out]
    yield ["prepare", "--stage", "pnet", "--config", bad, "--out", out]
    yield ["prepare", "--merge", "--out", bad]
    if HAS_TORCH:
        yield ["train", "--net", "pnet", "--data", bad, "--out", out]
    yield ["pipeline", "--config", bad, "--out", out]
    yield ["toy-data", bad, "--images", 2]
    yield ["eval", "coco", "--detections", bad, "--annotations", bad]
    yield ["eval", "landmarks", "--detections", bad, "--annotations", bad]
    yield ["eval", "fddb", "--annotations", bad, "--images", bad, "--detections", bad]
    yield ["eval", "wider", "--ground-truth", bad, "--detections", bad]
    yield ["eval", "cascade", "--dataset", bad, "--model", MODEL]


class RefusedPathsTest(FolderTestCase):
    def refuse(self, bad, launcher=()):
        for command in commands(bad, self.folder / "out"):
            with self.subTest(command=[str(word)[-40:] for word in command]):
                done = subprocess.run([*launcher, PROGRAM, *map(str, command)], capture_output=True, text=True, timeout=300)
                self.assertIn(done.returncode, (1, 2), done.stderr[-500:])
                self.assertOneLine(done, done.returncode, bad.name)
                self.assertEqual([path for path in self.folder.rglob("*.tmp")], [])

    def test_a_name_too_long(self):
        self.refuse(self.folder / ("n" * 300))

    def test_links_in_a_circle(self):
        (self.folder / "loop").symlink_to("loop")
        self.refuse(self.folder / "loop")

    def test_a_folder_without_permission(self):
        private = self.folder / "private"
        private.mkdir()
        shutil.copy(PICTURE, private / "a.jpg")
        private.chmod(0)
        self.addCleanup(private.chmod, 0o700)
        if os.geteuid() != 0:
            return self.refuse(private / "a.jpg")
        if shutil.which("setpriv") is None:
            self.skipTest("the superuser may read everything")
        self.refuse(private / "a.jpg", ["setpriv", "--bounding-set=-dac_override,-dac_read_search", "--inh-caps=-all"])


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
