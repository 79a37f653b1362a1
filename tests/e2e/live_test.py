"""`mtcnn live` as a user runs it: on films whose motion is known, in a window, on what is no film. Standard library only.

usage: live_test.py PROGRAM MAKE_FILM [unittest arguments]
MTCNN_LIVE_SHOT names a file that the picture of the window is written to (PNG), for people to look at.
"""
import http.server
import json
import math
import os
import pathlib
import random
import resource
import re
import shutil
import signal
import struct
import subprocess
import sys
import tempfile
import threading
import time
import unittest
import zlib

PROGRAM, MAKE_FILM = sys.argv[1:3]
SAMPLES = pathlib.Path(__file__).resolve().parents[2] / "samples"
POINTS = ("left_eye", "right_eye", "nose", "mouth_left", "mouth_right")
GRAIN = "4"


def make_film(path, scene, frames, grain=GRAIN):
    """Writes the film; where its pictures lie in each frame: a list of (scale, dx, dy)."""
    subprocess.run([MAKE_FILM, path, scene, SAMPLES, grain, str(frames)], check=True, timeout=300)
    numbers = [[float(number) for number in line.split()] for line in pathlib.Path(f"{path}.truth").read_text().splitlines()]
    return [[tuple(row[i:i + 3]) for i in range(0, len(row), 3)] for row in numbers]


class Live:
    """One run of the program on a film."""

    def __init__(self, *arguments, environment=None, limit=None):
        def limits():
            if limit is not None:
                signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
                resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
        done = subprocess.run([PROGRAM, "live", *map(str, arguments)], capture_output=True, text=True, timeout=300,
                              env={**os.environ, **(environment or {})}, preexec_fn=limits)
        self.code, self.out, self.err = done.returncode, done.stdout, done.stderr
        self.rows = [json.loads(line) for line in self.out.splitlines()]


def coordinates(face):
    """Edges of the box, then the points: x and y in turn."""
    x, y, w, h = face["box"]
    values = [x, y, x + w, y + h]
    for name in POINTS:
        values += face["keypoints"][name]
    return values


def root_mean_square(values):
    return math.sqrt(sum(value * value for value in values) / len(values))


def motion_errors(rows, truth, skip=15):
    """For each frame the coordinates of the first face as the still picture has them (they would be constant, were the
    detector exact and never late), times the scale; and the frames' scales and places. Begins when all has settled."""
    errors = []
    for row, [(scale, dx, dy), *_] in list(zip(rows, truth))[skip:]:
        if row["faces"]:
            values = coordinates(row["faces"][0])
            errors.append([(value - (dy if i % 2 else dx)) / scale for i, value in enumerate(values)])
    return errors


def jitter(rows, truth):
    """Root mean square of the change of the error from frame to frame, pixels: of box edges, of points."""
    errors = motion_errors(rows, truth)
    steps = [[b - a for a, b in zip(before, after)] for before, after in zip(errors, errors[1:])]
    return (root_mean_square([value for step in steps for value in step[:4]]),
            root_mean_square([value for step in steps for value in step[4:]]))


def lag(rows, truth, skip=15):
    """By how many frames the faces trail the true motion: the delay at which the true motion, moved to the left by it,
    comes nearest to what was found (least squares, in steps of a twentieth of a frame)."""
    anchor = [value for value in motion_errors(rows, truth)]
    mean = [sum(column) / len(column) for column in zip(*anchor)]

    def place(frame):
        low = max(0, min(len(truth) - 2, int(math.floor(frame))))
        share = frame - low
        return [a + share * (b - a) for a, b in zip(truth[low][0], truth[low + 1][0])]

    best = None
    for step in range(-40, 81):
        delay = step / 20
        residuals = []
        for index in range(skip, len(rows) - 3):
            if not rows[index]["faces"]:
                continue
            scale, dx, dy = place(index - delay)
            values = coordinates(rows[index]["faces"][0])
            residuals.append([value - (scale * mean[i] + (dy if i % 2 else dx)) for i, value in enumerate(values)])
        # A constant offset is no delay.
        centres = [sum(column) / len(column) for column in zip(*residuals)]
        total = sum((value - centre) ** 2 for row in residuals for value, centre in zip(row, centres))
        if best is None or total < best[0]:
            best = (total, delay)
    return best[1]


