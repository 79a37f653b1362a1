"""Runs `mtcnn eval` with the detector inside, as a user would. Standard library only.

usage: eval_test.py PROGRAM MODEL_FOLDER [unittest arguments]; the model may be any: what it finds does not matter here.
"""
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import unittest

PROGRAM, MODEL = sys.argv[1:3]
ROOT = pathlib.Path(__file__).resolve().parents[2]
SAMPLES = ROOT / "samples"
SHARED = pathlib.Path(os.environ.get("MTCNN_SHARED_DIR", ROOT.parent / "shared"))


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

    def test_pieces_of_a_run_score_as_one(self):
        annotations = self.data / "annotations.jsonl"
        (self.folder / "all.txt").write_text("astronaut.jpg\ngrace_hopper.jpg\n")
        detect = [PROGRAM, "detect", f"@{self.folder / 'all.txt'}", "--root", self.data / "images", "--model", MODEL, "--threads", "1", "-q"]
        pieces = [self.folder / f"part-{rank}.jsonl" for rank in range(2)]
        for rank, piece in enumerate(pieces):
            subprocess.run([*detect, "--rank", str(rank), "--world", "2", "--json", piece], check=True)
        whole = self.folder / "whole.jsonl"
        whole.write_bytes(b"".join(piece.read_bytes() for piece in pieces))
        expected = evaluate("coco", "--detections", whole, "--annotations", annotations)
        self.assertEqual((expected.returncode, expected.stderr), (0, ""))
        for flags in (["--detections", *pieces], ["--detections", pieces[1], "--detections", pieces[0]]):
            out = self.folder / "score"
            run = evaluate("coco", *flags, "--annotations", annotations, "--out", out)
            self.assertEqual((run.returncode, run.stdout), (0, expected.stdout), run.stderr)
            inputs = json.loads((out / "summary.json").read_text())["inputs"]
            self.assertEqual([entry["what"] for entry in inputs], ["detections", "detections", "annotations"])
        missing = evaluate("coco", "--detections", pieces[0], "--annotations", annotations)
        self.assertIn("1 of 2 images are missing and count as without detections, the first is 'grace_hopper.jpg'", missing.stderr)
        twice = evaluate("coco", "--detections", whole, pieces[1], "--annotations", annotations)
        self.assertEqual(twice.returncode, 1)
        self.assertIn("'grace_hopper.jpg'", twice.stderr)
        self.assertIn("in two files", twice.stderr)
        over = evaluate("coco", "--detections", *pieces, "--annotations", annotations, "--json", pieces[1])
        self.assertEqual(over.returncode, 2, over.stderr)

    def test_wider_compares_runs_of_several_files(self):
        truth = SHARED / "golden/wider_official"
        if not truth.is_dir():
            self.skipTest("needs the ground truth of the shared folder")
        files = [self.folder / f"{name}.jsonl" for name in "abc"]
        images = ("0--Parade/0_Parade_marchingband_1_465", "0--Parade/0_Parade_Parade_0_904", "0--Parade/0_Parade_marchingband_1_465")
        for file, image in zip(files, images):
            file.write_text(json.dumps({"image": f"{image}.jpg", "faces": []}) + "\n")
        run = evaluate("wider", "--detections", *files[:2], "--detections", files[2], "--ground-truth", truth, "--json", "-")
        self.assertEqual(run.returncode, 0, run.stderr)
        summary = json.loads(run.stdout)
        self.assertEqual([entry["name"] for entry in summary["runs"]], ["a and 1 more", "c"])
        self.assertEqual([entry["counts"]["listed_images"] for entry in summary["runs"]], [2, 1])
        self.assertEqual(len([entry for entry in summary["inputs"] if entry["what"] == "detections"]), 3)
        twice = evaluate("wider", "--detections", *files, "--ground-truth", truth)
        self.assertIn("in two files of one run's detections", twice.stderr)
        empty = evaluate("wider", "--detections", files[0], "", "--ground-truth", truth)
        self.assertIn("an empty name", empty.stderr)

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
