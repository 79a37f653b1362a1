"""Runs a notebook from top to bottom, with other parameters where it has a cell tagged so."""
import base64
import io
import os
import pathlib
import tempfile

import matplotlib.image
import nbclient
import nbformat

from support import SOURCE_ROOT


def run_notebook(name, parameters="", program="", timeout=1200):
    """Returns the executed notebook. Raises nbclient's CellExecutionError with the cell's traceback."""
    notebook = nbformat.read(SOURCE_ROOT / "notebooks" / name, as_version=4)
    nbformat.validate(notebook)
    tagged = [cell for cell in notebook.cells if "parameters" in cell.metadata.get("tags", [])]
    if parameters:
        assert len(tagged) == 1, f"{name}: {len(tagged)} cells are tagged 'parameters'"
        tagged[0].source += "\n" + parameters
    with tempfile.TemporaryDirectory(prefix="mtcnn_notebooks_") as home:
        os.environ |= {"IPYTHONDIR": f"{home}/ipython", "JUPYTER_RUNTIME_DIR": f"{home}/runtime", "MPLBACKEND": "agg",
                       "PYTHONDONTWRITEBYTECODE": "1", "MTCNN_PROGRAM": str(program)}
        client = nbclient.NotebookClient(notebook, timeout=timeout, kernel_name="python3",
                                         resources={"metadata": {"path": str(SOURCE_ROOT / "notebooks")}})
        client.execute()
    return notebook


def outputs(notebook):
    return [output for cell in notebook.cells if cell.cell_type == "code" for output in cell.outputs]


def printed(notebook):
    """What the cells wrote, stdout and stderr."""
    return "".join(output.text for output in outputs(notebook) if output.output_type == "stream")


def pictures(notebook):
    """All pictures shown, as arrays [h, w, 4]."""
    data = [output.data["image/png"] for output in outputs(notebook) if "image/png" in output.get("data", {})]
    return [matplotlib.image.imread(io.BytesIO(base64.b64decode(text)), format="png") for text in data]


def save_page(notebook, name):
    """For people: the executed notebook as a page in the folder that MTCNN_NOTEBOOK_PAGES names, if it does."""
    folder = os.environ.get("MTCNN_NOTEBOOK_PAGES")
    if folder:
        from nbconvert import HTMLExporter
        pathlib.Path(folder).mkdir(parents=True, exist_ok=True)
        (pathlib.Path(folder) / f"{name}.html").write_text(HTMLExporter().from_notebook_node(notebook)[0], "utf-8")


def stored_outputs(name):
    """What the notebook carries in the repository; it should be nothing."""
    return outputs(nbformat.read(SOURCE_ROOT / "notebooks" / name, as_version=4))
