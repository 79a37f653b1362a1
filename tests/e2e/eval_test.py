"""Runs `mtcnn eval` with the detector inside, as a user would. Standard library only.

usage: eval_test.py PROGRAM MODEL_FOLDER [unittest arguments]; the model may be any: what it finds does not matter here.
"""
import json
import pathlib
import shutil
import subprocess
import sys
import tempfile
import unittest

PROGRAM, MODEL = sys.argv[1:3]
SAMPLES = pathlib.Path(__file__).resolve().parents[2] / "samples"


def evaluate(*arguments):
    return subprocess.run([PROGRAM, "eval", *map(str, arguments)], capture_output=True, text=True, timeout=300)


class Evaluate(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="mtcnn_e2e_"))
        self.addCleanup(shutil.rmtree, self.folder)
        self.data = self.folder / "data"
        shutil.copytree(SAMPLES, self.data / "images")
        rows = [{"image": "astronaut.jpg", "faces": [{"box": [170, 70, 110, 140]}]}, {"image": "grace_hopper.jpg", "faces": []}]
        (self.data / "annotations.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))

    def test_coco_from_data_set_and_model_to_score(self):
        out = self.folder / "score"
        run = evaluate("coco", "--dataset", self.data, "--model", MODEL, "--out", out, "--threads", 1)
        self.assertEqual(run.returncode, 0, run.stderr)
        self.assertEqual({path.name for path in out.iterdir()}, {"detections.jsonl", "summary.json", "curve.csv", "curve.svg"})
        summary = json.loads((out / "summary.json").read_text())
        for key in ("ap", "ap50", "ap75", "protocol", "settings", "versions", "inputs"):
            self.assertIn(key, summary)
        again = evaluate("coco", "--detections", out / "detections.jsonl", "--annotations", self.data / "annotations.jsonl")
        self.assertEqual(again.stdout, run.stdout)

    def test_recall_after_each_stage(self):
        out = self.folder / "score"
        run = evaluate("cascade", "--dataset", self.data / "annotations.jsonl", "--model", MODEL, "--out", out, "--threads", 1)
        self.assertEqual(run.returncode, 0, run.stderr)
        summary = json.loads((out / "summary.json").read_text())
        self.assertEqual([stage["stage"] for stage in summary["stages"]], ["pnet", "rnet", "onet"])
        self.assertEqual((summary["pictures"], summary["faces"]), (2, 1))
        self.assertGreaterEqual(summary["stages"][0]["windows_per_image"], summary["stages"][1]["windows_per_image"])

    def test_wrong_arguments(self):
        annotations = self.data / "annotations.jsonl"
        for words, code, arguments in [
            ("either --detections or --dataset", 2, ["coco", "--annotations", annotations]),
            ("either --detections or --dataset", 2, ["wider", "--dataset", self.data, "--detections", annotations]),
            ("--out", 2, ["coco", "--dataset", self.data, "--model", MODEL]),
            ("--annotations", 2, ["landmarks", "--detections", annotations]),
            ("--ground-truth", 2, ["wider", "--detections", annotations]),
            ("wider_face_val.mat", 1, ["cascade", "--dataset", self.data, "--model", MODEL]),
            ("missing.jsonl", 1, ["cascade", "--dataset", self.folder / "missing.jsonl", "--model", MODEL]),
        ]:
            run = evaluate(*arguments)
            self.assertEqual(run.returncode, code, run.stderr)
            self.assertIn(words, run.stderr)
            self.assertEqual(run.stderr.count("error: "), 1, run.stderr)


if __name__ == "__main__":
    unittest.main(argv=[sys.argv[0], *sys.argv[3:]])
