"""What the tests of ONNX files share: the program, a folder, and safetensors as numpy arrays."""
import importlib
import json
import pathlib
import subprocess
import sys
import tempfile
import unittest

SKIPPED = 77
ROOT = pathlib.Path(__file__).resolve().parents[2]
PROGRAM, WRITE_ANSWERS = (pathlib.Path(argument).absolute() for argument in sys.argv[1:3])


def need(*modules):
    """The modules; ends the test as skipped where one is not installed."""
    try:
        return [importlib.import_module(module) for module in modules]
    except ImportError as missing:
        print(f"skipped: {missing}; scripts/setup.sh installs it")
        sys.exit(SKIPPED)


(np,) = need("numpy")


def run(*arguments):
    done = subprocess.run([PROGRAM, *map(str, arguments)], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise AssertionError(f"{arguments}: {done.stderr}")
    return done.stdout


def read_safetensors(path):
    """Tensors by name."""
    data = path.read_bytes()
    start = 8 + int.from_bytes(data[:8], "little")
    header = json.loads(data[8:start])
    header.pop("__metadata__", None)
    return {name: np.frombuffer(data[start + entry["data_offsets"][0]:start + entry["data_offsets"][1]], "<f4").reshape(entry["shape"])
            for name, entry in header.items()}


class FolderTestCase(unittest.TestCase):
    """All tests of a class share one folder, `folder`."""

    @classmethod
    def setUpClass(cls):
        holder = tempfile.TemporaryDirectory(prefix="mtcnn_onnx_")
        cls.addClassCleanup(holder.cleanup)
        cls.folder = pathlib.Path(holder.name)


def main():
    unittest.main(argv=sys.argv[:1])
