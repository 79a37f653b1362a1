"""MTCNN and its neighbours in the forms of facenet-pytorch and ipazc's mtcnn."""

import contextlib
import copy
import io
import os
import pickle
import tempfile
import unittest
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from support import ASTRONAUT, HOPPER, crowd

import libmtcnn
from libmtcnn import MTCNN


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


class NetsTrainingPlotting(unittest.TestCase):
    """What the other packages have beside the detector."""

    @classmethod
    def setUpClass(cls):
        cls.pixels = np.asarray(Image.open(ASTRONAUT).convert("RGB"))
        cls.mtcnn = MTCNN()

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


if __name__ == "__main__":
    unittest.main()
