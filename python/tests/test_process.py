"""What a process that uses the package goes through: imports, threads, memory, time."""

import ast
import subprocess
import sys
import threading
import time
import types
import typing
import unittest
from concurrent.futures import ThreadPoolExecutor
from importlib import metadata
from pathlib import Path

import numpy as np
import torch
from support import ASTRONAUT, REPOSITORY, crowd, memory_kib

import libmtcnn
from libmtcnn import MTCNN, _core, detector, faces, images, program, tracing

ONE_LIBTORCH = """
names = {line.split()[-1] for line in open("/proc/self/maps") if "libtorch_cpu" in line or "libgomp" in line}
print(sorted(name.rsplit("/", 1)[-1].split("-")[0].split(".")[0] for name in names))
print(len(libmtcnn.MTCNN().detect_faces(PATH)))
"""


class Import(unittest.TestCase):
    def test_in_any_order_with_one_libtorch(self):
        for imports in ("import libmtcnn", "import torch, libmtcnn", "import libmtcnn, torch, numpy, PIL.Image"):
            code = f"{imports}\nPATH = {str(ASTRONAUT)!r}{ONE_LIBTORCH}"
            done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
            self.assertEqual((done.stdout, done.stderr), ("['libgomp', 'libtorch_cpu']\n1\n", ""), imports)

    def test_another_torch_is_refused(self):
        code = "import torch; torch.__version__ = '2.1.0+cpu'; import libmtcnn"
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
        self.assertIn(f"built with torch {_core.torch_version}, and torch 2.1.0+cpu is installed: install libmtcnn again", done.stderr)

    def test_the_program_is_there(self):
        for command in ([sys.executable, "-m", "libmtcnn"], [Path(sys.prefix, "bin", "mtcnn")]):
            done = subprocess.run([*map(str, command), "--version"], capture_output=True, text=True)
            self.assertIn(f"mtcnn {libmtcnn.__version__} ", done.stdout, done.stderr)

    def test_the_licences_travel_with_the_package(self):
        installed = {file.name: file.read_text() for file in metadata.files("libmtcnn") if "licenses" in file.parts}
        for name in ("LICENSE", "THIRD_PARTY_NOTICES"):
            self.assertEqual(installed.get(name), (REPOSITORY / name).read_text(encoding="utf-8"))
        self.assertEqual(metadata.metadata("libmtcnn").get_all("License-File"), ["LICENSE", "THIRD_PARTY_NOTICES"])


class Types(unittest.TestCase):
    def test_annotations_are_whole(self):
        for module in (detector, faces, images, program, tracing):
            for thing in vars(module).values():
                if getattr(thing, "__module__", None) != module.__name__:
                    continue
                members = vars(thing).values() if isinstance(thing, type) else [thing]
                for function in members:
                    if not isinstance(function, types.FunctionType) or function.__module__ != module.__name__:
                        continue
                    if function.__name__.startswith("__") and function.__name__ != "__init__":
                        continue
                    hints = typing.get_type_hints(function)
                    self.assertIn("return", hints, function.__qualname__)

    def test_the_stub_names_what_is_there(self):
        tree = ast.parse(Path(_core.__file__).with_name("_core.pyi").read_text(encoding="utf-8"))
        names = {node.name for node in tree.body if isinstance(node, (ast.FunctionDef, ast.ClassDef))}
        names |= {node.target.id for node in tree.body if isinstance(node, ast.AnnAssign)}
        self.assertEqual(names, {name for name in vars(_core) if not name.startswith("_")})
        stub = next(node for node in tree.body if isinstance(node, ast.ClassDef))
        self.assertEqual(
            {node.name for node in stub.body if isinstance(node, ast.FunctionDef)} - {"__init__"},
            {name for name in vars(_core.Detector) if not name.startswith("_")},
        )

    def test_everything_public_is_described(self):
        for name in libmtcnn.__all__:
            self.assertTrue(name in ("LANDMARKS", "ImageLike") or getattr(libmtcnn, name).__doc__, name)


class Threads(unittest.TestCase):
    def test_several_at_once_give_the_same(self):
        mtcnn = MTCNN()
        pictures = [crowd(300 + 10 * i, 260, seed=i) for i in range(12)]
        expected = [mtcnn.detect_faces(picture) for picture in pictures]
        with ThreadPoolExecutor(4) as pool:
            self.assertEqual(list(pool.map(mtcnn.detect_faces, pictures)), expected)

    def test_others_run_while_one_searches(self):
        mtcnn = MTCNN(min_face_size=10)
        picture = crowd(2600, 2000)
        mtcnn.detect(picture)
        worker = threading.Thread(target=mtcnn.detect, args=(picture,))
        turns = 0
        worker.start()
        while worker.is_alive():
            time.sleep(0.001)
            turns += 1
        self.assertGreater(turns, 10)  # with the GIL held it would be one or two


class Memory(unittest.TestCase):
    def test_flat_over_10000_calls_of_varied_sizes(self):
        mtcnn = MTCNN(min_face_size=24)
        random = np.random.default_rng(0)
        noise = random.integers(0, 256, (160, 160, 3), dtype=np.uint8)
        face = crowd(160, 160)

        def search(count):
            for width, height in random.integers(1, 121, (count, 2)):
                source = face if width % 8 == 0 else noise
                mtcnn.detect_faces(source[:height, :width])

        search(1500)
        before = memory_kib()
        search(10000)
        self.assertLess(memory_kib() - before, 8 << 10)

    def test_dropped_detectors_leave_nothing(self):
        picture = crowd(160, 160)
        before = 0
        for i in range(120):
            MTCNN(min_face_size=20 + i).detect_faces(picture)
            if i == 20:
                before = memory_kib()
        self.assertLess(memory_kib() - before, 8 << 10)  # the nets of a hundred would take 400 MB

    def test_failures_leave_nothing(self):
        mtcnn = MTCNN()

        def fail(count):
            for _ in range(count):
                for call in (
                    lambda: mtcnn.detect_faces(np.zeros((2000, 2000, 4), np.uint8)),
                    lambda: MTCNN(factor=2),
                    lambda: mtcnn.detect("none.jpg"),
                ):
                    with self.assertRaises((ValueError, FileNotFoundError)):
                        call()

        fail(10)
        before = memory_kib()
        fail(60)
        self.assertLess(memory_kib() - before, 8 << 10)


class Time(unittest.TestCase):
    def test_a_vga_frame_costs_little_more_than_its_search(self):
        mtcnn = MTCNN()
        frame = crowd(640, 480, seed=5)

        def seconds(call):
            start = time.process_time()
            call()
            return time.process_time() - start

        # What lies between the user's call and the C++ call, on one thread: other work on the machine hardly counts, and only adds.
        self.addCleanup(torch.set_num_threads, torch.get_num_threads())
        torch.set_num_threads(1)
        inner, outer = [], []
        for i in range(160):
            inner.append(seconds(lambda: mtcnn._detector.detect([frame])))
            outer.append(seconds(lambda: mtcnn.detect(frame, landmarks=True)))
            if i > 40 and min(outer) - min(inner) < 0.04 * min(inner):
                break
        self.assertLess(min(outer) - min(inner), 0.05 * min(inner))


if __name__ == "__main__":
    unittest.main()
