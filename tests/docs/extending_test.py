"""Applies the patches of docs/extending.md to a copy of the sources, section by section, compiles the changed sources and the section's
program, and runs it. Everything else comes from the build.

usage: extending_test.py BUILD_FOLDER [unittest arguments]
"""
import json
import pathlib
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
import unittest

import blocks

BUILD = pathlib.Path(sys.argv.pop(1)).absolute()
ROOT = pathlib.Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs/extending.md"
#: The unit test whose command to link has all that a section's program needs.
LINKED_AS = {"A loss": "trainer_test", "A head": "trainer_test", "An augmentation": "train_test", "A data set reader": "labels_test"}
MAIN = "#include <cmath>\n#include <stdexcept>\n#include <vector>\n{}\nint main() {{\n{}\n}}\n"


def sections():
    """Heading -> (patch, program)."""
    found = {}
    for part in PAGE.read_text("utf-8").split("\n## ")[1:]:
        patch = re.search(r"^```diff\n(.*?)^```$", part, re.MULTILINE | re.DOTALL)[1]
        found[part.split("\n")[0]] = (patch, next(block.text for block in blocks.blocks(PAGE.name, part) if block.language == "cpp"))
    return found


def compiler_and_flags(test, tree):
    """Those that the test's own sources are compiled with, fast and against the changed headers."""
    entries = json.loads((BUILD / "compile_commands.json").read_text("utf-8"))
    command = next(shlex.split(entry["command"]) for entry in entries if f"/{test}.dir/" in entry["command"])
    flags, skipped = [], False
    for word in command[1:]:
        skip_this, skipped = skipped or word in ("-c", "-o", "-Werror") or re.match(r"-O\d|.*\.cxx$|.*\.cpp$", word), word in ("-c", "-o", "-include")
        if not skip_this and word != "-include":
            flags.append(word.replace(f"-I{ROOT}/src", f"-I{tree}/src"))
    return command[0], [*flags, "-O0", "-w"]


def link_command(test, objects, out):
    """The test's own, with our objects in the place of its; what they define wins over the libraries."""
    listed = subprocess.run(["ninja", "-C", BUILD, "-t", "commands", test], capture_output=True, text=True, check=True).stdout
    words = shlex.split(next(line for line in reversed(listed.splitlines()) if f"-o tests/unit/{test} " in line))
    words = words[words.index("&&") + 1:]
    words = words[:words.index("&&")] if "&&" in words else words
    words = [word for word in words if not word.endswith(".o") and "gtest" not in word and "gmock" not in word]
    words[words.index("-o") + 1] = str(out)
    return [words[0], "-Wl,--allow-multiple-definition", *map(str, objects), *words[1:]]


class Extending(unittest.TestCase):
    def run_quietly(self, command, folder):
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=900)
        self.assertEqual(done.returncode, 0, f"{' '.join(map(str, command))}\n{done.stdout[-3000:]}{done.stderr[-3000:]}")

    def check(self, heading):
        patch, program = sections()[heading]
        test = LINKED_AS[heading]
        with tempfile.TemporaryDirectory(prefix="mtcnn_extending_") as name:
            tree = pathlib.Path(name)
            shutil.copytree(ROOT / "src", tree / "src")
            (tree / "change.patch").write_text(patch)
            self.run_quietly(["git", "apply", "-C1", "change.patch"], tree)
            lines = program.splitlines()
            includes = [line for line in lines if line.startswith("#include")]
            (tree / "main.cpp").write_text(MAIN.format("\n".join(includes), "\n".join(line for line in lines if line not in includes)))
            changed = [tree / path for path in re.findall(r"^\+\+\+ b/(\S+\.cpp)$", patch, re.MULTILINE)]
            compiler, flags = compiler_and_flags(test, tree)
            objects = []
            for source in [*changed, tree / "main.cpp"]:
                objects.append(source.with_suffix(".o"))
                self.run_quietly([compiler, *flags, "-c", source, "-o", objects[-1]], tree)
            self.run_quietly(link_command(test, objects, tree / "program"), BUILD)
            self.run_quietly([tree / "program"], tree)

    def test_all_sections_are_known(self):
        self.assertEqual(set(sections()), set(LINKED_AS))

    def test_a_patch_that_does_not_fit_is_seen(self):
        with tempfile.TemporaryDirectory() as name, self.assertRaises(AssertionError):
            (pathlib.Path(name) / "change.patch").write_text("--- a/x\n+++ b/x\n@@ -1 +1 @@\n-one\n+two\n")
            self.run_quietly(["git", "apply", "-C1", "change.patch"], name)


for section in LINKED_AS:
    setattr(Extending, "test_" + section.lower().replace(" ", "_"), lambda self, heading=section: self.check(heading))

if __name__ == "__main__":
    unittest.main(verbosity=2)
