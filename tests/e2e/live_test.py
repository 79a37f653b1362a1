"""`mtcnn live` as a user runs it, without a screen: on videos, and on what is no video.

usage: live_test.py PROGRAM MAKE_FILM [unittest arguments]
"""
import json
import random
import signal
import subprocess
import sys
import time
import unittest

from live_support import GRAIN, MAKE_FILM, SAMPLES, Live, LiveTestCase
from support import PROGRAM


class Films(LiveTestCase):
    def test_headless_on_a_film(self):
        film, truth = self.film("slow", 20)
        run = Live("--video", film, "--json", "-", environment={"DISPLAY": ""})
        self.assertEqual(run.code, 0, run.err)
        self.assertIn("20 frames, 20 searched", run.err)
        self.assertEqual(len(run.rows), 20)
        for index, row in enumerate(run.rows):
            self.assertEqual((row["frame"], row["width"], row["height"], row["searched"]), (index, 480, 360, True))
            self.assertAlmostEqual(row["time"], index / 30, places=3)
            self.assertEqual(set(row["ms"]), {"total", "pyramid", "pnet", "nms", "crops", "rnet", "onet"})
            stages = sum(value for name, value in row["ms"].items() if name != "total")
            self.assertGreater(row["ms"]["pnet"], 0)
            self.assertLessEqual(stages, row["ms"]["total"] + 0.01)
            self.assertEqual([face["id"] for face in row["faces"]][:1], [1])
            self.assertEqual(set(row["faces"][0]), {"id", "box", "confidence", "keypoints"})
        quiet = Live("--video", film, "--json", self.folder / "faces.jsonl", "-q")
        self.assertEqual((quiet.code, quiet.out, quiet.err), (0, "", ""))
        rows = [json.loads(line) for line in (self.folder / "faces.jsonl").read_text().splitlines()]
        self.assertEqual([row["faces"] for row in rows], [row["faces"] for row in run.rows], "the same again")

    def test_turned_faces(self):
        film, _ = self.film("slow", 5)
        run = Live("--video", film, "--json", "-", "--rotate", "90")
        self.assertEqual(run.code, 0, run.err)
        self.assertEqual([row["faces"][0]["angle"] for row in run.rows], [0] * 5)
        for arguments in (["--smooth"], ["--detect-every", "2"], ["--budget", "5"]):
            self.assertOneLine(Live("--video", film, "--json", "-", "--rotate", "90", *arguments), 2, "error: rotate:", "found 90", "--smooth")

    def test_searches_on_a_budget(self):
        film, truth = self.film("sway", 60)
        every = Live("--video", film, "--json", "-", "--detect-every", "6")
        searched = [row["frame"] for row in every.rows if row["searched"]]
        self.assertEqual(searched, list(range(0, 60, 6)))
        self.assertTrue(all(1 in [face["id"] for face in row["faces"]] for row in every.rows))
        between = [row["ms"] for row in every.rows if not row["searched"]]
        self.assertEqual({ms["pnet"] for ms in between}, {0})
        for budget_ms, least, most in (("0.001", 1, 2), ("1000000", 60, 60)):  # what lies between depends on the machine's load
            run = Live("--video", film, "--json", "-", "--budget", budget_ms)
            self.assertTrue(least <= sum(row["searched"] for row in run.rows) <= most, budget_ms)

    def test_save_writes_a_film_of_the_same_length_and_speed(self):
        film, truth = self.film("slow", 30)
        saved = self.folder / "new" / "saved.mp4"
        run = Live("--video", film, "--save", saved, "--fps", "--smooth")
        self.assertEqual(run.code, 0, run.err)
        self.assertEqual([path.name for path in saved.parent.iterdir()], ["saved.mp4"])
        again = Live("--video", saved, "--json", "-")
        self.assertEqual(len(again.rows), 30)
        self.assertAlmostEqual(again.rows[-1]["time"], 29 / 30, places=3)
        self.assertEqual((again.rows[0]["width"], again.rows[0]["height"]), (480, 360))

    def test_ctrl_c_leaves_whole_files(self):
        film, truth = self.film("slow", 400)
        saved, lines = self.folder / "saved.mp4", self.folder / "faces.jsonl"
        process = subprocess.Popen([PROGRAM, "live", "--video", film, "--save", saved, "--json", lines],
                                   stderr=subprocess.PIPE, text=True)
        deadline = time.monotonic() + 60
        while not list(self.folder.glob("faces.jsonl.*.tmp")) or list(self.folder.glob("faces.jsonl.*.tmp"))[0].stat().st_size < 3000:
            self.assertIsNone(process.poll())
            self.assertLess(time.monotonic(), deadline)
            time.sleep(0.02)
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=60)
        self.assertEqual(process.returncode, 1, errors)
        self.assertIn("results are kept", errors)
        rows = [json.loads(line) for line in lines.read_text().splitlines()]
        self.assertGreater(len(rows), 3)
        self.assertLess(len(rows), 400)
        self.assertEqual(len(Live("--video", saved, "--json", "-").rows), len(rows))
        self.assertEqual(list(self.folder.glob("*.tmp")), [])


