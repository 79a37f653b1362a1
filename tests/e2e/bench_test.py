"""`mtcnn bench` as a user runs it. Standard library only.

usage: bench_test.py PROGRAM MODEL_FOLDER [unittest arguments]
"""
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import unittest
import xml.etree.ElementTree

PROGRAM, MODEL = sys.argv[1:3]
ROOT = pathlib.Path(__file__).resolve().parents[2]
SAMPLES = ROOT / "samples"


def bench(*arguments):
    return subprocess.run([PROGRAM, "bench", *map(str, arguments)], capture_output=True, text=True, timeout=300)


class Bench(unittest.TestCase):
    def test_json_has_what_other_programs_read(self):
        done = bench("--size", "160x120", "--repeats", 3, "--threads", 1, "--model", MODEL, "--json", "-", "-q", "--scaling")
        self.assertEqual(done.returncode, 0, done.stderr)
        result = json.loads(done.stdout)
        self.assertEqual(result["threads"], 1)
        self.assertEqual(result["size"], "160x120")
        self.assertLessEqual(0, result["frame_ms"]["median"])
        self.assertLessEqual(result["frame_ms"]["median"], result["frame_ms"]["p95"])
        self.assertEqual(set(result["stages_ms"]), {"pyramid", "pnet", "nms", "crops", "rnet", "onet"})
        self.assertLessEqual(sum(result["stages_ms"].values()), 1.01 * result["frame_ms"]["mean"])
        self.assertGreater(result["machine"]["cores"], 0)
        self.assertGreater(result["peak_memory_mib"], 1)
        self.assertEqual([row["count"] for row in result["scaling"]], [1])

    def test_default_model_on_pictures(self):
        done = bench("--images", SAMPLES, "--repeats", 1)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("2 x 1 frames", done.stdout)
        self.assertIn("mean by stage", done.stdout)

    def test_script_draws_a_chart(self):
        with tempfile.TemporaryDirectory() as out:
            script = [sys.executable, "-B", ROOT / "scripts/bench.py", SAMPLES, "--program", PROGRAM, "--threads", "1,2", "--rounds", "1"]
            done = subprocess.run([*map(str, script), "--out", out], capture_output=True, text=True, timeout=300)
            self.assertEqual(done.returncode, 0, done.stderr)
            report = json.loads(pathlib.Path(out, "bench.json").read_text())
            self.assertEqual([(row["folder"], row["threads"]) for row in report["rows"]], [("samples", 1), ("samples", 2)])
            self.assertRegex(done.stdout, r"\| 2 of samples, mixed \| 1\.\d \| 1 \| [\d.]+ \|")
            drawing = xml.etree.ElementTree.parse(pathlib.Path(out, "bench.svg"))
            bars = [shape for shape in drawing.iter("{http://www.w3.org/2000/svg}rect") if "fill" in shape.attrib and "x" in shape.attrib]
            self.assertEqual(len(bars), 2)
            longest = max(row["median_ms"]["ours"][0] for row in report["rows"])
            for bar, row in zip(bars, report["rows"]):
                self.assertAlmostEqual(float(bar.attrib["width"]) / 420, row["median_ms"]["ours"][0] / longest, delta=0.002)

    def test_the_instruction_set_can_be_limited(self):
        def limited(name):
            return subprocess.run([PROGRAM, "bench", "--images", SAMPLES, "--repeats", "1", "--json", "-", "--threads", "1"], capture_output=True,
                                  text=True, timeout=300, env={**os.environ, "MTCNN_VECTOR": name})

        used = json.loads(limited("plain").stdout)["machine"]["vector"]
        self.assertIn(used, ("plain", "neon"))
        done = limited("sse9")
        self.assertEqual((done.returncode, done.stdout), (2, ""))
        self.assertRegex(done.stderr, r"error: environment variable MTCNN_VECTOR: .*found 'sse9', expected plain, avx2, avx512 or vnni")

    def test_wrong_usage(self):
        for size in ("640", "0x480", "640x480x3", "ax b", "99999999x1"):
            done = bench("--size", size)
            self.assertEqual(done.returncode, 2, size)
            self.assertIn("--size", done.stderr)
            self.assertNotIn("internal", done.stderr)
        self.assertEqual(bench("--images", "/no/such/folder").returncode, 1)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1] + sys.argv[3:])
