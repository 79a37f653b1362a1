"""No output replaces an input, no two results share a name, none is lost on the way to stdout. Standard library only.

usage: outputs_test.py PROGRAM MODEL_FOLDER [unittest arguments]; the model may be any; where faces are needed the program's own finds them.
"""
import json
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import unittest

from support import FolderTestCase, run

PROGRAM, MODEL = sys.argv[1:3]
ASTRONAUT = (pathlib.Path(__file__).resolve().parents[2] / "samples/astronaut.jpg").read_bytes()
FAST = ("--threads", "1", "--min-face", "60")


def content(folder):
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


class OutputsTestCase(FolderTestCase):
    def photo(self, *names):
        for name in names:
            path = self.folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(ASTRONAUT)
        return path

    def call(self, *arguments, **options):
        return run(*arguments, check=False, cwd=self.folder, **options)

    def detect(self, *arguments):
        return self.call("detect", *arguments, *FAST)

    def rows(self, *arguments):
        done = self.detect(*arguments, "--json", "-")
        self.assertEqual(done.returncode, 0, done.stderr)
        return [json.loads(line) for line in done.stdout.splitlines()]

    def assertRefused(self, *arguments, words=()):
        """Wrong usage, told in one line, and nothing was written."""
        before = content(self.folder)
        done = self.call(*arguments)
        with self.subTest(arguments):
            self.assertOneLine(done, 2, *words)
            self.assertEqual(content(self.folder), before)


