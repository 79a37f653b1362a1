#!/usr/bin/env python3
"""Checks what every file of the repository must keep, that links in Markdown lead somewhere, and that texts, those in the program's strings too,
use the words of the table in CONTRIBUTING.md.

Usage: check_text.py [--root DIR]
Prints one line a complaint, "file:line: what is wrong", and exits with 1 if there is any.
"""

import argparse
import json
import re
import subprocess
import sys
from pathlib import Path

LARGEST_FILE = 3 << 20
# Reference files of other programs keep their bytes.
KEPT_AS_THEY_ARE = ("tests/data/",)
SKIPPED_FOLDERS = {".git", "build", "out", "__pycache__"}

# A path that holds on one machine only. What precedes it must not make it a part of a longer path or an address.
MACHINE_PATH = re.compile(r"(?<![\w.~$}\])*/-])(?:/(?:home|root|Users|work|tmp)/[\w.-]|[A-Z]:\\Users\\)")

# Words that texts for users do without, and what they say instead. The table in CONTRIBUTING.md has the same.
WORDS = {
    "picture": "image",
    "film": "video",
    "movie": "video",
    "verb": "command",
    "room": "module",
    "doubt": "confidence",
    "surest": "most confident",
    "part face": "part",
    "second look": "second evaluation",
    "false alarm": "false positive",
    "made-up": "synthetic",
}
UNWANTED = re.compile(rf"\b({'|'.join(WORDS)})s?\b", re.IGNORECASE)

# Strings with a blank in C++ sources of these folders are texts for users, as comments are for readers; strings without are keys, flags and parts of
# names.
SPEAKING_FOLDERS = ("src/", "data_prep/", "examples/")
CPP_ENDINGS = (".cpp", ".h", ".inc", ".in")
# Characters are found too, as quotes in them begin no string.
CPP_TOKEN = re.compile(
    r'(?P<comment>//[^\n]*|/\*.*?\*/)|R"(?P<mark>[^()\\ ]*)\((?P<raw>.*?)\)(?P=mark)"|"(?P<text>(?:[^"\\\n]|\\.)*)"|\'(?:[^\'\\\n]|\\.)+\'',
    re.DOTALL,
)

# Names of code, files and commands within a comment.
CODE_WORD = re.compile(r"`[^`]*`|\"[^\"]*\"|[\w./]*[_/]\w[\w./]*|\w+\(\)|\w+::\w+|\w+\.\w+|<[^>]*>|\b[A-Z]{3,}\b")

FENCE = re.compile(r"^\s*(```|~~~)")
INLINE_CODE = re.compile(r"`[^`]*`")
LINK = re.compile(r"\]\(\s*<?([^)\s>]+)>?(?:\s+\"[^\"]*\")?\s*\)|^\[[^\]]+\]:\s+(\S+)")
LINK_TARGET = re.compile(r"\]\([^)]*\)")
ELSEWHERE = re.compile(r"^[a-z][a-z0-9+.-]*:", re.IGNORECASE)
HEADING = re.compile(r"^#{1,6}\s+(.*?)\s*#*$")


def repository_files(root):
    """Relative names of all files that are, or would be, in the repository."""
    command = ["git", "-C", str(root), "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    try:
        listed = subprocess.run(command, capture_output=True, check=True).stdout.decode().split("\0")
        names = [name for name in listed if name]
    except (OSError, subprocess.CalledProcessError):  # an unpacked archive
        names = [path.relative_to(root).as_posix() for path in root.rglob("*")]
        names = [name for name in names if not SKIPPED_FOLDERS & set(name.split("/"))]
    return sorted(name for name in set(names) if (root / name).is_file())


def check_lines(name, text):
    """Blanks, tabs, line ends and paths of one text file."""
    if text and not text.endswith("\n"):
        yield f"{name}:{text.count(chr(10)) + 1}: no line end at the end of the file"
    for number, line in enumerate(text.split("\n"), 1):
        if line.endswith("\r"):
            yield f"{name}:{number}: a carriage return at the end of the line"
        elif line != line.rstrip(" \t"):
            yield f"{name}:{number}: blanks at the end of the line"
        if "\t" in line:
            yield f"{name}:{number}: a tab"
        found = MACHINE_PATH.search(line)
        if found:
            path = re.match(r"[^\s\"'`),;]*", line[found.start():]).group()
            yield f"{name}:{number}: '{path}' is a path of one machine"


def without_code(text):
    """The lines of a Markdown text; those inside fences are empty, code within a line is cut out."""
    lines, fenced = [], False
    for line in text.split("\n"):
        if FENCE.match(line):
            fenced = not fenced
            lines.append("")
        else:
            lines.append("" if fenced else INLINE_CODE.sub("", line))
    return lines


def anchors(text):
    """The names under which a Markdown file's headings can be linked, as GitHub makes them."""
    names, fenced = set(), False
    for line in text.split("\n"):
        if FENCE.match(line):
            fenced = not fenced
        heading = None if fenced else HEADING.match(line)
        if not heading:
            continue
        words = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading.group(1))
        base = re.sub(r"[^\w\- ]", "", words.lower()).replace(" ", "-")
        name, copies = base, 0
        while name in names:
            copies += 1
            name = f"{base}-{copies}"
        names.add(name)
    return names