class LiveTest(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="mtcnn_live_"))
        self.addCleanup(shutil.rmtree, self.folder)

    def film(self, scene, frames, name="film.mp4"):
        path = self.folder / name
        return path, make_film(path, scene, frames)

    def assertOneLine(self, run, code, *words):
        self.assertEqual(run.code, code, run.err)
        errors = [line for line in run.err.splitlines() if line.startswith("error: ")]
        self.assertEqual(errors, run.err.splitlines()[-1:], "one line, and nothing of other libraries")
        for word in words:
            self.assertIn(word, errors[0])


class Films(LiveTest):
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

    def test_smooth_takes_jitter_off_without_delay(self):
        for scene in ("slow", "zoom", "walk", "fast"):
            film, truth = self.film(scene, 90, f"{scene}.mp4")
            # Plain: each frame on its own, each face from one window. The default model calms a frame already: windows vote, and O-Net looks twice.
            plain, default, smooth = (Live("--video", film, "--json", "-", "--min-face", "40", *extra)
                                    for extra in (["--set", "box_voting=0", "--set", "mirror_weight=0"], [], ["--smooth"]))
            self.assertEqual((plain.code, default.code, smooth.code), (0, 0, 0), plain.err + default.err + smooth.err)
            box, points = jitter(plain.rows, truth)
            default_box, default_points = jitter(default.rows, truth)
            smooth_box, smooth_points = jitter(smooth.rows, truth)
            delay = lag(smooth.rows, truth)
            print(f"{scene:5} jitter of boxes {box:.3f}, by default {default_box:.3f}, smooth {smooth_box:.3f} px "
                  f"({box / smooth_box:.1f} times less), of points {points:.3f}, {default_points:.3f}, {smooth_points:.3f} px "
                  f"({points / smooth_points:.1f} times), lag {delay:.2f} frames "
                  f"(without --smooth {lag(plain.rows, truth):.2f})")
            self.assertGreaterEqual(box / smooth_box, 5, scene)
            self.assertGreaterEqual(points / smooth_points, 4, scene)
            self.assertGreaterEqual(default_box / smooth_box, 1.25, scene)
            self.assertGreaterEqual(default_points / smooth_points, 1.25, scene)
            self.assertLess(delay, 2, scene)
            self.assertTrue(all(1 in [face["id"] for face in row["faces"]] for row in smooth.rows), scene)

    def test_identities_never_swap_when_faces_pass_each_other(self):
        film, truth = self.film("cross", 130)
        for extra in ([], ["--smooth"], ["--smooth", "--detect-every", "5"], ["--detect-every", "10"]):
            run = Live("--video", film, "--json", "-", *extra)
            self.assertEqual(run.code, 0, run.err)
            identities = [set(), set()]
            seen = [0, 0]
            for row, places in zip(run.rows, truth):
                for face in row["faces"]:
                    x, y, w, h = face["box"]
                    for which, (scale, dx, dy) in enumerate(places):
                        if dx <= x + w / 2 < dx + 150 and dy <= y + h / 2 < dy + 150:
                            identities[which].add(face["id"])
                            seen[which] += 1
            self.assertEqual([len(ids) for ids in identities], [1, 1], (extra, identities))
            self.assertTrue(identities[0].isdisjoint(identities[1]), extra)
            self.assertGreater(min(seen), 0.9 * len(run.rows), extra)

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


class Refusals(LiveTest):
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


