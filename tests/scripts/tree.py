"""What the tests of the scripts share: loading a script as a module, and small source trees."""

import importlib.util
import tempfile
import unittest
from pathlib import Path

SOURCE_ROOT = Path(__file__).resolve().parents[2]


def load_script(name):
    """The module scripts/<name>.py."""
    spec = importlib.util.spec_from_file_location(name, SOURCE_ROOT / "scripts" / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


class Tree:
    """A temporary folder with the given files (name -> text or bytes); a context manager."""

    def __init__(self, files):
        self.files = files
        self.folder = tempfile.TemporaryDirectory()

    def __enter__(self):
        root = Path(self.folder.name).resolve()
        for name, content in self.files.items():
            path = root / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return root

    def __exit__(self, *_):
        self.folder.cleanup()


class CheckTestCase(unittest.TestCase):
    """Tests of a script whose check(root) gives complaints; subclasses set `script` to its module."""

    script = None

    def complaints(self, files):
        with Tree(files) as root:
            return self.script.check(root)

    def assert_one(self, files, start, *words):
        """Exactly one complaint: it starts with "file:line:" and says the words."""
        found = self.complaints(files)
        self.assertEqual(len(found), 1, found)
        self.assertTrue(found[0].startswith(start + ":"), found[0])
        for word in words:
            self.assertIn(word, found[0])
