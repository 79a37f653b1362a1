"""ONNX files of ours in other programs: onnx's checker accepts them, ONNX Runtime and OpenCV answer what our engine answers.

usage: runtime_test.py MTCNN_PROGRAM WRITE_ANSWERS
Ends with 77 where onnx or onnxruntime is not installed.
"""
import json
import re
import subprocess
import unittest

import support
from support import ROOT, np

onnx, onnxruntime = support.need("onnx", "onnxruntime")
try:
    import cv2
except ImportError:
    cv2 = None

#: Of an answer, and of 1 where it is smaller.
TOLERANCE = 1e-5


def session(path):
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    return onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])


class MadeUpNets(support.FolderTestCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        subprocess.run([support.WRITE_ANSWERS, cls.folder], check=True)
        cls.cases = [(path.with_name(path.name.split(".")[0] + ".onnx"), path) for path in sorted(cls.folder.glob("*.safetensors"))]

    def assertNear(self, found, expected, what):
        self.assertEqual(found.shape, expected.shape, what)
        self.assertLess(float((abs(found - expected) / np.maximum(1, abs(expected))).max()), TOLERANCE, what)

    def test_all_are_there(self):
        self.assertEqual(len(self.cases), 3 * (5 + 3 + 3))

    def test_the_checker_accepts_them(self):
        for path in self.folder.glob("*.onnx"):
            onnx.checker.check_model(onnx.load(path), full_check=True)

    def test_onnx_runtime_answers_what_our_engine_answers(self):
        for path, case in self.cases:
            tensors = support.read_safetensors(case)
            net = session(path)
            names = [output.name for output in net.get_outputs()]
            self.assertEqual(sorted([*names, "input"]), sorted(tensors), case.name)
            for name, found in zip(names, net.run(None, {"input": tensors["input"]})):
                self.assertNear(found, tensors[name], f"{case.name}: {name}")

    @unittest.skipUnless(cv2, "OpenCV for Python is not installed; scripts/setup.sh installs it")
    def test_opencv_answers_what_our_engine_answers(self):
        for path, case in self.cases:
            tensors = support.read_safetensors(case)
            net = cv2.dnn.readNetFromONNX(str(path))
            net.setInput(tensors["input"])
            names = net.getUnconnectedOutLayersNames()
            self.assertEqual(sorted([*names, "input"]), sorted(tensors), case.name)
            for name, found in zip(names, net.forward(names)):
                self.assertNear(found, tensors[name], f"{case.name}: {name}")


class Exported(support.FolderTestCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        for name in ("once", "again"):
            support.run("export", "--run", ROOT / "models/default", "--out", cls.folder / name, "--format", "onnx", "--metadata", "licence=MIT")

    def test_files_and_metadata(self):
        self.assertEqual(sorted(path.name for path in (self.folder / "once").iterdir()), ["cascade.json", "onet.onnx", "pnet.onnx", "rnet.onnx"])
        cascade = json.loads((self.folder / "once/cascade.json").read_text())
        for net in ("pnet", "rnet", "onet"):
            model = onnx.load(self.folder / f"once/{net}.onnx")
            self.assertEqual([(opset.domain, opset.version) for opset in model.opset_import], [("", 13)])
            metadata = {entry.key: entry.value for entry in model.metadata_props}
            self.assertEqual((metadata["format"], metadata["version"], metadata["net"], metadata["licence"]), ("mtcnn-onnx", "1", net, "MIT"))
            self.assertIn("mean", json.loads(metadata["input"]))
            if net == "onet":
                self.assertEqual(json.loads(metadata["landmark_order"]), cascade["landmark_order"])

    def test_the_same_weights_give_the_same_bytes(self):
        for path in (self.folder / "once").iterdir():
            self.assertEqual(path.read_bytes(), (self.folder / "again" / path.name).read_bytes(), path.name)

    def test_the_folder_is_a_model_folder(self):
        sample = ROOT / "samples/astronaut.jpg"
        found = support.run("detect", sample, "--json", "-", "--model", self.folder / "once")
        self.assertEqual(found, support.run("detect", sample, "--json", "-", "--model", ROOT / "models/default"))
        self.assertEqual(len(json.loads(found)["faces"]), 1)


class Schema(unittest.TestCase):
    """The numbers of fields in onnx_schema.h are those of the schema that the onnx package publishes."""

    #: Names of ours for messages and enumerations that lie in others.
    INNER = {"TypeProtoTensor": "TypeProto.Tensor", "TensorShapeProtoDimension": "TensorShapeProto.Dimension", "AttributeType": "AttributeProto.AttributeType",
             "DataType": "TensorProto.DataType", "DataLocation": "TensorProto.DataLocation"}

    def test_numbers(self):
        text = (ROOT / "src/mtcnn/weights/onnx_schema.h").read_text()
        messages = re.findall(r"enum class (\w+) : [\w:]+ \{([^}]*)\}", text)
        self.assertGreaterEqual(len(messages), 14)
        pool = onnx.ModelProto.DESCRIPTOR.file.pool
        for name, body in messages:
            full = "onnx." + self.INNER.get(name, name)
            entries = {key: int(value) for key, value in re.findall(r"(\w+) = (\d+)", body)}
            self.assertTrue(entries, name)
            if name in ("AttributeType", "DataType", "DataLocation"):
                published = {value.name: value.number for value in pool.FindEnumTypeByName(full).values}
            else:
                published = {field.name: field.number for field in pool.FindMessageTypeByName(full).fields}
            for key, number in entries.items():
                self.assertEqual(published.get(key), number, f"{full}.{key}")


if __name__ == "__main__":
    support.main()