class Server(http.server.BaseHTTPRequestHandler):
    """Files by HTTP, with ranges; connections drop in the middle as often as `drops` says. /live/NAME has no length, and is there as often as
    `lives` says. /silent never answers."""
    protocol_version = "HTTP/1.1"
    files, drops, lives = {}, 0, 0

    def log_message(self, *_):
        pass

    def do_GET(self):
        path = self.path.lstrip("/")
        live = path.startswith("live/")
        data = self.files.get(path.removeprefix("live/"))
        if path == "silent":
            time.sleep(20)
            return
        if data is None:
            self.send_error(404)
            return
        if live:
            Server.lives -= 1
            if Server.lives < 0:
                self.send_error(503)
                return
        asked = re.match(r"bytes=(\d+)-", self.headers.get("Range", "")) if not live else None
        start = int(asked[1]) if asked else 0
        self.send_response(206 if asked else 200)
        if not live:
            self.send_header("Accept-Ranges", "bytes")
            self.send_header("Content-Length", str(len(data) - start))
        if asked:
            self.send_header("Content-Range", f"bytes {start}-{len(data) - 1}/{len(data)}")
        self.end_headers()
        drop = Server.drops > 0
        Server.drops -= drop
        try:
            self.wfile.write(data[start:start + (len(data) - start) // (2 if drop else 1)])
        except OSError:
            pass
        self.close_connection = True


class Streams(LiveTest):
    def setUp(self):
        super().setUp()
        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Server)
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, daemon=True).start()
        self.addCleanup(server.server_close)
        self.addCleanup(server.shutdown)
        self.address = f"127.0.0.1:{server.server_port}"
        Server.files, Server.drops, Server.lives = {}, 0, 0

    def serve(self, name, frames):
        film, _ = self.film("slow", frames, name)
        Server.files[name] = film.read_bytes()

    def test_a_film_behind_an_address(self):
        self.serve("film.mp4", 40)
        run = Live("--video", f"http://{self.address}/film.mp4", "--json", "-", "--min-face", "60", "-q")
        self.assertEqual((run.code, run.err, len(run.rows)), (0, "", 40))

    def test_a_connection_that_drops_is_taken_up_where_it_was(self):
        self.serve("film.mkv", 120)
        Server.drops = 1
        run = Live("--video", f"http://{self.address}/film.mkv", "--json", "-", "--min-face", "60", "-q")
        self.assertEqual((run.code, run.err, len(run.rows)), (0, "", 120))
        Server.drops = 1
        run = Live("--video", f"http://{self.address}/film.mkv", "--json", "-", "--min-face", "60", "-q", "--reconnects", "0")
        self.assertOneLine(run, 1, "film.mkv", "breaks off")

    def test_a_live_stream_that_breaks_off_is_opened_anew(self):
        self.serve("film.h264", 40)
        Server.lives = 2
        run = Live("--video", f"http://{self.address}/live/film.h264", "--json", "-", "--min-face", "60", "--reconnects", "2")
        self.assertEqual(run.code, 1)
        self.assertIn("attempt 2 of 2 in 1 s", run.err)
        self.assertIn("did not come back: found 80 frames, then 2 attempts", run.err)
        self.assertEqual(len(run.rows), 80, "what came before is kept")
        self.assertEqual([row["frame"] for row in run.rows], list(range(len(run.rows))))
        times = [row["time"] for row in run.rows]
        self.assertEqual(times, sorted(set(times)))

    def test_ends_where_no_attempt_helps(self):
        self.serve("film.h264", 30)
        Server.lives = 1
        run = Live("--video", f"http://{self.address}/live/film.h264", "--json", "-", "--min-face", "60", "-q", "--reconnects", "0")
        self.assertEqual((run.code, run.err, len(run.rows)), (0, "", 30))

    def test_what_cannot_be_opened(self):
        Server.files["text"] = b"no film\n" * 100
        for place, *words in ((f"http://user:secret@{self.address}/none.mp4", "404", "user:***@"), (f"http://{self.address}/text", "no video"),
                              ("http://127.0.0.1:1/film.mp4", "refused"), ("rtsp://127.0.0.1:1/film", "refused")):
            run = Live("--video", place, "--json", "-", "-q")
            self.assertOneLine(run, 1, *words)
            self.assertNotIn("secret", run.err)
        start = time.monotonic()
        self.assertOneLine(Live("--video", f"http://{self.address}/silent", "--json", "-", "-q", "--timeout", "1"), 1, "no answer within 1 s")
        self.assertLess(time.monotonic() - start, 8)
        self.assertOneLine(Live("--timeout", "1", "--json", "-"), 2, "--video")

    def test_ctrl_c_while_connecting(self):
        process = subprocess.Popen([PROGRAM, "live", "--video", f"http://{self.address}/silent", "--json", "-"], stderr=subprocess.PIPE,
                                   stdout=subprocess.DEVNULL, text=True)
        time.sleep(1.5)
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=10)
        self.assertEqual(process.returncode, 1)
        self.assertIn("stopped while connecting", errors)


