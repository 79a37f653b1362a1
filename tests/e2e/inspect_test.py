"""What `mtcnn inspect` says of labelled data sets.

usage: inspect_test.py PROGRAM MODEL_FOLDER [unittest arguments]; the model is not used.
"""
import json
import pathlib
import shutil
import sys
import tempfile
import unittest

from support import FolderTestCase, run


class InspectLabels(FolderTestCase):
    @classmethod
    def setUpClass(cls):
        cls.home = pathlib.Path(tempfile.mkdtemp(prefix="mtcnn_e2e_"))
        cls.addClassCleanup(shutil.rmtree, cls.home)
        run("toy-data", cls.home / "watches", "--object", "watch", "--images", 12, "--val", 4, "-q")
        run("toy-data", cls.home / "faces", "--images", 12, "--val", 4, "-q")
        cls.own = cls.home / "watches/train"

    def facts(self, *arguments):
        return json.loads(run("inspect", *arguments, "--json", "-", "-q").stdout)

    def test_says_what_suits_the_labels(self):
        facts = self.facts(self.own)
        lines = [json.loads(line) for line in (self.own / "annotations.jsonl").read_text().splitlines()]
        boxes = [face["box"] for image in lines for face in image["faces"]]
        self.assertEqual((facts["kind"], facts["images"], facts["objects"]), ("own", 12, len(boxes)))
        self.assertEqual((facts["images_without_size"], facts["points"]), (0, 4))
        self.assertEqual(facts["longer_side"]["max"], max(max(w, h) for _, _, w, h in boxes))
        self.assertTrue(facts["advice"]["square"]["value"])  # 1.8 times as high as wide
        self.assertGreaterEqual(facts["advice"]["min_face"]["value"], 12)
        self.assertIn("settings that suit these labels", run("inspect", self.own).stdout)

    def test_finds_the_kind(self):
        self.assertEqual(self.facts(self.home / "faces/wider")["kind"], "wider train")
        self.assertEqual(self.facts(self.home / "faces/celeba")["kind"], "celeba train")
        run("convert", self.own, "--from", "own", "--to", "coco", "--out", self.folder / "coco", "--take-images", "copy")
        self.assertEqual(self.facts(self.folder / "coco")["kind"], "coco")
        (self.folder / "empty").mkdir()
        self.assertOneLine(run("inspect", self.folder / "empty", check=False), 1, "--kind")

    def test_draws_the_same_for_any_number_of_threads(self):
        sheets = []
        for threads in 1, 3:
            out = self.folder / f"report{threads}"
            run("inspect", self.own, "--out", out, "--samples", 5, "--threads", threads)
            self.assertEqual(sorted(path.name for path in out.iterdir()), ["contact_sheet.jpg", "sizes.svg"])
            sheets.append((out / "contact_sheet.jpg").read_bytes())
        self.assertEqual(*sheets)
        other = self.folder / "other"
        run("inspect", self.own, "--out", other, "--samples", 5, "--seed", 2)
        self.assertNotEqual((other / "contact_sheet.jpg").read_bytes(), sheets[0])

    def test_counts_images_that_cannot_be_read(self):
        data = self.folder / "data"
        shutil.copytree(self.own, data)
        images = sorted((data / "images").iterdir())
        images[0].unlink()
        images[1].write_bytes(b"no image")
        facts = self.facts(data, "--out", self.folder / "out")
        counted = {item["reason"]: item for item in facts["kept"]}
        self.assertEqual(counted["image that is not there"]["count"], 1)
        self.assertEqual(counted["image that cannot be read"]["count"], 1)
        self.assertIn(images[1].name, counted["image that cannot be read"]["examples"][0])

    def test_refuses_to_write_into_what_it_reads(self):
        self.assertOneLine(run("inspect", self.own, "--out", self.own, check=False), 2, "--out")

    def test_tells_what_json_arrays_and_tables_are(self):
        (self.folder / "annotations.jsonl").write_text('[\n{"image": "a.jpg", "faces": []}\n]\n')
        self.assertOneLine(run("inspect", self.folder, check=False), 1, "one object a line")
        kaggle = self.folder / "kaggle"
        kaggle.mkdir()
        (kaggle / "list_bbox_celeba.csv").write_text("image_id,x_1,y_1,width,height\n")
        self.assertOneLine(run("inspect", kaggle, check=False), 1, "Kaggle")


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1] + sys.argv[3:])
