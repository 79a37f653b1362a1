"""Files that would run something when a careless program reads them, in every place where a file of a stranger is read.

usage: hostile_test.py PROGRAM MODEL_FOLDER [unittest arguments]; the model may be any.
"""
import functools
import json
import pathlib
import shutil
import struct
import sys
import tempfile
import unittest
import zipfile

import support
from support import FolderTestCase, edit

MODEL = pathlib.Path(sys.argv[2])
run = functools.partial(support.run, check=False)

# torch.jit.load() runs this class's __setstate__, which then writes a file.
TRAP_CODE = """class Trap(Module):
  __parameters__ = []
  __buffers__ = []
  training : bool
  def forward(self: __torch__.Trap,
    x: Tensor) -> Tensor:
    return x
  def __getstate__(self: __torch__.Trap) -> int:
    return 1
  def __setstate__(self: __torch__.Trap,
    state: int) -> NoneType:
    self.training = True
    torch.save(state, "WITNESS")
    return None
"""
TRAP_OBJECT = b"\x80\x02c__torch__\nTrap\nq\0)\x81K\x01bq\x01."


def write_archive(path, entries):
    """A zip archive as torch writes it: stored, all in one folder."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as file:
        for name, content in entries.items():
            file.writestr("net/" + name, content)


class Hostile(FolderTestCase):
    @classmethod
    def setUpClass(cls):
        cls.home = pathlib.Path(tempfile.mkdtemp(prefix="mtcnn_e2e_"))
        cls.addClassCleanup(shutil.rmtree, cls.home)
        support.run("toy-data", cls.home / "toys", "--images", 30, "--val", 8, "--seed", 1, "-q")
        sets = lambda split: [{"kind": "wider", "path": "wider", "split": split}]
        (cls.home / "prepare.json").write_text(json.dumps({"root": "toys", "datasets": sets("train"), "validation": sets("val")}))
        support.run("prepare", "--stage", "pnet", "--config", cls.home / "prepare.json", "--out", cls.home / "pnet", "-q")
        support.run("export", "--run", MODEL, "--out", cls.home / "script", "--format", "torchscript")
        cls.pictures = cls.home / "toys/wider/WIDER_val/images"

    def setUp(self):
        super().setUp()
        self.witness = self.folder / "witness"

    def traps(self):
        """Name and a function that writes it, for each kind of trap."""
        command = f"touch {self.witness}".encode()
        system = b"\x80\x02cos\nsystem\nX" + struct.pack("<I", len(command)) + command + b"\x85R."
        code = TRAP_CODE.replace("WITNESS", str(self.witness))
        extra = json.dumps({"format": "mtcnn-torchscript", "version": 1, "net": "pnet", "metadata": {}})
        script = {"code/__torch__.py": code, "constants.pkl": b"\x80\x02).", "version": "3\n", "extra/mtcnn.json": extra}
        return {
            "__setstate__": lambda path: write_archive(path, {"data.pkl": TRAP_OBJECT, **script}),
            "os.system": lambda path: write_archive(path, {"data.pkl": system, **script}),
            "os.system in a legacy file": lambda path: path.write_bytes(system),
            "3,000,000 tuples": lambda path: write_archive(path, {"data.pkl": b"\x80\x02)" + b"\x85" * 3_000_000 + b".", **script}),
            "3,000,000 tuples in a legacy file": lambda path: path.write_bytes(b"\x80\x02)" + b"\x85" * 3_000_000 + b"."),
        }

    def assertHarmless(self, path, *command, words=()):
        """Whatever trap lies at `path`: the command fails with one line that names it, and nothing was run."""
        for name, write in self.traps().items():
            with self.subTest(name, command=command[0]):
                path.unlink(missing_ok=True)
                write(path)
                self.assertOneLine(run(*command), 1, path.name, *words)
                self.assertFalse(self.witness.exists(), "the file was run")

    def train(self, out, *more):
        return ("train", "--net", "pnet", "--data", self.home / "pnet", "--out", self.folder / out, "--batch", 64, "--set", "batch.steps_per_epoch=5", "--set", "batch.landmarks=0",
                "--epochs", 2, "--threads", 1, "-q", *more)

    def test_model_folder(self):
        model = self.folder / "model"
        shutil.copytree(self.home / "script", model)
        self.assertHarmless(model / "pnet.pt", "detect", self.pictures, "--model", model)
        self.assertHarmless(model / "pnet.pt", "bench", "--model", model)
        self.assertHarmless(model / "pnet.pt", "prepare", "--stage", "rnet", "--config", self.home / "prepare.json", "--out", self.folder / "rnet", "--model", model, "-q")
        self.assertHarmless(model / "pnet.pt", "export", "--run", model, "--out", self.folder / "out")
        self.assertHarmless(model / "pnet.pt", "eval", "cascade", "--dataset", self.home / "toys/wider/val.jsonl", "--model", model, "--out", self.folder / "eval")

    def test_import_and_weights_to_start_from(self):
        file = self.folder / "trap.pt"
        self.assertHarmless(file, "import", file, "--out", self.folder / "out")
        self.assertHarmless(file, *self.train("run", "--init", file))
        self.assertHarmless(file, *self.train("run", "--teacher", file))
        self.assertHarmless(file, "export", "--run", file, "--out", self.folder / "out")
        self.assertFalse((self.folder / "run").exists())

    def test_resume(self):
        support.run(*self.train("run"))
        whole = self.weights("run")
        newest = self.folder / "run/checkpoints/step_000000010"
        shutil.rmtree(self.folder / "run/checkpoints/step_000000005")
        (newest / "optimizer.safetensors").unlink()
        self.assertHarmless(newest / "optimizer.pt", *self.train("run", "--resume"), words=["no checkpoint of this run can be read"])
        self.assertEqual(self.weights("run"), whole)

    def test_a_damaged_newest_checkpoint_does_not_stop_a_run(self):
        support.run(*self.train("whole"))
        for damage in ("optimizer.safetensors", "weights.safetensors", "average.safetensors", "state.json"):
            shutil.copytree(self.folder / "whole", self.folder / damage)
            newest = self.folder / damage / "checkpoints/step_000000010"
            content = (newest / damage).read_bytes()
            (newest / damage).write_bytes(content[:len(content) // 2])
            done = run(*self.train(damage, "--resume"))
            self.assertEqual(done.returncode, 0, done.stderr)
            lines = [line for line in done.stderr.splitlines() if "damaged_step_000000010" in line]
            self.assertEqual(len(lines), 1, done.stderr)
            self.assertIn("goes on from step 5", lines[0])
            self.assertIn(damage, lines[0])
            self.assertEqual(self.weights(damage), self.weights("whole"))

    def test_numbers_of_a_stranger_s_run(self):
        support.run(*self.train("run"))
        shutil.rmtree(self.folder / "run/checkpoints/step_000000005")
        state = self.folder / "run/checkpoints/step_000000010/state.json"
        for step in (1 << 62, -12, 11, "ten"):
            edit(state, lambda value: value.update(step=step))
            self.assertOneLine(run(*self.train("run", "--resume")), 1, "state.json", "'step'")
        edit(state, lambda value: value.update(step=10))
        with (self.folder / "run/metrics.jsonl").open("a") as metrics:
            metrics.write('[1]\n7\n{"step": "ten"}\n')
        self.assertOneLine(run(*self.train("run", "--resume")), 1, "metrics.jsonl:", "'step'", '"ten"')

    def weights(self, out):
        return (self.folder / out / "export/pnet.safetensors").read_bytes()


if __name__ == "__main__":
    unittest.main(argv=[sys.argv[0], *sys.argv[3:]], verbosity=2)
