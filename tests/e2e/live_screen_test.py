"""The window of `mtcnn live`, on a screen in memory (Xvfb).

usage: live_screen_test.py PROGRAM MAKE_FILM [unittest arguments]
MTCNN_LIVE_SHOT names a file that the image of the window is written to (PNG), for people to look at.
"""
import os
import pathlib
import shutil
import signal
import struct
import subprocess
import sys
import time
import unittest
import zlib

from live_support import LiveTestCase
from support import PROGRAM


def png(width, height, rows):
    """RGB rows as a PNG file's bytes."""
    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
    return (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)) +
            chunk(b"IDAT", zlib.compress(b"".join(b"\0" + row for row in rows))) + chunk(b"IEND", b""))


@unittest.skipUnless(shutil.which("Xvfb"), "Xvfb is not installed here (scripts/setup.sh installs it)")
class OnScreen(LiveTestCase):
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
