#!/usr/bin/env python3
"""Checks the HTML of a site: each link, image and style leads to a file that is there, each anchor to a place in it, and nothing is loaded
from elsewhere.

usage: check_links.py FOLDER
"""

import html.parser
import sys
import urllib.parse
from pathlib import Path

LOADS = {"img": "src", "script": "src", "link": "href", "source": "src", "iframe": "src"}
MADE_BY_DOXYGEN = "headers/"  # whose menus find their places by script


class Page(html.parser.HTMLParser):
    """The links and the anchors of a page."""

    def __init__(self, text):
        super().__init__()
        self.links, self.loads, self.anchors = [], [], set()
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        values = dict(attrs)
        self.anchors |= {values[key] for key in ("id", "name") if values.get(key)}
        if tag == "a" and values.get("href"):
            self.links.append(values["href"])
        if tag in LOADS and values.get(LOADS[tag]) and values.get("rel") != "canonical":
            self.loads.append(values[LOADS[tag]])


def complaints_of(site):
    pages = {path.relative_to(site).as_posix(): Page(path.read_text("utf-8")) for path in site.rglob("*.html")}
    for name, page in sorted(pages.items()):
        for target in page.links + page.loads:
            address = urllib.parse.urlsplit(target)
            if address.scheme or address.netloc:
                if target in page.loads and address.scheme not in ("data", "javascript"):
                    yield f"{name}: loads '{target}' from elsewhere"
                continue
            # 404.html is shown in the place of pages in any folder, so its links begin at the site's root.
            folder = site if address.path.startswith("/") else (site / name).parent
            path = (folder / urllib.parse.unquote(address.path).lstrip("/") if address.path else site / name).resolve()
            if path.is_dir():
                path /= "index.html"
            if not path.is_file() or not path.is_relative_to(site):
                yield f"{name}: the link to '{target}' leads to no file of the site"
                continue
            linked = path.relative_to(site).as_posix()
            anchor = urllib.parse.unquote(address.fragment)
            if anchor and linked in pages and anchor not in pages[linked].anchors and not linked.startswith(MADE_BY_DOXYGEN):
                yield f"{name}: the link to '{target}' names a place that is not there"


def check(site):
    """All complaints about the site in this folder."""
    return list(complaints_of(site))


def main():
    found = check(Path(sys.argv[1]).resolve())
    for complaint in found:
        print(complaint)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
