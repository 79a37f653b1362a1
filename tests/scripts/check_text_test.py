"""check_text.py sees each kind of fault, with file and line, and nothing in files that are right."""

import json
import re
import subprocess
import sys
import unittest

from tree import SOURCE_ROOT, CheckTestCase, Tree, load_script

check_text = load_script("check_text")

# Put together here, so that this file itself holds no such path.
MACHINE_PATHS = ["/".join(parts) for parts in (["", "home", "me", "x"], ["", "root", ".cache"], ["", "Users", "me"],
                                               ["", "work", "data"], ["", "tmp", "x"])]


class CheckText(CheckTestCase):
    script = check_text

    def test_right_files(self):
        files = {
            "a.cpp": "int a;\n\nint b;\n",
            "empty.txt": "",
            "paths.txt": "~/.cache $HOME/tmp/x a/home/b https://example.org/home/me ${X}/tmp/x build/root/a\n",
            "picture.png": b"\x89PNG\0\t \n no line end",
            "docs/a.md": "# One `two`: three\n\n[b](../b.md#two-words) [self](#one-two-three) [web](https://x.org/y)\n"
                         "[folder](../docs) `[code](nowhere.md)`\n```\n[fenced](nowhere.md)\n```\n",
            "b.md": "# Two words\n![image](picture.png \"title\")\n[ref]: docs/a.md\n",
        }
        self.assertEqual(self.complaints(files), [])

    def test_machine_paths(self):
        for path in MACHINE_PATHS:
            self.assert_one({"a.txt": f"first\nsee {path}\n"}, "a.txt:2", path)
            self.assert_one({"a.txt": f"x={path}\n"}, "a.txt:1", path)
        self.assert_one({"a.txt": "C:" + "\\Users\\me\n"}, "a.txt:1", "one machine")

    def test_blanks(self):
        self.assert_one({"a.txt": "a\nb \nc\n"}, "a.txt:2", "blanks")

    def test_tabs(self):
        self.assert_one({"a.txt": "a\tb\n"}, "a.txt:1", "tab")

    def test_carriage_returns(self):
        self.assert_one({"a.txt": "a\r\n"}, "a.txt:1", "carriage return")

    def test_last_line(self):
        self.assert_one({"a.txt": "a\nb"}, "a.txt:2", "no line end")

    def test_not_utf8(self):
        self.assert_one({"a.txt": b"a\n\xff\n"}, "a.txt:2", "UTF-8")

    def test_size(self):
        self.assert_one({"a.bin": b"\0" * (check_text.LARGEST_FILE + 1)}, "a.bin:1", "bytes")
        self.assertEqual(self.complaints({"a.bin": b"\0" * check_text.LARGEST_FILE}), [])

    def test_reference_data_keep_their_form(self):
        self.assertEqual(self.complaints({"tests/data/a.txt": "a \t\r\nb"}), [])

    def test_links(self):
        self.assert_one({"a.md": "\n[b](b.md)\n"}, "a.md:2", "'b.md'", "no file")
        self.assert_one({"a.md": "[b]: docs/b.md\n"}, "a.md:1", "docs/b.md")
        self.assert_one({"a.md": "![b](b.png)\n"}, "a.md:1", "b.png")
        self.assert_one({"a.md": "[b](../b.md)\n"}, "a.md:1", "no file")

    def test_anchors(self):
        self.assert_one({"a.md": "# One\n[x](#two)\n"}, "a.md:2", "heading")
        self.assert_one({"a.md": "[x](b.md#two)\n", "b.md": "# One\n"}, "a.md:1", "heading")
        self.assertEqual(self.complaints({"a.md": "# One\n# One\n[x](#one) [y](#one-1)\n"}), [])

    def test_words(self):
        self.assert_one({"a.md": "one\n\nTwo Pictures\n"}, "a.md:3", "'Pictures'", "'image'")
        self.assert_one({"a.md": "faces of part\nfaces: part faces\n"}, "a.md:2", "'part'")
        self.assertEqual(self.complaints({"a.md": "`picture` depicture\n```\nfilm\n```\n", "a.txt": "picture\n"}), [])
        cells = [{"cell_type": "markdown", "source": ["one\n", "room"]}, {"cell_type": "code", "source": ["room"]}]
        self.assert_one({"a.ipynb": json.dumps({"cells": cells}) + "\n"}, "a.ipynb:2", "'room'", "'module'")

    def test_words_in_strings_and_comments_of_sources(self):
        self.assert_one({"src/a.cpp": "int a;\nauto b = \"no \"\n  \"picture here\";\n"}, "src/a.cpp:3", "say 'image'")
        self.assert_one({"src/a.h": "/// one\n/// of pictures, picture.size, write_picture(), `picture`\n"}, "src/a.h:2", "'pictures'")
        self.assert_one({"src/a.h": "int a;  /* the\n   film. */\n"}, "src/a.h:2", "say 'video'")
        self.assert_one({"src/a.h": "say(R\"x(one\n\"two\" pictures)x\");\n"}, "src/a.h:2", "say 'image'")
        self.assert_one({"data_prep/a.cpp": "f('\"', \"a film\\n\");\n"}, "data_prep/a.cpp:1", "say 'video'")
        fine = "/* \"a picture\" */ f(\"pictures\", \"false_faces_per_picture is a key\"); // a \"picture is\"\nchar c = '\"'; int picture; // \"\n"
        self.assertEqual(self.complaints({"src/a.cpp": fine, "tests/a.cpp": "f(\"a picture\");\n"}), [])

    def test_the_table_in_contributing_names_the_same_words(self):
        rows = re.findall(r"^\| ([^|]+) \| [^|]+ \| ([^|]*)\|$", (SOURCE_ROOT / "CONTRIBUTING.md").read_text("utf-8"), re.MULTILINE)
        named = {word for _, words in rows[1:] for word in words.strip().split(", ") if word}
        self.assertEqual(named, set(check_text.WORDS))

    def test_only_what_the_repository_holds(self):
        with Tree({"a.txt": "a\n", "kept.txt": "a \n", "build/b.txt": "b \n", ".gitignore": "/build/\n",
                   "a.md": "[b](build/b.txt)\n"}) as root:
            subprocess.run(["git", "init", "-q", str(root)], check=True)
            found = check_text.check(root)
        self.assertEqual([line.split(":")[0] for line in found], ["a.md", "kept.txt"])

    def test_program(self):
        command = [sys.executable, str(SOURCE_ROOT / "scripts" / "check_text.py"), "--root"]
        with Tree({"a.txt": "a"}) as root:
            bad = subprocess.run([*command, str(root)], capture_output=True, text=True, check=False)
        self.assertEqual((bad.returncode, bad.stdout), (1, "a.txt:1: no line end at the end of the file\n"))
        with Tree({"a.txt": "a\n"}) as root:
            self.assertEqual(subprocess.run([*command, str(root)], check=False).returncode, 0)


if __name__ == "__main__":
    unittest.main()
