"""Runs the code in README.md and docs/: shell, C++ and Python, page by page, in a folder where small stand-ins bear the names that the
pages use: photos/, photo.jpg, own/ with annotations, models/default, configs/ with short trainings.

usage: pages_test.py PROGRAM CPP_BLOCKS PYTHON [unittest arguments]
PYTHON is an interpreter with libmtcnn, which the test of the Python package installs; where it is not there, its examples are not run.
"""
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import unittest

import blocks

PROGRAM, CPP_BLOCKS, PYTHON = [pathlib.Path(path).absolute() for path in sys.argv[1:4]]
HAS_LIBMTCNN = PYTHON.exists() and subprocess.run([PYTHON, "-c", "import libmtcnn"], capture_output=True).returncode == 0
if not HAS_LIBMTCNN:
    PYTHON = pathlib.Path(sys.executable)
ROOT = pathlib.Path(__file__).resolve().parents[2]
SHORT = {"epochs": 1, "batch": {"size": 32, "steps_per_epoch": 4}}


def make_stand_ins(folder):
    """Everything that the pages' commands find beside them."""
    for name in ("samples", "scripts", "examples", "notebooks"):  # which no command writes into
        (folder / name).symlink_to(ROOT / name)
    shutil.copytree(ROOT / "configs", folder / "configs")
    shutil.copytree(ROOT / "models/default", folder / "models/default")
    for path in [*folder.glob("configs/*net.json"), *folder.glob("configs/*/*net.json")]:
        path.write_text(json.dumps({**json.loads(path.read_text()), **SHORT}))
    (folder / "photos").mkdir()
    for path in ROOT.glob("samples/*.jpg"):
        shutil.copy(path, folder / "photos")
    shutil.copy(ROOT / "samples/astronaut.jpg", folder / "photo.jpg")
    (folder / "build/release").mkdir(parents=True)
    (folder / "build/release/mtcnn").symlink_to(PROGRAM)
    subprocess.run([PROGRAM, "toy-data", folder / "toys", "--images", "30", "--val", "8", "-q"], check=True)
    (folder / "own").mkdir()
    (folder / "toys/wider/train.jsonl").rename(folder / "own/annotations.jsonl")
    (folder / "toys/wider/WIDER_train/images").rename(folder / "own/images")
    shutil.rmtree(folder / "toys")


class Pages(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.stand_ins = pathlib.Path(tempfile.mkdtemp(prefix="mtcnn_docs_"))
        cls.addClassCleanup(shutil.rmtree, cls.stand_ins)
        make_stand_ins(cls.stand_ins)
        tools = cls.stand_ins / ".tools"
        tools.mkdir()
        for name, path in (("mtcnn", PROGRAM), ("python", PYTHON), ("python3", PYTHON)):
            (tools / name).write_text(f'#!/bin/sh\nexec "{path}" "$@"\n')
            (tools / name).chmod(0o755)
        cls.environment = {**os.environ, "PATH": f"{tools}:{os.environ['PATH']}", "PYTHONDONTWRITEBYTECODE": "1"}
        cls.environment.pop("MTCNN_MODEL", None)

    def run_block(self, block, folder):
        if block.language == "bash":
            command = ["bash", "-euo", "pipefail", "-c", block.text]
        else:
            command = [CPP_BLOCKS, block.name] if block.language == "cpp" else [PYTHON, "-c", block.text]
        done = subprocess.run(command, cwd=folder, env=self.environment, capture_output=True, text=True, timeout=300)
        self.assertEqual(done.returncode, 0, f"{block.name}: {done.stdout[-2000:]}{done.stderr[-2000:]}")

    def run_page(self, path):
        """Blocks of a page follow each other: one may use what another wrote."""
        found = blocks.read_blocks(ROOT, [path])
        with tempfile.TemporaryDirectory(prefix="mtcnn_docs_") as name:
            folder = pathlib.Path(name) / "here"
            shutil.copytree(self.stand_ins, folder, symlinks=True)
            for block in found:
                with self.subTest(block.name):
                    not_run = block.not_run
                    if block.language == "python" and "libmtcnn" in block.text and not HAS_LIBMTCNN:
                        not_run = "libmtcnn is not installed here"
                    if not_run:
                        print(f"not run: {block.name}: {not_run}")
                    else:
                        self.run_block(block, folder)

    def test_a_block_that_fails_is_seen(self):
        for text in ("mtcnn detect nowhere/\n", "false | true\n", "echo $no_such_name\n"):
            with self.assertRaises(AssertionError):
                self.run_block(blocks.Block("page", 1, "bash", text, ""), self.stand_ins)


class Reading(unittest.TestCase):
    def test_blocks(self):
        text = "```json\n{}\n```\n<!-- not run: takes hours -->\n\n```bash\na\nb\n```\ntext\n```cpp\nint c;\n```\n"
        found = blocks.blocks("x.md", text)
        self.assertEqual([(b.line, b.language, b.text, b.not_run) for b in found],
                         [(6, "bash", "a\nb\n", "takes hours"), (11, "cpp", "int c;\n", "")])

    def test_wrong_pages(self):
        for text, word in (("```bash\na\n", "never closed"), ("<!-- not run: x -->\ntext\n```bash\n```\n", "no block"),
                           ("<!-- not run: x -->\n", "no block")):
            with self.assertRaisesRegex(ValueError, word):
                blocks.blocks("x.md", text)


def add_page(path):
    setattr(Pages, "test_" + path.name.removesuffix(".md").lower(), lambda self: self.run_page(path))


for page in blocks.pages(ROOT):
    if blocks.read_blocks(ROOT, [page]):
        add_page(page)

if __name__ == "__main__":
    unittest.main(argv=[sys.argv[0], *sys.argv[4:]], verbosity=2)
