"""Labels of other tools: converted, learnt from, scored against.

usage: convert_test.py PROGRAM MODEL_FOLDER [unittest arguments]; the model may be any.
"""
import json
import pathlib
import shutil
import sys
import tempfile
import unittest

import support
from support import FolderTestCase, run

MODEL = pathlib.Path(sys.argv[2])
KINDS = ("own", "coco", "voc", "yolo", "labelme", "cvat", "labelstudio")
POINTS = {"names": ["twelve", "three", "six", "nine"], "mirror": [["three", "nine"]]}


def lines(path):
    return [json.loads(line) for line in path.read_text().splitlines()]


class Convert(FolderTestCase):
    @classmethod
    def setUpClass(cls):
        cls.home = pathlib.Path(tempfile.mkdtemp(prefix="mtcnn_e2e_"))
        cls.addClassCleanup(shutil.rmtree, cls.home)
        run("toy-data", cls.home / "toys", "--object", "watch", "--images", 6, "--val", 4, "-q")
        cls.own = cls.home / "toys/train"
        cls.kinds = [kind for kind in KINDS if "built without" not in cls.convert(kind).stderr]

    @classmethod
    def convert(cls, kind):
        return run("convert", cls.own, "--from", "own", "--to", kind, "--out", cls.home / kind, "--object", "watch", "--take-images", "copy", "--landmarks",
                   ",".join(POINTS["names"]), check=False)

    def test_there_and_back_is_the_same(self):
        wanted = lines(self.own / "annotations.jsonl")
        for kind in self.kinds:
            back = self.folder / "new" / kind
            run("convert", self.home / kind, "--from", kind, "--to", "own", "--out", back, "--strict", "--take-images", "link")
            found = lines(back / "annotations.jsonl")
            self.assertEqual(len(list((back / "images").iterdir())), len(wanted))
            self.assertEqual([image["image"] for image in found], [image["image"] for image in wanted], kind)
            for image, same in zip(found, wanted):
                self.assertEqual(len(image["faces"]), len(same["faces"]), kind)
                for face, other in zip(image["faces"], same["faces"]):
                    self.assertEqual(face["category"], "watch")
                    for a, b in zip(face["box"], other["box"]):
                        self.assertAlmostEqual(a, b, delta=0.01, msg=kind)
                    if kind != "voc":
                        for p, q in zip(face["landmarks"], other["landmarks"], strict=True):
                            self.assertAlmostEqual(p[0], q[0], delta=0.01, msg=kind)
                            self.assertAlmostEqual(p[1], q[1], delta=0.01, msg=kind)

    def test_prepare_learns_from_each_kind(self):
        counts = {}
        for kind in self.kinds:
            config = {"root": str(self.home), "datasets": [{"kind": kind, "path": kind, "strict": True}], "landmarks": POINTS}
            (self.folder / "prepare.json").write_text(json.dumps(config))
            out = self.folder / f"crops-{kind}"
            run("prepare", "--stage", "pnet", "--config", self.folder / "prepare.json", "--set", "pnet.square=true", "--out", out, "-q")
            manifest = json.loads((out / "manifest.json").read_text())
            counts[kind] = {}
            for shard in (shard for segment in [manifest] for shard in segment["shards"]):
                counts[kind][shard["kind"]] = counts[kind].get(shard["kind"], 0) + shard["count"]
        for kind in self.kinds:
            self.assertGreater(counts[kind]["positive"], 0)
            if kind != "voc":
                self.assertEqual(counts[kind], counts["own"], kind)

    def test_scores_against_each_kind(self):
        plain = ("eval", "coco", "--detections", self.write_detections(), "--json", "-", "--bootstrap", 0)
        wanted = json.loads(run(*plain, "--annotations", self.own / "annotations.jsonl").stdout)["ap"]
        self.assertGreater(wanted, 0.9)
        for kind in self.kinds:
            done = run(*plain, "--annotations", self.home / kind, "--kind", kind)
            self.assertAlmostEqual(json.loads(done.stdout)["ap"], wanted, delta=1e-6, msg=kind)
            done = run("eval", "cascade", "--dataset", self.home / kind, "--kind", kind, "--model", MODEL, "--classes", "watch", "--thresholds", "0,0,0",
                       "--min-face", 100)
            self.assertIn("6 images, 8 faces", done.stdout)

    def write_detections(self):
        path = self.folder / "found.jsonl"
        found = []
        for image in lines(self.own / "annotations.jsonl"):
            faces = [{"box": face["box"], "confidence": 0.9, "keypoints": {}} for face in image["faces"]]
            found.append(json.dumps({**image, "faces": faces}))
        path.write_text("\n".join(found) + "\n")
        return path

    def test_wrong_usage_ends_with_a_line(self):
        out = self.folder / "out"
        bad = lambda *arguments: run("convert", *arguments, check=False)
        self.assertOneLine(bad(self.own, "--from", "pascal", "--to", "own", "--out", out), 2, "pascal", "voc, yolo")
        self.assertOneLine(bad(self.home / "gone", "--from", "own", "--to", "coco", "--out", out), 1, "gone")
        self.assertOneLine(bad(self.own, "--from", "own", "--to", "coco", "--out", self.own), 2, "--out")
        self.assertOneLine(bad(self.own, "--from", "own", "--to", "coco", "--out", self.home / "toys"), 2, "toys")
        self.assertOneLine(bad(self.own, "--from", "own", "--to", "coco", "--out", self.own / "inside"), 2, "inside")
        self.assertFalse((self.own / "inside").exists())
        self.assertOneLine(run("eval", "cascade", "--dataset", self.own, "--classes", "watch", check=False), 2, "--kind")

    def test_strict_refuses_what_is_reported(self):
        label = {"image": "a.jpg", "width": 50, "height": 50, "faces": [{"box": [10, 10, 5, 5]}, {"box": [10, 10, 5, 5]}, {"box": [90, 10, 5, 5]}]}
        (self.folder / "annotations.jsonl").write_text(json.dumps(label))
        command = ("convert", self.folder, "--from", "own", "--to", "coco", "--out")
        done = run(*command, self.folder.with_name(self.folder.name + "_out"))
        self.addCleanup(shutil.rmtree, self.folder.with_name(self.folder.name + "_out"))
        for words in ("1 x box that is there twice, as", "1 x box outside its image", "1 x image that is not there"):
            self.assertIn(words, done.stderr)
        strict = run(*command, self.folder.with_name(self.folder.name + "_strict"), "--strict", check=False)
        self.assertOneLine(strict, 1, "there twice", "outside its image")
        self.assertFalse(self.folder.with_name(self.folder.name + "_strict").exists())


if __name__ == "__main__":
    unittest.main(argv=[sys.argv[0], *sys.argv[3:]])
