"""check_links.py sees links and anchors of a site that lead nowhere, and what is loaded from elsewhere."""

import unittest

from tree import CheckTestCase, load_script


class CheckLinks(CheckTestCase):
    script = load_script("check_links")

    def test_right_pages(self):
        files = {
            "index.html": '<h1 id="top">a</h1><a href="sub/b.html#two">b</a><a href="#top">c</a><a href="sub">d</a>'
                          '<a href="https://example.org/x">e</a><img src="sub/a%20b.png"><img src="data:image/png;base64,AA">',
            "404.html": '<link rel="stylesheet" href="/sub/s.css"><link rel="canonical" href="https://example.org/">',
            "sub/index.html": "",
            "sub/b.html": '<a name="two" href="../index.html">a</a>',
            "sub/s.css": "",
            "sub/a b.png": b"",
        }
        self.assertEqual(self.complaints(files), [])

    def test_files(self):
        self.assert_one({"a.html": '<a href="b.html">b</a>'}, "a.html", "'b.html'", "no file")
        self.assert_one({"a.html": '<img src="/b.png">'}, "a.html", "'/b.png'")
        self.assert_one({"sub/a.html": '<a href="../../b.html">b</a>'}, "sub/a.html", "no file")

    def test_anchors(self):
        self.assert_one({"a.html": '<a href="#two">b</a>'}, "a.html", "'#two'", "place")
        self.assert_one({"a.html": '<a href="b.html#two">b</a>', "b.html": '<p id="one">'}, "a.html", "'b.html#two'")

    def test_loads(self):
        for text in ('<script src="https://example.org/a.js"></script>', '<link rel="stylesheet" href="//example.org/a.css">'):
            self.assert_one({"a.html": text}, "a.html", "from elsewhere")


if __name__ == "__main__":
    unittest.main()
