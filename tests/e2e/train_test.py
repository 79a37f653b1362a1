"""Training one net from the command line: kill -9 and resume; weights to start from; wrong input.

usage: train_test.py PROGRAM MODEL_FOLDER [unittest arguments]; the model may be any.
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
from support import FolderTestCase

PROGRAM, MODEL = sys.argv[1:3]
DEFAULT = pathlib.Path(__file__).resolve().parents[2] / "models/default"
run = functools.partial(support.run, timeout=1200)


class Train(FolderTestCase):
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

    def train(self, out, *more, check=True):
        return run("train", "--net", "pnet", "--data", self.home / "pnet", "--out", self.folder / out, "--batch", 256, "--set", "batch.steps_per_epoch=60", "-q", *more, check=check)

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
            self.assertEqual(whole, cut, name)

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
        taught = json.loads(self.first_metrics("taught", "--epochs", 1, "--teacher", self.folder / "plain"))
        self.assertGreater(taught["loss_teacher"], 0)
        self.assertEqual(first["loss_teacher"], 0)
        self.assertOneLine(self.train("x", "--teacher", pathlib.Path(MODEL) / "rnet.safetensors", check=False), 2, "another net")

    def test_crops_as_the_net_to_start_from_saw_them(self):
        alike = self.folder / "alike"
        run("prepare", "--stage", "pnet", "--config", self.config, "--init", DEFAULT, "--out", alike, "-q")
        for folder in (alike, alike / "validation"):
            self.assertEqual(json.loads((folder / "manifest.json").read_text())["input"]["border"], 127)
        short = ("--epochs", 1, "--batch", 256, "--set", "batch.steps_per_epoch=5", "--init", DEFAULT, "-q")
        tuned = run("train", "--net", "pnet", "--data", alike, "--out", self.folder / "tuned", *short)
        self.assertEqual(tuned.stderr, "")
        warned = self.train("other", "--epochs", 1, "--set", "batch.steps_per_epoch=5", "--init", DEFAULT)
        self.assertIn("warning: --init has learnt from crops that were cut in another way", warned.stderr)
        run("average", "--net", "pnet", self.folder / "tuned", DEFAULT, "--out", self.folder / "mean.safetensors")
        metadata = json.loads(run("inspect", self.folder / "mean.safetensors", "--json", "-").stdout)["nets"][0]["metadata"]
        self.assertEqual(json.loads(metadata["input"])["border"], 127)
        self.assertEqual([net["share"] for net in json.loads(metadata["averaged_from"])], [0.5, 0.5])
        refused = lambda *more: run("average", "--net", "pnet", *more, "--out", self.folder / "x.safetensors", check=False)
        self.assertOneLine(refused(self.folder / "other", DEFAULT), 2, "input differs")
        self.assertOneLine(refused(DEFAULT, DEFAULT, "--shares", "1"), 2, "--shares")
        self.assertOneLine(refused(DEFAULT, DEFAULT, "--shares", "0,0"), 2, "a sum of 0")
        self.assertOneLine(refused(DEFAULT, DEFAULT, "--shares", "nan,1"), 2, "--shares")
        self.assertOneLine(refused(DEFAULT, DEFAULT, "--raise-logit", "nan"), 2, "--raise-logit")
        run("average", "--net", "pnet", "--shares", "1,3", self.folder / "tuned", DEFAULT, "--out", self.folder / "flag_first.safetensors")
        self.assertOneLine(refused(self.folder / "nowhere"), 1, "nowhere")
        self.assertFalse((self.folder / "x.safetensors").exists())
        export = functools.partial(run, "export", "--run", MODEL, self.folder / "mean.safetensors", "--out", self.folder / "joined", "--metadata")
        export("licence=MIT", "--metadata", "data=toys=1")
        joined = json.loads(run("inspect", self.folder / "joined" / "pnet.safetensors", "--json", "-").stdout)
        self.assertEqual([joined["nets"][0]["metadata"][key] for key in ("licence", "data")], ["MIT", "toys=1"])
        for wrong in ("licence", "=x", "input={}"):
            self.assertOneLine(export(wrong, check=False), 2, "--metadata")
        self.assertEqual(json.loads(joined["nets"][0]["metadata"]["input"])["border"], 127)

    def test_a_wider_net_goes_all_the_way(self):
        wide = ("--set", "width=1.5")
        self.train("wide", "--epochs", 1, *wide)
        self.assertOneLine(self.train("x", "--epochs", 1, "--init", self.folder / "wide", check=False), 2, "found [15,24,48], expected [10,16,32]")
        self.train("tuned", "--epochs", 1, *wide, "--init", self.folder / "wide")
        self.train("taught", "--epochs", 1, "--teacher", self.folder / "wide")
        self.assertOneLine(run("average", "--net", "pnet", self.folder / "wide", self.folder / "taught", "--out", self.folder / "x", check=False), 2, "channels")
        run("average", "--net", "pnet", self.folder / "wide", self.folder / "tuned", "--out", self.folder / "mean.safetensors")
        found = {}
        for form in ("safetensors", "torchscript"):
            run("export", "--run", MODEL, self.folder / "mean.safetensors", "--out", self.folder / form, "--format", form)
            for device in ("cpu", "cpu:torch"):
                lines = run("detect", self.home / "toys/wider/WIDER_val", "--model", self.folder / form, "--thresholds", ".2,0,0", "--set", "engine.max_windows=50", "--json", "-", "--device", device, "-q").stdout
                found[form, device] = [len(json.loads(line)["faces"]) for line in lines.splitlines()]
        self.assertGreater(sum(found["safetensors", "cpu"]), 0)
        self.assertEqual(found["torchscript", "cpu"], found["safetensors", "cpu"])
        self.assertEqual(found["torchscript", "cpu:torch"], found["safetensors", "cpu:torch"])

    def test_inspect_explains_a_run(self):
        self.train("a", "--epochs", 2)
        text = run("inspect", self.folder / "a").stdout
        for words in ("pnet, done: 2 of 2 epochs", "best by fpr_at_97", "export/pnet.safetensors"):
            self.assertIn(words, text)
        told = json.loads(run("inspect", self.folder / "a", "--json", "-").stdout)
        self.assertEqual((told["net"], told["done"], told["epochs"], told["last"]["epoch"]), ("pnet", True, 2, 2))
        (self.folder / "a" / "DONE").unlink()
        (self.folder / "a" / "metrics.jsonl").write_text("")
        self.assertIn("NOT done", run("inspect", self.folder / "a").stdout)
        (self.folder / "a" / "config.json").write_text("{")
        self.assertOneLine(run("inspect", self.folder / "a", check=False), 1, "config.json")

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
