"""Training, preparing and evaluating from Python: the program's results, its messages as exceptions, its progress, stopping it."""

import contextlib
import io
import json
import os
import shutil
import signal
import tempfile
import threading
import time
import unittest
from pathlib import Path

import numpy as np
from support import mtcnn

import libmtcnn


def sets(split):
    return [{"kind": "wider", "path": "wider", "split": split}, {"kind": "celeba", "path": "celeba", "split": split}]


PREPARE = {"root": "toys", "datasets": sets("train"), "validation": sets("val")}
TRAIN = {"epochs": 2, "batch": {"size": 128, "steps_per_epoch": 20}}


class Program(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.home = Path(tempfile.mkdtemp(prefix="libmtcnn_test_"))
        cls.before = os.getcwd()
        os.chdir(cls.home)
        libmtcnn.run("toy-data", "toys", "--images", 60, "--val", 12, "--seed", 1, "-q")
        cls.manifest = libmtcnn.prepare("pnet", "crops", PREPARE, quiet=True)

    @classmethod
    def tearDownClass(cls):
        os.chdir(cls.before)
        shutil.rmtree(cls.home)

    def test_prepare_is_the_programs(self):
        Path("prepare.json").write_text(json.dumps(PREPARE), encoding="utf-8")
        self.assertEqual(mtcnn("prepare", "--stage", "pnet", "--config", "prepare.json", "--out", "again", "-q")[0], 0)
        for shard in sorted(Path("again").glob("*.safetensors")):
            self.assertEqual(shard.read_bytes(), (Path("crops") / shard.name).read_bytes())
        self.assertEqual(self.manifest, json.loads(Path("crops/manifest.json").read_text(encoding="utf-8")))

    def test_train_and_what_it_says(self):
        said = io.StringIO()
        with contextlib.redirect_stderr(said):
            weights = libmtcnn.train("pnet", "crops", "run", TRAIN, seed=np.int64(3), threads=1)
        self.assertEqual(weights, Path("run/best/pnet.safetensors"))
        self.assertTrue(weights.exists())
        self.assertIn("P-Net: 40 steps", said.getvalue())
        self.assertEqual(json.loads(Path("run/config.json").read_text(encoding="utf-8"))["seed"], 3)
        with self.assertRaises(libmtcnn.Error) as raised:
            libmtcnn.train("pnet", "crops", "run", TRAIN, quiet=True)
        self.assertEqual(str(raised.exception), mtcnn("train", "--net", "pnet", "--data", "crops", "--out", "run", "-q")[2])

    def test_evaluate(self):
        annotations = "annotations.jsonl"
        faces = [{"image": "a.jpg", "width": 100, "height": 100, "faces": [{"box": [10, 10, 30, 30], "confidence": 0.9}]}]
        Path(annotations).write_text("\n".join(json.dumps(face) for face in faces) + "\n", encoding="utf-8")
        scores = libmtcnn.evaluate("coco", detections=annotations, annotations=annotations, bootstrap=0, quiet=True)
        self.assertAlmostEqual(scores["ap50"], 1)
        scores = libmtcnn.evaluate("landmarks", {"min_face": 40}, dataset="toys/celeba", out="score", quiet=True)
        self.assertEqual(scores, json.loads(Path("score/summary.json").read_text(encoding="utf-8")))
        self.assertTrue(Path("score/curve.svg").exists())

    def test_errors_are_the_programs(self):
        for call, error, words in (
            (lambda: libmtcnn.train("pnet", "no/such", "x"), FileNotFoundError, "no/such"),
            (lambda: libmtcnn.train("pnet", "crops", "x", {"epoch": 3}), ValueError, "^config: unknown key 'epoch'; did you mean 'epochs'"),
            (lambda: libmtcnn.train("pnet", "crops", "x", {"epochs": -3}), libmtcnn.UsageError, "^config: epochs: .*found -3"),
            (lambda: libmtcnn.train("qnet", "crops", "x"), libmtcnn.UsageError, "qnet"),
            (lambda: libmtcnn.prepare("pnet", "x", {**PREPARE, "root": "nowhere"}), FileNotFoundError, "nowhere"),
            (lambda: libmtcnn.prepare("pnet", "x", {**PREPARE, "seeds": 1}), libmtcnn.UsageError, "seeds"),
            (lambda: libmtcnn.evaluate("coco", detections="no.jsonl", annotations="no.jsonl"), FileNotFoundError, "no.jsonl"),
            (lambda: libmtcnn.evaluate("coco", detection="x"), libmtcnn.UsageError, "--detection"),
            (lambda: libmtcnn.evaluate("fairness"), libmtcnn.UsageError, "fairness"),
            (lambda: libmtcnn.run("juggle"), libmtcnn.UsageError, "no command"),
            (lambda: libmtcnn.train("pnet", "crops", "x", {"epochs": object()}), TypeError, "config: found a value of type object"),
        ):
            with self.subTest(words), self.assertRaisesRegex(error, words) as raised:
                call()
            self.assertNotIn("[", str(raised.exception)[:1])
            self.assertFalse(Path("x").exists(), words)

    def test_ctrl_c_stops_cleanly_and_resume_goes_on(self):
        def interrupt():
            while not list(Path("cut").glob("checkpoints/step_*")):
                time.sleep(0.02)
            os.kill(os.getpid(), signal.SIGINT)

        threading.Thread(target=interrupt, daemon=True).start()
        with self.assertRaises(KeyboardInterrupt) as raised, contextlib.redirect_stderr(io.StringIO()):
            libmtcnn.train("pnet", "crops", "cut", {**TRAIN, "epochs": 500}, threads=1)
        self.assertIn("--resume", str(raised.exception))
        with self.assertRaises(libmtcnn.Error):
            libmtcnn.train("pnet", "crops", "cut", {**TRAIN, "epochs": 2}, threads=1, quiet=True)

    def test_pipeline(self):
        rounds = [{"prepare": PREPARE, "pnet": TRAIN, "rnet": TRAIN, "onet": TRAIN}]
        config = {"root": "toys", "rounds": rounds, "evaluate": [{"name": "wider", "kind": "wider", "path": "wider"}]}
        model = libmtcnn.pipeline("whole", config, dry_run=True)
        self.assertEqual(model, Path("whole/model"))
        written = json.loads(Path("whole/config/pipeline.json").read_text(encoding="utf-8"))
        self.assertEqual(written["root"], str(self.home.resolve() / "toys"))
        self.assertTrue(Path(written["rounds"][0]["rnet"]).exists())
        with self.assertRaisesRegex(libmtcnn.UsageError, "unknown key 'round'"):
            libmtcnn.pipeline("other", {"round": []})


class Progress(unittest.TestCase):
    """Progress lines replace each other where that can be shown."""

    class Terminal(io.StringIO):
        def isatty(self):
            return True

    def shown(self, stream):
        from libmtcnn.program import _Screen

        with contextlib.redirect_stderr(stream):
            screen = _Screen()
            for line in ("10/20 pictures (50%), 3.00/s, 0:03 left", "20/20 pictures (100%), 3/s", "crops: done"):
                screen.show(line)
        return stream.getvalue()

    def test_files_get_lines(self):
        self.assertEqual(self.shown(io.StringIO()).count("\n"), 3)

    def test_terminals_and_notebooks_get_one_line_that_changes(self):
        expected = "\r10/20 pictures (50%), 3.00/s, 0:03 left\r20/20 pictures (100%), 3/s"
        text = self.shown(self.Terminal())
        self.assertTrue(text.startswith(expected), text)
        self.assertTrue(text.endswith("\rcrops: done\n"), text)
        notebook = type("OutStream", (io.StringIO,), {"__module__": "ipykernel.iostream"})()
        self.assertEqual(self.shown(notebook), text)


if __name__ == "__main__":
    unittest.main()
