#!/usr/bin/env python3
"""Proves that includes and links between the rooms of the source tree point one way.

Usage: check_layers.py [--root DIR] [--table]
Prints one line a complaint, "file:line: what is wrong", and exits with 1 if there is any.
--table prints the table of rooms as Markdown instead, for docs/architecture.md.
"""

import argparse
import re
import sys
from pathlib import Path

# What each room may include, besides itself.
ROOMS = {
    "core": [],
    "geometry": ["core"],
    "image": ["core", "geometry"],
    "video": ["core", "image"],
    "data": ["core", "geometry"],
    "labels": ["core", "geometry", "image", "data"],
    "weights": ["core"],
    "engine": ["core", "weights"],
    "model": ["core", "data", "weights"],
    "detect": ["core", "geometry", "image", "data", "weights", "engine", "model"],
    "live": ["core", "geometry", "image", "video", "detect"],
    "gpu": ["core", "geometry", "image", "weights", "engine", "model", "detect"],
    "export": ["core", "weights", "model"],
    "train": ["core", "geometry", "data", "weights"],
    "eval": ["core", "geometry", "data", "image"],
    "data_prep": ["core", "geometry", "image", "data", "labels", "weights", "engine", "model", "detect", "eval"],
    "pipeline": ["core", "data", "labels", "weights", "model", "data_prep", "train", "eval"],
    "cli": ["core", "geometry", "image", "video", "data", "labels", "weights", "engine", "model", "detect", "live", "gpu", "export", "data_prep", "train", "eval",
            "pipeline"],
    "capi": ["core", "geometry", "image", "data", "engine", "model", "detect", "gpu"],
}

# Libraries that hold a part of a room: what of training needs no LibTorch.
PARTS = {"train_files": "train"}

# These are nobody's library: nothing includes them, and what they need comes in through the rooms that they link.
ENDS = ("cli", "capi")

# Foreign libraries that stay behind few doors: name, headers, files that may include them (matched against
# "room/file"), the same in words.
DOORS = [
    ("LibTorch", r"^(torch|ATen|c10|caffe2)/", r"^(gpu|export|train)/", "gpu, export and train"),
    ("OpenCV", r"^opencv", r"^(image|video)/", "image and video"),
    ("FFmpeg", r"^lib(av|sw)", r"^video/", "video"),
    ("libheif, libjxl, giflib, libwebp, libjpeg", r"^(libheif/|jxl/|gif_lib|webp/|jpeglib|jerror)", r"^image/more_module\.cpp$",
     "image/more_module.cpp"),
    ("liblz4", r"^lz4", r"^weights/lz4_frame\.cpp$", "weights/lz4_frame.cpp"),
    ("protozero", r"^protozero/", r"^weights/onnx_", "weights/onnx_*"),
    ("pugixml", r"^pugi", r"^labels/", "labels"),
    ("yaml-cpp", r"^yaml-cpp/", r"^labels/", "labels"),
    ("spdlog", r"^(spdlog|fmt)/", r"^core/log\.cpp$", "core/log.cpp"),
]

