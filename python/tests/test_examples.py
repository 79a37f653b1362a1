"""examples/data_engines, where Ray and Spark are installed: the lines that the program would write."""

import importlib.util
import json
import os
import shutil
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

import libmtcnn
from support import ASTRONAUT, HOPPER, REPOSITORY

EXAMPLES = REPOSITORY / "examples" / "data_engines"
TIMEOUT_S = 300


def is_installed(name):
    return importlib.util.find_spec(name) is not None


def has_java():
    return bool(shutil.which("java") or os.environ.get("JAVA_HOME"))


class DataEngines(unittest.TestCase):
    def setUp(self):
        self.home = Path(tempfile.mkdtemp(prefix="libmtcnn_test_"))
        self.addCleanup(shutil.rmtree, self.home)
        self.images = self.home / "my images"
        (self.images / "more").mkdir(parents=True)
        shutil.copy(ASTRONAUT, self.images / "a.jpg")
        shutil.copy(HOPPER, self.images / "more" / "b.jpg")
        (self.images / "broken.jpg").write_bytes(ASTRONAUT.read_bytes()[:500])
        (self.images / "notes.txt").write_text("no image", encoding="utf-8")

    def run_example(self, name, out):
        settings = {**os.environ, "RAY_DISABLE_IMPORT_WARNING": "1", "RAY_USAGE_STATS_ENABLED": "0", "PYSPARK_PYTHON": sys.executable}
        command = [sys.executable, "-B", EXAMPLES / name, self.images, out]
        done = subprocess.run(list(map(str, command)), capture_output=True, text=True, env=settings, timeout=TIMEOUT_S, cwd=self.home)
        self.assertEqual(done.returncode, 0, done.stderr)

    def check(self, lines):
        found = {row["image"]: row for row in map(json.loads, lines)}
        self.assertEqual(sorted(found), ["a.jpg", "broken.jpg", "more/b.jpg"])
        mtcnn = libmtcnn.MTCNN()
        for name, path in (("a.jpg", ASTRONAUT), ("more/b.jpg", HOPPER)):
            self.assertEqual(found[name], {"image": name, "faces": json.loads(json.dumps(mtcnn.detect_faces(path)))})
            self.assertEqual(len(found[name]["faces"]), 1)
        self.assertIn("cut off", found["broken.jpg"]["error"])

    @unittest.skipUnless(is_installed("ray") and is_installed("pyarrow"), "needs Ray: pip install 'ray[data]'")
    def test_ray(self):
        self.run_example("ray_faces.py", self.home / "faces.jsonl")
        self.check((self.home / "faces.jsonl").read_text(encoding="utf-8").splitlines())

    @unittest.skipUnless(is_installed("pyspark") and has_java(), "needs Spark: pip install pyspark pandas pyarrow, and Java")
    def test_spark(self):
        self.run_example("spark_faces.py", self.home / "faces")
        parts = sorted((self.home / "faces").glob("part-*"))
        self.check([line for part in parts for line in part.read_text(encoding="utf-8").splitlines()])


if __name__ == "__main__":
    unittest.main()