class Inputs(OutputsTestCase):
    def test_detect(self):
        self.photo("d/a.jpg", "d/a_0.jpg", "e/b.jpg")
        (self.folder / "link").symlink_to("d")
        (self.folder / "alias.jpg").symlink_to("d/a.jpg")
        os.link(self.folder / "d/a.jpg", self.folder / "hard.jpg")
        (self.folder / "list.txt").write_text("d/a.jpg\n")
        (self.folder / "config.json").write_text("{}")
        shutil.copytree(MODEL, self.folder / "model")
        for folder in ("d", "./d", "d/", "e/../d", "link", str(self.folder / "d")):
            self.assertRefused("detect", "d", "--draw", folder, words=["--draw", "d"])
            self.assertRefused("detect", "d", "--crops", folder, words=["--crops", "d"])
            self.assertRefused("detect", folder, "--draw", "d", words=["--draw"])
            self.assertRefused("detect", "@list.txt", "--draw", folder, words=["--draw", "a.jpg"])
            self.assertRefused("detect", "d/a.jpg", "d/a_0.jpg", "--crops", folder, words=["--crops", "a_0.jpg"])
            self.assertRefused("detect", "d", "--json", f"{folder}/a.jpg", words=["--json", "a.jpg"])
        self.assertRefused("detect", "d/a.jpg", "--draw", "link", words=["--draw", "a.jpg"])
        self.assertRefused("detect", "alias.jpg", "--json", "d/a.jpg", words=["--json"])
        self.assertRefused("detect", "--root", "d", "a.jpg", "--draw", "d", words=["--draw"])
        for name in ("alias.jpg", "hard.jpg"):
            self.assertRefused("detect", "d", "--json", name, words=["--json", name, "a.jpg"])
        self.assertRefused("detect", "@list.txt", "--json", "list.txt", words=["list.txt"])
        self.assertRefused("detect", "d", "--config", "config.json", "--json", "./config.json", words=["config.json"])
        self.assertRefused("detect", "d", "--model", "model", "--json", "model/pnet.safetensors", words=["pnet"])

    def test_what_is_no_input_may_be_replaced(self):
        self.photo("d/a.jpg", "out/a.jpg", "out/a_0.jpg")
        for _ in range(2):
            self.assertEqual(len(self.rows("d/a.jpg", "--draw", "out", "--crops", "out/crops")), 1)
            self.assertEqual(self.detect("d", "--crops", "out", "--json", "out/faces.jsonl").returncode, 0)
        self.assertNotEqual((self.folder / "out/a.jpg").read_bytes(), ASTRONAUT)

    def test_earlier_results_are_not_searched(self):
        self.photo("d/a.jpg", "d/b.png", "d/drawn/own.jpg")
        rows = self.rows("d", "--draw", "d/drawn", "--crops", "d/crops")
        self.assertEqual([row["image"] for row in rows], ["a.jpg", "b.png", "drawn/own.jpg"])
        before = content(self.folder)
        self.assertEqual(self.rows("d", "--draw", "d/../d/drawn", "--crops", "d/crops"), rows)
        self.assertEqual(content(self.folder), before)
        done = self.detect("d", "--draw", "d/drawn", "--crops", "d/crops")
        self.assertIn("6 images of earlier runs", done.stderr)
        # Named itself, a folder of results is a folder as others.
        self.assertEqual(len(self.rows("d/crops", "--draw", "d/drawn")), 3)
        self.photo("d/drawn/a.jpg")
        self.assertRefused("detect", "d", "--draw", "d/drawn", words=["drawn/a.jpg"])

    def test_live(self):
        self.photo("film.mp4")
        (self.folder / "alias.mp4").symlink_to("film.mp4")
        os.link(self.folder / "film.mp4", self.folder / "hard.mp4")
        for name in ("film.mp4", "./film.mp4", "alias.mp4", "hard.mp4"):
            self.assertRefused("live", "--video", "film.mp4", "--save", name, words=["--save", "film.mp4"])
            self.assertRefused("live", "--video", name, "--json", "film.mp4", words=["--json", "film.mp4"])
        self.assertRefused("live", "--video", "film.mp4", "--save", "new.mp4", "--json", "./new.mp4", words=["--save", "--json"])

    def test_scores(self):
        self.photo("own/images/a.jpg", "fddb/x.jpg")
        line = json.dumps({"image": "a.jpg", "width": 512, "height": 512, "faces": [{"box": [182, 61, 88, 114], "confidence": 0.9}]}) + "\n"
        for name in ("own/annotations.jsonl", "out/detections.jsonl", "out/curve.csv"):
            (self.folder / name).parent.mkdir(exist_ok=True)
            (self.folder / name).write_text(line)
        for protocol in ("coco", "landmarks"):
            files = ("--detections", "out/detections.jsonl", "--annotations", "own/annotations.jsonl")
            for name in ("out/detections.jsonl", "own/../own/annotations.jsonl"):
                self.assertRefused("eval", protocol, *files, "--json", name, words=["--json", name])
            self.assertRefused("eval", protocol, "--detections", "out/curve.csv", *files[2:], "--out", "out", words=["--out", "curve.csv"])
            self.assertRefused("eval", protocol, "--dataset", "own", "--out", "new", "--json", "own/annotations.jsonl", words=["--json"])
            self.assertRefused("eval", protocol, "--dataset", "own", "--out", "new", "--json", "own/images/a.jpg", words=["--json"])
            self.assertRefused("eval", protocol, "--dataset", "own", "--out", "new", "--json", "new/detections.jsonl", words=["--json"])
        self.assertRefused("eval", "coco", "--dataset", "own", "--annotations", "out/detections.jsonl", "--out", "out", words=["--out"])
        (self.folder / "fddb/fold-01-out.txt").write_text("x\n0\n")
        fddb = ("eval", "fddb", "--detections", "fddb", "--annotations", "own", "--images", "fddb")
        self.assertRefused(*fddb, "--write-results", "./fddb", words=["--write-results"])
        self.assertRefused(*fddb, "--json", "fddb/x.jpg", words=["--json"])
        self.assertRefused(*fddb, "--json", "fddb/fold-01-out.txt", words=["--json"])
        wider = ("eval", "wider", "--detections", "fddb", "--ground-truth", "own")
        self.assertRefused(*wider, "--write-results", "fddb", words=["--write-results"])
        done = self.call("eval", "coco", *files, "--out", "out", "--json", "out/summary.json", "--bootstrap", "0")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual((self.folder / "out/detections.jsonl").read_text(), line)

    def test_models_and_crops(self):
        shutil.copytree(MODEL, self.folder / "model")
        (self.folder / "link").symlink_to("model")
        self.photo("toys/wider/a.jpg", "photos/a.jpg")
        nets = [f"model/{net}.safetensors" for net in ("pnet", "rnet", "onet")]
        annotations = self.folder / "annotations.jsonl"
        annotations.write_text("")
        for out in ("model", "model/", "./link"):
            self.assertRefused("import", *nets, "--out", out, words=["--out", "pnet.safetensors"])
            self.assertRefused("export", "--run", "model", "--out", out, words=["--out", "model"])
            self.assertRefused("export", "--run", *nets, "--out", out, words=["--out", "pnet.safetensors"])
            self.assertRefused("calibrate", "--dataset", "annotations.jsonl", "--model", "model", "--out", out, words=["--out", "model"])
        self.assertRefused("inspect", "model", "--json", "link/cascade.json", words=["--json", "cascade.json"])
        self.assertRefused("inspect", nets[0], "--json", nets[0], words=["--json", "pnet.safetensors"])
        self.assertRefused("bench", "--images", "photos", "--json", "photos/a.jpg", words=["--json", "a.jpg"])
        datasets = [{"kind": "wider", "path": "wider", "split": "train"}]
        config = self.folder / "prepare.json"
        config.write_text(json.dumps({"root": "toys", "datasets": datasets}))
        for out in ("toys", "toys/wider", "toys/../toys/wider/"):
            self.assertRefused("prepare", "--stage", "pnet", "--config", config, "--out", out, words=["--out", "toys"])
        self.assertRefused("train", "--net", "pnet", "--data", "toys", "--out", "./toys", words=["--out", "toys"])
        self.assertRefused("train", "--net", "pnet", "--data", "toys", "--init", "model", "--out", "link", words=["--out", "model"])


