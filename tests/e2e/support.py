"""What the end-to-end tests share: the program, a folder of their own, and how an error must look."""
import json
import pathlib
import shutil
import subprocess
import sys
import tempfile
import unittest

PROGRAM = sys.argv[1]
HAS_TORCH = pathlib.Path(PROGRAM).with_name("mtcnn-torch").exists()  # else built without LibTorch


def run(*arguments, check=True, cwd=None, timeout=900):
    """The program with these arguments, ended; where `check`, well."""
    done = subprocess.run([PROGRAM, *map(str, arguments)], capture_output=True, text=True, timeout=timeout, cwd=cwd)
    if check and done.returncode != 0:
        raise AssertionError(f"{arguments}: {done.stderr}")
    return done


def edit(path, change):
    """change(value) on what a JSON file holds."""
    value = json.loads(path.read_text())
    change(value)
    path.write_text(json.dumps(value))


class FolderTestCase(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="mtcnn_e2e_"))
        self.addCleanup(shutil.rmtree, self.folder)

    def assertOneLine(self, done, code, *words):
        """One clear error line, no trace, the right exit code. `done` has either the names of subprocess or code and err."""
        found, err = (done.returncode, done.stderr) if isinstance(done, subprocess.CompletedProcess) else (done.code, done.err)
        self.assertEqual(found, code, err)
        errors = [line for line in err.splitlines() if line.startswith("error: ")]
        self.assertEqual(len(errors), 1, err)
        for word in words:
            self.assertIn(word, errors[0])
        self.assertNotIn("internal bug", err)
