"""mtcnn starts without LibTorch, and goes on as mtcnn-torch, which lies beside it, where a command needs it."""

import shutil
import subprocess
import sys
import unittest
from pathlib import Path

from support import PROGRAM, FolderTestCase, run

MODEL = sys.argv[2]
SAMPLE = Path(__file__).resolve().parents[2] / "samples" / "astronaut.jpg"


class TorchProgram(FolderTestCase):
    def test_the_program_links_no_libtorch(self):
        libraries = subprocess.run(["ldd", PROGRAM], capture_output=True, text=True, check=True).stdout
        self.assertNotIn("torch", libraries)
        self.assertNotIn("libc10", libraries)

    def test_without_the_second_program_what_needs_it_is_one_error(self):
        alone = self.folder / "mtcnn"
        shutil.copy(PROGRAM, alone)
        commands = (["detect", SAMPLE, "--json", "-", "--device", "cpu:torch"], ["detect", SAMPLE, "--json", "-", "--device", "cuda"],
                    ["export", "--run", MODEL, "--out", self.folder / "script", "--format", "torchscript"])
        for command in commands:
            with self.subTest(command=command):
                done = subprocess.run([alone, *map(str, command)], capture_output=True, text=True, check=False)
                self.assertOneLine(done, 1, "needs LibTorch", "MTCNN_WITH_TORCH")
                self.assertEqual(done.stdout, "")
        done = subprocess.run([alone, "detect", SAMPLE, "--json", "-", "-q"], capture_output=True, text=True, check=True)
        self.assertIn("astronaut.jpg", done.stdout)

    @unittest.skipUnless((Path(PROGRAM).parent / "mtcnn-torch").exists(), "built without LibTorch")
    def test_the_second_program_takes_over_with_the_same_arguments(self):
        done = run("detect", SAMPLE, "--json", "-", "--device", "cpu:torch")
        self.assertIn("astronaut.jpg", done.stdout)
        self.assertIn("cpu:torch", done.stderr)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
