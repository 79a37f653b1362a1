"""`mtcnn live` on what lies behind an address: connections that drop, streams that break off, servers that say nothing.

usage: live_streams_test.py PROGRAM MAKE_FILM [unittest arguments]
"""
import http.server
import re
import signal
import subprocess
import sys
import threading
import time
import unittest

from live_support import Live, LiveTestCase
from support import PROGRAM


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


class Streams(LiveTestCase):
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


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1] + sys.argv[3:])
