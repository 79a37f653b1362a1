"""scripts/report.sh on made-up runs: a whole page from whole and unfinished ones, one clear line for wrong input."""
import base64
import html
import io
import json
import math
import os
import pathlib
import re
import shutil
import subprocess
import tempfile
import unittest

from support import SOURCE_ROOT, FolderTestCase, require

require("numpy", "nbconvert", "nbclient", "ipykernel", "matplotlib")
os.environ["MPLBACKEND"] = "agg"
import answer_figures
import made_runs
import matplotlib.image
import nbclient
import nbformat
import numpy as np

NOTEBOOKS = SOURCE_ROOT / "notebooks"
FIGURES_OF_ALL = 7  # losses, terms, pace, quality, recall, scores, errors
HALF, BEGUN = r"r_half$\x$", 'r_<begun>"'  # names that would be a wrong formula, and markup
COUNTS = {"positive": 60, "part": 30, "negative": 90, "landmark": 20}


def report(*arguments, cwd=None):
    return subprocess.run([SOURCE_ROOT / "scripts/report.sh", *map(str, arguments)], capture_output=True, text=True,
                          timeout=1200, cwd=cwd)


class Page(unittest.TestCase):
    """One page of five runs, made once."""

    @classmethod
    def setUpClass(cls):
        cls.home = pathlib.Path(tempfile.mkdtemp(prefix="mtcnn_notebooks_")).resolve()
        cls.addClassCleanup(shutil.rmtree, cls.home)
        cls.answers = {}
        for net, landmarks, name in (("pnet", False, "p_small"), ("onet", True, "o_wide")):
            cls.make_run_with_answers(name, net, landmarks)
        cls.make_run_with_answers("o_crops_gone", "onet", True)
        shutil.rmtree(cls.home / "crops/o_crops_gone")
        cls.metrics = made_runs.make_run(cls.home / HALF, "rnet", 3, done=False, planned=20)
        lines = [{**line, "nme": None, "loss": math.nan if line["split"] == "val" else line["loss"]} for line in
                 cls.metrics]
        text = "".join(json.dumps(line) + "\n" for line in lines)
        (cls.home / HALF / "metrics.jsonl").write_text(text + '{"step": 4')
        made_runs.make_run(cls.home / BEGUN, "rnet", 0, done=False)
        names = ["p_small", "o_wide", "o_crops_gone", HALF, BEGUN]
        cls.done = report(*names, "--out", "pages/page.html", cwd=cls.home)
        cls.page = (cls.home / "pages/page.html").read_text("utf-8") if cls.done.returncode == 0 else ""

    @classmethod
    def make_run_with_answers(cls, name, net, landmarks):
        crops = cls.home / "crops" / name
        crops.mkdir(parents=True)
        counts = {kind: count for kind, count in COUNTS.items() if landmarks or kind != "landmark"}
        places, points = made_runs.make_crops(crops, net, counts)
        made_runs.make_run(cls.home / name, net, 6, crops, landmarks)
        cls.answers[name] = made_runs.make_answers(cls.home / name / "best/answers.safetensors", net, 6, places, points,
                                                   np.random.default_rng(1))

    def setUp(self):
        self.assertEqual(self.done.returncode, 0, self.done.stderr)

    def test_figures(self):
        pictures = [base64.b64decode(data) for data in re.findall(r'src="data:image/png;base64,([^"]+)"', self.page)]
        self.assertEqual(len(pictures), FIGURES_OF_ALL + 2 + 3)  # two kinds of worst errors of p_small, three of o_wide
        for picture in pictures:
            pixels = matplotlib.image.imread(io.BytesIO(picture), format="png")
            self.assertGreater(pixels.shape[1], 900)
            self.assertGreater(pixels[..., :3].std(), 0.05, "an empty picture")
        self.assertEqual(len(re.findall(r'<img alt="[^"]{10,}"', self.page)), len(pictures))

    def test_overview(self):
        table = self.page[self.page.index("<table"):self.page.index("</table>")]
        rows = [re.sub(r"<[^>]+>", " ", row) for row in table.split("<tr>")[2:]]
        self.assertEqual(len(rows), 5)
        for row, words in zip(rows, (("p_small", "P-Net", "6 of 6", "720"), ("o_wide", "O-Net"), ("o_crops_gone",),
                                     (HALF, "R-Net", "3 of 20, unfinished", "360"),
                                     (html.escape(BEGUN, quote=False), "0 of 0, unfinished", "none yet"))):
            for word in words:
                self.assertIn(word, row)
        best = min((line["fpr_at_97"], line["epoch"]) for line in self.metrics if line["split"] == "val")
        self.assertIn(f"fpr_at_97 {100 * best[0]:.2f} %", rows[3])

    def test_worst_errors(self):
        lists = re.findall(r"<details>.*?<ol>(.*?)</ol>", self.page, re.DOTALL)
        self.assertEqual(len(lists), 2 + 3)
        wanted = [("p_small", "negative", "negative_score", 1), ("p_small", "positive", "positive_score", -1),
                  ("o_wide", "negative", "negative_score", 1), ("o_wide", "positive", "positive_score", -1),
                  ("o_wide", "landmark", "landmark_error", 1)]
        for found, (run, kind, value, sign) in zip(lists, wanted):
            answers = self.answers[run]
            order = np.argsort(-sign * answers[value], kind="stable")
            images = ["{}_{}_{}.jpg".format(kind, *answers[f"{kind}_place"][i]) for i in order]
            self.assertEqual(re.findall(r"made val: (\S+),", found), images[:found.count("<li>")], (run, kind))

    def test_what_is_missing_is_said(self):
        text = html.unescape(self.page)
        gone = self.home / "crops/o_crops_gone"
        self.assertIn(f"No pictures of this run: {gone}: the validation crops are no longer there", text)
        self.assertIn("Without answers on the validation crops (no epoch has ended, or an older version trained them): "
                      f"{HALF}, {BEGUN}.", text)

    def test_nothing_but_the_page(self):
        for word in ("Traceback", 'output_error"', 'output_stderr"', "<script", "@import", "In&nbsp;[", "run_figures"):
            self.assertNotIn(word, self.page)
        self.assertEqual(re.findall(r'(?:src|href)="(?!data:|#)[^"]*"', self.page), [])
        self.assertEqual([path.name for path in (self.home / "pages").iterdir()], ["page.html"])


