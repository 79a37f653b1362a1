"""Objects that are no faces: the commands of docs/other_objects.md, four points, none, and wrong input.

usage: objects_test.py PROGRAM CONFIGS [unittest arguments]
"""
import json
import pathlib
import re
import shutil
import sys
import tempfile
import unittest

from support import FolderTestCase, edit, run

PROGRAM, CONFIGS = sys.argv[1], pathlib.Path(sys.argv[2])
PAGE = CONFIGS.parent / "docs" / "other_objects.md"
NETS = ("pnet", "rnet", "onet")
WATCH_POINTS = ["twelve", "three", "six", "nine"]


def lines(path):
    return [json.loads(line) for line in path.read_text().splitlines()]


def shorten(configs, epochs, size, steps):
    for net in NETS:
        edit(configs / f"{net}.json", lambda o: o.update(epochs=epochs, batch={"size": size, "steps_per_epoch": steps}))


class Objects(FolderTestCase):
    @classmethod
    def setUpClass(cls):
        cls.home = pathlib.Path(tempfile.mkdtemp(prefix="mtcnn_e2e_"))
        cls.toys = cls.home / "out" / "watches"
        cls.configs = cls.home / "configs" / "objects"
        shutil.copytree(CONFIGS / "objects", cls.configs)

        # The page's own commands, with fewer pictures and shorter runs.
        cls.commands = [line.split() for line in re.findall(r"^build/release/mtcnn (.*)$", PAGE.read_text(), re.M)]
        shorten(cls.configs, 2, 128, 100)
        edit(cls.configs / "onet.json", lambda o: o.update(epochs=1, batch={"size": 128, "steps_per_epoch": 90}))
        for words in cls.commands:
            for i, word in enumerate(words[:-1]):
                if word in ("--images", "--val") and words[i + 1].isdigit():
                    words[i + 1] = {"--images": "100", "--val": "30"}[word]
            run(*words, cwd=cls.home)

    @classmethod
    def tearDownClass(cls):
        shutil.rmtree(cls.home)

    def own_configs(self, change=lambda options: None):
        configs = self.folder / "configs"
        shutil.copytree(self.configs, configs)
        shorten(configs, 1, 64, 30)
        edit(configs / "prepare.json", change)
        edit(configs / "prepare.json", lambda o: [o[net].update(mine={"pnet_threshold": 0.6}) for net in ("rnet", "onet")])
        return configs

    def test_the_page_s_commands_find_watches(self):
        self.assertGreaterEqual(len(self.commands), 4)
        cascade = json.loads((self.home / "out/watch-detector/model/cascade.json").read_text())
        self.assertEqual(cascade["landmark_order"], WATCH_POINTS)
        faces = [face for picture in lines(self.home / "out/found.jsonl") for face in picture["faces"]]
        self.assertTrue(all(list(face["keypoints"]) == WATCH_POINTS for face in faces))
        tall = sorted(face["box"][3] / face["box"][2] for face in faces)
        self.assertGreater(tall[len(tall) // 2], 1.3, "boxes are the watches', not the windows'")
        summary = json.loads((self.home / "out/watch-detector/summary.json").read_text())
        found = summary["evaluation"]["eval-landmarks"]
        self.assertGreater(found["found"], 0.6)
        self.assertLess(found["nme_area"], 0.1)
        self.assertIsNone(found["nme_eyes"])
        self.assertGreater(summary["evaluation"]["eval-coco"]["ap50"], 0.5)
        self.assertEqual(len(list((self.home / "out/drawn").iterdir())), 30)

    def test_torchscript_gives_the_same_points(self):
        run("export", "--run", self.home / "out/watch-detector/model", "--out", self.folder / "script", "--format", "torchscript")
        run("detect", self.toys / "val/images", "--model", self.folder / "script", "--json", self.folder / "script.jsonl", "-q")
        self.assertEqual((self.folder / "script.jsonl").read_text(), (self.home / "out/found.jsonl").read_text())

    def test_without_points(self):
        configs = self.own_configs(lambda o: o.update(landmarks={"count": 0}))
        edit(configs / "pipeline.json", lambda o: o.update(evaluate=o["evaluate"][:1]))
        out = self.folder / "out"
        run("pipeline", "--config", configs / "pipeline.json", "--data", self.toys, "--out", out, "-q")
        self.assertEqual(json.loads((out / "model/cascade.json").read_text())["landmark_order"], [])
        self.assertEqual(json.loads((out / "crops/1-onet/manifest.json").read_text())["counts"]["landmark"], 0)
        self.assertTrue(all(line["nme"] is None for line in lines(out / "runs/1-onet/metrics.jsonl") if line["split"] == "val"))
        found = self.folder / "found.jsonl"
        run("detect", self.toys / "val/images", "--model", out / "model", "--thresholds", "0.3,0.3,0.3", "--set",
            "max_windows=100", "--json", found, "--draw", self.folder / "drawn", "-q")
        faces = [face for picture in lines(found) for face in picture["faces"]]
        self.assertTrue(faces and all("keypoints" not in face for face in faces))
        run("eval", "coco", "--detections", found, "--annotations", self.toys / "val/annotations.jsonl", "-q")
        run("inspect", out / "model")
        run("inspect", out / "runs/1-onet")
        self.assertOneLine(run("eval", "landmarks", "--detections", found, "--annotations", self.toys / "val", check=False), 1,
                           "a model without points has none to score")
        self.assertOneLine(run("detect", self.toys / "val/images", "--model", out / "model", "--crops", self.folder / "crops", "--align",
                               check=False), 2, "--align", "a model without points")
        # Another number of points: the body of the net is taken over, its landmark head is new.
        started = run("train", "--net", "onet", "--data", self.home / "out/watch-detector/crops/1-onet", "--init", out / "model", "--config",
                      configs / "onet.json", "--out", self.folder / "run")
        self.assertNotIn("error", started.stderr)

    def prepare(self, landmarks):
        config = self.folder / "prepare.json"
        value = json.loads((self.configs / "prepare.json").read_text())
        config.write_text(json.dumps(value | {"landmarks": landmarks}))
        return run("prepare", "--stage", "pnet", "--config", config, "--data", self.toys, "--out", self.folder / "crops", check=False)

    def test_the_page_s_points_are_understood(self):
        blocks = re.findall(r'^```json\n("landmarks": .*?)^```', PAGE.read_text(), re.M | re.S)
        layouts = [json.loads("{" + block + "}")["landmarks"] for block in blocks]
        self.assertEqual([layout.get("count", 4) for layout in layouts], [4, 68, 0])
        self.assertEqual(len({point for pair in layouts[1]["mirror"] for point in pair}), 58, "those in the middle stay: 10 of 68")
        self.assertOneLine(self.prepare(layouts[1]), 1, "annotations.jsonl:1", "found 4 points, expected 68")
        for layout, points in ((layouts[0], WATCH_POINTS), (layouts[2], [])):
            self.assertEqual(self.prepare(layout).returncode, 0)
            self.assertEqual(json.loads((self.folder / "crops/manifest.json").read_text())["landmarks"]["names"], points)
            shutil.rmtree(self.folder / "crops")

    def test_wrong_input(self):
        prepare = self.prepare
        self.assertOneLine(prepare({"names": ["a", "b", "c"], "mirror": []}), 1, "annotations.jsonl:", "found 4 points, expected 3")
        self.assertOneLine(prepare({"count": 4, "mirror": [[1, 4]]}), 2, "prepare.json: landmarks", "[1,4]", "from 0 to 3")
        self.assertOneLine(prepare({"count": 4}), 2, "'mirror'")
        self.assertOneLine(prepare(4), 2, "prepare.json: landmarks", "names")
        self.assertFalse((self.folder / "crops").exists(), "nothing is begun with a wrong configuration")

        truth = self.folder / "three.jsonl"
        pictures = lines(self.toys / "val/annotations.jsonl")
        for picture in pictures:
            for watch in picture["faces"]:
                watch["landmarks"] = watch["landmarks"][:3]
        truth.write_text("".join(json.dumps(picture) + "\n" for picture in pictures))
        self.assertOneLine(run("eval", "landmarks", "--detections", self.home / "out/found.jsonl", "--annotations", truth, check=False), 1,
                           "found 4: twelve, three, six, nine", "expected 3 points")
        self.assertOneLine(run("detect", self.toys / "val/images", "--model", self.home / "out/watch-detector/model", "--crops",
                               self.folder / "crops", "--align", check=False), 2, "--align", "twelve", "left_eye")
        model = self.folder / "model"
        shutil.copytree(self.home / "out/watch-detector/model", model)
        edit(model / "cascade.json", lambda o: o.update(landmark_order=["one"]))
        self.assertOneLine(run("detect", self.toys / "val/images", "--model", model, check=False), 1, "cascade.json", "found 4 points, expected 1")
        crops = self.home / "out/watch-detector/crops/1-onet"
        other = self.folder / "validation"
        shutil.copytree(crops / "validation", other)
        edit(other / "manifest.json", lambda o: o["landmarks"].update(mirror=[]))
        self.assertOneLine(run("train", "--net", "onet", "--data", crops, "--validation", other, "--out", self.folder / "run", check=False), 2,
                           "different landmarks")


if __name__ == "__main__":
    unittest.main(argv=[sys.argv[0], *sys.argv[3:]], verbosity=2)
