"""notebooks/how_mtcnn_sees.ipynb from top to bottom on a sample picture.

usage: how_mtcnn_sees_test.py PROGRAM PYTHON [unittest arguments]
PYTHON is an interpreter that has libmtcnn, where there is one: the test of the Python package installs it there.
"""
import importlib.util
import os
import pathlib
import sys
import unittest

from support import require

if importlib.util.find_spec("libmtcnn") is None and os.path.exists(sys.argv[2]) and not os.environ.get("MTCNN_SECOND_TRY"):
    os.environ["MTCNN_SECOND_TRY"] = "1"
    os.execv(sys.argv[2], [sys.argv[2], "-B", *sys.argv])
require("numpy", "matplotlib", "PIL", "nbclient", "ipykernel", "nbconvert", "libmtcnn")
import notebook_run

PROGRAM = pathlib.Path(sys.argv.pop(1)).absolute()
del sys.argv[1]
PICTURES = 7  # pyramid, maps, windows of P-Net, crops of R-Net and O-Net, corrections, all stages


class HowMtcnnSees(unittest.TestCase):
    def run_it(self, parameters, faces):
        notebook = notebook_run.run_notebook("how_mtcnn_sees.ipynb", parameters, PROGRAM)
        notebook_run.save_page(notebook, "how_mtcnn_sees")
        text = notebook_run.printed(notebook)
        self.assertEqual(text.count("face at x "), faces, text)
        return notebook, text

    def test_top_to_bottom(self):
        notebook, text = self.run_it("", 1)
        shown = notebook_run.pictures(notebook)
        self.assertEqual(len(shown), PICTURES)
        for picture in shown:
            self.assertGreater(picture[..., :3].std(), 0.05, "an empty picture")
        self.assertRegex(text, r"O-Net: [1-9]\d* windows here, at most (1.0|0.[6-9])")

    def test_a_picture_without_a_face(self):
        """Nothing passes, and the page is still whole."""
        self.run_it('PICTURE = "docs/samples_annotated.jpg"\nMIN_FACE = 700\n', 0)

    def test_nothing_stored(self):
        self.assertEqual(notebook_run.stored_outputs("how_mtcnn_sees.ipynb"), [])


if __name__ == "__main__":
    unittest.main(verbosity=2)
