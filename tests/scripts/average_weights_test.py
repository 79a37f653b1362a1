"""scripts/average_weights.py on the default model. Standard library only."""
import pathlib
import subprocess
import sys
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "scripts"))
import average_weights as script

RNET = ROOT / "models/default/rnet.safetensors"


def run(*arguments):
    return subprocess.run([sys.executable, "-B", ROOT / "scripts/average_weights.py", *map(str, arguments)], capture_output=True, text=True)


class AverageWeights(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)

    def test_mean_of_two_files(self):
        metadata, tensors = script.read(RNET)
        doubled = {name: (shape, script.array.array("f", (2 * x for x in values))) for name, (shape, values) in tensors.items()}
        script.write(self.folder / "b.safetensors", metadata, doubled)
        done = run(RNET, self.folder / "b.safetensors", self.folder / "out.safetensors", "--share", 0.25)
        self.assertEqual(done.returncode, 0, done.stderr)
        made, averaged = script.read(self.folder / "out.safetensors")
        self.assertEqual(made["net"], "rnet")
        self.assertEqual(list(averaged), list(tensors))
        for name, (shape, values) in averaged.items():
            self.assertEqual(shape, tensors[name][0])
            for value, original in zip(values, tensors[name][1]):
                self.assertAlmostEqual(value, 1.25 * original, delta=1e-5 * (1 + abs(original)))

    def test_raised_logit(self):
        done = run(RNET, RNET, self.folder / "out.safetensors", "--logit", 0.5)
        self.assertEqual(done.returncode, 0, done.stderr)
        before, after = script.read(RNET)[1], script.read(self.folder / "out.safetensors")[1]
        changed = [name for name in before if any(abs(x - y) > 1e-6 for x, y in zip(before[name][1], after[name][1]))]
        self.assertEqual(changed, [script.HEADS["rnet"]])
        self.assertAlmostEqual(after[changed[0]][1][1] - before[changed[0]][1][1], 0.5, places=5)

    def test_wrong_use(self):
        self.assertIn("not weights of ours", self.error(RNET, self.plain(b"\x02\0\0\0\0\0\0\0{}")))
        self.assertIn("not a weights file", self.error(RNET, self.plain(b"")))
        self.assertIn("weights of onet", self.error(RNET, RNET.with_name("onet.safetensors")))
        self.assertIn("--share", self.error(RNET, RNET, "--share", 2))
        self.assertIn("--logit", self.error(RNET, RNET, "--logit", "nan"))

    def test_an_input_is_not_replaced(self):
        copy = self.folder / "copy.safetensors"
        copy.write_bytes(RNET.read_bytes())
        link = self.folder / "link.safetensors"
        link.symlink_to(copy)
        for a, b, out in ((copy, RNET, copy), (RNET, copy, link)):
            done = run(a, b, out, "--logit", 0.5)
            self.assertEqual(done.returncode, 1)
            self.assertIn("would replace an input", done.stderr)
        self.assertEqual(copy.read_bytes(), RNET.read_bytes())

    def plain(self, content):
        path = self.folder / "other"
        path.write_bytes(content)
        return path

    def error(self, a, b, *more):
        done = run(a, b, self.folder / "out", *more)
        self.assertEqual(done.returncode, 1)
        self.assertFalse((self.folder / "out").exists())
        return done.stderr


if __name__ == "__main__":
    unittest.main()
