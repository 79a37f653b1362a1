"""The pages of the public headers: Doxygen takes every header without a warning, and each type and function says what it is."""
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

SKIPPED = 77
UNDOCUMENTED_TOO = ("EXTRACT_ALL = NO", "WARN_IF_UNDOCUMENTED = YES", "WARN_AS_ERROR = NO")
# "file:line: Member name(…) (function) of namespace mtcnn is not documented."
UNDOCUMENTED = re.compile(r"^(?P<file>.+?):(?P<line>\d+): .*?(?:Compound (?P<type>\S+)|Member (?P<member>.*) \((?P<kind>\w+)\) of "
                          r"(?P<scope>\w+)) .*is not documented\.$")


def doxygen(settings):
    """Runs Doxygen; returns its result and the lines of stderr."""
    done = subprocess.run(["doxygen", "-"], input=settings, capture_output=True, text=True, timeout=240)
    return done.returncode, done.stderr.splitlines()


def in_a_run_with_a_comment(path, number):
    """True where a comment stands above the line without a blank between: it is about all that follows."""
    lines = pathlib.Path(path).read_text("utf-8").splitlines()
    for line in reversed(lines[:number - 1]):
        if not line.strip() or line.endswith(("{", "}", "};")):
            return False
        if line.lstrip().startswith("///"):
            return True
    return False


def missing(lines):
    """Of Doxygen's complaints those about types, and about functions, enumerations and aliases outside classes."""
    for line in lines:
        found = UNDOCUMENTED.match(line)
        if not found or (found["member"] and found["scope"] != "namespace") or found["kind"] == "variable":
            continue
        if "TORCH_MODULE" in line or in_a_run_with_a_comment(found["file"], int(found["line"])):
            continue
        yield line


class Pages(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="mtcnn_docs_"))
        self.addCleanup(shutil.rmtree, self.folder)

    def settings(self, *more):
        return "\n".join([CONFIGURATION.read_text("utf-8"), f"OUTPUT_DIRECTORY = {self.folder}", *more])

    def test_no_warning(self):
        code, lines = doxygen(self.settings())
        self.assertEqual((code, lines), (0, []))
        for page, words in (("index.html", ["find_package", "classmtcnn_1_1Detector.html"]),
                            ("classmtcnn_1_1Detector.html", ["mtcnn/detect/detector.h", "smaller than min_face, give no"]),
                            ("structmtcnn_1_1DetectorOptions.html", ["the smallest face looked for"])):
            text = (self.folder / "html" / page).read_text("utf-8")
            for word in words:
                self.assertIn(word, text)

    def test_types_and_functions_say_what_they_are(self):
        _, lines = doxygen(self.settings(*UNDOCUMENTED_TOO))
        self.assertTrue(lines, "no field without a comment: has the text of the complaints changed?")
        self.assertEqual(list(missing(lines)), [])

    def test_the_test_sees_faults(self):
        header = self.folder / "wrong.h"
        header.write_text("/// All.\nnamespace mtcnn {\nstruct Bare {\n  /// A.\n  int a;\n};\n\nint bare(int a);\n\n"
                          "/// Adds <one>.\n/// \\param b  none\nint one(int a);\n"
                          "int two(int a);\n}\n")
        code, lines = doxygen(self.settings(f"INPUT = {self.folder}"))
        self.assertNotEqual(code, 0)
        self.assertTrue(any("<one>" in line for line in lines) and any("argument 'b'" in line for line in lines), lines)
        _, lines = doxygen(self.settings(f"INPUT = {self.folder}", *UNDOCUMENTED_TOO))
        self.assertEqual(len(list(missing(lines))), 2, lines)


if __name__ == "__main__":
    if not shutil.which("doxygen"):
        print("skipped: no doxygen here; scripts/setup.sh installs it")
        sys.exit(SKIPPED)
    CONFIGURATION = pathlib.Path(sys.argv.pop(1))
    unittest.main(verbosity=2)
