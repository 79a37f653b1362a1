"""The documentation's examples, and what programs written for the two other packages do, with only the import changed."""

import contextlib
import io
import os
import re
import shutil
import tempfile
import unittest
from pathlib import Path

import torch
from support import ASTRONAUT, REPOSITORY

DOCS = (REPOSITORY / "docs" / "python.md", REPOSITORY / "python" / "README.md")
BLOCK = re.compile(r"^```python\n(.*?)^```$", re.MULTILINE | re.DOTALL)


class Examples(unittest.TestCase):
    def setUp(self):
        folder = tempfile.mkdtemp(prefix="libmtcnn_test_")
        self.addCleanup(shutil.rmtree, folder)
        self.addCleanup(os.chdir, os.getcwd())
        os.chdir(folder)
        shutil.copy(ASTRONAUT, "photo.jpg")

    def run_text(self, text, name):
        said = io.StringIO()
        with contextlib.redirect_stdout(said), contextlib.redirect_stderr(io.StringIO()):
            space = {}
            exec(compile(text, name, "exec"), space)
        return said.getvalue(), space

    def test_documentation(self):
        for path in DOCS:
            blocks = BLOCK.findall(path.read_text(encoding="utf-8"))
            self.assertGreater(len(blocks), 0)
            said, space = self.run_text("\n".join(blocks), path.name)
            self.assertIn("[181, 60, 88, 115]", said)
            if path == DOCS[0]:
                self.assertEqual(space["crop"].shape, (3, 160, 160))
                self.assertEqual(space["aligned"].shape, (1, 3, 112, 112))
                self.assertIn("found 0, expected a number, [1, 1000000]", said)
                self.assertTrue(Path("crops/face.png").exists())

    def test_as_one_uses_facenet_pytorch(self):
        _, space = self.run_text(
            """
import torch
from libmtcnn import MTCNN, extract_face
from PIL import Image, ImageDraw

mtcnn = MTCNN(image_size=160, margin=14)
resnet = torch.nn.Sequential(torch.nn.Flatten(), torch.nn.LazyLinear(512)).eval()  # stands for a recognition net
img = Image.open("photo.jpg")
img_cropped = mtcnn(img, save_path="saved.jpg")
img_embedding = resnet(img_cropped.unsqueeze(0))
face_tensor, prob = mtcnn(img, save_path="face.png", return_prob=True)

mtcnn = MTCNN(keep_all=True)
boxes, probs, points = mtcnn.detect(img, landmarks=True)
img_draw = img.copy()
draw = ImageDraw.Draw(img_draw)
for i, (box, point) in enumerate(zip(boxes, points)):
    draw.rectangle(box.tolist(), width=5)
    for p in point:
        draw.rectangle((p - 10).tolist() + (p + 10).tolist(), width=10)
    extract_face(img, box, save_path="detected_face_{}.png".format(i))
img_draw.save("annotated_faces.png")
""",
            "facenet-pytorch",
        )
        self.assertEqual(space["img_embedding"].shape, (1, 512))
        self.assertIsInstance(space["face_tensor"], torch.Tensor)
        self.assertGreater(space["prob"], 0.9)
        self.assertEqual(sorted(Path().glob("*.png")), [Path("annotated_faces.png"), Path("detected_face_0.png"), Path("face.png")])

    def test_as_one_uses_ipazc(self):
        _, space = self.run_text(
            """
from libmtcnn import MTCNN
from libmtcnn.utils.images import load_image

detector = MTCNN(device="CPU:0")
image = load_image("photo.jpg")
result = detector.detect_faces(image)
""",
            "ipazc",
        )
        self.assertEqual([set(face) for face in space["result"]], [{"box", "confidence", "keypoints"}])


if __name__ == "__main__":
    unittest.main()
