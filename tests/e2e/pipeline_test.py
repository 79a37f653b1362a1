"""From toy data to a trained cascade with one command, as a user would do it; cut and gone on with; wrong input.

usage: pipeline_test.py PROGRAM CONFIGS [unittest arguments]
"""
import functools
import json
import pathlib
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import unittest

import support
from support import FolderTestCase, edit

PROGRAM, CONFIGS = sys.argv[1:3]
NETS = ("pnet", "rnet", "onet")
run = functools.partial(support.run, timeout=1800)


def iou(a, b):
    w = min(a[0] + a[2], b[0] + b[2]) - max(a[0], b[0])
    h = min(a[1] + a[3], b[1] + b[3]) - max(a[1], b[1])
    common = max(0, w) * max(0, h)
    return common / (a[2] * a[3] + b[2] * b[3] - common)


def recall_and_precision(detections, truth):
    """Of faces at IoU .5; ignored faces count nowhere."""
    found = {row["image"]: [f["box"] for f in row["faces"]] for row in map(json.loads, detections.read_text().splitlines())}
    faces = hits = boxes = 0
    for row in map(json.loads, truth.read_text().splitlines()):
        rest = list(found[row["image"]])
        boxes += len(rest)
        for face in row["faces"]:
            match = max(rest, key=lambda box: iou(box, face["box"]), default=None)
            is_hit = match is not None and iou(match, face["box"]) >= 0.5
            if is_hit:
                rest.remove(match)
            if face.get("ignore"):
                boxes -= is_hit
                continue
            faces += 1
            hits += is_hit
    return hits / faces, hits / boxes


