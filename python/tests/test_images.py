"""Whatever an image may come as, and what is no image, in all forms that the other packages know."""

import io
import unittest

import numpy as np
import torch
from PIL import Image
from support import ASTRONAUT, crowd, detections

import libmtcnn
from libmtcnn import MTCNN


class Pictures(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.mtcnn = MTCNN()
        cls.pixels = libmtcnn.read_image(ASTRONAUT)
        cls.faces = detections(cls.mtcnn, cls.pixels)

    def test_all_kinds_give_the_same(self):
        tensor = torch.from_numpy(self.pixels)
        doubled = np.repeat(self.pixels, 2, axis=1)
        kinds = {
            "path": ASTRONAUT,
            "text": str(ASTRONAUT),
            "bytes": ASTRONAUT.read_bytes(),
            "PIL": Image.fromarray(self.pixels),
            "PIL with alpha": Image.fromarray(np.dstack([self.pixels, np.full(self.pixels.shape[:2], 255, np.uint8)])),
            "tensor": tensor,
            "tensor, channels first": tensor.permute(2, 0, 1),
            "float": self.pixels.astype(np.float32),
            "float tensor": tensor.to(torch.float64),
            "every other column": doubled[:, ::2],
            "channels turned round": self.pixels[:, :, ::-1].copy()[:, :, ::-1],
            "rows of a larger array": np.pad(self.pixels, ((0, 0), (0, 9), (0, 0)))[:, :-9],
            "upside down twice": self.pixels[::-1].copy()[::-1],
        }
        for kind, picture in kinds.items():
            with self.subTest(kind):
                np.testing.assert_array_equal(detections(self.mtcnn, picture), self.faces)

    def test_grey(self):
        grey = np.asarray(Image.open(ASTRONAUT).convert("L"))
        expected = detections(self.mtcnn, np.dstack([grey] * 3))
        self.assertEqual(len(expected), 1)
        np.testing.assert_array_equal(detections(self.mtcnn, grey), expected)
        np.testing.assert_array_equal(detections(self.mtcnn, Image.fromarray(grey)), expected)
        wide = Image.fromarray(grey.astype(np.uint16) * 257)
        np.testing.assert_array_equal(detections(self.mtcnn, wide), expected)

    def test_no_pictures(self):
        for picture, error, words in (
            (None, TypeError, "found None"),
            ({}, TypeError, "found a dict"),
            (np.zeros((5, 5, 7), np.uint8), ValueError, r"found shape \[5, 5, 7\]"),
            (np.zeros(5, np.uint8), ValueError, r"found shape \[5\]"),
            (np.full((9, 9, 3), 0.5), ValueError, "multiply by 255"),
            (np.full((9, 9, 3), 300), ValueError, "found values from 300 to 300"),
            (np.full((9, 9, 3), np.nan), ValueError, "found values from nan"),
            (np.zeros((9, 9, 3), complex), ValueError, "complex"),
            ([self.pixels, "no/such.png"], FileNotFoundError, "no/such.png"),
        ):
            with self.subTest(words), self.assertRaisesRegex(error, words):
                self.mtcnn.detect(picture)

    def test_tiny_and_empty_pictures_give_nothing(self):
        for shape in ((0, 0, 3), (0, 9, 3), (1, 1, 3), (19, 400, 3)):
            self.assertEqual(self.mtcnn.detect(np.zeros(shape, np.uint8), landmarks=True), (None, [None], None))
            self.assertEqual(self.mtcnn.detect_faces(np.zeros(shape, np.uint8)), [])
            self.assertIsNone(self.mtcnn(np.zeros(shape, np.uint8)))

    def test_32_of_mixed_sizes_as_one_by_one(self):
        random = np.random.default_rng(1)
        pictures = [crowd(int(w), int(h), seed) for seed, (w, h) in enumerate(random.integers(30, 500, (32, 2)))]
        boxes, probabilities, points = self.mtcnn.detect(pictures, landmarks=True)
        self.assertEqual(boxes.shape, (32,))
        self.assertGreater(sum(box is not None for box in boxes), 8)
        for i, picture in enumerate(pictures):
            alone = self.mtcnn.detect(picture, landmarks=True)
            for found, expected in zip((boxes[i], probabilities[i], points[i]), alone, strict=True):
                np.testing.assert_array_equal(found, expected)
        for found, picture in zip(self.mtcnn.detect_faces(pictures), pictures, strict=True):
            self.assertEqual(found, self.mtcnn.detect_faces(picture))

    def test_four_dimensions_are_many_pictures(self):
        boxes, _ = self.mtcnn.detect(np.stack([self.pixels, self.pixels[:, ::-1]]))
        self.assertEqual([len(box) for box in boxes], [1, 1])
        boxes, _ = self.mtcnn.detect(torch.from_numpy(np.stack([self.pixels] * 2)))
        self.assertEqual(boxes.shape, (2, 1, 4))
        self.assertEqual(self.mtcnn.detect([])[0].shape, (0,))
        self.assertEqual(self.mtcnn.detect_faces([]), [])


class OtherForms(unittest.TestCase):
    """Images and calls as users of the other packages have them."""

    @classmethod
    def setUpClass(cls):
        cls.image = Image.open(ASTRONAUT).convert("RGB")
        cls.pixels = np.asarray(cls.image)
        cls.mtcnn = MTCNN()
        cls.box = cls.mtcnn.detect(cls.pixels)[0]

    def assertFound(self, image):
        np.testing.assert_allclose(self.mtcnn.detect(image)[0], self.box, atol=2)

    def test_channels_and_types(self):
        opaque = np.full(self.pixels.shape[:2] + (1,), 255, np.uint8)
        rgba, grey = np.dstack([self.pixels, opaque]), self.pixels[:, :, 1:2]
        tensor = torch.from_numpy(self.pixels.copy())
        for image in (rgba, rgba.transpose(2, 0, 1), rgba.astype(np.float32), grey, grey.transpose(2, 0, 1), np.dstack([grey, opaque]), tensor.bfloat16(),
                      tensor.half(), tensor.to_sparse(), self.pixels[::-1][::-1], np.asfortranarray(self.pixels), self.pixels.astype(np.float16)):
            self.assertFound(image)
        self.assertIsNone(self.mtcnn.detect(np.dstack([self.pixels, 0 * opaque]))[0], "nothing but white")
        with open(ASTRONAUT, "rb") as file:
            self.assertFound(file)
        self.assertFound(io.BytesIO(ASTRONAUT.read_bytes()))

    def test_cures_are_in_the_message(self):
        for call, words in (
            (lambda: self.mtcnn.detect(torch.empty(9, 9, 3, device="meta")), "holds no pixels"),
            (lambda: self.mtcnn.detect(self.pixels > 9), "255"),
            (lambda: self.mtcnn.detect(self.pixels.astype(np.uint16) * 257), "257"),
            (lambda: self.mtcnn.detect("https://example.com/a.jpg"), "download"),
            (lambda: MTCNN(image_size=(160, 160)), "square"),
            (lambda: MTCNN(device="mps"), 'device="cpu"'),
        ):
            with self.subTest(words), self.assertRaisesRegex(libmtcnn.Error, words):
                call()

    def test_batches_of_equal_counts_are_one_array(self):
        boxes, probabilities, points = self.mtcnn.detect([self.image, self.image], landmarks=True)
        self.assertEqual((boxes.shape, probabilities.shape, points.shape), ((2, 1, 4), (2, 1), (2, 1, 5, 2)))
        self.assertEqual(self.mtcnn.detect([self.image])[0].shape, (1, 1, 4))
        boxes, probabilities = self.mtcnn.detect([self.image, Image.new("RGB", (99, 99))])
        self.assertEqual((boxes.shape, boxes[1], probabilities[1]), ((2,), None, [None]))

    def test_a_pil_image_that_is_to_be_turned_is_told(self):
        exif = Image.Exif()
        exif[0x112] = 6
        file = io.BytesIO()
        self.image.transpose(Image.Transpose.ROTATE_90).save(file, "JPEG", exif=exif)
        with self.assertWarnsRegex(UserWarning, "exif_transpose"):
            self.mtcnn.detect(Image.open(file))
        self.assertFound(file.getvalue())


if __name__ == "__main__":
    unittest.main()
