"""`mtcnn import` reads ONNX files of other projects: facenet-pytorch's nets, as torch.onnx.export writes them.

usage: foreign_test.py MTCNN_PROGRAM WRITE_ANSWERS
Ends with 77 where onnx is not installed. The files are made from an export of ours: names of tensors, order of columns and of points become
those of such files.
"""
import subprocess

import support
from support import ROOT, np

(onnx,) = support.need("onnx")
NETS = ("pnet", "rnet", "onet")
#: Channels and side of the map that the first dense layer sees.
MAPS = {"dense4.weight": (64, 3), "dense5.weight": (128, 3)}


def foreign(model, slopes_are_unsqueezed):
    """The net of an export of ours in facenet-pytorch's layout, with an exporter's names."""
    graph = model.graph
    arrays = {tensor.name: onnx.numpy_helper.to_array(tensor) for tensor in graph.initializer}
    names = {name: f"onnx::Some_{i}" for i, name in enumerate(arrays)}
    del graph.initializer[:]
    del model.metadata_props[:]
    nodes = list(graph.node)
    del graph.node[:]
    for name, array in arrays.items():
        if name in MAPS:
            channels, side = MAPS[name]
            array = array.reshape(-1, channels, side, side).transpose(0, 3, 2, 1).reshape(len(array), -1)
        if name.startswith("dense6_3"):
            array = np.concatenate([array[0::2], array[1::2]])
        if slopes_are_unsqueezed and array.ndim == 3:
            graph.initializer.append(onnx.numpy_helper.from_array(np.array([1, 2]), names[name] + "_axes"))
            graph.node.append(onnx.helper.make_node("Unsqueeze", [names[name] + "_flat", names[name] + "_axes"], [names[name]]))
            array, names[name] = array.reshape(-1), names[name] + "_flat"
            names[name + "_spread"] = names[name].removesuffix("_flat")
        graph.initializer.append(onnx.numpy_helper.from_array(np.ascontiguousarray(array), names[name]))
    for node in nodes:
        for i, name in enumerate(node.input):
            node.input[i] = names.get(name + "_spread", names.get(name, name))
        if node.op_type == "Flatten":
            graph.node.append(onnx.helper.make_node("Transpose", [node.input[0]], ["turned"], perm=[0, 3, 2, 1]))
            node.input[0] = "turned"
        graph.node.append(node)
    return model


class Foreign(support.FolderTestCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        support.run("export", "--run", ROOT / "models/default", "--out", cls.folder / "ours", "--format", "onnx")

    def files(self, change):
        folder = self.folder / self.id().split(".")[-1]
        folder.mkdir()
        for net in NETS:
            model = onnx.load(self.folder / f"ours/{net}.onnx")
            onnx.save(change(model), folder / f"{net}.onnx")
        return folder, [folder / f"{net}.onnx" for net in NETS]

    def assertRefused(self, change, *words):
        folder, files = self.files(change)
        done = subprocess.run([support.PROGRAM, "import", *files, "--out", folder / "out"], capture_output=True, text=True, check=False)
        self.assertEqual((done.returncode, len(done.stderr.splitlines())), (1, 1), done.stderr)
        for word in ("pnet.onnx", *words):
            self.assertIn(word, done.stderr)

    def test_files_of_facenet_pytorchs_layout(self):
        for unsqueezed in (False, True):
            with self.subTest(unsqueezed=unsqueezed):
                folder, files = self.folder / f"foreign_{unsqueezed}", []
                folder.mkdir()
                for net in NETS:
                    model = foreign(onnx.load(self.folder / f"ours/{net}.onnx"), unsqueezed)
                    onnx.checker.check_model(model, full_check=True)
                    files.append(folder / f"{net}.onnx")
                    onnx.save(model, files[-1])
                support.run("import", *files, "--out", folder / "out")
                for net in NETS:
                    found = support.read_safetensors(folder / f"out/{net}.safetensors")
                    expected = support.read_safetensors(ROOT / f"models/default/{net}.safetensors")
                    self.assertEqual(found.keys(), expected.keys())
                    for name, values in expected.items():
                        self.assertTrue(np.array_equal(found[name], values), f"{net}: {name}")

    def test_our_own_pass_through(self):
        support.run("import", *(self.folder / f"ours/{net}.onnx" for net in NETS), "--out", self.folder / "back")
        for net in NETS:
            found = support.read_safetensors(self.folder / f"back/{net}.safetensors")
            for name, values in support.read_safetensors(ROOT / f"models/default/{net}.safetensors").items():
                self.assertTrue(np.array_equal(found[name], values), f"{net}: {name}")

    def test_values_in_another_file_are_refused(self):
        def change(model):
            del model.metadata_props[:]
            for tensor in model.graph.initializer:
                tensor.data_location = onnx.TensorProto.EXTERNAL
                tensor.ClearField("raw_data")
            return model

        self.assertRefused(change, "another file", "external_data=False")

    def test_another_pooling_is_refused(self):
        def change(model):
            del model.metadata_props[:]
            for node in model.graph.node:
                if node.op_type == "MaxPool":
                    del node.attribute[2]
            return model

        self.assertRefused(change, "another max-pooling", "ceil_mode=1")

    def test_another_net_is_refused(self):
        def change(model):
            del model.metadata_props[:]
            del model.graph.node[5:]
            return model

        self.assertRefused(change, "none of the three nets")


if __name__ == "__main__":
    support.main()