class Pipeline(FolderTestCase):
    @classmethod
    def setUpClass(cls):
        cls.home = pathlib.Path(tempfile.mkdtemp(prefix="mtcnn_e2e_"))
        cls.toys = cls.home / "toys"
        run("toy-data", cls.toys, "--images", 300, "--val", 60, "--seed", 1, "-q")
        # The same steps in seconds, for what does not depend on how good the nets are.
        cls.short = cls.home / "short"
        shutil.copytree(pathlib.Path(CONFIGS) / "tiny", cls.short)
        for net in NETS:
            edit(cls.short / f"{net}.json", lambda o: o.update(epochs=2, batch={"size": 64, "steps_per_epoch": 30}))

    @classmethod
    def tearDownClass(cls):
        shutil.rmtree(cls.home)

    def pipeline(self, config, out, *more, check=True):
        return run("pipeline", "--config", config / "pipeline.json", "--data", self.toys, "--out", out, *more, check=check)

    def assertOneLine(self, done, code, *words):
        self.assertEqual(done.returncode, code, done.stderr)
        errors = [line for line in done.stderr.splitlines() if line.startswith("error: ")]
        self.assertGreaterEqual(len(errors), 1, done.stderr)
        for word in words:
            self.assertIn(word, errors[-1])
        self.assertNotIn("internal bug", done.stderr)

    def weights(self, out):
        """The tensors, without the headers, which also tell times."""
        def tensors(path):
            data = path.read_bytes()
            return data[8 + int.from_bytes(data[:8], "little"):]
        return [tensors(out / "model" / f"{net}.safetensors") for net in NETS]

    def test_tiny_configuration_finds_toy_faces(self):
        out = self.folder / "out"
        plan = self.pipeline(pathlib.Path(CONFIGS) / "tiny", out, "--dry-run").stdout
        self.assertEqual(plan.count("to do "), 11, plan)
        self.assertFalse(out.exists())
        self.pipeline(pathlib.Path(CONFIGS) / "tiny", out, "-q")
        model, script = out / "model", self.folder / "script"
        run("export", "--run", model, "--out", script, "--format", "torchscript")
        for name, folder in (("model", model), ("script", script)):
            run("detect", self.toys / "wider/WIDER_val/images", "--model", folder, "--json", self.folder / f"{name}.jsonl", "-q")
        self.assertEqual((self.folder / "model.jsonl").read_text(), (self.folder / "script.jsonl").read_text())
        recall, precision = recall_and_precision(self.folder / "model.jsonl", self.toys / "wider/val.jsonl")
        self.assertGreater(recall, 0.9)
        self.assertGreater(precision, 0.9)
        summary = json.loads((out / "summary.json").read_text())
        self.assertEqual(len(summary["steps"]), 11)
        self.assertTrue(all(step["seconds"] > 0 for step in summary["steps"]))
        self.assertGreater(summary["evaluation"]["eval-landmarks"]["found"], 0.9)
        self.assertIn("fpr_at_97", summary["training"]["1-train-rnet"])
        again = self.pipeline(pathlib.Path(CONFIGS) / "tiny", out)
        self.assertEqual(again.stderr.count("unchanged"), 11, again.stderr)

    def test_cut_and_gone_on_with_is_the_same(self):
        self.pipeline(self.short, self.folder / "whole", "-q")
        for moment in ("crops/1-rnet/sources.jsonl", "runs/1-onet/log.txt"):
            out = self.folder / "cut"
            command = [PROGRAM, "pipeline", "--config", self.short / "pipeline.json", "--data", self.toys, "--out", out, "-q"]
            process = subprocess.Popen(list(map(str, command)), stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True)
            while not (out / moment).exists():
                self.assertIsNone(process.poll(), "the run ended before it could be stopped")
                time.sleep(0.01)
            process.send_signal(signal.SIGTERM)
            _, err = process.communicate(timeout=120)
            self.assertEqual(process.returncode, 1, err)
            self.assertIn("the same command goes on", err)
            self.assertIn("to do" if moment.startswith("runs") else "goes on", self.pipeline(self.short, out, "--dry-run").stdout)
        self.pipeline(self.short, self.folder / "cut", "-q")
        self.assertEqual(self.weights(self.folder / "whole"), self.weights(self.folder / "cut"))

    def test_changes_make_the_steps_behind_them_anew(self):
        out, config = self.folder / "out", self.folder / "config"
        shutil.copytree(self.short, config)
        self.pipeline(config, out, "-q")
        edit(config / "onet.json", lambda o: o.update(epochs=1))
        plan = self.pipeline(config, out, "--dry-run").stdout.splitlines()
        self.assertEqual([line.split()[0] for line in plan if " again " in line], ["1-train-onet"], plan)
        before = self.weights(out)
        self.pipeline(config, out, "-q")
        after = self.weights(out)
        self.assertEqual(before[:2], after[:2])
        self.assertNotEqual(before[2], after[2])
        self.assertTrue((out / "old/1-train-onet-1/config.json").exists())
        # A second round starts from the first, whose false faces it learns from.
        edit(config / "pipeline.json", lambda o: o["rounds"].append({"prepare": "second.json", "init": "previous", "teacher": "previous"}))
        shutil.copy(config / "prepare.json", config / "second.json")
        edit(config / "second.json", lambda o: o.update({net: {"mine": {"false_faces": 20}} for net in NETS}))
        self.pipeline(config, out, "-q")
        self.assertNotEqual(self.weights(out)[0], after[0])
        init = json.loads((out / "runs/2-pnet/config.json").read_text())["init"]
        self.assertTrue(init.endswith("models/1-onet"), init)

    def test_wrong_usage(self):
        out = self.folder / "out"
        config = self.folder / "config"
        shutil.copytree(self.short, config)
        self.assertOneLine(run("pipeline", "--out", out, check=False), 2, "--config is needed")
        self.assertOneLine(self.pipeline(config, out, "--only", "1-trainpnet", check=False), 2, "no such step", "did you mean '1-train-pnet'")
        self.assertOneLine(run("pipeline", "--config", config / "pipeline.json", "--data", self.folder, "--out", out, check=False), 1, "wider")
        edit(config / "rnet.json", lambda o: o.update(epoch=3))
        self.assertOneLine(self.pipeline(config, out, check=False), 2, "rnet.json", "did you mean 'epochs'")
        edit(config / "rnet.json", lambda o: o.pop("epoch"))
        edit(config / "pipeline.json", lambda o: o["rounds"][0].update(init="previous"))
        self.assertOneLine(self.pipeline(config, out, check=False), 2, "first round")
        self.assertFalse((out / "crops").exists(), "nothing is begun with a wrong configuration")


if __name__ == "__main__":
    unittest.main(argv=[sys.argv[0], *sys.argv[3:]], verbosity=2)
