"""notebooks/run_*.py read run folders, whole and unfinished, and name what is wrong with damaged ones."""
import json
import math
import os
import pathlib
import unittest

from support import FolderTestCase, require

require("numpy")
import made_runs
import numpy as np
import run_data
from run_answers import Answers
from run_data import Run
from run_files import RunError, read_safetensors

ANSWERS = {"format": "mtcnn-answers", "version": "1", "net": "pnet", "epoch": "3"}
PLACES = np.array([[0, 1], [2, 3]], np.int32)
SCORES = np.array([0.25, 0.75], np.float32)


class RunDataTest(FolderTestCase):
    def assert_error(self, function, *words):
        with self.assertRaises(RunError) as caught:
            function()
        for word in words:
            self.assertIn(str(word), str(caught.exception))
        self.assertNotIn("\n", str(caught.exception))

    def test_a_run(self):
        lines = made_runs.make_run(self.folder / "a", "onet", 5)
        run = Run.load(self.folder / "a")
        self.assertEqual((run.name, run.net, run.epochs, run.steps, run.done), ("a", "onet", 5, 600, True))
        self.assertEqual(run.metrics, lines)
        epochs, values = run.series("val", "box_error")
        self.assertEqual(list(epochs), [1, 2, 3, 4, 5])
        self.assertEqual(list(values), [line["box_error"] for line in lines if line["split"] == "val"])
        self.assertIsNone(run.answers)
        self.assertAlmostEqual(run.samples_per_s(), np.median([x["samples_per_s"] for x in lines[::2]]))

    def test_a_run_that_has_just_begun(self):
        made_runs.make_run(self.folder / "a", "pnet", 0, done=False)
        run = Run.load(self.folder / "a")
        self.assertEqual((run.epochs, run.steps, run.done, run.best()), (0, 0, False, None))
        self.assertTrue(math.isnan(run.samples_per_s()))

    def test_what_was_not_measured_is_nan(self):
        made_runs.make_run(self.folder / "a", "pnet", 0)
        lines = [{"step": 10 * e, "epoch": e, "split": "val", "fpr_at_97": v} for e, v in
                 enumerate([None, 0.5, 0.25, math.nan, 0.25, "x"], 1)]
        (self.folder / "a/metrics.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
        run = Run.load(self.folder / "a")
        np.testing.assert_array_equal(run.series("val", "fpr_at_97")[1], [np.nan, 0.5, 0.25, np.nan, 0.25, np.nan])
        np.testing.assert_array_equal(run.series("val", "nme")[1], [np.nan] * 6)
        self.assertEqual(run.best(), (3, 0.25))

    def test_the_best_accuracy_is_the_largest(self):
        made_runs.make_run(self.folder / "a", "pnet", 0)
        (self.folder / "a/config.json").write_text('{"net": "pnet", "best_metric": "accuracy"}')
        (self.folder / "a/metrics.jsonl").write_text("".join(
            json.dumps({"step": e, "epoch": e, "split": "val", "accuracy": v}) + "\n"
            for e, v in enumerate([0.5, 0.75, 0.6], 1)))
        self.assertEqual(Run.load(self.folder / "a").best(), (2, 0.75))

    def test_only_the_last_line_may_be_half(self):
        lines = made_runs.make_run(self.folder / "a", "pnet", 2)
        path = self.folder / "a/metrics.jsonl"
        whole = path.read_text()
        path.write_text(whole[:-20])
        self.assertEqual(Run.load(self.folder / "a").metrics, lines[:-1])
        path.write_text(whole[20:])
        self.assert_error(lambda: Run.load(self.folder / "a"), f"{path}:1", "expected JSON")
        path.write_text('{"step": 1, "epoch": 1, "split": "test"}\n')
        self.assert_error(lambda: Run.load(self.folder / "a"), f"{path}:1", "train or val")

    def test_no_run(self):
        self.assert_error(lambda: Run.load(self.folder / "nowhere"), "nowhere", "found nothing", "config.json")
        (self.folder / "b").mkdir()
        self.assert_error(lambda: Run.load(self.folder / "b"), "found an empty folder")
        (self.folder / "b/x.txt").write_text("x")
        self.assert_error(lambda: Run.load(self.folder / "b"), "found x.txt")
        self.assert_error(lambda: Run.load(self.folder / "b/x.txt"), "found a file")
        made_runs.make_run(self.folder / "a", "pnet", 1)
        (self.folder / "a/config.json").write_text('{"net": "qnet"}')
        self.assert_error(lambda: Run.load(self.folder / "a"), "config.json", "qnet", "pnet, rnet, onet")
        (self.folder / "a/config.json").write_text("{")
        self.assert_error(lambda: Run.load(self.folder / "a"), "config.json", "expected JSON")

    def test_names_tell_runs_apart(self):
        paths = [pathlib.Path(path) for path in ("/x/a/pnet", "/x/b/pnet", "/x/onet", "/y/b/pnet")]
        self.assertEqual(run_data.unique_names(paths), ["a/pnet", "x/b/pnet", "onet", "y/b/pnet"])
        for name in ("a/pnet", "b/pnet"):
            made_runs.make_run(self.folder / name, "pnet", 1)
        runs = run_data.load_runs([self.folder / "a/pnet", self.folder / "b/pnet", self.folder / "b/../a/pnet"])
        self.assertEqual([run.name for run in runs], ["a/pnet", "b/pnet"])

    def test_finding_the_newest(self):
        for age, name in enumerate(("new", "deep/er/middle", "old")):
            made_runs.make_run(self.folder / name, "pnet", 1)
            for path in (self.folder / name).iterdir():
                os.utime(path, (1e9 - age, 1e9 - age))
        (self.folder / "other").mkdir()
        found = run_data.find_runs([self.folder, self.folder / "deep", self.folder / "nowhere"], most=2)
        self.assertEqual([path.name for path in found], ["new", "middle"])

    def write_answers(self, tensors, metadata=None):
        made_runs.write_safetensors(self.folder / "answers.safetensors", tensors, metadata or ANSWERS)
        return self.folder / "answers.safetensors"

    def test_answers(self):
        points = np.arange(20, dtype=np.float32).reshape(2, 10)
        answers = Answers.load(self.write_answers({"positive_place": PLACES, "positive_score": SCORES,
                                                   "landmark_place": PLACES, "landmark_points": points}))
        self.assertEqual((answers.net, answers.epoch), ("pnet", 3))
        np.testing.assert_array_equal(answers.get("positive_score"), SCORES)
        np.testing.assert_array_equal(answers.get("landmark_points"), points)
        np.testing.assert_array_equal(answers.get("positive_place"), PLACES)
        self.assertIsNone(answers.get("negative_score"))

    def test_wrong_answers(self):
        for tensors, metadata, words in (
                ({}, {**ANSWERS, "format": "mtcnn-crops"}, ["mtcnn-crops", "expected mtcnn-answers"]),
                ({}, {**ANSWERS, "version": "2"}, ["version 2"]), ({}, {**ANSWERS, "net": "x"}, ["net x"]),
                ({}, {**ANSWERS, "epoch": "x"}, ["epoch x"]),
                ({"positive_score": SCORES}, None, ["'positive_place'"]), ({"other": SCORES}, None, ["'other'"]),
                ({"positive_place": PLACES, "positive_score": SCORES[:1]}, None, ["'positive_score'", "[1]", "[2]"]),
                ({"positive_place": PLACES, "positive_score": PLACES}, None, ["int32 [2, 2]", "float32 [2]"]),
                ({"positive_place": PLACES.reshape(4)}, None, ["'positive_place'", "[4]", "[4, 2]"])):
            path = self.write_answers(tensors, metadata)
            self.assert_error(lambda: Answers.load(path), path, *words)

    def test_damaged_safetensors(self):
        path = self.write_answers({"positive_place": PLACES, "positive_score": SCORES})
        whole = path.read_bytes()
        length = int.from_bytes(whole[:8], "little")
        for data in (b"", whole[:7], whole[:50], whole[:-1], b"\xff" * 8 + whole[8:], whole[:8] + b"x" + whole[9:],
                     whole.replace(b'"I32"', b'"I33"'), whole.replace(b"[2, 2]", b"[2, 3]"),
                     whole.replace(b'"shape"', b'"shame"'), (2).to_bytes(8, "little") + b"[]" + whole[8 + length:]):
            self.assertNotEqual(data, whole)
            path.write_bytes(data)
            self.assert_error(lambda: Answers.load(path), path, "expected")
        self.assert_error(lambda: Answers.load(self.folder / "none"), "none", "cannot be read")

    def test_crops(self):
        crops = self.folder / "crops"
        crops.mkdir()
        places, points = made_runs.make_crops(crops, "rnet", {"negative": 5, "landmark": 4})
        made_runs.make_run(self.folder / "a", "rnet", 1, crops)
        found = Run.load(self.folder / "a").validation_crops
        crop = found.crop("landmark", places["landmark"][6])
        self.assertEqual((crop.image, crop.window, crop.pixels.shape),
                         ("made val: landmark_1_2.jpg", (5, 6, 45, 46), (24, 24, 3)))
        np.testing.assert_array_equal(crop.landmarks.reshape(10), points[6])
        tensors, _ = read_safetensors(crops / "rnet-landmark-00001.safetensors")
        np.testing.assert_array_equal(crop.pixels[7, 9], tensors["pixels"][2, :, 7, 9])
        self.assertIsNone(found.crop("negative", (0, 4)).landmarks)
        self.assert_error(lambda: found.crop("negative", (0, 5)), "rnet-negative-00000", "no crop 5", "5 crops")
        self.assert_error(lambda: found.crop("negative", (7, 0)), "rnet-negative-00007", "cannot be read")
        (crops / "sources.jsonl").write_text("{}\n")
        self.assert_error(lambda: Run.load(self.folder / "a").validation_crops.crop("negative", (0, 0)),
                          "sources.jsonl", "image")

    def test_crops_that_are_gone_or_others(self):
        crops = self.folder / "crops"
        crops.mkdir()
        made_runs.make_crops(crops, "rnet", {"negative": 1})
        made_runs.make_run(self.folder / "a", "rnet", 1, crops)
        (crops / "manifest.json").write_text("{}")
        self.assert_error(lambda: Run.load(self.folder / "a").validation_crops, crops, "other crops")
        (crops / "manifest.json").unlink()
        self.assert_error(lambda: Run.load(self.folder / "a").validation_crops, crops, "no longer there")
        made_runs.make_run(self.folder / "b", "rnet", 1)
        self.assert_error(lambda: Run.load(self.folder / "b").validation_crops, "environment.json", "'validation'")


if __name__ == "__main__":
    unittest.main(verbosity=2)
