"""From labels of an object to a detector by `mtcnn new-object`, `mtcnn pipeline` and `mtcnn detect`, as docs/other_objects.md says; wrong input.

usage: new_object_test.py PROGRAM MODEL_FOLDER [unittest arguments]; the model is not used.
"""
import json
import pathlib
import shutil
import sys
import tempfile
import unittest

from support import HAS_TORCH, FolderTestCase, edit, run


def lines(path):
    return [json.loads(line) for line in path.read_text().splitlines()]


def write_lines(path, values):
    path.write_text("".join(json.dumps(value) + "\n" for value in values))


class NewObject(FolderTestCase):
    @classmethod
    def setUpClass(cls):
        cls.home = pathlib.Path(tempfile.mkdtemp(prefix="mtcnn_e2e_"))
        cls.addClassCleanup(shutil.rmtree, cls.home)
        run("toy-data", cls.home / "toys", "--object", "watch", "--images", 40, "--val", 4, "-q")
        cls.own = cls.home / "toys/train"

    def new_object(self, dataset, out, *more, check=True):
        return run("new-object", dataset, "--out", out, "--minutes", 0.001, *more, check=check)

    def data(self, change=lambda pictures: pictures):
        """The toy data with other labels, the images linked."""
        folder = self.folder / "data"
        folder.mkdir()
        (folder / "images").symlink_to(self.own / "images")
        write_lines(folder / "annotations.jsonl", change(lines(self.own / "annotations.jsonl")))
        return folder

    def test_splits_decides_and_says_why(self):
        out = self.folder / "watch"
        said = self.new_object(self.own, out, "--name", "wrist watch").stdout
        pictures = lines(self.own / "annotations.jsonl")
        self.assertEqual([p["image"] for p in lines(out / "data/held_out/annotations.jsonl")], [p["image"] for p in pictures[::5]])
        training = lines(out / "data/train/annotations.jsonl")
        self.assertEqual(len(training), 32)
        for picture in training:
            self.assertTrue((out / "data/train/images" / picture["image"]).resolve().samefile(self.own / "images" / picture["image"]))
        self.assertIn("4 points: point_0, point_1, point_2, point_3", said)
        self.assertIn("wrist watches", said)
        self.assertIn(f"mtcnn pipeline --config {out}/pipeline.json", said)
        self.assertEqual((out / "decisions.txt").read_text(), said)
        prepare = json.loads((out / "prepare.json").read_text())
        self.assertTrue(prepare["onet"]["square"])
        self.assertEqual(json.loads((out / "pipeline.json").read_text())["rounds"][0]["init"], "face_nets")
        again = self.folder / "again"
        self.new_object(self.own, again, "--name", "wrist watch", "-q")
        for path in sorted(path for path in out.rglob("*.json*") if path.name != "decisions.txt"):
            self.assertEqual(path.read_bytes(), (again / path.relative_to(out)).read_bytes())

    def test_held_out_images_are_never_learnt_from(self):
        out = self.folder / "watch"
        said = self.new_object(self.own, out, "--learning-curve", "--held-out", 0.25, "-q").stderr
        self.assertIn("8 images", said, "too few for a point of the curve")
        held_out = {p["image"] for p in lines(out / "data/held_out/annotations.jsonl")}
        self.assertEqual(len(held_out), 10)
        for folder in (out / "data/train", *(out / "curve").glob("*/train")):
            self.assertFalse(held_out & {p["image"] for p in lines(folder / "annotations.jsonl")}, folder)
        plan = run("pipeline", "--config", out / "pipeline.json", "--dry-run").stdout
        self.assertIn("learn-from-15", plan)
        self.assertNotIn("learn-from-8", plan)
        self.assertIn("eval-held-out", plan)

    @unittest.skipUnless(HAS_TORCH, "built without LibTorch")
    def test_three_commands_give_a_detector_of_the_object(self):
        def without_points(pictures):
            for picture in pictures:
                picture["faces"] = [{"box": face["box"], "category": "red panda"} for face in picture["faces"]]
            return pictures

        data = self.data(without_points)
        run("convert", data, "--from", "own", "--to", "coco", "--out", self.folder / "coco", "--take-images", "link", "-q")
        out = self.folder / "panda"
        self.new_object(self.folder / "coco", out, "-q")
        for net in ("pnet", "rnet", "onet"):
            edit(out / "prepare.json", lambda o: o[net].update(positives=8, parts=6, near_negatives=4, negatives=8))
        done = run("pipeline", "--config", out / "pipeline.json")
        self.assertIn("red panda", done.stdout + done.stderr)
        cascade = json.loads((out / "model/cascade.json").read_text())
        self.assertEqual((cascade["object"], cascade["landmark_order"]), ("red panda", []))
        summary = json.loads((out / "summary.json").read_text())
        self.assertIn("ap50", summary["evaluation"]["eval-held-out"])
        found = run("detect", out / "data/held_out/images", "--model", out / "model", "--draw", self.folder / "drawn")
        found.stdout += run("detect", out / "data/held_out/images", "--model", out / "model", "-q").stdout
        self.assertRegex(found.stdout, r"\d red pandas?\n")
        self.assertIn("red panda", found.stderr)
        self.assertNotIn("face", found.stdout + found.stderr)
        self.assertEqual(len(list((self.folder / "drawn").iterdir())), 8)
        table = run("eval", "coco", "--model", out / "model", "--dataset", out / "data/held_out", "--annotations",
                    out / "data/held_out/annotations.jsonl", "--bootstrap", 0, "--out", self.folder / "scores").stdout
        self.assertIn("red pandas", table)
        self.assertNotIn("face", table)
        again = run("pipeline", "--config", out / "pipeline.json")
        self.assertNotIn("running", again.stdout + again.stderr)

    def test_thresholds_without_empty_images(self):
        def all_have_objects(pictures):
            return [picture for picture in pictures if picture["faces"]]

        data = self.data(all_have_objects)
        done = run("calibrate", "--dataset", data / "annotations.jsonl", "--out", self.folder / "model", "--object", "watch")
        self.assertIn("boxes that overlap no label", done.stdout)
        self.assertIn("false watches", done.stdout)
        self.assertEqual(json.loads((self.folder / "model/cascade.json").read_text())["object"], "watch")

    def test_what_is_wrong_is_told_before_the_work_begins(self):
        out = self.folder / "watch"
        self.new_object(self.own, out, "-q")
        edit(out / "prepare.json", lambda o: o.update(landmarks={"count": 0}))
        self.assertOneLine(run("pipeline", "--config", out / "pipeline.json", check=False), 2, "landmarks", "points")
        edit(out / "pipeline.json", lambda o: o["evaluate"].pop())
        edit(out / "prepare.json", lambda o: o.pop("validation"))
        self.assertOneLine(run("pipeline", "--config", out / "pipeline.json", check=False), 2, "pnet.json", "32 images", "validation")
        self.assertFalse((out / "crops").exists())

    def test_wrong_input(self):
        def refused(dataset, *more, code=2, words=(), out=None):
            out = out or self.folder / "out"
            self.assertOneLine(self.new_object(dataset, out, *more, check=False), code, *words)
            self.assertFalse(out.exists() and any(out.iterdir()), "nothing is left")

        refused(self.folder / "no_such", code=1, words=["no_such"])
        empty = self.folder / "empty"
        empty.mkdir()
        refused(empty, words=["--kind"])
        refused(self.own, "--out", self.own / "inside", words=["--out"], out=self.own / "inside")
        refused(self.own, "--name", "a\nb", words=["--name"])
        refused(self.own, "--group", "name", words=["1 group"])
        refused(self.own, "--classes", "cat", words=["too few objects"])
        few = self.data(lambda pictures: pictures[:8])
        refused(few, words=["too few objects", "--held-out"])

    def test_several_classes_and_images_that_cannot_be_read(self):
        def change(pictures):
            for i, picture in enumerate(pictures):
                for face in picture["faces"]:
                    face["category"] = "cat" if i % 2 else "dog"
            return pictures

        data = self.data(change)
        (data / "images").unlink()
        shutil.copytree(self.own / "images", data / "images")
        broken = lines(data / "annotations.jsonl")[3]["image"]
        (data / "images" / broken).write_bytes(b"no image")
        out = self.folder / "out"
        self.assertOneLine(self.new_object(data, out, check=False), 2, "several classes", "cat", "dog", "--classes")
        done = self.new_object(data, out, "--name", "pet")
        self.assertIn(broken, done.stderr)
        kept = [p["image"] for part in ("train", "held_out") for p in lines(out / "data" / part / "annotations.jsonl")]
        self.assertEqual(len(kept), 39)
        self.assertNotIn(broken, kept)
        self.assertOneLine(self.new_object(data, self.folder / "strict", "--name", "pet", "--strict", check=False), 1, broken)


if __name__ == "__main__":
    unittest.main(argv=[sys.argv[0], *sys.argv[3:]], verbosity=2)