def check_words(name, lines):
    """Words that are not those of the table."""
    for number, line in enumerate(lines, 1):
        for match in UNWANTED.finditer(LINK_TARGET.sub("]", line)):
            yield f"{name}:{number}: '{match.group()}': say '{WORDS[match.group(1).lower()]}' (table in CONTRIBUTING.md)"


def prose_lines(text):
    """The lines of a C++ source with what stands in its strings and comments alone."""
    lines = [""] * (text.count("\n") + 1)
    for match in CPP_TOKEN.finditer(text):
        string = match["raw"] if match["raw"] is not None else match["text"]
        if match["comment"] is not None:
            string = CODE_WORD.sub("", match["comment"])
        if string is None or " " not in string:
            continue
        first = text.count("\n", 0, match.start())
        for number, line in enumerate(string.replace("\\n", "  ").split("\n"), first):
            lines[number] += f" {line}"
    return lines


def without_table(text):
    """CONTRIBUTING.md with empty lines in place of the table of words, which names the unwanted ones."""
    return "\n".join("" if line.startswith("|") else line for line in text.split("\n"))


def notebook_lines(text):
    """The lines of a notebook's texts, without its code."""
    cells = [cell for cell in json.loads(text)["cells"] if cell["cell_type"] == "markdown"]
    return [line for cell in cells for line in without_code("".join(cell["source"]))]


def check_markdown(root, name, text, files):
    """Links to files that are not there, or to headings that the file does not have."""
    folders = {parent.as_posix() for file in files for parent in Path(file).parents}
    for number, line in enumerate(without_code(text), 1):
        for match in LINK.finditer(line):
            target = match.group(1) or match.group(2)
            if ELSEWHERE.match(target):
                continue
            path, _, anchor = target.partition("#")
            linked = name
            if path:
                resolved = (root / name).parent.joinpath(path.replace("%20", " ")).resolve()
                linked = resolved.relative_to(root).as_posix() if resolved.is_relative_to(root) else None
            if linked not in files and linked not in folders:
                yield f"{name}:{number}: the link to '{target}' leads to no file of the repository"
            elif anchor and linked.endswith(".md") and anchor not in anchors((root / linked).read_text("utf-8")):
                yield f"{name}:{number}: the link to '{target}' names a heading that is not there"


def check(root):
    """All complaints about the tree at `root`."""
    complaints = []
    files = set(repository_files(root))
    for name in sorted(files):
        data = (root / name).read_bytes()
        if len(data) > LARGEST_FILE:
            complaints.append(f"{name}:1: {len(data)} bytes; at most {LARGEST_FILE} belong into the repository")
            continue
        if b"\0" in data or name.startswith(KEPT_AS_THEY_ARE):
            continue
        try:
            text = data.decode("utf-8")
        except UnicodeDecodeError as error:
            line = data.count(b"\n", 0, error.start) + 1
            complaints.append(f"{name}:{line}: not UTF-8")
            continue
        complaints += check_lines(name, text)
        if name.endswith(".md"):
            complaints += check_markdown(root, name, text, files)
            complaints += check_words(name, without_code(without_table(text) if name == "CONTRIBUTING.md" else text))
        elif name.startswith(SPEAKING_FOLDERS) and name.endswith(CPP_ENDINGS):
            complaints += check_words(name, prose_lines(text))
        elif name.endswith(".ipynb"):
            complaints += check_words(name, notebook_lines(text))
    return complaints


def main():
    parser = argparse.ArgumentParser(description="Checks the form of every file in the repository.")
    parser.add_argument("--root", type=Path, default=Path(__file__).resolve().parent.parent, help="the source tree")
    complaints = check(parser.parse_args().root.resolve())
    for complaint in complaints:
        print(complaint)
    return 1 if complaints else 0


if __name__ == "__main__":
    sys.exit(main())