class Names(OutputsTestCase):
    def files(self, folder):
        return sorted(content(self.folder / folder))

    def test_formats_and_cases(self):
        names = ["IMG_1.JPG", "IMG_1.jpeg", "IMG_1.jpg", "a.bmp", "a.jpg", "a.png", "a.tif"]
        self.photo(*(f"d/{name}" for name in names))
        self.assertEqual([len(row["faces"]) for row in self.rows("d", "--draw", "drawn", "--crops", "crops")], [1] * 7)
        self.assertEqual(self.files("drawn"), ["IMG_1.JPG", "IMG_1.jpeg", "IMG_1.jpg", "a.bmp.png", "a.jpg", "a.png", "a.tif.png"])
        self.assertEqual(self.files("crops"), sorted(f"{name}_0.jpg" for name in names))

    def test_without_a_collision_names_are_plain(self):
        self.photo("d/a.jpg", "d/b.bmp", "d/deep/a.jpg", "e/c.png")
        self.rows("d", "e/c.png", "--draw", "drawn", "--crops", "crops")
        self.assertEqual(self.files("drawn"), ["a.jpg", "b.png", "c.png", "deep/a.jpg"])
        self.assertEqual(self.files("crops"), ["a_0.jpg", "b_0.jpg", "c_0.jpg", "deep/a_0.jpg"])

    def test_folders_with_equal_names(self):
        self.photo("a/x.jpg", "a/only.jpg", "b/x.jpg", "b/deep/y.jpg", "c/deep/y.jpg")
        rows = self.rows("a", self.folder / "b", "./c", "--draw", "drawn", "--crops", "crops")
        names = [row["image"] for row in rows]
        self.assertEqual(names, ["only.jpg", "a/x.jpg", "b/deep/y.jpg", "b/x.jpg", "c/deep/y.jpg"])
        self.assertEqual(self.files("drawn"), sorted(names))
        self.assertEqual(self.files("crops"), sorted(name.replace(".jpg", "_0.jpg") for name in names))
        names = [row["image"] for row in self.rows("a/x.jpg", "b/x.jpg", "--draw", "alone")]
        self.assertEqual(self.files("alone"), names)

    def test_outputs_of_two_kinds(self):
        self.photo("d/a.jpg", "d/a_0.jpg")
        self.assertRefused("detect", "d", "--draw", "o", "--crops", "o", words=["--draw", "--crops", "a_0.jpg"])
        self.assertRefused("detect", "d", "--draw", "o", "--json", "o/a.jpg", words=["--draw", "--json"])
        self.assertRefused("detect", "d", "--draw", "o", "--json", "./o", words=["--draw", "--json"])
        self.assertRefused("detect", "d", "--crops", "o", "--json", "o/a_1.jpg", words=["--crops", "--json"])
        self.assertRefused("detect", "d", "--crops", "o/deep", "--json", "o", words=["--crops", "--json"])
        self.rows("d/a.jpg", "--draw", "o", "--crops", "o")
        self.assertEqual(self.files("o"), ["a.jpg", "a_0.jpg"])

    def test_empty_names(self):
        self.photo("a.jpg")
        for flag in ("--json", "--draw", "--crops", "--model", "--config", "--root"):
            self.assertRefused("detect", "a.jpg", flag, "", words=[flag, "empty"])
        self.assertRefused("live", "--video", "", words=["--video"])
        self.assertRefused("eval", "coco", "--detections", "a", "--annotations", "b", "--out", "", words=["--out"])


