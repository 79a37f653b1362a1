"""Runs the program as a user would: right input, wrong input, odd input. Standard library only.

usage: detect_test.py PROGRAM MODEL_FOLDER [unittest arguments]; the model may be any: what it finds does not matter here.
"""
import json
import os
import pathlib
import resource
import shutil
import signal
import struct
import subprocess
import sys
import tempfile
import time
import unittest
import zlib

from support import HAS_TORCH, FolderTestCase

PROGRAM, MODEL = sys.argv[1:3]
SAMPLES = pathlib.Path(__file__).resolve().parents[2] / "samples"


def png(width, height, pixel=b"\x80\x60\x40"):
    """A plain RGB picture, by hand."""
    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
    rows = zlib.compress((b"\0" + pixel * width) * height)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


class Run:
    def __init__(self, *arguments, limit=None, **options):
        def limits():
            if limit is not None:
                signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
                resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
        done = subprocess.run([PROGRAM, *map(str, arguments)], capture_output=True, text=True, timeout=300, preexec_fn=limits, **options)
        self.code, self.out, self.err = done.returncode, done.stdout, done.stderr
        self.rows = [json.loads(line) for line in self.out.splitlines() if line.startswith("{")]


def detect(*arguments, **options):
    return Run("detect", *arguments, "--model", MODEL, "--threads", "1", **options)


