"""The code in the Markdown pages. A block is run by the tests unless the line before it says why not:
<!-- not run: needs WIDER FACE -->

usage: blocks.py cpp OUT.cpp PAGE...   writes one C++ source with all C++ blocks; its program runs the named one
"""
import dataclasses
import pathlib
import re
import sys

FENCE = re.compile(r"^```(\w*)\s*$")
NOT_RUN = re.compile(r"^<!-- not run: (.+) -->$")
RUN = ("bash", "cpp", "python")
TESTED_ELSEWHERE = ("python.md",)  # by the tests of the Python package


@dataclasses.dataclass
class Block:
    page: str
    line: int  # of the fence, from 1
    language: str
    text: str
    not_run: str  # why; empty where it is run

    @property
    def name(self):
        return f"{self.page}:{self.line}"


def blocks(page, text):
    """All fenced blocks in a language that can be run.

    Raises ValueError naming the line where a fence is never closed, or a mark stands before no such block.
    """
    lines = text.splitlines()
    found, mark, number = [], None, 0
    while number < len(lines):
        fence = FENCE.match(lines[number])
        if fence:
            try:
                end = lines.index("```", number + 1)
            except ValueError:
                raise ValueError(f"{page}:{number + 1}: a fence that is never closed") from None
            if fence[1] in RUN:
                found.append(Block(page, number + 1, fence[1], "\n".join(lines[number + 1:end]) + "\n", mark or ""))
                mark = None
            number = end
        if mark and lines[number].strip():
            raise ValueError(f"{page}:{number}: the mark 'not run' stands before no block of {', '.join(RUN)}")
        if NOT_RUN.match(lines[number]):
            mark = NOT_RUN.match(lines[number])[1]
        number += 1
    if mark:
        raise ValueError(f"{page}: the mark 'not run' stands before no block of {', '.join(RUN)}")
    return found


def pages(root):
    """The Markdown files that speak to users."""
    below = sorted(path for path in (root / "docs").glob("*.md") if path.name not in TESTED_ELSEWHERE)
    return [root / "README.md", root / "CONTRIBUTING.md", *below]


def read_blocks(root, paths=None):
    return [block for path in paths or pages(root) for block in blocks(path.relative_to(root).as_posix(), path.read_text("utf-8"))]


def cpp_source(found):
    """One program with a function a block: includes go to the top, all else into the function."""
    includes, functions, calls = {"#include <cstring>", "#include <cstdio>"}, [], []
    for number, block in enumerate(found):
        body = []
        for line in block.text.splitlines():
            (includes.add if line.startswith("#include") else body.append)(line)
        first = block.line + 1 + len(block.text.splitlines()) - len(body)
        functions.append(f'static void block_{number}() {{\n#line {first} "{block.page}"\n' + "\n".join(body) + "\n}\n")
        calls.append(f'  if (std::strcmp(name, "{block.name}") == 0) return block_{number}(), 0;\n')
    return ("\n".join(sorted(includes)) + "\n\n" + "\n".join(functions)
            + "\nint main(int, char** arguments) {\n  const char* name = arguments[1];\n" + "".join(calls)
            + '  std::fprintf(stderr, "no block %s\\n", name);\n  return 2;\n}\n')


if __name__ == "__main__":
    root = pathlib.Path(__file__).resolve().parents[2]
    out = pathlib.Path(sys.argv[2])
    out.write_text(cpp_source([b for b in read_blocks(root) if b.language == "cpp" and not b.not_run]), "utf-8")
