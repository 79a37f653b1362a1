"""--help of every verb, and the manual page made of it.

usage: help_test.py PROGRAM [unittest arguments]
"""
import pathlib
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
import unittest

PROGRAM = pathlib.Path(sys.argv.pop(1)).absolute()
ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "scripts"))
import check_text
import man_page

COLUMNS = 100
PAINTS_PICTURES = ["toy-data"]  # whose example needs no input


def help_of(*verb):
    return man_page.help_of(PROGRAM, *verb)


def all_verbs():
    for verb in man_page.verbs_in(help_of()):
        below = man_page.verbs_in(help_of(verb))
        yield from ([verb, name] for name in below) if below else [[verb]]


VERBS = list(all_verbs())


class Help(unittest.TestCase):
    def test_all_verbs_are_seen(self):
        for verb in (["detect"], ["toy-data"], ["eval", "wider"], ["eval", "cascade"]):
            self.assertIn(verb, VERBS)
        self.assertNotIn(["config-reference"], VERBS)

    def test_every_verb_explains_itself(self):
        for verb in VERBS:
            with self.subTest(" ".join(verb)):
                text = help_of(*verb)
                summary, paragraph, usage = text.split("\n\n")[:3]
                self.assertEqual(summary.count("\n"), 0)
                self.assertGreater(len(paragraph), 60, "no paragraph about what the verb does")
                self.assertTrue(usage.startswith(f"Usage: mtcnn {' '.join(verb)}"), usage)
                self.assertRegex(text, rf"\nExample: mtcnn {' '.join(verb)} ")
                self.assertTrue(text.endswith("Exit codes: 0 done, 1 failed, 2 wrong usage or configuration, 3 internal bug.\n"))
                for line in text.splitlines():
                    if not line.startswith("Example: "):  # to be copied as one line
                        self.assertLessEqual(len(line), COLUMNS, line)

    def test_words_of_the_table(self):
        for verb in [[], *VERBS]:
            lines = re.sub(r"--[a-z-]+", "", help_of(*verb)).splitlines()  # names of flags stay as they are
            self.assertEqual(list(check_text.check_words(" ".join(verb), lines)), [])

    def test_every_flag_has_words(self):
        for verb in VERBS:
            for heading, lines in man_page.sections(help_of(*verb)):
                if heading not in ("", "Usage", "Example", "Exit codes"):
                    for flag, what in man_page.rows(lines):
                        self.assertGreater(len(what), 6, f"{verb} {flag}")

    def test_ranges_and_defaults(self):
        text = " ".join(help_of("detect").split())
        for words in ("--crop-size N Width and height of a crop, pixels (1 to 4096) [112]", "--margin X", "(0 to 10) [0.2]", "--set KEY=VALUE"):
            self.assertIn(words, text)
        self.assertIn("--net pnet|rnet|onet", help_of("train"))
        self.assertIn("Usage: mtcnn train --net pnet|rnet|onet --data DIR --out DIR [OPTIONS]", help_of("train"))
        self.assertIn("(not with --only)", " ".join(help_of("pipeline").split()))

    def test_examples_are_well_formed(self):
        """In an empty folder they fail, but not for their flags."""
        with tempfile.TemporaryDirectory(prefix="mtcnn_help_") as folder:
            for verb in VERBS:
                example = re.search(r"\nExample: mtcnn (.*)", help_of(*verb))[1]
                if verb[0] in PAINTS_PICTURES:
                    continue
                with self.subTest(example):
                    done = subprocess.run([PROGRAM, *shlex.split(example)], capture_output=True, text=True, cwd=folder, timeout=60)
                    self.assertNotEqual(done.returncode, 3, done.stderr)
                    self.assertNotIn("see --help", done.stderr)

    def test_wrong_flags_are_told(self):
        done = subprocess.run([PROGRAM, "detect", "--such"], capture_output=True, text=True)
        self.assertEqual(done.returncode, 2)
        self.assertIn("see --help", done.stderr)


class Manual(unittest.TestCase):
    def test_page(self):
        page = man_page.page(PROGRAM)
        for verb in VERBS:
            self.assertIn(f".SS mtcnn {man_page.escaped(' '.join(verb))}\n", page)
            for flag in re.findall(r"^  (--[a-z-]+)", help_of(*verb), re.MULTILINE):
                self.assertIn(man_page.escaped(flag), page)
        self.assertNotRegex(page, r"\n\n")  # an empty line is a paragraph by chance
        if shutil.which("groff"):
            done = subprocess.run(["groff", "-man", "-Tutf8", "-ww"], input=page, capture_output=True, text=True)
            self.assertEqual((done.returncode, done.stderr), (0, ""))


if __name__ == "__main__":
    unittest.main(verbosity=2)
