"""MTCNN against the program, and in the forms of facenet-pytorch and ipazc's mtcnn."""

import contextlib
import copy
import io
import json
import os
import pickle
import shutil
import tempfile
import unittest
import zlib
from pathlib import Path
from unittest import mock

import numpy as np
import torch
from PIL import Image
from support import ASTRONAUT, HOPPER, REPOSITORY, crowd, faces_of_program, mtcnn

import libmtcnn
from libmtcnn import MTCNN


def detections(detector, image):
    """float32 [n, 15] with width and height, by falling confidence."""
    detector.select_largest = False
    boxes, probabilities, points = detector.detect(image, landmarks=True)
    if boxes is None:
        return np.empty((0, 15), np.float32)
    return np.concatenate([boxes[:, :2], boxes[:, 2:] - boxes[:, :2], probabilities[:, None], points.reshape(-1, 10)], axis=1)


def model_with_points(folder, names, found="raccoon"):
    """The default model with the first points alone, by other names."""
    source = REPOSITORY / "models" / "default"
    shutil.copytree(source, folder)
    data = (source / "onet.safetensors").read_bytes()
    size = int.from_bytes(data[:8], "little")
    header, values = json.loads(data[8 : 8 + size]), data[8 + size :]
    metadata = header.pop("__metadata__")
    kept, body = {}, b""
    for name, tensor in sorted(header.items(), key=lambda item: item[1]["data_offsets"]):
        begin, end = tensor["data_offsets"]
        if name.startswith("dense6_3."):
            if not names:
                continue
            end = begin + (end - begin) // tensor["shape"][0] * 2 * len(names)
            tensor["shape"][0] = 2 * len(names)
        kept[name] = {**tensor, "data_offsets": [len(body), len(body) + end - begin]}
        body += values[begin:end]
    metadata |= {"checksum": f"crc32:{zlib.crc32(body):08x}", "landmark_order": json.dumps(names)}
    text = json.dumps({"__metadata__": metadata, **kept}).encode()
    text += b" " * (-len(text) % 8)
    (folder / "onet.safetensors").write_bytes(len(text).to_bytes(8, "little") + text + body)
    cascade = json.loads((folder / "cascade.json").read_text())
    (folder / "cascade.json").write_text(json.dumps(cascade | {"object": found, "landmark_order": names}))
    return folder


class OtherObjects(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)

    def test_models_of_any_points_load_and_detect(self):
        faces = MTCNN().detect(ASTRONAUT, landmarks=True)
        for names in ([], ["left_ear", "right_ear"]):
            with self.subTest(names):
                model = model_with_points(self.folder / f"model{len(names)}", names)
                mtcnn = MTCNN(model=model)
                self.assertEqual((mtcnn.object, mtcnn.landmark_names), ("raccoon", tuple(names)))
                boxes, probabilities, points = mtcnn.detect(ASTRONAUT, landmarks=True)
                self.assertEqual(points.shape, (1, len(names), 2))
                self.assertEqual(probabilities.shape, (1,))
                np.testing.assert_allclose(boxes, faces[0], atol=5)
                if names:
                    np.testing.assert_allclose(points, faces[2][:, :2], atol=5)
                found = mtcnn.detect_faces(ASTRONAUT)[0]
                self.assertEqual(list(found.get("keypoints", [])), names)
                self.assertEqual(mtcnn.detect_faces(ASTRONAUT, output_type="numpy").shape, (1, 6 + 2 * len(names)))
                self.assertEqual(mtcnn.detect_faces([], output_type="numpy").shape, (0, 6 + 2 * len(names)))
                self.assertEqual(mtcnn.trace(ASTRONAUT).landmarks.shape, (1, len(names), 2))
                self.assertEqual(mtcnn.trace(np.zeros((50, 60, 3), np.uint8)).landmarks.shape, (0, len(names), 2))
                self.assertIsNotNone(mtcnn(ASTRONAUT))
                self.assertEqual(pickle.loads(pickle.dumps(mtcnn)).landmark_names, tuple(names))
                with self.assertRaisesRegex(libmtcnn.UsageError, "five of a face"):
                    MTCNN(model=model, align=True)(ASTRONAUT)

    def test_faces_have_their_names(self):
        self.assertEqual((MTCNN().object, MTCNN().landmark_names), ("face", libmtcnn.LANDMARKS))