class Refusals(LiveTestCase):
    def test_what_is_no_film(self):
        def file(name, content):
            (self.folder / name).write_bytes(content)
            return self.folder / name
        for path, *words in (
                (self.folder / "missing.mp4", "missing.mp4", "No such file"),
                (self.folder, "folder"),
                (file("empty.mp4", b""), "empty.mp4", "empty"),
                (file("text.mp4", b"no film\n" * 100), "text.mp4", "no video"),
                # The same noise each time: one in two hundred passes for lyrics with FFmpeg, and is refused in other words.
                *((file(f"noise{seed}.avi", random.Random(seed).randbytes(1 << 16)), f"noise{seed}.avi", "no video")
                  for seed in range(8)),
                (SAMPLES / "astronaut.jpg", "astronaut.jpg", "mtcnn detect")):
            self.assertOneLine(Live("--video", path, "--json", "-"), 1, *words)

    def test_a_camera_that_is_not_there(self):
        run = Live("--camera", 1023, "--json", "-")
        self.assertOneLine(run, 1, "/dev/video1023", "no such camera")
        self.assertEqual(run.out, "")

    def test_frames_that_change_size(self):
        # Two raw streams one behind the other are one whose size changes.
        parts = []
        for index, size in enumerate(("480x360", "320x240")):
            part = self.folder / f"{index}.h264"
            subprocess.run([MAKE_FILM, part, "slow:" + size, SAMPLES, GRAIN, "10"], check=True, stderr=subprocess.DEVNULL)
            parts.append(part.read_bytes())
        film = self.folder / "both.h264"
        film.write_bytes(b"".join(parts))
        lines = self.folder / "faces.jsonl"
        run = Live("--video", film, "--json", lines, "-q")
        self.assertOneLine(run, 1, "both.h264", "another size", "320x240", "480x360")
        self.assertEqual(len(lines.read_text().splitlines()), 10, "what came before is kept")

    def test_a_film_that_was_cut_off(self):
        film, truth = self.film("slow", 60, "film.mkv")
        whole = film.read_bytes()
        (self.folder / "cut.mkv").write_bytes(whole[:len(whole) // 3])
        run = Live("--video", self.folder / "cut.mkv", "--json", "-", "-q")
        self.assertOneLine(run, 1, "cut.mkv", "cut off")
        self.assertGreater(len(run.rows), 5)

    def test_outputs_that_cannot_be_written(self):
        film, truth = self.film("slow", 40)
        self.assertOneLine(Live("--video", film, "--save", self.folder / "film.gif"), 2, "film.gif", ".mp4")
        self.assertOneLine(Live("--video", film, "--save", "/proc/no/film.mp4"), 1, "/proc/no")
        (self.folder / "full").mkdir()
        run = Live("--video", film, "--save", self.folder / "full" / "saved.mp4", "-q", limit=20000)
        self.assertOneLine(run, 1, "saved.mp4", "failed")
        self.assertEqual(list((self.folder / "full").iterdir()), [])

    def test_wrong_usage(self):
        for arguments in (["--camera", "-1"], ["--video", "a", "--camera", "0"], ["--detect-every", "0"], ["--budget", "-1"],
                          ["--detect-every", "2", "--budget", "5"]):
            self.assertOneLine(Live(*arguments), 2)

    def test_no_screen(self):
        film, truth = self.film("slow", 3)
        for display in ("", ":4711"):
            self.assertOneLine(Live("--video", film, environment={"DISPLAY": display}), 1, "no screen", "--json")


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1] + sys.argv[3:])