class Stdout(OutputsTestCase):
    def setUp(self):
        super().setUp()
        self.photo("d/a.jpg")
        line = json.dumps({"image": "a.jpg", "width": 512, "height": 512, "faces": [{"box": [182, 61, 88, 114], "confidence": 0.9}]}) + "\n"
        (self.folder / "found.jsonl").write_text(line)
        coco = ("eval", "coco", "--detections", "found.jsonl", "--annotations", "found.jsonl", "--bootstrap", "0")
        nets = [f"{MODEL}/{net}.safetensors" for net in ("pnet", "rnet", "onet")]
        self.commands = [
            ("detect", "d", *FAST), ("detect", "d", "--json", "-", *FAST), ("detect", "d", "--json", "/dev/stdout", *FAST), ("--help",),
            ("--version",), ("detect", "--help"), ("config-reference",), ("inspect", MODEL), ("inspect", MODEL, "--json", "-"), coco,
            (*coco, "--json", "-"), ("import", *nets, "--out", "model"), ("bench", "--repeats", "1", "--size", "64x64"),
            ("eval", "cascade", "--dataset", "found.jsonl", "--images", "d"),
        ]

    def start(self, arguments, **options):
        return subprocess.Popen([PROGRAM, *arguments], cwd=self.folder, stderr=subprocess.PIPE, text=True, **options)

    def test_full_and_closed(self):
        for arguments in self.commands:
            with self.subTest(arguments, to="/dev/full"), open("/dev/full", "w") as full:
                process = self.start(arguments, stdout=full)
                error = process.communicate(timeout=300)[1]
                self.assertEqual(process.returncode, 1, error)
                self.assertIn("error: stdout: writing the result failed", error)
            with self.subTest(arguments, to="nothing"):
                process = self.start(arguments, preexec_fn=lambda: os.close(1))
                error = process.communicate(timeout=300)[1]
                self.assertEqual(process.returncode, 1, error)
                self.assertIn("error: stdout: writing the result failed", error)

    def test_a_closed_pipe(self):
        for arguments in self.commands:
            for ignored in (False, True):
                with self.subTest(arguments, ignored=ignored):
                    read, write = os.pipe()
                    os.close(read)
                    process = self.start(arguments, stdout=write, restore_signals=not ignored)
                    os.close(write)
                    error = process.communicate(timeout=300)[1]
                    self.assertEqual(process.returncode, 1 if ignored else -signal.SIGPIPE, error)
                    self.assertEqual("error: stdout" in error, ignored, error)

    def test_results_never_go_into_another_file(self):
        process = self.start(("detect", "d", "--draw", "drawn", "--json", "-", *FAST), preexec_fn=lambda: os.close(1))
        process.communicate(timeout=300)
        self.assertEqual(process.returncode, 1)
        process = self.start(("detect", "d", "--draw", "plain", "--json", "faces.jsonl", *FAST), preexec_fn=lambda: (os.close(0), os.close(1)))
        process.communicate(timeout=300)
        self.assertEqual(process.returncode, 0)
        self.assertEqual(len((self.folder / "faces.jsonl").read_text().splitlines()), 1)
        process = self.start(("detect", "d", "--draw", "third", "--json", "third.jsonl", *FAST), preexec_fn=lambda: os.close(2))
        process.communicate(timeout=300)
        self.assertEqual(process.returncode, 0)
        self.assertEqual((self.folder / "third/a.jpg").read_bytes(), (self.folder / "plain/a.jpg").read_bytes())
        self.assertEqual((self.folder / "third.jsonl").read_bytes(), (self.folder / "faces.jsonl").read_bytes())


if __name__ == "__main__":
    unittest.main(argv=[sys.argv[0], *sys.argv[3:]])
