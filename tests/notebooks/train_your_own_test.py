"""notebooks/train_your_own.ipynb from top to bottom, on little toy data.

usage: train_your_own_test.py PROGRAM [unittest arguments]
"""
import json
import pathlib
import sys
import unittest

from support import FolderTestCase, require

require("numpy", "matplotlib", "PIL", "nbclient", "ipykernel", "nbconvert")
import notebook_run
import notebook_tools

PROGRAM = pathlib.Path(sys.argv.pop(1)).absolute()
PICTURES = 8  # labels, two of crops, two of curves, validation, own labels, own detections


class TrainYourOwn(FolderTestCase):
    def test_top_to_bottom(self):
        parameters = f'IMAGES = 20\nEPOCHS = {{"pnet": 2, "rnet": 2, "onet": 2}}\nSTEPS = 20\nOUT = {str(self.folder)!r}\n'
        notebook = notebook_run.run_notebook("train_your_own.ipynb", parameters, PROGRAM)
        notebook_run.save_page(notebook, "train_your_own")
        text = notebook_run.printed(notebook)
        self.assertRegex(text, r"of the labelled faces \d+\.\d % are found")
        self.assertNotIn("no such picture", text)
        shown = notebook_run.pictures(notebook)
        self.assertEqual(len(shown), PICTURES)
        for picture in shown:
            self.assertGreater(picture[..., :3].std(), 0.05, "an empty picture")
        for path in ("work/model/cascade.json", "own_model/onet.safetensors", "score/summary.json"):
            self.assertTrue((self.folder / path).exists(), path)
        for run in sorted((self.folder / "work/runs").iterdir()):  # so little training finds no face yet, but it has begun
            lines = [json.loads(line) for line in (run / "metrics.jsonl").read_text().splitlines()]
            errors = [line["nme"] for line in lines if line["split"] == "val"]
            self.assertLess(errors[-1], errors[0], run.name)

    def test_nothing_stored(self):
        self.assertEqual(notebook_run.stored_outputs("train_your_own.ipynb"), [])


class Tools(FolderTestCase):
    def test_labels_are_checked(self):
        rows = [{"image": "none.jpg", "faces": []},
                {"image": "astronaut.jpg", "width": 100, "height": 512, "faces": [{"box": [1, 1, 0, 5]}, {"box": [600, 0, 9, 9]}]},
                {"image": "grace_hopper.jpg", "faces": [{"box": [10, 10, 50, 60]}]}]
        complaints = notebook_tools.check_annotations(rows, notebook_tools.ROOT / "samples")
        self.assertEqual(len(complaints), 4, complaints)
        for complaint, words in zip(complaints, ("no such picture", "100 x 512", "without area", "outside the picture")):
            self.assertIn(words, complaint)

    def test_recall_and_precision(self):
        truth = [{"image": "a", "faces": [{"box": [0, 0, 10, 10]}, {"box": [20, 0, 10, 10]}, {"box": [50, 0, 10, 10], "ignore": True}]}]
        found = {"a": [{"box": [1, 0, 10, 10]}, {"box": [50, 0, 10, 10]}, {"box": [0, 80, 10, 10]}]}
        self.assertEqual(notebook_tools.recall_and_precision(truth, found), (0.5, 0.5))
        self.assertNotEqual(*[notebook_tools.recall_and_precision([], {})[0]] * 2)

    def test_a_program_that_fails(self):
        notebook_run.os.environ["MTCNN_PROGRAM"] = str(PROGRAM)
        with self.assertRaisesRegex(RuntimeError, "nowhere"):
            notebook_tools.mtcnn("inspect", self.folder / "nowhere")


if __name__ == "__main__":
    unittest.main(verbosity=2)
