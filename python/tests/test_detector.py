"""MTCNN against the program, with models of other points, and what it tells of a search."""

import json
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
from support import ASTRONAUT, HOPPER, REPOSITORY, crowd, detections, faces_of_program, mtcnn

import libmtcnn
from libmtcnn import MTCNN


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
