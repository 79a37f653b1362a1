"""What the tests of this folder share. Importing it ends the test with 77 (skipped) where a package is missing."""
import importlib.util
import pathlib
import shutil
import sys
import tempfile
import unittest

SKIPPED = 77
SOURCE_ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(SOURCE_ROOT / "notebooks"))


def require(*packages):
    missing = [name for name in packages if importlib.util.find_spec(name) is None]
    if missing:
        print(f"skipped: no {', '.join(missing)} here; scripts/setup.sh installs it")
        sys.exit(SKIPPED)


class FolderTestCase(unittest.TestCase):
    """Each test has an empty folder of its own."""

    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="mtcnn_notebooks_")).resolve()
        self.addCleanup(shutil.rmtree, self.folder)

    def assert_refused(self, done, code, *words):
        """A program that ended with `code` and one line on stderr with all words."""
        self.assertEqual(done.returncode, code, done.stderr)
        lines = done.stderr.strip().splitlines()
        self.assertEqual(len(lines), 1, done.stderr)
        self.assertTrue(lines[0].startswith("error: "), lines[0])
        for word in words:
            self.assertIn(str(word), lines[0])