class LikeTheProgram(unittest.TestCase):
    def test_same_numbers(self):
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "crowd.png"
            Image.fromarray(crowd(700, 500, seed=3)).save(path)
            for picture in (ASTRONAUT, HOPPER, path):
                expected = faces_of_program(picture)
                self.assertGreater(len(expected), 0)
                np.testing.assert_array_equal(detections(MTCNN(), picture), expected)
            expected = faces_of_program(
                path, "--min-face", 40, "--thresholds", ".5,.4,.3", "--factor", ".8", "--clip", "--set", "support=0"
            )
            found = detections(MTCNN(min_face_size=40, thresholds=[0.5, 0.4, 0.3], factor=0.8, clip=True, support=0), path)
            np.testing.assert_array_equal(found, expected)

    def test_same_messages(self):
        for flag, name, value, shown in (
            ("min_face", "min_face_size", 0, "0"),
            ("factor", "scale_factor", 1.5, "1.5"),
            ("thresholds", "thresholds", [0.5, 2, 0.5], "[0.5,2,0.5]"),
            ("max_windows", "max_windows", 1.5, "1.5"),
            ("clip", "clip", "perhaps", '"perhaps"'),
        ):
            code, _, error = mtcnn("detect", ASTRONAUT, "--set", f"{flag}={shown}")
            self.assertEqual(code, 2)
            with self.assertRaises(ValueError) as raised:
                MTCNN(**{name: value})
            self.assertIsInstance(raised.exception, libmtcnn.UsageError)
            self.assertEqual(str(raised.exception), error.replace(f"--set {flag}={shown}:", "MTCNN:"))
        code, _, error = mtcnn("detect", ASTRONAUT, "--set", "min_fase=3")
        with self.assertRaises(libmtcnn.UsageError) as raised:
            MTCNN(min_fase=3)
        self.assertEqual(str(raised.exception), error.replace("--set min_fase=3:", "MTCNN:"))
        code, _, error = mtcnn("detect", ASTRONAUT, "--model", "no/such/folder")
        with self.assertRaises(FileNotFoundError) as raised:
            MTCNN(model="no/such/folder")
        self.assertEqual(str(raised.exception), error)
        code, _, error = mtcnn("detect", ASTRONAUT, "--device", "cuda:99")
        with self.assertRaises(libmtcnn.UsageError) as raised:
            MTCNN(device="GPU:99")
        self.assertEqual(str(raised.exception), error)

    def test_what_a_gpu_runs_on_the_cpu(self):
        detector = MTCNN(device="cpu:torch")
        self.assertEqual(detector.device, torch.device("cpu"))
        self.assertEqual(len(detector.detect_faces(ASTRONAUT)), 1)

    def test_tensors_on_the_device_are_searched_there(self):
        detector = MTCNN(device="cpu:torch")
        tensor = torch.from_numpy(libmtcnn.read_image(ASTRONAUT))
        expected = detector.detect_faces(ASTRONAUT, output_type="numpy")
        with mock.patch("libmtcnn.detector.to_pixels", side_effect=AssertionError), mock.patch("libmtcnn.images.to_pixels", side_effect=AssertionError):
            for name, image in {
                "rows": tensor, "planes": tensor.permute(2, 0, 1).contiguous(), "a view": tensor.repeat(1, 2, 1)[:, : tensor.shape[1]],
                "a batch": tensor[None], "a list": [tensor],
            }.items():
                with self.subTest(name):
                    np.testing.assert_allclose(detector.detect_faces(image, output_type="numpy"), expected, atol=1e-3)
        both = detector.detect_faces([tensor, libmtcnn.read_image(ASTRONAUT), torch.zeros(0, 5, 3, dtype=torch.uint8)])
        self.assertEqual([len(found) for found in both], [1, 1, 0])
        self.assertEqual(len(detector.detect_faces(tensor.float())), 1)
        self.assertEqual(len(MTCNN(device="cpu:torch", rotate=90).detect_faces(tensor)), 1)
        self.assertEqual(tuple(detector(tensor).shape), (3, 160, 160))

    def test_files_that_are_no_pictures(self):
        with self.assertRaisesRegex(FileNotFoundError, "no/such.jpg"):
            MTCNN().detect("no/such.jpg")
        with self.assertRaises(libmtcnn.Error) as raised:
            libmtcnn.read_image(__file__)
        self.assertIsInstance(raised.exception, ValueError)
        self.assertIn(__file__, str(raised.exception))
        with self.assertRaises(libmtcnn.Error):
            MTCNN().detect(b"no picture")


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
    """Pictures and calls as users of the other packages have them."""

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

    def test_nets_are_those_of_the_detector(self):
        level = self.mtcnn.trace(self.pixels).levels[-1]
        x = (torch.from_numpy(level.image).permute(2, 0, 1)[None] - 127.5) / 128
        offsets, probabilities = libmtcnn.PNet()(x)
        self.assertEqual(offsets.shape[1], 4)
        np.testing.assert_allclose(probabilities[0, 1].detach(), level.probabilities, atol=0.1)  # the level's pixels are rounded
        self.assertEqual([tuple(out.shape) for out in libmtcnn.RNet()(torch.zeros(3, 3, 24, 24))], [(3, 4), (3, 2)])
        self.assertEqual([tuple(out.shape) for out in libmtcnn.ONet(pretrained=False)(torch.zeros(3, 3, 48, 48))], [(3, 4), (3, 10), (3, 2)])
        with self.assertRaises(FileNotFoundError):
            libmtcnn.ONet(model="nowhere")

    def test_training_and_plotting(self):
        from libmtcnn import training
        from libmtcnn.utils.images import load_images_batch
        from libmtcnn.utils.plotting import plot

        net = torch.nn.Linear(3, 2)
        loader = [(torch.rand(4, 3), torch.tensor([0, 1, 0, 1]))] * 2
        with contextlib.redirect_stdout(io.StringIO()) as said:
            loss, metrics = training.pass_epoch(net, torch.nn.functional.cross_entropy, loader, torch.optim.SGD(net.parameters(), 0.1),
                                                batch_metrics={"acc": training.accuracy})
        self.assertIn("2/2", said.getvalue())
        self.assertTrue(loss > 0 and 0 <= metrics["acc"] <= 1)
        self.assertEqual(training.collate_pil([(1, 2), (3, 4)]), ([1, 3], [2, 4]))
        faces = self.mtcnn.detect_faces(self.pixels)
        drawn = plot(self.pixels, faces)
        np.testing.assert_array_equal(drawn, plot(self.pixels, self.mtcnn.detect_faces(self.pixels, output_type="numpy")))
        self.assertEqual(drawn[faces[0]["box"][1], faces[0]["box"][0]].tolist(), [255, 255, 0])
        self.assertIsNone(plot(self.pixels, []))
        self.assertEqual(len(load_images_batch([ASTRONAUT, self.pixels])), 2)
        self.assertFalse(MTCNN().double().training)