CPP_SUFFIXES = (".h", ".hpp", ".cpp", ".cc", ".h.in", ".cpp.in")
HEADER_SUFFIXES = (".h", ".hpp", ".h.in")
INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]*([<"])([^>"\n]+)[>"]', re.MULTILINE)


class Source:
    """One C++ file: its room, its name "room/file" and what it includes."""

    def __init__(self, root, path, room, folder):
        self.shown = path.relative_to(root).as_posix()
        self.room = room
        self.name = f"{room}/{path.relative_to(folder).as_posix()}"
        self.is_header = path.name.endswith(HEADER_SUFFIXES)
        self.text = without_block_comments(path.read_text(encoding="utf-8"))
        self.includes = [
            (self.text.count("\n", 0, match.start(1)) + 1, match.group(1), match.group(2))
            for match in INCLUDE.finditer(self.text)
        ]

    def at(self, line, message):
        return f"{self.shown}:{line}: {message}"


def own_header(target):
    """The name "room/file" of our header that `target` includes, or None: "mtcnn/<room>/..." lies below src/, "data_prep/..." at the
    top."""
    if target.startswith("mtcnn/"):
        return target.removeprefix("mtcnn/")
    return target if target.startswith("data_prep/") else None


def without_block_comments(text):
    return re.sub(r"/\*.*?\*/", lambda match: "\n" * match.group().count("\n"), text, flags=re.DOTALL)


def room_folders(root):
    """Name and folder of every room that is there, known or not."""
    source = root / "src" / "mtcnn"
    folders = sorted(entry for entry in source.iterdir() if entry.is_dir()) if source.is_dir() else []
    rooms = [(folder.name, folder) for folder in folders]
    if (root / "data_prep").is_dir():
        rooms.append(("data_prep", root / "data_prep"))
    return rooms


def read_sources(root):
    return [
        Source(root, path, room, folder)
        for room, folder in room_folders(root)
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.name.endswith(CPP_SUFFIXES)
    ]


def check_include(source, line, quote, target):
    """Complaints about one include."""
    name = own_header(target)
    if quote == '"' and not name:
        yield source.at(line, f'"{target}": quoted includes start with mtcnn/ or data_prep/; other libraries are included with <>')
        return
    if name:
        if quote == "<":
            yield source.at(line, f'<{target}>: our own headers are included as "{target}"')
        room = name.split("/")[0]
        if target.startswith("mtcnn/data_prep/"):
            yield source.at(line, f'"{target}": data_prep lies beside src: include "{name}"')
        if room == source.room:
            return
        if room in ENDS:
            yield source.at(line, f'"{target}": nothing includes {room}')
        elif room not in ROOMS:
            yield source.at(line, f'"{target}": there is no room {room}')
        elif room not in ROOMS[source.room]:
            allowed = " ".join(ROOMS[source.room]) or "nothing"
            yield source.at(line, f'"{target}": {source.room} may not include {room} (it may include: {allowed})')
        return
    for library, headers, door, words in DOORS:
        if re.search(headers, target) and not re.search(door, source.name):
            yield source.at(line, f"<{target}>: {library} is included only in {words}")


def check_source(source):
    if source.is_header and not re.search(r"^#pragma once\s*$", source.text, re.MULTILINE):
        yield source.at(1, "a header without #pragma once")
    for line, quote, target in source.includes:
        yield from check_include(source, line, quote, target)


def check_cycles(sources):
    """One complaint for each include that closes a circle between files."""
    by_name = {source.name: source for source in sources}
    finished, path, complaints = set(), [], []

    def visit(source):
        path.append(source.name)
        for line, _, target in source.includes:
            name = own_header(target)
            if name not in by_name or name in finished:
                continue
            if name in path:
                circle = " -> ".join([*path[path.index(name):], name])
                complaints.append(source.at(line, f"includes in a circle: {circle}"))
            else:
                visit(by_name[name])
        path.pop()
        finished.add(source.name)

    for source in sources:
        if source.name not in finished:
            visit(source)
    return complaints


def read_links(cmake_file):
    """The rooms of the mtcnn:: targets in a room's CMakeLists.txt: room -> (line, "PUBLIC" or "PRIVATE")."""
    links = {}
    mode = "PUBLIC"
    for number, line in enumerate(cmake_file.read_text(encoding="utf-8").splitlines(), 1):
        for token in re.findall(r"mtcnn::\w+|\b(?:PUBLIC|PRIVATE|INTERFACE)\b", line.split("#")[0]):
            if token.startswith("mtcnn::"):
                target = token.removeprefix("mtcnn::")
                links.setdefault(PARTS.get(target, target), (number, mode))
            else:
                mode = token
    return links


def check_installed(root, rooms, by_name):
    """The headers that are installed (HEADERS of mtcnn_add_module) are there and include installed ones alone."""
    installed = {name: folder for room, folder in rooms for name in installed_headers(room, folder)}
    for name, folder in installed.items():
        if name not in by_name:
            shown = (folder / "CMakeLists.txt").relative_to(root).as_posix()
            yield f"{shown}:1: HEADERS names {name.split('/')[1]}, which is not there"
            continue
        for line, _, target in by_name[name].includes:
            if own_header(target) and own_header(target) not in installed:
                yield by_name[name].at(line, f'"{target}": an installed header includes installed ones alone: add this one to HEADERS')


def installed_headers(room, folder):
    """The names "room/file" in HEADERS of the room's CMakeLists.txt."""
    cmake_file = folder / "CMakeLists.txt"
    if not cmake_file.exists():
        return []
    lists = re.findall(r"^\s*HEADERS\b([^A-Z]*?)(?=\b[A-Z]+\b|\))", cmake_file.read_text(encoding="utf-8"), re.MULTILINE)
    return [f"{room}/{file}" for files in lists for file in files.split()]


def public_headers(sources):
    """The names of headers that another room sees, directly or through such a header."""
    by_name = {source.name: source for source in sources}
    public = set()
    waiting = [
        name
        for source in sources
        for name in (own_header(target) for _, _, target in source.includes)
        if name and name.split("/")[0] != source.room
    ]
    while waiting:
        name = waiting.pop()
        if name not in public and name in by_name:
            public.add(name)
            waiting += filter(None, (own_header(target) for _, _, target in by_name[name].includes))
    return public


def check_links(root, room, folder, sources):
    """The room's CMakeLists.txt links what the table allows, all that the room includes, and as PUBLIC what is included by
    headers that other rooms see."""
    cmake_file = folder / "CMakeLists.txt"
    shown = cmake_file.relative_to(root).as_posix()
    if not cmake_file.exists():
        if any(source.room == room and not source.is_header for source in sources):
            yield f"{shown}:1: this room has .cpp files and no CMakeLists.txt"
        return
    links = read_links(cmake_file)
    for target, (line, _) in links.items():
        if target != room and target not in ROOMS[room]:
            allowed = " ".join(ROOMS[room]) or "nothing"
            yield f"{shown}:{line}: {room} may not link mtcnn::{target} (it may link: {allowed})"
    if room in ENDS:
        return
    public = public_headers(sources)
    for source in sources:
        for line, _, target in source.includes:
            used = (own_header(target) or room).split("/")[0]
            if source.room != room or used == room or used not in ROOMS[room]:
                continue
            if used not in links:
                yield source.at(line, f'"{target}": {shown} does not link mtcnn::{used}')
            elif source.name in public and links[used][1] != "PUBLIC":
                yield source.at(line, f'"{target}": other rooms see this header: link mtcnn::{used} as PUBLIC in {shown}')


def check(root):
    """All complaints about the tree at `root`, in a stable order."""
    complaints = []
    known = []
    for room, folder in room_folders(root):
        if room in ROOMS:
            known.append((room, folder))
        else:
            complaints.append(f"{folder.relative_to(root).as_posix()}:1: {room} is no room of the table in this script")
    sources = [source for source in read_sources(root) if source.room in ROOMS]
    for source in sources:
        complaints += check_source(source)
    complaints += check_cycles(sources)
    by_name = {source.name: source for source in sources}
    for room, folder in known:
        complaints += check_links(root, room, folder, sources)
    complaints += check_installed(root, known, by_name)
    return complaints


def table():
    rows = ["| Room | May include |", "|---|---|"]
    rows += [f"| `{room}` | {' '.join(f'`{name}`' for name in allowed) or '-'} |" for room, allowed in ROOMS.items()]
    rows += ["", "| Library | Included only in |", "|---|---|"]
    rows += [f"| {library} | {words} |" for library, _, _, words in DOORS]
    return "\n".join(rows)


def main():
    parser = argparse.ArgumentParser(description="Proves that includes between the rooms point one way.")
    parser.add_argument("--root", type=Path, default=Path(__file__).resolve().parent.parent, help="the source tree")
    parser.add_argument("--table", action="store_true", help="print the table of rooms as Markdown")
    arguments = parser.parse_args()
    if arguments.table:
        print(table())
        return 0
    complaints = check(arguments.root.resolve())
    for complaint in complaints:
        print(complaint)
    return 1 if complaints else 0


if __name__ == "__main__":
    sys.exit(main())
