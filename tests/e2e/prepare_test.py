"""Toy data to crops as a user would make them: kill -9 and resume, every promise of the crops checked from the files, wrong input.

usage: prepare_test.py PROGRAM MODEL_FOLDER [unittest arguments]; the model may be any.
"""
import json
import math
import os
import pathlib
import random
import resource
import shutil
import signal
import struct
import subprocess
import sys
import tempfile
import time
import unittest

from support import FolderTestCase

PROGRAM, MODEL = sys.argv[1:3]
KINDS = ["positive", "part", "negative", "landmark"]


class Run:
    def __init__(self, *arguments, limit=None):
        def limits():
            if limit is not None:
                signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
                resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
        done = subprocess.run([PROGRAM, *map(str, arguments)], capture_output=True, text=True, timeout=300, preexec_fn=limits)
        self.code, self.out, self.err = done.returncode, done.stdout, done.stderr


def files(folder):
    """Relative name to bytes, without the locks."""
    return {str(p.relative_to(folder)): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file() and not p.name.startswith(".lock")}


def read_shard(path):
    """Labels of a shard, by the public description of the format alone: a list of dicts."""
    data = path.read_bytes()
    length = struct.unpack("<Q", data[:8])[0]
    header = json.loads(data[8:8 + length])
    columns = {}
    for name, entry in header.items():
        if name in ("__metadata__", "pixels"):
            continue
        begin, end = entry["data_offsets"]
        code = {"F32": "f", "I32": "i"}[entry["dtype"]]
        raw = data[8 + length + begin:8 + length + end]
        values = struct.unpack(f"<{len(raw) // 4}{code}", raw)
        width = math.prod(entry["shape"][1:])
        columns[name] = [values[i:i + width] for i in range(0, len(values), width)]
    shape = header["pixels"]["shape"]
    assert shape[1] == 3 and all(len(column) == shape[0] for column in columns.values())
    return [{name: column[i] for name, column in columns.items()} for i in range(shape[0])]


def iou(a, b):
    w = min(a[2], b[2]) - max(a[0], b[0])
    h = min(a[3], b[3]) - max(a[1], b[1])
    if w <= 0 or h <= 0:
        return 0.0
    area = lambda c: (c[2] - c[0]) * (c[3] - c[1])
    return w * h / (area(a) + area(b) - w * h)


