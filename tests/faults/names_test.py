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

    def test_labels_cannot_leave_the_folder(self):
        """Whatever a label file calls its images, labels and copies of images are written below --out alone."""
        home = self.folder / "a/b/c"
        (home / "set").mkdir(parents=True)
        for place in (self.folder, self.folder / "a", self.folder / "a/b", home):
            (place / "evil.jpg").write_bytes(ASTRONAUT)  # so that a name that leads out names an image
        (home / "set/fine.jpg").write_bytes(ASTRONAUT)
        for number, evil in enumerate(("../evil.jpg", "../../evil.jpg", "x/../../evil.jpg", str(self.folder / "evil.jpg"), "..\\evil.jpg", "..", "a\u0000/../../evil.jpg")):
            images = [{"id": i, "file_name": name, "width": 512, "height": 512} for i, name in enumerate(("fine.jpg", evil))]
            boxes = [{"id": i, "image_id": i, "category_id": 1, "bbox": [182, 61, 88, 114]} for i in range(2)]
            (home / "set/annotations.json").write_text(json.dumps({"images": images, "annotations": boxes, "categories": [{"id": 1, "name": "face"}]}))
            for kind in ("own", "coco", "voc", "yolo", "labelme", "cvat", "labelstudio"):
                with self.subTest(evil, kind=kind):
                    before = sorted(self.folder.rglob("*"))
                    out = home / f"out{number}_{kind}"
                    done = run("convert", home / "set", "--from", "coco", "--to", kind, "--out", out, "--take-images", "copy", check=False)
                    self.assertIn(done.returncode, (0, 1), done.stderr)
                    self.assertHarmless(done)
                    new = [path for path in self.folder.rglob("*") if path not in before]
                    self.assertEqual([path for path in new if path != out and out not in path.parents], [])
                    self.assertEqual([path for path in new if path.is_symlink()], [])

    def test_names_of_classes(self):
        """They stand in reports, label files, drawings' captions and the terminal."""
        photos = self.folder / "set/images"
        photos.mkdir(parents=True)
        (photos / "a.jpg").write_bytes(ASTRONAUT)
        for kind in ("voc", "yolo", "cvat", "labelme", "coco"):
            for number, evil in enumerate(("f\x1b[2Jace", "b\nnc: 9", "=HYPERLINK(1)", "<script>alert(1)</script>&'\"", "]]>", "\u202egpj")):
                with self.subTest(evil, kind=kind):
                    line = {"image": "a.jpg", "width": 512, "height": 512, "faces": [{"box": [182, 61, 88, 114], "category": evil}]}
                    (self.folder / "set/annotations.jsonl").write_text(json.dumps(line) + "\n")
                    out = self.folder / f"out_{kind}_{number}"
                    done = run("convert", self.folder / "set", "--from", "own", "--to", kind, "--out", out, "--take-images", "copy", check=False)
                    self.assertIn(done.returncode, (0, 1), done.stderr)
                    self.assertHarmless(done)
                    if done.returncode == 1:  # a format that has no place for such a name says so
                        self.assertOneLine(done, 1)
                        continue
                    report = self.folder / f"report_{kind}_{number}"
                    done = run("inspect", out, "--kind", kind, "--out", report, check=False)
                    self.assertIn(done.returncode, (0, 1), done.stderr)
                    self.assertHarmless(done)
                    if done.returncode == 0:
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
