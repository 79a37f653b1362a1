"""examples/onnx_cascade finds the same faces as the program.

usage: example_test.py MTCNN_PROGRAM WRITE_ANSWERS
Ends with 77 where onnxruntime or Pillow is not installed.
"""
import json
import subprocess
import sys

import support
from support import ROOT, np

support.need("onnxruntime", "PIL")
from PIL import Image

EXAMPLE = ROOT / "examples/onnx_cascade/cascade.py"


def scenes(folder):
    """The samples, and made of them without loss: small faces, one at the border, one too small, none."""
    samples = [Image.open(ROOT / f"samples/{name}.jpg").convert("RGB") for name in ("astronaut", "grace_hopper")]
    many = Image.new("RGB", (640, 401))
    for i, side in enumerate((320, 200, 120, 60, 36)):
        many.paste(samples[i % 2].resize((side, side), Image.Resampling.BOX), (0 if i == 0 else 330, (0, 0, 205, 330, 365)[i]))
    images = {"many": many, "border": samples[0].crop((205, 80, 500, 500)), "none": Image.new("RGB", (90, 61)), "tiny": Image.new("RGB", (19, 100))}
    for name, image in images.items():
        image.save(folder / f"{name}.png")
    return [folder / f"{name}.png" for name in images]


class Example(support.FolderTestCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        support.run("export", "--run", ROOT / "models/default", "--out", cls.folder / "onnx", "--format", "onnx")

    def assertSameFaces(self, images, tolerance):
        found = subprocess.run([sys.executable, "-B", EXAMPLE, self.folder / "onnx", *images], capture_output=True, text=True, check=True).stdout
        expected = support.run("detect", *images, "--plain", "--json", "-", "--quiet")
        found, expected = ([json.loads(line) for line in text.splitlines()] for text in (found, expected))
        self.assertEqual(len(found), len(expected))
        count = 0
        for ours, theirs in zip(expected, found):
            self.assertEqual((ours["width"], ours["height"], len(ours["faces"])), (theirs["width"], theirs["height"], len(theirs["faces"])))
            # From left to right, as confidences of nearly 1 may change places.
            for a, b in zip(*(sorted(image["faces"], key=lambda face: face["box"]) for image in (ours, theirs))):
                count += 1
                self.assertEqual(list(a["keypoints"]), list(b["keypoints"]))
                for one, other in ((a["box"], b["box"]), (list(a["keypoints"].values()), list(b["keypoints"].values()))):
                    self.assertLess(np.abs(np.subtract(one, other)).max(), tolerance, ours["image"])
                self.assertAlmostEqual(a["confidence"], b["confidence"], delta=.01)
        return count

    def test_the_samples(self):
        """JPEG decoders may differ."""
        self.assertEqual(self.assertSameFaces(sorted((ROOT / "samples").glob("*.jpg")), .5), 2)

    def test_images_without_loss(self):
        self.assertGreaterEqual(self.assertSameFaces(scenes(self.folder), .02), 4)

    def test_it_is_short(self):
        self.assertLess(len(EXAMPLE.read_text().splitlines()), 150)


if __name__ == "__main__":
    support.main()
