"""What the site (mkdocs.yml) shows beside the pages of docs/: pages from elsewhere in the repository, notebooks, the pages of the C++
headers, and files that pages link to. Links are written for the repository, and changed here to those of the site."""

import json
import posixpath
import re
from pathlib import Path

from mkdocs.structure.files import File

ROOT = Path(__file__).resolve().parents[2]
HEADERS = ROOT / "build/site-parts/html"  # scripts/site.sh has Doxygen write them

#: File of the repository -> page of the site.
PAGES = {
    "README.md": "index.md",
    "CHANGELOG.md": "changelog.md",
    "CONTRIBUTING.md": "contributing.md",
    "SECURITY.md": "security.md",
    "models/default/MODEL_CARD.md": "model_card.md",
    "samples/README.md": "samples.md",
    "examples/onnx_cascade/README.md": "onnx_cascade.md",
    "notebooks/train_your_own.ipynb": "train_your_own.md",
    "notebooks/how_mtcnn_sees.ipynb": "how_mtcnn_sees.md",
    "notebooks/analyzer.ipynb": "analyzer.md",
}
SOURCES = {page: source for source, page in PAGES.items()}
LINK = re.compile(r"\[([^\]]*)\]\(\s*([^)\s#]+)(#[^)\s]*)?\s*\)")
SHOWN_AS_THEY_ARE = {".jpg", ".png", ".svg", ".html", ".json", ".txt", ".ipynb"}


def notebook_page(path):
    """A notebook's cells as Markdown."""
    cells = json.loads(path.read_text("utf-8"))["cells"]
    texts = [("".join(cell["source"]), cell["cell_type"]) for cell in cells]
    return "\n\n".join(text if kind == "markdown" else f"```python\n{text}\n```" for text, kind in texts) + "\n"


def source_of(page):
    """The file of the repository that a page of the site is made from."""
    return SOURCES.get(page, f"docs/{page}")


def linked_file(source, target):
    """The repository's file or folder that a link of `source` leads to; None for one that leads elsewhere."""
    name = posixpath.normpath(posixpath.join(posixpath.dirname(source), target))
    return None if ":" in target or name.startswith("..") or not (ROOT / name).exists() else name


def place_in_site(name):
    """Where the site has a file of the repository; None for folders."""
    if name in PAGES:
        return PAGES[name]
    if name.startswith("docs/"):
        return name.removeprefix("docs/")
    if (ROOT / name).is_dir():
        return None
    # Browsers show text and save what they do not know.
    return f"files/{name}" if Path(name).suffix in SHOWN_AS_THEY_ARE else f"files/{name}.txt"


def text_of(name):
    path = ROOT / name
    return notebook_page(path) if path.suffix == ".ipynb" else path.read_text("utf-8")


def on_files(files, config):
    for name, page in PAGES.items():
        files.append(File.generated(config, page, content=text_of(name)))
    for source in [source_of(file.src_uri) for file in files.documentation_pages()]:
        for _, target, _ in LINK.findall(text_of(source)):
            name = linked_file(source, target)
            place = name and place_in_site(name)
            if place and files.get_file_from_path(place) is None:
                files.append(File.generated(config, place, abs_src_path=str(ROOT / name)))
    for path in HEADERS.rglob("*"):
        if path.is_file():
            files.append(File.generated(config, f"headers/{path.relative_to(HEADERS).as_posix()}", abs_src_path=str(path)))
    return files


def title_of(name):
    """The heading of a page."""
    return re.search(r"^# (.+)$", text_of(name), re.MULTILINE)[1]


def on_page_markdown(markdown, page, config, files):
    source = source_of(page.file.src_uri)

    def in_site(match):
        words, target, anchor = match.groups()
        name = linked_file(source, target)
        if name is None:
            return match[0]
        place = place_in_site(name)
        if place and words.endswith(".md"):  # a file's name, which says something in the repository alone
            words = title_of(name)
        return f"[{words}]({place}{anchor or ''})" if place else words

    return LINK.sub(in_site, markdown)