class Prepare(FolderTestCase):
    @classmethod
    def setUpClass(cls):
        cls.toys = pathlib.Path(tempfile.mkdtemp(prefix="mtcnn_e2e_")) / "toys"
        done = Run("toy-data", cls.toys, "--images", 120, "--val", 20, "--seed", 3, "--quiet")
        assert done.code == 0, done.err

    @classmethod
    def tearDownClass(cls):
        shutil.rmtree(cls.toys.parent)

    def setUp(self):
        super().setUp()
        self.config = self.write_config()

    def write_config(self, **changes):
        sets = lambda split: [{"kind": "wider", "path": "wider", "split": split}, {"kind": "celeba", "path": "celeba", "split": split}]
        config = {"root": str(self.toys), "datasets": sets("train"), "validation": sets("val"), **changes}
        path = self.folder / "prepare.json"
        path.write_text(json.dumps(config))
        return path

    def command(self, out, *more, stage="pnet"):
        return ["prepare", "--stage", stage, "--config", self.config, "--out", self.folder / out, *more]

    def prepare(self, out, *more, stage="pnet", **options):
        return Run(*self.command(out, *more, stage=stage), **options)

    def test_help(self):
        for verb in ("prepare", "toy-data", "inspect"):
            run = Run(verb, "--help")
            self.assertEqual(run.code, 0)
            self.assertIn("Example", run.out)

    def test_every_crop_keeps_its_promise(self):
        for stage in ("pnet", "rnet", "onet"):
            run = self.prepare(stage, "--model", MODEL, "--set", f"{stage}.mine.pnet_threshold=0.0", "--set", f"{stage}.mine.rnet_threshold=0", stage=stage)
            self.assertEqual(run.code, 0, run.err)
            self.assertEqual(Run("inspect", self.folder / stage, "--verify").code, 0)
            for folder in (self.folder / stage, self.folder / stage / "validation"):
                self.check_folder(folder)

    def check_folder(self, folder):
        manifest = json.loads((folder / "manifest.json").read_text())
        self.assertTrue(manifest["complete"])
        sources = [json.loads(line) for line in (folder / "sources.jsonl").read_text().splitlines()]
        wanted_split = "val" if folder.name == "validation" else "train"
        self.assertEqual({s["dataset"].split()[1] for s in sources}, {wanted_split})
        for kind in KINDS:
            shards = [s for s in manifest["shards"] if s["kind"] == kind]
            self.assertEqual(sum(s["count"] for s in shards), manifest["counts"][kind])
            self.assertGreater(manifest["counts"][kind], 50, f"{folder} {kind}")
            for shard in shards:
                for row in read_shard(folder / shard["file"]):
                    self.check_crop(kind, row, sources[row["source"][0]])

    def check_crop(self, kind, row, source):
        window = row["window"]
        side = window[2] - window[0]
        faces = [(f["box"][0], f["box"][1], f["box"][0] + f["box"][2], f["box"][1] + f["box"][3]) for f in source["faces"]]
        ignored = [bool(f.get("ignore")) for f in source["faces"]]
        overlaps = [iou(window, face) for face in faces]
        best = max(range(len(faces)), key=lambda i: overlaps[i], default=None)
        overlap = overlaps[best] if faces else 0.0
        self.assertAlmostEqual(overlap, row["overlap"][0], delta=1e-4)
        if kind == "negative":
            self.assertLess(overlap, 0.3)
            self.assertEqual(max((o for o, i in zip(overlaps, ignored) if i), default=0), 0, "touches an ignored face")
            return
        self.assertFalse(ignored[best])
        self.assertTrue(0.4 <= overlap < 0.65 if kind == "part" else overlap >= 0.65, f"{kind} {overlap}")
        for edge, offset in enumerate(row["offsets"]):
            self.assertAlmostEqual(window[edge] + offset * side, faces[best][edge], delta=1e-3)
        if kind == "landmark":
            self.assertEqual(len(row["landmarks"]), 10)

    def test_same_bytes_for_any_threads_and_ranks(self):
        self.assertEqual(self.prepare("a", "--threads", 1).code, 0)
        wanted = files(self.folder / "a")
        self.assertEqual(self.prepare("b", "--threads", 2).code, 0)
        self.assertEqual(files(self.folder / "b"), wanted)
        for rank in range(3):
            self.assertEqual(self.prepare("c", "--rank", rank, "--world", 3).code, 0)
        self.assertOneLine(Run("prepare", "--merge", "--out", self.folder / "a"), 1, "no parts")
        self.assertEqual(Run("prepare", "--merge", "--out", self.folder / "c").code, 0)
        self.assertEqual(files(self.folder / "c"), wanted)
        self.assertEqual(self.prepare("a").code, 0)  # nothing left to do
        self.assertEqual(files(self.folder / "a"), wanted)
        self.assertEqual(self.prepare("d", "--seed", 2).code, 0)
        self.assertNotEqual(files(self.folder / "d"), wanted)

    def test_same_bytes_after_kills(self):
        mined = ("--model", MODEL, "--set", "rnet.mine.pnet_threshold=1")
        start = time.monotonic()
        self.assertEqual(self.prepare("a", *mined, stage="rnet").code, 0)
        whole = time.monotonic() - start
        wanted = files(self.folder / "a")
        self.assertGreater(json.loads(wanted["manifest.json"])["segment_count"], 1)
        dice = random.Random(5)
        for attempt in range(10):
            process = subprocess.Popen([PROGRAM, *map(str, self.command("b", *mined, stage="rnet"))], stderr=subprocess.DEVNULL)
            time.sleep(dice.uniform(0, 0.7 * whole))
            process.send_signal(signal.SIGKILL)
            process.wait()
        run = self.prepare("b", *mined, stage="rnet")
        self.assertEqual(run.code, 0, run.err)
        self.assertEqual(files(self.folder / "b"), wanted)

    def test_interrupt_stops_with_a_line(self):
        process = subprocess.Popen([PROGRAM, *map(str, self.command("a", "--set", "pnet.positives=2000"))], stderr=subprocess.PIPE, text=True)
        while not (self.folder / "a" / "manifest.json").exists():
            self.assertIsNone(process.poll(), "the run ended before it could be interrupted")
            time.sleep(0.01)
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=60)
        self.assertEqual(process.returncode, 1, err)
        self.assertIn("run the same command again", err)

    def test_wrong_usage(self):
        self.assertOneLine(Run("prepare", "--out", self.folder / "x"), 2, "--stage is needed")
        self.assertOneLine(self.prepare("x", stage="qnet"), 2, "qnet")
        self.assertOneLine(self.prepare("x", "--set", "pnet.positive=3"), 2, "did you mean 'pnet.positives'")
        self.assertOneLine(self.prepare("x", "--set", "pnet.positives=many"), 2, "pnet.positives")
        self.assertOneLine(self.prepare("x", "--set", "pnet.part_overlap=0.9"), 2, "bands")
        self.assertOneLine(self.prepare("x", "--rank", 2, "--world", 2), 2, "no such rank")
        self.assertOneLine(self.prepare("x", stage="rnet"), 2, "--model")
        self.assertOneLine(self.prepare("x", "--model", self.folder, stage="rnet"), 1, "cascade.json")
        partial = self.folder / "partial"
        shutil.copytree(MODEL, partial)
        (partial / "rnet.safetensors").unlink()
        self.assertEqual(self.prepare("r", "--model", partial, stage="rnet").code, 0)
        self.assertOneLine(self.prepare("o", "--model", partial, stage="onet"), 1, "rnet.safetensors")
        self.config = self.write_config(datasets=[])
        self.assertOneLine(self.prepare("x"), 2, "no data set")
        self.config = self.write_config(datasets=[{"kind": "widr", "path": "wider"}])
        self.assertOneLine(self.prepare("x"), 2, "datasets[0]", "widr")
        self.config = self.write_config(root=str(self.folder / "nowhere"))
        self.assertOneLine(self.prepare("x"), 1, "nowhere", "--data DIR")
        self.assertFalse((self.folder / "x").exists())

    def test_folder_of_other_crops_is_left_alone(self):
        self.assertEqual(self.prepare("a").code, 0)
        before = files(self.folder / "a")
        self.assertOneLine(self.prepare("a", "--seed", 7), 2, "another configuration", "seed")
        self.assertOneLine(self.prepare("a", "--model", MODEL, stage="rnet"), 2, "another stage")
        self.assertEqual(files(self.folder / "a"), before)

    def test_flipped_byte_is_found_and_named(self):
        self.assertEqual(self.prepare("a").code, 0)
        shard = sorted((self.folder / "a").glob("*part*.safetensors"))[0]
        data = bytearray(shard.read_bytes())
        data[-1] ^= 1
        shard.write_bytes(data)
        self.assertOneLine(Run("inspect", self.folder / "a", "--verify"), 1, shard.name, "damaged")
        shard.unlink()
        self.assertEqual(self.prepare("a").code, 0)
        self.assertEqual(Run("inspect", self.folder / "a", "--verify").code, 0)

    def test_full_disk(self):
        self.assertOneLine(self.prepare("a", limit=100_000), 1, "a")
        self.assertEqual(self.prepare("a").code, 0)

    def test_bad_pictures_are_counted(self):
        toys = self.folder / "damaged"
        shutil.copytree(self.toys, toys)
        pictures = sorted((toys / "wider" / "WIDER_train" / "images" / "0--Crowd").iterdir())
        pictures[0].unlink()
        pictures[1].write_bytes(pictures[1].read_bytes()[:300])
        run = self.prepare("a", "--data", toys)
        self.assertEqual(run.code, 0, run.err)
        self.assertIn("passed over: 2 x image that cannot be used", run.err)

    def test_lists_with_faults(self):
        toys = self.folder / "damaged"
        shutil.copytree(self.toys, toys)
        path = toys / "wider" / "wider_face_split" / "wider_face_train_bbx_gt.txt"
        text = path.read_text()
        first = text.splitlines()[0]
        for fault, words in ((text + text, ["occurs twice", first]), (text[:-30], ["cannot be read"]), ("", ["no images"]),
                             (text.replace("\n1\n", "\n2\n", 1), ["cannot be read"])):
            path.write_text(fault)
            self.assertOneLine(self.prepare("x", "--data", toys), 1, path.name, *words)
        path.write_bytes(b"caf\xe9.jpg\n0\n")
        self.assertOneLine(self.prepare("x", "--data", toys), 1, path.name, "UTF-8")
        path.write_bytes(text.replace("\n", " \r\n").encode())
        self.assertEqual(self.prepare("crlf", "--data", toys).code, 0)

    def test_pictures_of_odd_kinds_end(self):
        own = self.folder / "own"
        shutil.copytree(self.toys / "wider" / "WIDER_train" / "images" / "0--Crowd", own / "images")
        names = sorted(p.name for p in (own / "images").iterdir())
        full = [{"box": [x, y, 20, 22]} for x in range(0, 200, 12) for y in range(0, 200, 12)]
        rows = [{"image": names[0], "faces": full}, {"image": names[1], "faces": [{"box": [-50, -50, 2000, 2000], "ignore": True}]},
                {"image": names[2], "faces": [{"box": [-30, 10, 60, 70]}, {"box": [5000, 5, 10, 10]}]}]
        (own / "annotations.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
        self.config = self.write_config(root=str(self.folder), datasets=[{"kind": "own", "path": "own"}], validation=[])
        run = self.prepare("a")
        self.assertEqual(run.code, 0, run.err)
        self.assertIn("face outside its image", run.err)

    def test_validation_pictures_are_not_learnt_from(self):
        self.config = self.write_config(validation=[{"kind": "celeba", "path": "celeba", "split": "train"}])
        self.assertOneLine(self.prepare("x"), 2, "among the training images")

    def test_inspect(self):
        self.assertEqual(self.prepare("a").code, 0)
        run = Run("inspect", self.folder / "a", "--samples", 9, "--out", self.folder / "m.png", "--json", self.folder / "m.json")
        self.assertEqual(run.code, 0, run.err)
        for kind in KINDS:
            self.assertTrue((self.folder / f"m-{kind}.png").stat().st_size > 1000)
            self.assertIn(f"\n{kind}: ", run.out)
        found = json.loads((self.folder / "m.json").read_text())
        self.assertEqual(set(found["kinds"]), set(KINDS))
        shard = sorted((self.folder / "a").glob("*.safetensors"))[0]
        self.assertEqual(Run("inspect", shard, "--out", self.folder / "one.png").code, 0)
        self.assertTrue((self.folder / "one.png").exists())
        self.assertIn("P-Net, 6632 parameters", Run("inspect", pathlib.Path(MODEL) / "pnet.safetensors").out)
        self.assertIn("O-Net", Run("inspect", MODEL).out)
        self.assertOneLine(Run("inspect", self.folder), 1, "nothing that `mtcnn inspect` knows")
        self.assertOneLine(Run("inspect", self.folder / "nowhere"), 1, "nowhere")

    def test_toy_data_wants_a_folder_of_its_own(self):
        self.assertOneLine(Run("toy-data", self.toys, "--images", 3), 2, "folder of their own")


if __name__ == "__main__":
    unittest.main(argv=[sys.argv[0], *sys.argv[3:]], verbosity=2)