def png(width, height, rows):
    """RGB rows as a PNG file's bytes."""
    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
    return (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)) +
            chunk(b"IDAT", zlib.compress(b"".join(b"\0" + row for row in rows))) + chunk(b"IEND", b""))


@unittest.skipUnless(shutil.which("Xvfb"), "Xvfb is not installed here (scripts/setup.sh installs it)")
class OnScreen(LiveTest):
    def setUp(self):
        super().setUp()
        read, write = os.pipe()
        # It keeps the screen in a file of X's own picture format and tells the number that it chose.
        self.server = subprocess.Popen(["Xvfb", "-displayfd", str(write), "-screen", "0", "800x600x24", "-fbdir", self.folder, "-nolisten", "tcp"],
                                       pass_fds=[write], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        os.close(write)
        self.addCleanup(self.stop_server)
        with os.fdopen(read) as numbers:
            self.display = ":" + numbers.readline().strip()

    def stop_server(self):
        self.server.terminate()
        self.server.wait(timeout=30)

    def screen(self):
        """The screen's rows of RGB bytes."""
        data = (self.folder / "Xvfb_screen0").read_bytes()
        header = struct.unpack(">25I", data[:100])
        size, width, height, stride, colours = header[0], header[4], header[5], header[12], header[19]
        pixels = data[size + 12 * colours:]
        rows = []
        for y in range(height):
            line = pixels[y * stride:y * stride + 4 * width]
            row = bytearray(3 * width)
            row[0::3], row[1::3], row[2::3] = line[2::4], line[1::4], line[0::4]
            rows.append(bytes(row))
        return rows

    @staticmethod
    def count(rows, colour, tolerance=12):
        return sum(all(abs(row[i + k] - colour[k]) <= tolerance for k in range(3)) for row in rows for i in range(0, len(row), 3))

    def start(self, *arguments):
        process = subprocess.Popen([PROGRAM, "live", *map(str, arguments)], stderr=subprocess.PIPE, text=True,
                                   env={**os.environ, "DISPLAY": self.display})
        self.addCleanup(process.stderr.close)
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        return process

    def screen_with(self, process, frame, point):
        """The first screen with a box and points. Points are so small that their full colour shows more or less from frame to frame."""
        deadline = time.monotonic() + 60
        while True:
            rows = self.screen()
            if self.count(rows, frame) > 300 and self.count(rows, point) > 20:
                return rows
            self.assertIsNone(process.poll(), "it ended too soon")
            self.assertLess(time.monotonic(), deadline, "no window with a face in it")
            time.sleep(0.2)

    def test_the_window_shows_faces_points_and_figures(self):
        film, truth = self.film("slow", 900)
        process = self.start("--video", film, "--show", "--fps", "--smooth")
        frame, point = (90, 240, 130), (255, 225, 40)
        self.screen_with(process, frame, point)
        time.sleep(1)
        rows = self.screen_with(process, frame, point)
        if os.environ.get("MTCNN_LIVE_SHOT"):
            pathlib.Path(os.environ["MTCNN_LIVE_SHOT"]).write_bytes(png(len(rows[0]) // 3, len(rows), rows))
        self.assertGreater(self.count(rows, frame), 300, "a box")
        self.assertGreater(self.count(rows, point), 20, "points")
        # Figures: bright letters on a ground that is darker than the picture behind.
        corner = [row[:3 * 200] for row in rows[:46]]
        self.assertLess(sum(sum(row) for row in corner[:3]) / (3 * 600), 100)
        self.assertGreater(self.count(corner, (245, 245, 245), 70), 150)
        self.assertGreater(len({row[i:i + 3] for row in rows[::4] for i in range(0, len(row), 12)}), 1000, "the picture itself")
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=60)
        self.assertIn("results are kept", errors)

    def test_a_short_film_ends_by_itself_at_its_own_speed(self):
        film, truth = self.film("slow", 45)
        start = time.monotonic()
        process = self.start("--video", film, "--show", "--min-face", "80", "-q")
        _, errors = process.communicate(timeout=120)
        self.assertEqual((process.returncode, errors), (0, ""))
        self.assertGreater(time.monotonic() - start, 1.3, "45 frames at 30 a second")


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1] + sys.argv[3:])