class LikeFacenetPytorch(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.two = crowd(640, 480, seed=5)

    def test_detect(self):
        boxes, probabilities, points = MTCNN(keep_all=True).detect(Image.fromarray(self.two), landmarks=True)
        self.assertEqual((boxes.shape, probabilities.shape, points.shape), ((2, 4), (2,), (2, 5, 2)))
        self.assertEqual((boxes.dtype, points.dtype), (np.float32, np.float32))
        areas = (boxes[:, 2:] - boxes[:, :2]).prod(axis=1)
        self.assertGreaterEqual(areas[0], areas[1])
        _, surest = MTCNN(select_largest=False).detect(self.two)
        self.assertGreaterEqual(surest[0], surest[1])

    def test_crops(self):
        face = MTCNN()(self.two)
        self.assertEqual((face.shape, face.dtype), ((3, 160, 160), torch.float32))
        self.assertTrue(-1 <= face.min() < -0.2 and 0.2 < face.max() <= 1)
        faces, probabilities = MTCNN(image_size=80, margin=14, keep_all=True, post_process=False)(self.two, return_prob=True)
        self.assertEqual((faces.shape, probabilities.shape), ((2, 3, 80, 80), (2,)))
        self.assertGreater(faces.max(), 100)
        face, probability = MTCNN()(self.two, return_prob=True)
        self.assertAlmostEqual(float(probability), float(probabilities[0]), 6)
        crops, probabilities = MTCNN()([self.two, self.two[:15], self.two[:200]], return_prob=True)
        self.assertEqual(crops[0].shape, (3, 160, 160))
        self.assertIsNone(crops[1])
        self.assertEqual(probabilities[1], [None])

    def test_crop_is_the_box_stretched(self):
        gradient = np.zeros((100, 200, 3), np.uint8)
        gradient[:, :, 0] = np.arange(200)
        gradient[:, :, 1] = np.arange(100)[:, None]
        crop = libmtcnn.extract_face(gradient, [20, 10, 100, 50], image_size=40)
        np.testing.assert_allclose(crop[0, 0], np.arange(20.5, 100, 2), atol=0.51)
        np.testing.assert_allclose(crop[1, :, 0], np.arange(10, 50), atol=0.51)
        wider = libmtcnn.extract_face(gradient, [20, 10, 100, 50], image_size=40, margin=20)  # 40 x 20 more on each side
        np.testing.assert_allclose(wider[0, 0, [0, -1]], [2, 138], atol=3)
        outside = libmtcnn.extract_face(gradient, [190, 90, 260, 130], image_size=10)
        np.testing.assert_allclose(outside[0, 0], np.arange(190, 200), atol=0.51)
        with self.assertRaisesRegex(ValueError, "no box"):
            libmtcnn.extract_face(gradient, [5, 5, 5, 9])

    def test_saved_crops(self):
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "new" / "face.png"
            faces = MTCNN(keep_all=True, post_process=False)(self.two, save_path=str(path))
            for name, face in zip(("face.png", "face_2.png"), faces, strict=True):
                np.testing.assert_array_equal(libmtcnn.read_image(path.parent / name), face.permute(1, 2, 0).numpy().astype(np.uint8))
            with self.assertRaises(libmtcnn.Error):
                MTCNN()(self.two, save_path=Path(folder) / "face.xyz")

    def test_crops_replace_no_picture_and_no_other_crop(self):
        with tempfile.TemporaryDirectory() as folder:
            photo = Path(folder) / "photo.jpg"
            photo.write_bytes(ASTRONAUT.read_bytes())
            link = Path(folder) / "link.jpg"
            link.symlink_to(photo)
            hard = Path(folder) / "hard.jpg"
            os.link(photo, hard)
            for path in (photo, link, hard, Path(folder) / "." / "photo.jpg"):
                for call in (
                    lambda path=path: MTCNN()(photo, save_path=path),
                    lambda path=path: MTCNN()([ASTRONAUT, str(photo)], save_path=[str(path), None]),
                    lambda path=path: libmtcnn.extract_face(photo, [182, 61, 270, 175], save_path=path),
                ):
                    with self.assertRaisesRegex(libmtcnn.UsageError, "would replace an input"):
                        call()
            same = Path(folder) / "same.png"
            with self.assertWarnsRegex(UserWarning, "one name"):  # facenet-pytorch's own test does so
                MTCNN()([photo, ASTRONAUT], save_path=[same, same])
            self.assertTrue(same.exists())
            both = Path(folder) / "both.png"
            with self.assertRaisesRegex(libmtcnn.UsageError, "two crops"):
                MTCNN(keep_all=True)([self.two, ASTRONAUT], save_path=[both, Path(folder) / "both_2.png"])
            self.assertFalse(both.exists())
            self.assertEqual(photo.read_bytes(), ASTRONAUT.read_bytes())
            MTCNN()(Image.open(photo), save_path=photo)  # as facenet-pytorch does, which knows no file of an image
            self.assertNotEqual(photo.read_bytes(), ASTRONAUT.read_bytes())

    def test_selection(self):
        boxes = np.array([[0, 0, 40, 40], [200, 200, 230, 230], [300, 220, 360, 280]], np.float32)
        probabilities = np.array([0.95, 0.99, 0.8], np.float32)
        points = np.zeros((3, 5, 2), np.float32)
        picture = np.zeros((440, 430, 3), np.uint8)
        for method, expected in (("largest", 2), ("probability", 1), ("center_weighted_size", 1), ("largest_over_threshold", 0)):
            box, probability, point = MTCNN().select_boxes(boxes, probabilities, points, picture, method)
            np.testing.assert_array_equal(box, boxes[[expected]], method)
            self.assertEqual((probability, point.shape), (probabilities[expected], (1, 5, 2)))
        self.assertEqual(MTCNN().select_boxes(None, [None], None, picture), (None, None, None))
        self.assertEqual(MTCNN().select_boxes(boxes, probabilities / 2, points, picture, "largest_over_threshold")[0], None)
        with self.assertRaisesRegex(ValueError, "selection_method"):
            MTCNN(selection_method="best")

    def test_aligned_crops_put_the_eyes_level(self):
        crop = MTCNN(image_size=112, align=True, post_process=False)(HOPPER)
        _, _, points = MTCNN(min_face_size=40).detect(crop.permute(1, 2, 0), landmarks=True)
        np.testing.assert_allclose(points[0][0], [38, 51.5], atol=6)
        np.testing.assert_allclose(points[0][1], [73.5, 51.5], atol=6)

    def test_attributes_work_after_construction(self):
        detector = MTCNN()
        self.assertEqual((detector.min_face_size, detector.device), (20, torch.device("cpu")))
        detector.min_face_size = 300
        self.assertEqual(detector.detect(self.two)[0], None)
        with self.assertRaises(ValueError):
            detector.thresholds = [1, 2, 3]
        self.assertIs(detector.eval().to("cpu"), detector)
        for other in (pickle.loads(pickle.dumps(detector)), copy.deepcopy(detector)):
            self.assertEqual(other.options, detector.options)

    def test_parameters_by_place(self):
        detector = MTCNN(112, 10, 30, [0.6, 0.7, 0.7], 0.8, False)
        self.assertEqual((detector.min_face_size, detector.thresholds, detector.post_process), (30, [0.6, 0.7, 0.7], False))
        with self.assertRaisesRegex(TypeError, "by name"):
            MTCNN("weights.npy")
        for size in (0, -3, 5000, 1.5):
            with self.assertRaisesRegex(ValueError, "image_size"):
                MTCNN(image_size=size)


class LikeIpazc(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.two = crowd(640, 480, seed=5)

    def test_dicts(self):
        found = MTCNN(stages="face_and_landmarks_detection", device="CPU:0").detect_faces(self.two)
        self.assertEqual(len(found), 2)
        boxes, probabilities, points = MTCNN(select_largest=False).detect(self.two, landmarks=True)
        for face, box, probability, places in zip(found, boxes, probabilities, points, strict=True):
            self.assertEqual(set(face), {"box", "confidence", "keypoints"})
            self.assertEqual(face["confidence"], float(probability))
            self.assertTrue(all(type(value) is int for value in face["box"]))
            np.testing.assert_allclose(face["box"], [*box[:2], *(box[2:] - box[:2])], atol=0.5001)
            self.assertEqual(list(face["keypoints"]), list(libmtcnn.LANDMARKS))
            np.testing.assert_allclose(list(face["keypoints"].values()), places, atol=0.5001)
        only = MTCNN(stages="face_detection_only").detect_faces(self.two)
        self.assertEqual([set(face) for face in only], [{"box", "confidence"}] * 2)

    def test_turned_faces(self):
        upright = MTCNN().detect_faces(ASTRONAUT)
        self.assertNotIn("angle", upright[0])
        turned = np.ascontiguousarray(np.rot90(libmtcnn.read_image(ASTRONAUT), -1))
        found = MTCNN(rotate=90).detect_faces(turned)
        self.assertEqual(found[0]["angle"], 90)
        eye, face = upright[0]["keypoints"]["left_eye"], found[0]["keypoints"]["left_eye"]
        np.testing.assert_allclose(face, (512 - eye[1], eye[0]), atol=1)
        with self.assertRaisesRegex(ValueError, "rotate"):
            MTCNN(rotate=30)

    def test_formats(self):
        detector = MTCNN()
        corners = detector.detect_faces(self.two, box_format="xyxy", output_type="numpy")
        sizes = detector.detect_faces([self.two, self.two], output_type="numpy")
        self.assertEqual((corners.shape, sizes.shape), ((2, 16), (4, 16)))
        np.testing.assert_allclose(sizes[:2, 3:5], corners[:, 3:5] - corners[:, 1:3], rtol=1e-6)
        np.testing.assert_array_equal(sizes[:, 0], [0, 0, 1, 1])
        _, _, points = MTCNN(select_largest=False).detect(self.two, landmarks=True)
        np.testing.assert_array_equal(corners[:, 6:11], points[:, :, 0])
        np.testing.assert_array_equal(corners[:, 11:], points[:, :, 1])
        with self.assertRaisesRegex(ValueError, "box_format"):
            detector.detect_faces(self.two, box_format="yxyx")

    def test_boxes_fit_to_the_image(self):
        cut = libmtcnn.read_image(ASTRONAUT)[70:170, 190:260]
        detector = MTCNN(thresholds=[0.3, 0.2, 0.2])
        free = detector.detect_faces(cut, fit_to_image=False, box_format="xyxy")
        self.assertTrue(any(min(face["box"][:2]) < 0 or face["box"][2] > 70 or face["box"][3] > 100 for face in free))
        for face in detector.detect_faces(cut, box_format="xyxy"):
            self.assertTrue(0 <= face["box"][0] <= face["box"][2] <= 70 and 0 <= face["box"][1] <= face["box"][3] <= 100)

    def test_options_of_one_call(self):
        detector = MTCNN()
        self.assertEqual(detector.detect_faces(self.two, min_face_size=400), [])
        self.assertEqual(
            len(detector.detect_faces(self.two, threshold_pnet=0.5, nms_pnet1=0.4, nms_pnet2=0.6, nms_rnet=0.6, min_size=12)), 2
        )
        self.assertEqual(detector.options, MTCNN().options)
        self.assertEqual(MTCNN(threshold_onet=0.9).thresholds[2], 0.9)
        self.assertEqual(MTCNN(min_face_size=30, steps_threshold=[0.6, 0.7, 0.7], scale_factor=0.8).options["factor"], 0.8)
        tuned = MTCNN(min_face_size=30, box_voting=0.4, confidence={"support": 0.5})
        tuned.set_options(support=0.25)
        tuned.set_options(confidence={"support": 0.5})
        self.assertEqual(pickle.loads(pickle.dumps(tuned)).options, tuned.options)
        self.assertEqual(MTCNN(**tuned.options).options, tuned.options)
        self.assertEqual((tuned.options["confidence"]["box_voting"], tuned.options["confidence"]["support"]), (0.4, 0.5))
        self.assertEqual(
            MTCNN(plain=True).detect_faces(self.two),
            MTCNN(pnet_weight=0, rnet_weight=0, support=0, box_voting=0, mirror_weight=0).detect_faces(self.two),
        )
        with self.assertRaisesRegex(ValueError, "detect_faces: unknown key 'threshold_pn'"):
            detector.detect_faces(self.two, threshold_pn=1)


class Trace(unittest.TestCase):
    def test_shapes_and_faces(self):
        picture = crowd(640, 480, seed=5)
        detector = MTCNN(select_largest=False)
        trace = detector.trace(picture)
        self.assertEqual((trace.levels[0].width, trace.levels[0].height), (384, 288))
        self.assertAlmostEqual(trace.levels[0].face_size, 20)
        for level in trace.levels:
            self.assertEqual(level.pixels.shape, (level.height, level.width, 3))
            self.assertEqual(level.probabilities.shape, ((level.height - 12) // 2 + 1, (level.width - 12) // 2 + 1))
            np.testing.assert_array_equal(np.sort(level.windows[:, 4])[::-1], level.windows[:, 4])
            best = level.probabilities.max()
            if best >= detector.thresholds[0]:
                self.assertEqual(level.windows[0, 4], best)
        self.assertEqual(len(trace.rnet.scores), len(trace.after_pnet))
        self.assertGreaterEqual(trace.rnet.passed.sum(), len(trace.after_rnet))
        self.assertGreaterEqual(trace.onet.passed.sum(), len(trace.boxes))
        boxes, confidences, points = detector.detect(picture, landmarks=True)
        np.testing.assert_array_equal(trace.boxes, boxes)
        np.testing.assert_array_equal(trace.confidences, confidences)
        np.testing.assert_array_equal(trace.landmarks, points)
        counts = list(trace.counts.values())
        self.assertGreater(counts[0], counts[1])
        self.assertEqual(counts[-1], 2)
        # 6 x 6 pixels of the level are 10 x 10 of the picture.
        of_level = trace.levels[0].image.reshape(48, 6, 64, 6, 3).mean(axis=(1, 3))
        np.testing.assert_allclose(of_level, picture.reshape(48, 10, 64, 10, 3).mean(axis=(1, 3)), atol=1)

    def test_too_small(self):
        trace = MTCNN().trace(np.zeros((10, 10, 3), np.uint8))
        self.assertEqual((trace.levels, trace.boxes.shape, trace.onet.landmarks.shape), ([], (0, 4), (0, 5, 2)))


if __name__ == "__main__":
    unittest.main()
