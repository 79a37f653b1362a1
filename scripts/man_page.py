#!/usr/bin/env python3
"""Writes the manual page mtcnn(1) from the program's own --help.

Usage: man_page.py PROGRAM [OUT]
PROGRAM  the built program
OUT      the page; default: stdout. Read it with `man ./mtcnn.1`
"""
import functools
import re
import subprocess
import sys

VERB = re.compile(r"^  ([a-z][a-z-]*) +\S", re.MULTILINE)
ROW = re.compile(r"^  (\S.*?)(?:  +(.*))?$")  # "  --flag X   what it does"; the text may begin in the next line


@functools.cache
def help_of(program, *verb):
    done = subprocess.run([program, *verb, "--help"], capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit(f"error: {program} {' '.join(verb)} --help ended with {done.returncode}: {done.stderr.strip()}")
    return done.stdout


def escaped(text):
    text = text.replace("\\", "\\e").replace("-", "\\-")
    text = "".join(c if c.isascii() else f"\\[u{ord(c):04X}]" for c in text)
    return "\\&" + text if text[:1] in (".", "'") else text


def sections(text):
    """A help text in parts: ("", description lines), then (heading, lines) each."""
    parts = [("", [])]
    for line in text.splitlines():
        if re.fullmatch(r"[A-Z][\w ]*:", line):
            parts.append((line[:-1], []))
        elif re.match(r"(Usage|Example|Exit codes): ", line):
            parts.append((line.split(":")[0], [line.split(": ", 1)[1]]))
        else:
            parts[-1][1].append(line)
    return parts


def verbs_in(text):
    return [verb for heading, lines in sections(text) if heading == "Subcommands" for verb in VERB.findall("\n".join(lines))]


def paragraphs(lines):
    return ["\n".join(escaped(line) for line in block.splitlines()) for block in "\n".join(lines).strip().split("\n\n") if block]


def rows(lines):
    """Flags and what they do."""
    out = []
    for line in lines:
        found = ROW.match(line)
        if found and not line.startswith("   "):
            out.append([found[1], found[2] or ""])
        elif line.strip() and out:
            out[-1][1] = (out[-1][1] + " " + line.strip()).strip()
    return out


def page_of(program, verb):
    """The part of a page about one verb."""
    text = help_of(program, *verb)
    out = [f".SS mtcnn {escaped(' '.join(verb))}"]
    for heading, lines in sections(text):
        if heading == "":
            out += ["\n.PP\n".join(paragraphs(lines))]
        elif heading in ("Usage", "Example"):
            out += [f".PP\n{heading}:", ".PP", ".nf", *[escaped("  " + line) for line in lines if line], ".fi"]
        elif heading not in ("Exit codes", "Subcommands"):
            out += [f".PP\n\\fI{heading}\\fR"]
            for flag, what in rows(lines):
                out += [".TP", f"\\fB{escaped(flag)}\\fR", escaped(what)]
    for below in verbs_in(text):
        out += [page_of(program, [*verb, below])]
    return "\n".join(out)


def page(program):
    text = help_of(program)
    summary = sections(text)[0][1]
    version = subprocess.run([program, "--version"], capture_output=True, text=True).stdout.split(" (")[0].strip()
    out = [f'.TH MTCNN 1 "" "{version}" "User Commands"',
           ".SH NAME", "mtcnn \\- find faces, train and score the detector that does", ".SH SYNOPSIS",
           ".B mtcnn", "\\fIVERB\\fR [\\fIOPTIONS\\fR]", ".SH DESCRIPTION", "\n.PP\n".join(paragraphs(summary)), ".SH VERBS"]
    out += [page_of(program, [verb]) for verb in verbs_in(text)]
    codes = next(lines[0] for heading, lines in sections(text) if heading == "Exit codes")
    return "\n".join([*out, ".SH EXIT STATUS", escaped(codes)]) + "\n"


def main():
    if len(sys.argv) not in (2, 3) or "--help" in sys.argv[1:]:
        print(__doc__.strip())
        return 0 if "--help" in sys.argv[1:] else 2
    text = page(sys.argv[1])
    if len(sys.argv) == 3:
        with open(sys.argv[2], "w", encoding="utf-8") as file:
            file.write(text)
    else:
        print(text, end="")
    return 0


if __name__ == "__main__":
    sys.exit(main())