class Detect(FolderTestCase):
    def write(self, name, content):
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        return path

    def test_parts_joined_are_one_run(self):
        for name in ("a.jpg", "b/c.jpg", "d.png"):
            (self.folder / "in" / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(SAMPLES / "grace_hopper.jpg", self.folder / "in" / name)
        listed = self.write("list.txt", b"in/a.jpg\n# no\n\nin/b/c.jpg\nin/gone.jpg\nin/d.png\nin/a.jpg\n")
        for inputs in ([f"@{listed}"], [self.folder / "in"], [f"@{listed}", self.folder / "in"]):
            whole = self.folder / "whole.jsonl"
            detect(*inputs, "--json", whole, "--draw", self.folder / "drawn")
            for world in (1, 2, 3, 7, 20):
                joined = b""
                for rank in range(world):
                    part = self.folder / "part.jsonl"
                    detect(*inputs, "--rank", rank, "--world", world, "--json", part)
                    joined += part.read_bytes()
                self.assertEqual(joined, whole.read_bytes(), (inputs, world))
        parts = []
        for rank, world in ((9, 10), ("09", "010")):  # as `seq -w` writes them
            parts.append(detect(f"@{listed}", "--rank", rank, "--world", world, "--json", "-").out)
        self.assertTrue(parts[0])
        self.assertEqual(parts[0], parts[1])
        for rank in range(2):
            detect(*inputs, "--rank", rank, "--world", 2, "--draw", self.folder / "parts")
        drawn = {path.relative_to(self.folder / "drawn") for path in (self.folder / "drawn").rglob("*.*")}
        self.assertLessEqual({path.relative_to(self.folder / "parts") for path in (self.folder / "parts").rglob("*.*")}, drawn)
        self.assertOneLine(detect(f"@{listed}", "--rank", 2, "--world", 2), 2, "--rank 2 --world 2")

    def test_a_long_list_starts_at_once_and_in_bounded_memory(self):
        line = b"folder/with/a/name/that/is/not/short/%07d.jpg\n"
        listed = self.write("list.txt", b"".join(line % i for i in range(1_000_000)))
        start = time.monotonic()
        command = [PROGRAM, "detect", f"@{listed}", "--rank", "999999", "--world", "1000000", "--json", self.folder / "last.jsonl", "--threads", "1"]
        own_memory = os.environ.get("ASAN_OPTIONS", "") + ":quarantine_size_mb=1"  # the address sanitizer keeps what is freed
        process = subprocess.Popen(command, stderr=subprocess.PIPE, env={**os.environ, "ASAN_OPTIONS": own_memory})
        said = process.stderr.read()
        process.stderr.close()
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        self.assertEqual(process.returncode, 1)
        self.assertIn(b"0999999.jpg", said)
        self.assertLess(time.monotonic() - start, 20)
        self.assertLess(usage.ru_maxrss, 250_000, "KiB")

    def test_help_and_version(self):
        for verb in ([], ["detect"], ["import"]):
            run = Run(*verb, "--help")
            self.assertEqual(run.code, 0)
            self.assertIn("Usage", run.out)
        torch = r"LibTorch \d.*" if HAS_TORCH else ""
        self.assertRegex(Run("--version").out, rf"mtcnn \d+\.\d+\.\d+ \(commit .*\), {torch}OpenCV \d")

    def test_configuration_page_is_up_to_date(self):
        page = SAMPLES.parent / "docs/configuration.md"
        self.assertEqual(Run("config-reference").out, page.read_text(), f"write it anew: mtcnn config-reference > {page.name}")

    def test_a_list_that_names_the_output_is_refused_before_the_work(self):
        output = self.write("found.jpg", b"kept")
        names = "".join(f"gone{i}.jpg\n" for i in range(5000))
        for line in ("found.jpg", "./found.jpg", output):
            (self.folder / "list.txt").write_text(f"{names}{line}\n")
            for rank in (0, 1):  # the name is in the second half
                run = Run("detect", f"@{self.folder / 'list.txt'}", "--json", output, "--model", MODEL, "--rank", rank, "--world", 2)
                self.assertEqual(run.code, 2, run.err)
                self.assertEqual(run.err.count("\n"), 1, run.err[:2000])
                self.assertIn("--json would replace an input", run.err)
        self.assertEqual(output.read_bytes(), b"kept")

    def test_pictures_folders_and_lists(self):
        run = detect(SAMPLES, "--json", "-")
        self.assertEqual(run.code, 0, run.err)
        self.assertEqual([row["image"] for row in run.rows], ["astronaut.jpg", "grace_hopper.jpg"])
        self.assertEqual((run.rows[0]["width"], run.rows[0]["height"]), (512, 512))
        listed = self.write("list.txt", b"grace_hopper.jpg\n")
        run = detect(f"@{listed}", "--root", SAMPLES, "--json", "-")
        self.assertEqual([row["image"] for row in run.rows], ["grace_hopper.jpg"])
        run = detect(SAMPLES / "astronaut.jpg")
        self.assertIn("astronaut.jpg: ", run.out)

    def test_batches_and_threads_change_nothing(self):
        runs = [detect(SAMPLES, "--json", "-", "--batch", batch).rows for batch in (1, 8)]
        for one, other in zip(*runs):
            self.assertEqual(len(one["faces"]), len(other["faces"]))

    def test_drawings_and_crops(self):
        for extra in ([], ["--align"]):
            run = detect(SAMPLES, "--json", "-", "--draw", self.folder / "drawn", "--crops", self.folder / "crops", "--crop-size", "64", *extra)
            self.assertEqual(run.code, 0, run.err)
            self.assertTrue((self.folder / "drawn/astronaut.jpg").stat().st_size > 10000)
            self.assertEqual(len(list((self.folder / "crops").iterdir())), sum(len(row["faces"]) for row in run.rows))

    def test_turned_faces_have_angles(self):
        def faces(*arguments):  # with the default model: what is found must be a face
            run = Run("detect", SAMPLES / "astronaut.jpg", "--threads", "1", "--json", "-", *arguments)
            self.assertEqual(run.code, 0, run.err)
            return run.rows[0]["faces"]
        upright = faces()
        self.assertNotIn("angle", upright[0])
        turning = faces("--rotate", "90", "--draw", self.folder / "drawn", "--crops", self.folder / "crops", "--align")
        self.assertEqual(turning[0], {**upright[0], "angle": 0})
        self.assertEqual(len(list((self.folder / "crops").iterdir())), len(turning))
        self.assertEqual(faces("--set", "rotate=90"), turning)
        self.assertEqual(faces("--set", "rotate=90", "--rotate", "0"), upright)
        self.assertIn("angle 0", Run("detect", SAMPLES / "astronaut.jpg", "--rotate", "45").out)
        run = detect(SAMPLES, "--rotate", "30")
        self.assertEqual(run.code, 2)
        self.assertRegex(run.err, r"--rotate: rotate: invalid value: found 30, expected .*0, 45 or 90")

    def test_tiny_and_odd_pictures(self):
        for width, height in [(n, n) for n in range(1, 12)] + [(1, 5000), (5000, 1), (12, 12), (300, 13)]:
            self.write(f"{width}x{height}.png", png(width, height))
        self.write("black.png", png(200, 200, b"\0\0\0"))
        run = detect(self.folder, "--json", "-", "--draw", self.folder / "drawn")
        self.assertEqual(run.code, 0, run.err)
        self.assertEqual(len(run.rows), 16)
        for row in run.rows:
            self.assertIn("faces", row)

    def test_a_picture_of_a_hundred_million_pixels(self):
        path = self.write("huge.png", png(10000, 10000))
        run = detect(path, "--json", "-", "--min-face", "200")
        self.assertEqual(run.code, 0, run.err)
        self.assertEqual(run.rows[0]["width"], 10000)

    def test_unreadable_pictures_are_reported_and_the_run_goes_on(self):
        whole = (SAMPLES / "astronaut.jpg").read_bytes()
        self.write("a_empty.jpg", b"")
        self.write("b_text.jpg", b"this is no picture\n")
        self.write("c_truncated.jpg", whole[: len(whole) // 2])
        self.write("d_truncated.png", png(300, 300)[:120])
        self.write("e_good.jpg", whole)
        run = detect(self.folder, self.folder / "missing.jpg", "--json", "-")
        self.assertEqual(run.code, 1)
        self.assertEqual(["error" in row for row in run.rows], [True, True, True, True, False, True])
        for row in run.rows:
            if "error" in row:
                self.assertEqual(row["faces"], [])
        self.assertIn("missing.jpg", run.rows[-1]["error"])
        self.assertIn("5 of 6 images could not be read", run.err)

    def test_wrong_arguments(self):
        picture = SAMPLES / "astronaut.jpg"
        for words, arguments in [
            (["thresholds"], ["--thresholds", "0.6,0.7"]),
            (["thresholds"], ["--thresholds", "0.6,0.7,1.2"]),
            (["thresholds"], ["--thresholds", "0.6,-0.7,0.7"]),
            (["factor"], ["--factor", "1"]),
            (["factor"], ["--factor", "0"]),
            (["min_face"], ["--min-face", "0"]),
            (["min_face"], ["--min-face", "-20"]),
            (["min_face"], ["--min-face", "nan"]),
            (["max_side"], ["--max-side", "-1"]),
            (["device"], ["--device", "tpu"]),
            (["did you mean 'min_face'"], ["--set", "minface=3"]),
            (["key=value"], ["--set", "min_face"]),
            (["--no-such-flag"], ["--no-such-flag"]),
            (["crop-size"], ["--crop-size", "0"]),
            (["batch"], ["--batch", "0"]),
        ]:
            self.assertOneLine(detect(picture, *arguments), 2, *words)
        self.assertOneLine(Run("detekt"), 2)

    def test_min_face_larger_than_the_picture_finds_nothing(self):
        run = detect(SAMPLES / "astronaut.jpg", "--json", "-", "--min-face", "5000")
        self.assertEqual((run.code, run.rows[0]["faces"]), (0, []))

    def test_nothing_to_search(self):
        empty = self.write("empty.txt", b"\n")
        (self.folder / "hollow").mkdir()
        self.assertOneLine(detect(f"@{empty}"), 1, "no image")
        self.assertOneLine(detect(self.folder / "hollow"), 1, "no image")
        self.assertOneLine(detect("@/no/such/list.txt"), 1, "/no/such/list.txt")

    def test_the_shipped_config_changes_nothing(self):
        shipped = SAMPLES.parent / "configs/detect.json"
        self.assertEqual(detect(SAMPLES, "--json", "-", "--config", shipped).rows, detect(SAMPLES, "--json", "-").rows)

    def test_config_file_and_precedence(self):
        config = self.write("config.json", b'{"min_face": 5000}')
        self.assertEqual(detect(SAMPLES, "--json", "-", "--config", config).rows[0]["faces"], [])
        self.assertOneLine(detect(SAMPLES, "--config", self.write("bad.json", b'{"min_fase": 3}')), 2, "min_face", "bad.json")
        self.assertOneLine(detect(SAMPLES, "--config", self.write("broken.json", b'{"min_face": ')), 1, "broken.json")

    def test_damaged_models(self):
        for name, change, word in [
            ("truncated", lambda data: data[: len(data) // 2], "truncated"),
            ("flipped", lambda data: data[:-100] + bytes([data[-100] ^ 0x10]) + data[-99:], "checksum"),
            ("empty", lambda data: b"", "safetensors"),
        ]:
            model = self.folder / name
            shutil.copytree(MODEL, model)
            (model / "onet.safetensors").write_bytes(change((model / "onet.safetensors").read_bytes()))
            run = Run("detect", SAMPLES, "--model", model)
            self.assertOneLine(run, 1, "onet.safetensors", word)
        self.assertOneLine(Run("detect", SAMPLES, "--model", self.folder / "none"), 1, "no model folder")

    def test_places_that_cannot_be_written(self):
        blocked = self.write("file", b"in the way")
        self.assertOneLine(detect(SAMPLES, "--json", blocked / "faces.jsonl"), 1, "file")
        self.assertOneLine(detect(SAMPLES, "--draw", blocked), 1, "file")
        self.assertOneLine(detect(SAMPLES, "--json", "/dev/full"), 1, "/dev/full")

    def test_full_disk_keeps_the_older_file(self):
        older = self.write("faces.jsonl", b"older\n")
        run = detect(SAMPLES, "--draw", self.folder / "drawn", "--json", older, limit=4096)
        self.assertOneLine(run, 1, "writing this file failed")
        self.assertEqual(older.read_bytes(), b"older\n")
        self.assertEqual([path.name for path in self.folder.rglob("*.tmp")], [])

    def test_outputs_stay_below_their_folder(self):
        (self.folder / "inner").mkdir()
        picture = self.write("picture.png", png(40, 40))
        listed = self.write("inner/list.txt", b"../picture.png\n")
        run = detect(f"@{listed}", "--draw", self.folder / "drawn")
        self.assertEqual(run.code, 0, run.err)
        self.assertTrue((self.folder / "drawn/picture.png").exists())
        self.assertEqual(picture.read_bytes(), png(40, 40))

    def test_interrupt_keeps_what_is_done(self):
        photo, count = self.write("pictures/0000.jpg", (SAMPLES / "astronaut.jpg").read_bytes()), 4000
        for i in range(1, count):
            (photo.parent / f"{i:04}.jpg").hardlink_to(photo)
        out = self.folder / "faces.jsonl"
        process = subprocess.Popen([PROGRAM, "detect", str(self.folder / "pictures"), "--model", MODEL, "--json", str(out), "--batch", "2"],
                                   stderr=subprocess.PIPE, text=True)
        self.assertIn("images", process.stderr.readline())  # progress, after two seconds
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=60)
        self.assertEqual(process.returncode, 1, err)
        self.assertIn("stopped after", err)
        self.assertTrue(0 < len(out.read_text().splitlines()) < count)

    def test_settings_that_would_take_forever(self):
        photo = SAMPLES / "astronaut.jpg"
        config = self.write("slow.json", b'{"min_face": 1, "factor": 0.999}')
        self.assertOneLine(Run("detect", photo, "--config", config), 2, "slow.json", "factor", "0.999", "0.98")

    def test_a_long_search_of_one_picture_heeds_signals(self):
        big = self.write("big.png", png(8000, 8000))
        out = self.folder / "faces.jsonl"
        for number in (signal.SIGINT, signal.SIGTERM):
            process = subprocess.Popen([PROGRAM, "detect", str(big), "--json", str(out), "--min-face", "1", "--set", "factor=0.97"], stderr=subprocess.PIPE, text=True)
            time.sleep(2.5)
            self.assertIsNone(process.poll(), "the search was to take minutes")
            process.send_signal(number)
            begun = time.monotonic()
            err = process.communicate(timeout=300)[1]
            self.assertLess(time.monotonic() - begun, 5)
            self.assertEqual(process.returncode, 1, err)
            self.assertIn("error: stopped after 0 of 1 images", err)
            self.assertEqual(out.read_text(), "")


class Import(unittest.TestCase):
    def test_wrong_files(self):
        with tempfile.TemporaryDirectory() as folder:
            model = pathlib.Path(MODEL)
            nets = [model / f"{net}.safetensors" for net in ("pnet", "rnet", "onet")]
            run = Run("import", *nets, "--out", pathlib.Path(folder) / "copy")
            self.assertEqual(run.code, 0, run.err)
            for arguments, word in [(nets[:2], "O-Net"), ([nets[0], *nets], "two files"), ([SAMPLES / "astronaut.jpg"], "astronaut.jpg"),
                                    (["missing.pt"], "missing.pt")]:
                run = Run("import", *arguments, "--out", pathlib.Path(folder) / "bad")
                self.assertIn(run.code, (1, 2))
                self.assertIn(word, run.err)
                self.assertEqual(run.err.count("\n"), 1, run.err)
                self.assertFalse((pathlib.Path(folder) / "bad").exists())


if __name__ == "__main__":
    unittest.main(argv=[sys.argv[0], *sys.argv[3:]])
