"""scripts/gpu_check.sh from build to report, with the CPU in the place of a GPU and a bundle of what this build has made.

usage: gpu_check_test.py BUILD_FOLDER PYTHON; PYTHON has torch and NumPy. Exits with 77 where it has not.
"""
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import unittest

BUILD, PYTHON = sys.argv.pop(1), sys.argv.pop(1)
SCRIPT = pathlib.Path(__file__).resolve().parents[2] / "scripts" / "gpu_check.sh"
#: What a machine that is good for nothing else has.
BARE = {"PATH": "/usr/local/bin:/usr/bin:/bin", "PYTHON": PYTHON}


def run(script, *arguments, check=True, env=None, **options):
    done = subprocess.run([script, *map(str, arguments)], capture_output=True, text=True, env=env, **options)
    if check and done.returncode != 0:
        raise AssertionError(f"{arguments} ended with {done.returncode}\n{done.stdout}{done.stderr}")
    return done


class GpuCheck(unittest.TestCase):
    def setUp(self):
        self.scratch = tempfile.TemporaryDirectory(prefix="mtcnn_gpu_check_")
        self.folder = pathlib.Path(self.scratch.name)
        self.addCleanup(self.scratch.cleanup)

    def test_from_build_to_report(self):
        bundle = self.folder / "bundle.tar.xz"
        run(SCRIPT, "build", "--from", BUILD, "--out", bundle)
        self.assertLess(bundle.stat().st_size, 50_000_000)
        bare = self.folder / "bare"
        bare.mkdir()
        shutil.unpack_archive(bundle, bare)
        done = run(bare / "gpu_check/scripts/gpu_check.sh", "run", "--device", "cpu:torch", "--tiny", "--seconds", 600, "--out", "results", env=BARE, cwd=self.folder)
        results = json.loads((self.folder / "results/gpu_check.json").read_text(encoding="utf-8"))
        self.assertTrue(results["passed"], done.stdout)
        parts = {check["part"] for check in results["checks"]}
        self.assertEqual(parts, {"unit_tests", "agreement", "training", "robustness", "kernels"})
        self.assertLessEqual({"machine", "frames", "training", "kernels", "search"}, set(results["figures"]))
        self.assertIn("unit_tests: TorchNets.GiveTheLogitsOfTheEngine", (self.folder / "results/gpu_check.txt").read_text(encoding="utf-8"))
        rows = run(SCRIPT, "report", self.folder / "results/gpu_check.json").stdout
        for text in ("| 160x120 | 40 | 2 |", "| P-Net |", "| O-Net |", "| same faces as the CPU, batch 8 |"):
            self.assertIn(text, rows)

    def test_wrong_usage_is_one_line(self):
        damaged = self.folder / "damaged.json"
        damaged.write_text('{"figures": 3}', encoding="utf-8")
        for code, text, *arguments in (
            (2, "found 'fly'", "fly"),
            (2, "--device needs a value", "run", "--device"),
            (1, "no bundle at", "run", self.folder / "none.tar.xz"),
            (1, "no such folder", "build", "--from", self.folder / "none"),
            (1, "none.json", "report", self.folder / "none.json"),
            (1, "damaged.json", "report", damaged),
        ):
            with self.subTest(text):
                done = run(SCRIPT, *arguments, check=False, env={**os.environ, "PYTHON": PYTHON})
                self.assertEqual(done.returncode, code, done.stderr)
                self.assertEqual(done.stderr.count("\n"), 1, done.stderr)
                self.assertIn(text, done.stderr)


if subprocess.run([PYTHON, "-c", "import torch, numpy"], stderr=subprocess.DEVNULL).returncode != 0:
    print(f"skipped: {PYTHON} has no torch or no NumPy")
    sys.exit(77)
unittest.main()
