"""scripts/to_tensorboard.py: TensorBoard reads the same figures back; nothing that is not its own is touched."""
import json
import math
import subprocess
import sys
import unittest

from support import SOURCE_ROOT, FolderTestCase, require

require("numpy", "tensorboard")
import made_runs
import numpy as np
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from tensorboard.util import tensor_util

PROGRAM = SOURCE_ROOT / "scripts/to_tensorboard.py"


class Tensorboard(FolderTestCase):
    def write(self, *arguments, before=()):
        return subprocess.run([sys.executable, *before, PROGRAM, *map(str, arguments)], capture_output=True, text=True,
                              timeout=600, cwd=self.folder)

    def assert_written(self, *arguments):
        done = self.write(*arguments)
        self.assertEqual(done.returncode, 0, done.stderr)
        return done

    def names(self, folder):
        return sorted(path.relative_to(self.folder / folder).as_posix() for path in (self.folder / folder).rglob("*")
                      if path.is_dir())

    def scalars(self, folder):
        """(name, step) -> value; and the wall times."""
        events = EventAccumulator(str(folder), size_guidance={"tensors": 0})
        events.Reload()
        values, times = {}, []
        for name in events.Tags()["tensors"]:
            self.assertEqual(events.SummaryMetadata(name).plugin_data.plugin_name, "scalars")
            for event in events.Tensors(name):
                values[name, event.step] = float(tensor_util.make_ndarray(event.tensor_proto))
                times.append(event.wall_time)
        return values, times

    def test_values(self):
        runs = {"a": made_runs.make_run(self.folder / "a", "pnet", 4),
                "b": made_runs.make_run(self.folder / "b", "onet", 2, done=False)}
        odd = {"step": 999, "epoch": 5, "split": "val", "loss": math.nan, "nme": None, "recall": 0.5, "time_s": None}
        with (self.folder / "a/metrics.jsonl").open("a") as file:
            file.write(json.dumps(odd) + "\n" + '{"half')
        self.assert_written("a", "b", "--out", "events")
        self.assertEqual(self.names("events"), ["a", "a/train", "a/val", "b", "b/train", "b/val"])
        for name, lines in runs.items():
            for split in ("train", "val"):
                wanted = {(key, line["step"]): float(np.float32(value)) for line in lines if line["split"] == split
                          for key, value in line.items() if key not in ("step", "split") and value is not None}
                if (name, split) == ("a", "val"):
                    wanted |= {("epoch", 999): 5.0, ("recall", 999): 0.5}
                values, times = self.scalars(self.folder / "events" / name / split)
                self.assertEqual(values, wanted)
                self.assertTrue(all(map(math.isfinite, times)))
        _, times = self.scalars(self.folder / "events/b/train")
        self.assertAlmostEqual(max(times) - min(times), 31.5, places=3)

    def test_runs_of_one_name(self):
        for name in ("x/pnet", "y/pnet"):
            made_runs.make_run(self.folder / name, "pnet", 1)
        self.assert_written("x/pnet", "y/pnet", "--out", "events")
        self.assertEqual(self.names("events"), ["x", "x/pnet", "x/pnet/train", "x/pnet/val",
                                                "y", "y/pnet", "y/pnet/train", "y/pnet/val"])

    def test_once_more_replaces(self):
        for name in ("a", "b"):
            made_runs.make_run(self.folder / name, "pnet", 1)
        self.assert_written("a", "b", "--out", "events")
        made_runs.make_run(self.folder / "c", "pnet", 1)
        (self.folder / "events/note.txt").write_text("mine")
        self.assert_written("a", "c", "--out", "events")
        self.assertEqual(self.names("events"), ["a", "a/train", "a/val", "c", "c/train", "c/val"])
        self.assertEqual(len(list((self.folder / "events/a/val").iterdir())), 1)
        self.assertEqual((self.folder / "events/note.txt").read_text(), "mine")

    def test_what_is_not_its_own_stays(self):
        made_runs.make_run(self.folder / "runs/a", "pnet", 1)
        before = sorted(self.folder.rglob("*"))
        self.assert_refused(self.write("runs/a", "--out", "runs"), 1, "runs: holds other things", "--force")
        self.assert_refused(self.write("runs/a", "--out", "runs", "--force"), 1, "runs/a", "in the way")
        self.assertEqual(sorted(self.folder.rglob("*")), before)
        (self.folder / "events/mine").mkdir(parents=True)
        self.assert_written("runs/a", "--out", "events", "--force")
        self.assertEqual(self.names("events"), ["a", "a/train", "a/val", "mine"])

    def test_wrong_input(self):
        made_runs.make_run(self.folder / "a", "pnet", 0, done=False)
        (self.folder / "file").write_text("x")
        self.assert_refused(self.write(), 2, "RUN", "--out")
        self.assert_refused(self.write("a"), 2, "--out")
        self.assert_refused(self.write("nowhere", "--out", "events"), 1, "nowhere", "no run folder")
        done = self.write("a", "--out", "events")
        self.assertEqual(done.returncode, 1)
        self.assertIn("error: no run has finished an epoch", done.stderr)
        self.assertFalse((self.folder / "events").exists())
        made_runs.make_run(self.folder / "b", "pnet", 1)
        self.assert_refused(self.write("b", "--out", "file"), 1, "file")
        self.assert_refused(self.write("b", "--out", "file/below"), 1, "file")

    def test_a_missing_package(self):
        self.assert_refused(self.write("a", "--out", "events", before=["-I", "-S"]), 1, "-m pip install tensorboard")

    def test_help(self):
        done = self.assert_written("--help")
        self.assertIn("--logdir", done.stdout)


if __name__ == "__main__":
    unittest.main(verbosity=2)