class WrongInput(FolderTestCase):
    def test_usage(self):
        self.assert_refused(report(), 2, "no run given", "RUN...")
        self.assert_refused(report("--out"), 2, "--out wants a file")
        self.assert_refused(report("x", "--open"), 2, "unknown option '--open'")
        done = report("--help")
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.assertIn("scripts/report.sh RUN... [--out FILE.html]", done.stdout)

    def test_no_run(self):
        self.assert_refused(report("nowhere", cwd=self.folder), 1, self.folder / "nowhere", "no run folder")
        self.assert_refused(report(self.folder), 1, self.folder, "config.json")

    def test_outputs_that_cannot_be_written(self):
        made_runs.make_run(self.folder / "a", "pnet", 1)
        self.assert_refused(report(self.folder / "a", "--out", self.folder), 1, self.folder, "is a folder")
        out = self.folder / "a/config.json/page.html"
        self.assert_refused(report(self.folder / "a", "--out", out), 1, out, "cannot write")

    def test_a_damaged_run_leaves_the_old_page(self):
        made_runs.make_run(self.folder / "a", "pnet", 1)
        (self.folder / "a/report.html").write_text("old")
        before = sorted(self.folder.rglob("*"))
        (self.folder / "a/metrics.jsonl").write_text("{}\n")
        done = report("a", cwd=self.folder)
        self.assertEqual(done.returncode, 1)
        self.assertIn(f"error: {self.folder / 'a/metrics.jsonl'}:1", done.stderr)
        self.assertNotIn("Traceback", done.stderr)
        self.assertEqual((self.folder / "a/report.html").read_text(), "old")
        self.assertEqual(sorted(self.folder.rglob("*")), before)


class Notebook(FolderTestCase):
    def test_notebooks_are_stored_without_outputs(self):
        notebooks = sorted(NOTEBOOKS.glob("*.ipynb"))
        self.assertTrue(notebooks)
        for path in notebooks:
            notebook = nbformat.read(path, 4)
            nbformat.validate(notebook)
            for cell in notebook.cells:
                self.assertIn(cell.metadata, ({}, {"tags": ["parameters"]}), (path, cell.id))
                if cell.cell_type == "code":
                    self.assertEqual((cell.outputs, cell.execution_count), ([], None), (path, cell.id))

    def test_without_any_run(self):
        environment = {"IPYTHONDIR": str(self.folder / "ipython"), "PYTHONPATH": str(NOTEBOOKS), "MTCNN_RUNS": "",
                       "PYTHONDONTWRITEBYTECODE": "1"}
        (self.folder / "empty").mkdir()
        before = dict(os.environ)
        os.environ.update(environment)
        try:
            notebook = nbformat.read(NOTEBOOKS / "analyzer.ipynb", 4)
            nbclient.NotebookClient(notebook, resources={"metadata": {"path": str(self.folder / "empty")}}).execute()
        finally:
            os.environ.clear()
            os.environ.update(before)
        outputs = [output for cell in notebook.cells if cell.cell_type == "code" for output in cell.outputs]
        self.assertEqual(len(outputs), 1)
        self.assertIn("No runs found", outputs[0].data["text/html"])


class Figures(unittest.TestCase):
    def test_pass_rates(self):
        random = np.random.default_rng(3)
        positive, negative = random.integers(0, 12, 40) / 12, random.integers(0, 12, 90) / 12
        thresholds, found, passed = answer_figures.pass_rates(positive, negative)
        self.assertEqual(list(thresholds), sorted(set(positive), reverse=True))
        for threshold, f, p in zip(thresholds, found, passed):
            self.assertEqual((f, p), (sum(positive >= threshold), sum(negative >= threshold)))

    def test_thin(self):
        for count in (1, 2, 1500, 40000):
            places = answer_figures.thin(count)
            self.assertEqual((places[0], places[-1]), (0, count - 1))
            self.assertLessEqual(len(places), answer_figures.POINTS_OF_A_CURVE)


if __name__ == "__main__":
    unittest.main(verbosity=2)
