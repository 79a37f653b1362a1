"""From toy data to a trained cascade as a user would do it; kill -9 and resume; wrong input.

usage: train_test.py PROGRAM MODEL_FOLDER [unittest arguments]; the model may be any.
"""
import json
import pathlib
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import unittest

PROGRAM, MODEL = sys.argv[1:3]


def run(*arguments, check=True):
    done = subprocess.run([PROGRAM, *map(str, arguments)], capture_output=True, text=True, timeout=1200)
    if check and done.returncode != 0:
        raise AssertionError(f"{arguments}: {done.stderr}")
    return done


def iou(a, b):
    w = min(a[0] + a[2], b[0] + b[2]) - max(a[0], b[0])
    h = min(a[1] + a[3], b[1] + b[3]) - max(a[1], b[1])
    common = max(0, w) * max(0, h)
    return common / (a[2] * a[3] + b[2] * b[3] - common)


class Train(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.home = pathlib.Path(tempfile.mkdtemp(prefix="mtcnn_e2e_"))
        run("toy-data", cls.home / "toys", "--images", 300, "--val", 60, "--seed", 1, "-q")
        sets = lambda split: [{"kind": "wider", "path": "wider", "split": split}, {"kind": "celeba", "path": "celeba", "split": split}]
        cls.config = cls.home / "prepare.json"
        cls.config.write_text(json.dumps({"root": "toys", "datasets": sets("train"), "validation": sets("val")}))
        run("prepare", "--stage", "pnet", "--config", cls.config, "--out", cls.home / "pnet", "-q")

    @classmethod
    def tearDownClass(cls):
        shutil.rmtree(cls.home)

    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="mtcnn_e2e_"))
        self.addCleanup(shutil.rmtree, self.folder)

    def assertOneLine(self, done, code, *words):
        self.assertEqual(done.returncode, code, done.stderr)
        errors = [line for line in done.stderr.splitlines() if line.startswith("error: ")]
        self.assertEqual(len(errors), 1, done.stderr)
        for word in words:
            self.assertIn(word, errors[0])
        self.assertNotIn("internal bug", done.stderr)

    def train(self, out, *more, check=True):
        return run("train", "--net", "pnet", "--data", self.home / "pnet", "--out", self.folder / out, "--batch", 256, "--set", "batch.steps_per_epoch=60", "-q", *more, check=check)

    def test_toy_faces_are_found_by_a_trained_cascade(self):
        runs = []
        for net, epochs, batch in (("pnet", 4, 256), ("rnet", 3, 256), ("onet", 2, 128)):
            crops = self.home / net
            if net != "pnet":
                run("prepare", "--stage", net, "--config", self.config, "--model", self.folder / "model", "--out", crops, "-q")
            done = run("train", "--net", net, "--data", crops, "--out", self.folder / net, "--epochs", epochs, "--batch", batch, "-q")
            runs.append(self.folder / net)
            run("export", "--run", *runs, "--out", self.folder / "model")
            metrics = [json.loads(line) for line in (self.folder / net / "metrics.jsonl").read_text().splitlines()]
            self.assertEqual([m["split"] for m in metrics], ["train", "val"] * epochs)
            self.assertLess(metrics[-1]["loss"], metrics[1]["loss"])
        run("export", "--run", self.folder / "model", "--out", self.folder / "script", "--format", "torchscript")
        pictures = self.home / "toys/wider/WIDER_val/images"
        for model in ("model", "script"):
            run("detect", pictures, "--model", self.folder / model, "--json", self.folder / f"{model}.jsonl", "-q")
        self.assertEqual((self.folder / "model.jsonl").read_text(), (self.folder / "script.jsonl").read_text())
        found = {row["image"]: [f["box"] for f in row["faces"]] for row in map(json.loads, (self.folder / "model.jsonl").read_text().splitlines())}
        faces = hits = boxes = 0
        for row in map(json.loads, (self.home / "toys/wider/val.jsonl").read_text().splitlines()):
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
        self.assertGreater(hits / faces, 0.9, "recall")
        self.assertGreater(hits / boxes, 0.9, "precision")

    def test_killed_and_resumed_is_the_same(self):
        self.train("whole", "--epochs", 4, "--threads", 1)
        command = [PROGRAM, "train", "--net", "pnet", "--data", self.home / "pnet", "--out", self.folder / "cut", "--batch", "256", "--set", "batch.steps_per_epoch=60",
                   "-q", "--epochs", "4", "--threads", "1"]
        process = subprocess.Popen(list(map(str, command)), stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
        while len(list((self.folder / "cut").glob("checkpoints/step_*"))) < 2:
            self.assertIsNone(process.poll(), "the run ended before it could be killed")
            time.sleep(0.01)
        process.send_signal(signal.SIGKILL)
        process.wait()
        self.train("cut", "--epochs", 4, "--threads", 1, "--resume")
        for name in ("export/pnet.safetensors", "checkpoints/step_000000240/weights.safetensors"):
            whole, cut = ((self.folder / run_name / name).read_bytes() for run_name in ("whole", "cut"))
            self.assertEqual(self.tensors(whole), self.tensors(cut), name)

    @staticmethod
    def tensors(data):
        """What is behind the header, which also tells times."""
        return data[8 + int.from_bytes(data[:8], "little"):]

    def test_interrupt_leaves_a_checkpoint(self):
        process = subprocess.Popen([PROGRAM, "train", "--net", "pnet", "--data", str(self.home / "pnet"), "--out", str(self.folder / "a"), "--epochs", "500"],
                                   stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True)
        while not (self.folder / "a" / "log.txt").exists():
            time.sleep(0.05)
        time.sleep(1)
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=60)
        self.assertEqual(process.returncode, 1, err)
        self.assertIn("--resume", err)
        self.assertEqual(len(list((self.folder / "a" / "checkpoints").glob("step_*"))), 1)

    def test_starting_from_weights(self):
        first = json.loads(self.first_metrics("plain", "--epochs", 1))
        tuned = json.loads(self.first_metrics("tuned", "--epochs", 1, "--init", self.folder / "plain"))
        self.assertLess(tuned["loss"], first["loss"])
        self.first_metrics("model", "--epochs", 1, "--init", MODEL)
        self.assertOneLine(self.train("x", "--init", pathlib.Path(MODEL) / "rnet.safetensors", check=False), 2, "another net")
        self.assertOneLine(self.train("x", "--init", self.folder / "nowhere", check=False), 1, "nowhere")

    def first_metrics(self, out, *more):
        self.train(out, *more)
        return (self.folder / out / "metrics.jsonl").read_text().splitlines()[0]

    def test_wrong_usage(self):
        for flags, words in ((["--set", "optimizer.lrr=1"], ["did you mean 'optimizer.lr'"]), (["--set", "epochs=many"], ["epochs"]),
                             (["--set", "optimizer.kind=adagrad"], ["sgd, adam, adamw"]), (["--resume"], ["no training run"]),
                             (["--device", "tpu"], ["tpu"])):
            self.assertOneLine(self.train("x", *flags, check=False), 2, *words)
        self.assertOneLine(run("train", "--net", "rnet", "--data", self.home / "pnet", "--out", self.folder / "x", check=False), 2, "another stage", "pnet", "rnet")
        self.assertOneLine(run("train", "--net", "pnet", "--data", self.folder, "--out", self.folder / "x", check=False), 1, "no crops here")
        self.assertFalse((self.folder / "x" / "log.txt").exists())
        self.train("used", "--epochs", 1)
        self.assertOneLine(self.train("used", "--epochs", 1, check=False), 2, "--resume")
        self.assertOneLine(self.train("used", "--epochs", 2, "--resume", check=False), 2, "epochs 1, now 2")
        damaged = self.folder / "damaged"
        shutil.copytree(self.home / "pnet", damaged)
        shard = sorted(damaged.glob("*positive*"))[0]
        shard.write_bytes(shard.read_bytes()[:-1] + b"\x55")
        self.assertOneLine(run("train", "--net", "pnet", "--data", damaged, "--out", self.folder / "y", check=False), 1, shard.name, "damaged")

    def test_export_wants_runs(self):
        self.assertOneLine(run("export", "--run", self.folder, "--out", self.folder / "m", check=False), 1, "no weights in this run")
        self.assertOneLine(run("export", "--run", MODEL, MODEL, "--out", self.folder / "m", check=False), 2, "two sources for P-Net")
        run("export", "--run", MODEL, "--out", self.folder / "m", "--format", "torchscript")
        (self.folder / "m" / "onet.pt").write_bytes(b"no script")
        self.assertOneLine(run("detect", self.home / "toys/wider/WIDER_val/images", "--model", self.folder / "m", check=False), 1, "onet.pt", "TorchScript")


if __name__ == "__main__":
    unittest.main(argv=[sys.argv[0], *sys.argv[3:]], verbosity=2)
