"""Outputs are safe to look at: names of files, models and classes cannot leave the folder of results, forge lines or steer a terminal, and
run nothing in SVG or CSV. And a working folder that is gone.

usage: names_test.py PROGRAM MODEL_FOLDER [unittest arguments]; the model may be any.
"""
import json
import os
import pathlib
import subprocess
import sys
import unittest
import xml.etree.ElementTree

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "e2e"))
from support import FolderTestCase, run  # noqa: E402

MODEL = pathlib.Path(sys.argv[2])
ASTRONAUT = (HERE.parents[1] / "samples/astronaut.jpg").read_bytes()
EVIL = ["a\x1b[2J.jpg", "b\nc.jpg: 9 faces.jpg", "\u202egpj.exe.jpg", "=HYPERLINK(1).jpg", "<script>alert(1)</script>&'\".jpg", "\u009b2J.jpg"]
STEERING = [chr(c) for c in (*range(0x00, 0x0A), *range(0x0B, 0x20), *range(0x7F, 0xA0), 0x202E, 0x2066)]


class Names(FolderTestCase):
    def assertHarmless(self, done):
        for text in (done.stdout, done.stderr):
            self.assertEqual([c for c in STEERING if c in text], [], repr(text))

    def assertPlainSvg(self, svg):
        tags = {element.tag.split("}")[1] for element in xml.etree.ElementTree.fromstring(svg).iter()}
        self.assertLessEqual(tags, {"svg", "title", "rect", "clipPath", "text", "g", "line", "path"})
        self.assertEqual([c for c in STEERING if c in svg], [])

    def photos(self):
        folder = self.folder / "photos"
        folder.mkdir()
        for name in EVIL:
            (folder / name.replace("/", "_")).write_bytes(ASTRONAUT)
        (folder / "bad\x1b[31m\n.jpg").write_bytes(b"no picture")
        return folder

    def test_detect(self):
        photos = self.photos()
        done = run("detect", photos, "--min-face", 60, check=False)
        self.assertEqual(done.returncode, 1)
        self.assertHarmless(done)
        heads = [line for line in done.stdout.splitlines() if not line.startswith("  ")]
        self.assertEqual(len(heads), len(EVIL), done.stdout)
        done = run("detect", photos, "--min-face", 60, "--draw", self.folder / "out/drawn", "--crops", self.folder / "out/crops", "--json", self.folder / "out/f.jsonl", check=False)
        self.assertHarmless(done)
        self.assertEqual(sorted(p.name for p in self.folder.iterdir()), ["out", "photos"])
        self.assertEqual(len((self.folder / "out/f.jsonl").read_text().splitlines()), len(EVIL) + 1)

    def test_inspect_and_export(self):
        model = self.folder / "m\x1b[2Jodel"
        run("export", "--run", MODEL, "--out", model, "--metadata", "note=a\x1b[2J\nchecksum = fine\u202e")
        done = run("inspect", model / "pnet.safetensors")
        self.assertHarmless(done)
        self.assertNotIn("\n  checksum = fine", done.stdout.replace("  checksum = crc32", ""))
        self.assertNotIn("\nchecksum = fine", done.stdout)
        self.assertHarmless(run("export", "--run", model, "--out", self.folder / "again"))

    def test_reports(self):
        line = {"width": 512, "height": 512, "faces": [{"box": [182, 61, 88, 114], "confidence": 0.9}]}
        for name in ("=1+1", "<script>alert(1)</script>", "\u202ex"):
            found = self.folder / f"{name.replace('/', '_')}.jsonl"
            found.write_text(json.dumps({"image": name, **line}) + "\n")
            out = self.folder / "report"
            done = run("eval", "coco", "--detections", found, "--annotations", found, "--bootstrap", 0, "--out", out)
            self.assertHarmless(done)
            self.assertPlainSvg((out / "curve.svg").read_text())
            for row in (out / "curve.csv").read_text().splitlines():
                self.assertNotIn(row.lstrip('"')[:1], ("=", "+", "@"))

    def convert(self, source, kind, to, out):
        """A conversion that is done or refused, and writes below `out` alone."""
        before = set(self.folder.rglob("*"))
        done = run("convert", source, "--from", kind, "--to", to, "--out", out, "--take-images", "copy", check=False)
        self.assertHarmless(done)
        if done.returncode != 0:
            self.assertOneLine(done, 1)
        new = set(self.folder.rglob("*")) - before
        self.assertEqual([path for path in new if path != out and out not in path.parents], [])
        return done.returncode == 0

    def test_labels_cannot_leave_the_folder(self):
        """Whatever a label file calls its images, labels and copies of images are written below --out alone."""
        home = self.folder / "a/b/c"
        images = [{"id": i, "file_name": f"evil{i}.jpg", "width": 512, "height": 512} for i in range(3)]
        boxes = [{"id": i, "image_id": i, "category_id": 1, "bbox": [182, 61, 88, 114]} for i in range(3)]
        for place in (self.folder, self.folder / "a", self.folder / "a/b", home, home / "set"):
            place.mkdir(parents=True, exist_ok=True)
            for image in images:  # so that a name that leads out names an image
                (place / image["file_name"]).write_bytes(ASTRONAUT)
        (home / "set/annotations.json").write_text(json.dumps({"images": images, "annotations": boxes, "categories": [{"id": 1, "name": "face"}]}))
        for kind in ("own", "coco", "voc", "labelme", "cvat", "labelstudio"):
            source = home / kind
            self.assertTrue(self.convert(home / "set", "coco", kind, source))
            for number, evil in enumerate(("../", "x/../../", f"{self.folder}/", "..\\\\", "\\u0000/../../")):
                with self.subTest(evil, kind=kind):
                    for file in [path for path in source.rglob("*") if path.suffix in (".json", ".jsonl", ".xml")]:
                        file.write_text(file.read_text().replace("evil0.jpg", evil + "evil0.jpg"))
                    self.convert(source, kind, "voc" if kind != "voc" else "labelme", home / f"{kind}_{number}")
                    for file in [path for path in source.rglob("*") if path.suffix in (".json", ".jsonl", ".xml")]:
                        file.write_text(file.read_text().replace(evil, ""))

    def test_names_of_classes(self):
        """They stand in label files, on the terminal and beside reports."""
        photos = self.folder / "set/images"
        photos.mkdir(parents=True)
        (photos / "a.jpg").write_bytes(ASTRONAUT)
        evil = ("f\x1b[2Jace", "b\nnc: 9", "=HYPERLINK(1)", "<script>alert(1)</script>&'\"", "]]>", "\u202egpj")
        line = {"image": "a.jpg", "width": 512, "height": 512, "faces": [{"box": [100 + 10 * i, 61, 88, 114], "category": name} for i, name in enumerate(evil)]}
        (self.folder / "set/annotations.jsonl").write_text(json.dumps(line) + "\n")
        for kind in ("own", "voc", "yolo", "cvat", "labelme", "coco", "labelstudio"):
            with self.subTest(kind):
                out, report = self.folder / kind, self.folder / "report"
                if not self.convert(self.folder / "set", "own", kind, out):
                    continue
                done = run("inspect", out, "--kind", kind, "--out", report, check=False)
                self.assertHarmless(done)
                self.assertEqual(done.returncode, 0, done.stderr)
                self.assertPlainSvg((report / "sizes.svg").read_text())
                self.assertEqual(sorted(path.name for path in report.iterdir()), ["contact_sheet.jpg", "sizes.svg"])

    def test_a_working_folder_that_is_gone(self):
        gone = self.folder / "gone"
        gone.mkdir()
        script = "cd '%s' && rmdir '%s' && exec '%s' detect a.jpg --json b" % (gone, gone, os.path.abspath(sys.argv[1]))
        done = subprocess.run(["bash", "-c", script], capture_output=True, text=True, timeout=60)
        self.assertOneLine(done, 1)


if __name__ == "__main__":
    unittest.main(argv=[sys.argv[0], *sys.argv[3:]], verbosity=2)
