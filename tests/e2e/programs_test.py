"""mtcnn starts without LibTorch and FFmpeg, and goes on as the program beside it that has them, where a command needs them."""

import shutil
import subprocess
import sys
import unittest
from pathlib import Path

from support import HAS_TORCH, PROGRAM, FolderTestCase, run

MODEL = sys.argv[2]
SAMPLE = Path(__file__).resolve().parents[2] / "samples" / "astronaut.jpg"


class Programs(FolderTestCase):
    def test_the_program_links_neither_libtorch_nor_ffmpeg(self):
        libraries = subprocess.run(["readelf", "--dynamic", PROGRAM], capture_output=True, text=True, check=True).stdout
        for other in ("torch", "libc10", "libavformat", "libopencv_videoio", "libopencv_highgui"):
            self.assertNotIn(other, libraries)

    def test_without_the_other_programs_what_needs_it_is_one_error(self):
        alone = self.folder / "mtcnn"
        shutil.copy(PROGRAM, alone)
        commands = ((["detect", SAMPLE, "--json", "-", "--device", "cpu:torch"], "LibTorch", "MTCNN_WITH_TORCH"),
                    (["detect", SAMPLE, "--json", "-", "--device", "cuda"], "LibTorch", "MTCNN_WITH_TORCH"),
                    (["export", "--run", MODEL, "--out", self.folder / "script", "--format", "torchscript"], "LibTorch", "MTCNN_WITH_TORCH"),
                    (["live", "--video", SAMPLE, "--json", "-"], "FFmpeg", "MTCNN_WITH_VIDEO"))
        for command, library, option in commands:
            with self.subTest(command=command):
                done = subprocess.run([alone, *map(str, command)], capture_output=True, text=True, check=False)
                self.assertOneLine(done, 1, f"needs {library}", option)
                self.assertEqual(done.stdout, "")
        done = subprocess.run([alone, "detect", SAMPLE, "--json", "-", "-q"], capture_output=True, text=True, check=True)
        self.assertIn("astronaut.jpg", done.stdout)

    @unittest.skipUnless(HAS_TORCH, "built without LibTorch")
    def test_mtcnn_torch_takes_over_with_the_same_arguments(self):
        done = run("detect", SAMPLE, "--json", "-", "--device", "cpu:torch")
        self.assertIn("astronaut.jpg", done.stdout)
        self.assertIn("cpu:torch", done.stderr)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
