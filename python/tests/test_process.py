"""What a process that uses the package goes through: imports, threads, memory, time."""

import subprocess
import sys
import tempfile
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
from libmtcnn import MTCNN, detector, faces, images, program, tracing

LOADED = """
names = {line.split()[-1] for line in open("/proc/self/maps") if "libtorch_cpu" in line}
print(sorted(name.rsplit("/", 1)[-1].split("-")[0].split(".")[0] for name in names))
print(len(libmtcnn.MTCNN(device=DEVICE).detect_faces(PATH)))
"""
ONLY_NUMPY = """
import sys
sys.modules["torch"] = None  # as where it is not installed
import numpy as np
import libmtcnn
mtcnn = libmtcnn.MTCNN(image_size=64, device=None)
crop = mtcnn(PATH, save_path=SAVED)
print(type(crop).__name__, crop.shape, crop.dtype, mtcnn.device, len(libmtcnn.MTCNN(keep_all=True)([PATH, PATH])))
print(abs(libmtcnn.prewhiten(crop).std(ddof=1) - 1) < 1e-5)
try:
    libmtcnn.MTCNN(device="cuda")
except libmtcnn.UnsupportedError as error:
    print(error)
"""


def told(code):
    """What a new interpreter prints: stdout, stderr."""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    return done.stdout, done.stderr


class Import(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)

    def test_the_cpu_needs_no_torch(self):
        code = f"import libmtcnn\nPATH, DEVICE = {str(ASTRONAUT)!r}, 'cpu'{LOADED}"
        self.assertEqual(told(code), ("[]\n1\n", ""))

    def test_in_any_order_with_one_libtorch(self):
        for imports in ("import libmtcnn", "import torch, libmtcnn", "import libmtcnn, torch, numpy, PIL.Image"):
            first = f"{imports}\nPATH, DEVICE = {str(ASTRONAUT)!r}, 'cpu:torch'\nlibmtcnn.MTCNN(device=DEVICE)"
            self.assertEqual(told(f"{first}{LOADED}"), ("['libtorch_cpu']\n1\n", ""), imports)

    def test_without_torch_arrays_come_out(self):
        output, error = told(f"PATH, SAVED = {str(ASTRONAUT)!r}, {str(Path(self.folder.name, 'crop.png'))!r}{ONLY_NUMPY}")
        lines = output.splitlines()
        self.assertEqual((lines[:2], error), (["ndarray (3, 64, 64) float32 cpu 2", "True"], ""))
        self.assertRegex(lines[2], "device: found 'cuda', which needs torch")

    def test_another_torch_is_refused(self):
        code = "import torch; torch.__version__ = '2.1.0+cpu'; import libmtcnn; libmtcnn.MTCNN(device='cuda')"
        self.assertRegex(told(code)[1], "torch 2.1.0.cpu, expected torch .*, which libmtcnn was built with: install libmtcnn again")

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
                    hints = typing.get_type_hints(function, localns={"torch": torch})
                    self.assertIn("return", hints, function.__qualname__)

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
                    lambda: mtcnn.detect_faces(np.zeros((2000, 2000, 5), np.uint8)),
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
        self.addCleanup(libmtcnn.set_threads, 0)
        libmtcnn.set_threads(1)
        inner, outer = [], []
        for i in range(160):
            inner.append(seconds(lambda: mtcnn._detector.detect([frame])))
            outer.append(seconds(lambda: mtcnn.detect(frame, landmarks=True)))
            if i > 40 and min(outer) - min(inner) < 0.04 * min(inner):
                break
        self.assertLess(min(outer) - min(inner), 0.05 * min(inner))


if __name__ == "__main__":
    unittest.main()
