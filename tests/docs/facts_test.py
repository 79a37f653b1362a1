"""What --help and the pages say of options and of the default model is what the program has.

usage: facts_test.py PROGRAM [unittest arguments]
"""
import ast
import functools
import json
import pathlib
import re
import subprocess
import sys
import unittest

PROGRAM = pathlib.Path(sys.argv.pop(1)).absolute()
ROOT = pathlib.Path(__file__).resolve().parents[2]
DETECTOR = json.loads((ROOT / "models/default/cascade.json").read_text("utf-8"))["detector"]
#: Without the groups that options lie in.
DEFAULTS = {**DETECTOR, **DETECTOR["confidence"], **DETECTOR["engine"]}
del DEFAULTS["confidence"], DEFAULTS["engine"]
NUMBERS = r"(\d*\.\d+)[, ]+(\d*\.\d+)[, ]+(\d*\.\d+)"


def output_of(*arguments):
    return subprocess.run([PROGRAM, *arguments], capture_output=True, text=True, check=True).stdout


def page(name):
    return (ROOT / name).read_text("utf-8")


@functools.cache
def detector_options():
    """Name and help of each, from the table that parses them."""
    section = re.search(r"## `mtcnn detect`\n(.*?)\n## ", output_of("config-reference"), re.DOTALL)[1]
    return dict(re.findall(r"^\| `(?:\w+\.)?(\w+)` \| `.*?` \| [^|]+ \| (.+) \|$", section, re.MULTILINE))


class Options(unittest.TestCase):
    def test_the_table_is_read(self):
        self.assertEqual(set(detector_options()), set(DEFAULTS))

    def test_help_has_the_tables_words_and_the_default_models_values(self):
        for verb in (["detect"], ["bench"], ["live"], ["calibrate"], ["eval", "wider"]):
            text = " ".join(output_of(*verb, "--help").split())
            for name in ("min_face", "max_face", "factor", "thresholds", "max_side"):
                value = DEFAULTS[name]
                shown = json.dumps(value, separators=(",", ":")) if isinstance(value, list) else f"[{value:g}]"
                words = detector_options()[name]
                self.assertRegex(text, re.escape(words[0].upper() + words[1:]) + r" \([^)]+\) " + re.escape(shown), verb)

    def test_python_names_every_option(self):
        tree = ast.parse(page("python/libmtcnn/detector.py"))
        described = ast.get_docstring(next(node for node in tree.body if isinstance(node, ast.ClassDef) and node.name == "MTCNN"))
        for name in detector_options():
            self.assertRegex(described, rf"\b{name}\b", "MTCNN's docstring")
            self.assertIn(f"`{name}`", page("docs/python.md"), "docs/python.md")


class DefaultModel(unittest.TestCase):
    def test_thresholds_that_pages_quote(self):
        for name, words in (("docs/python.md", rf"default model has thresholds {NUMBERS}"),
                            ("models/default/MODEL_CARD.md", rf"own thresholds \({NUMBERS};")):
            quoted = re.search(words, page(name))
            self.assertTrue(quoted, name)
            self.assertEqual([float(number) for number in quoted.groups()], DEFAULTS["thresholds"], name)

    def test_weights_that_its_card_quotes(self):
        card = page("models/default/MODEL_CARD.md")
        for name in ("pnet_weight", "rnet_weight", "support", "box_voting", "mirror_weight", "nms_rnet"):
            quoted = re.search(rf"`{name}`\s+(?:is\s+)?(\d*\.?\d+)", card)
            self.assertTrue(quoted, name)
            self.assertEqual(float(quoted[1]), DEFAULTS[name], name)


class Licences(unittest.TestCase):
    def test_the_program_prints_them(self):
        self.assertEqual(output_of("--licences").split(), (page("LICENSE") + page("THIRD_PARTY_NOTICES")).split())

    def test_the_notices_name_whose_work_it_is(self):
        for line in ("Copyright (c) 2019 Timothy Esler", "Copyright (c) 2016 David Sandberg", "Copyright (c) 2016 Kaipeng Zhang",
                     "Copyright (c) 2013-2022 Niels Lohmann", "University of Cincinnati", "OpenCV Foundation", "D. R. Commander"):
            self.assertIn(line, page("THIRD_PARTY_NOTICES"))


if __name__ == "__main__":
    unittest.main(verbosity=2)
