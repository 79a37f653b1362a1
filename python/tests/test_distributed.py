"""Training in ranks of torchrun, on this machine: the bytes of one process, whatever happens to a rank."""

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import unittest
from pathlib import Path

import libmtcnn
from libmtcnn import distributed
from support import REPOSITORY

try:
    import torch
except ImportError:
    torch = None

TORCHRUN = [sys.executable, "-B", "-m", "torch.distributed.run", "--rdzv-backend", "c10d", "--rdzv-endpoint", "localhost:0"]
#: Two ranks can share a batch of 1280 crops of P-Net.
CONFIG = {"epochs": 24, "batch": {"size": 1280, "steps_per_epoch": 4}, "keep_checkpoints": 2, "optimizer": {"clip_norm": 1}}
TRAIN = ("train", "--net", "pnet", "--data", "crops", "--config", "train.json", "--threads", "1")
#: What a rank is started with that differs from the others.
ODD_RANK = """import os, sys
from libmtcnn import distributed
odd = sys.argv[1].split() if os.environ["RANK"] == "1" else []
distributed.main(sys.argv[2:] + odd)
"""
MODEL = REPOSITORY / "models" / "default"
#: As if rank 0 alone had a GPU that works.
ONE_GPU = """import os, sys
from libmtcnn import distributed
if os.environ["RANK"] == "0":
    distributed._gpus = lambda: 1
distributed.main(sys.argv[1:])
"""
TIMEOUT_S = 120


def environment(**more):
    """Without CUDA, and with one thread a rank; MTCNN_GROUP_TIMEOUT_S ends a rank that waits in vain."""
    return {**os.environ, "CUDA_VISIBLE_DEVICES": "", "OMP_NUM_THREADS": "1", "MTCNN_GROUP_TIMEOUT_S": "60", "GLOO_SOCKET_IFNAME": "lo", **more}


def content(run):
    """All that a run leaves, but for times and places."""
    files = {str(path.relative_to(run)): path.read_bytes() for path in sorted(run.rglob("*.safetensors"))}
    for line in (run / "metrics.jsonl").read_text(encoding="utf-8").splitlines():
        values = json.loads(line)
        files[f"{values['split']} {values['epoch']}"] = {
            key: value for key, value in values.items() if key not in ("time_s", "samples_per_s", "wait_share")
        }
    for path in run.glob("checkpoints/*/state.json"):
        state = json.loads(path.read_text(encoding="utf-8"))
        for part, key in ((state, "seconds"), (state["totals"], "seconds"), (state["totals"], "waited_s")):
            del part[key]
        files[str(path.relative_to(run))] = state
    return files


class Ranks:
    """A torchrun in the background."""

    def __init__(self, *arguments, world=2, restarts=0, options=(), module=("-m", "libmtcnn"), **more):
        command = [*TORCHRUN, *options, "--nproc-per-node", str(world), "--max-restarts", str(restarts), *module, *map(str, arguments)]
        self.log = tempfile.TemporaryFile("w+", encoding="utf-8")
        self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=self.log, stderr=self.log, env=environment(**more))

    def pids(self):
        """Of the ranks, which torchrun starts in their order."""
        children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text(encoding="ascii").split()
        return [int(pid) for pid in children if b"libmtcnn" in Path(f"/proc/{pid}/cmdline").read_bytes()]

    def wait_for_checkpoint(self, run):
        end = time.monotonic() + TIMEOUT_S
        before = {path.name for path in run.glob("checkpoints/step_*")}
        while {path.name for path in run.glob("checkpoints/step_*")} <= before:
            if self.process.poll() is not None or time.monotonic() > end:
                raise AssertionError(f"no checkpoint came\n{self.end()[1]}")
            time.sleep(0.01)

    def end(self):
        """Its exit code and all that was said."""
        try:
            self.process.wait(TIMEOUT_S)
        finally:
            if self.process.poll() is None:
                self.process.terminate()  # it ends its ranks
                self.process.wait()
        self.log.seek(0)
        said = self.log.read()
        self.log.close()
        return self.process.returncode, said


@unittest.skipUnless(torch is not None and distributed._LIBRARY.exists(), "needs torch")
class Distributed(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.home = Path(tempfile.mkdtemp(prefix="libmtcnn_test_"))
        cls.before = os.getcwd()
        os.chdir(cls.home)
        libmtcnn.run("toy-data", "toys", "--images", 60, "--val", 12, "--seed", 1, "-q")
        sets = {split: [{"kind": "wider", "path": "wider", "split": split}, {"kind": "celeba", "path": "celeba", "split": split}] for split in ("train", "val")}
        cls.data = {"root": "toys", "datasets": sets["train"], "validation": sets["val"]}
        libmtcnn.prepare("pnet", "crops", cls.data, quiet=True)
        Path("train.json").write_text(json.dumps(CONFIG), encoding="utf-8")
        libmtcnn.run(*TRAIN, "--out", "one", "-q")
        cls.expected = content(Path("one"))

    @classmethod
    def tearDownClass(cls):
        os.chdir(cls.before)
        shutil.rmtree(cls.home)

    def test_two_ranks_leave_the_bytes_of_one_process(self):
        code, said = Ranks(*TRAIN, "--out", "two", "--resume").end()  # begins, as nothing is there
        self.assertEqual(code, 0, said)
        self.assertEqual(said.count("P-Net: 96 steps"), 1, said)
        self.assertEqual(content(Path("two")), self.expected)

    def test_all_nets_leave_the_same_bytes_for_1_2_and_4_ranks(self):
        for net, batch in (("pnet", 2560), ("rnet", 320), ("onet", 320)):  # four parts
            crops, config = Path("crops"), Path(f"{net}.json")
            if net != "pnet":
                crops = Path(f"crops-{net}")
                libmtcnn.prepare(net, crops, self.data, model=MODEL, quiet=True)
            config.write_text(json.dumps({"epochs": 3, "batch": {"size": batch, "steps_per_epoch": 3}}), encoding="utf-8")
            train = ("train", "--net", net, "--data", crops, "--config", config, "--threads", "1")
            libmtcnn.run(*train, "--out", f"{net}-alone", "-q")
            expected = content(Path(f"{net}-alone"))
            self.assertTrue([name for name in expected if name.startswith("best/")])
            for world in (1, 2, 4):
                with self.subTest(net, world=world):
                    run = Path(f"{net}-{world}")
                    code, said = Ranks(*train, "--out", run, world=world).end()
                    self.assertEqual(code, 0, said)
                    self.assertEqual(content(run), expected)

    def test_ranks_make_batches_on_their_devices(self):
        command = (*TRAIN, "--device", "cpu:torch", "--epochs", 2)
        code, said = Ranks(*command, "--out", "devices").end()
        self.assertEqual(code, 0, said)
        libmtcnn.run(*map(str, command), "--out", "device", "-q")
        losses = [[json.loads(line)["loss"] for line in (Path(run) / "metrics.jsonl").read_text(encoding="utf-8").splitlines()] for run in ("devices", "device")]
        self.assertEqual(len(losses[0]), 4)
        for several, one in zip(*losses):
            self.assertAlmostEqual(several, one, 3)

    def test_stops_at_one_step_and_goes_on_with_any_number_of_ranks(self):
        run = Path("moved")
        command = (*TRAIN, "--out", run)
        ranks = Ranks(*command)
        ranks.wait_for_checkpoint(run)
        os.kill(ranks.pids()[1], signal.SIGTERM)
        code, said = ranks.end()
        self.assertNotEqual(code, 0)
        stopped = [line for line in said.splitlines() if "stopped at step" in line]
        self.assertTrue(stopped, said)
        self.assertEqual(len(set(stopped)), 1, said)
        step = int(stopped[0].split("stopped at step ")[1].split()[0])
        self.assertTrue((run / f"checkpoints/step_{step:09}").exists(), said)
        # One process, which is killed.
        one = subprocess.Popen([libmtcnn.program.program_path(), *map(str, command), "--resume", "-q"], env=libmtcnn.program._environment())
        while not [path for path in run.glob("checkpoints/step_*") if path.name > f"step_{step:09}"] and one.poll() is None:
            time.sleep(0.01)
        one.kill()
        one.wait()
        # Two ranks, of which one is killed; then two to the end.
        ranks = Ranks(*command, "--resume")
        ranks.wait_for_checkpoint(run)
        os.kill(ranks.pids()[1], signal.SIGKILL)
        self.assertNotEqual(ranks.end()[0], 0)
        self.assertFalse((run / "DONE").exists())
        code, said = Ranks(*command, "--resume").end()
        self.assertEqual(code, 0, said)
        self.assertEqual(content(run), self.expected)

    def test_a_killed_rank_is_restarted(self):
        for name, more in (("agent", {}), ("fresh", {"TORCH_DISABLE_SHARE_RDZV_TCP_STORE": "1"})):
            with self.subTest(name):
                run = Path(name)
                ranks = Ranks(*TRAIN, "--out", run, "--resume", restarts=1, **more)
                ranks.wait_for_checkpoint(run)
                os.kill(ranks.pids()[0], signal.SIGKILL)
                code, said = ranks.end()
                self.assertEqual(code, 0, said)
                self.assertEqual(content(run), self.expected)

    def test_a_killed_rank_of_two_agents_is_restarted(self):
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        options = ("--nnodes", "2", "--rdzv-endpoint", f"localhost:{port}", "--rdzv-id", "two", "--local-addr", "127.0.0.1")
        run = Path("agents")
        agents = []
        for _ in range(2):
            agents.append(
                Ranks(*TRAIN, "--out", run, "--resume", world=1, restarts=1, options=options, TORCH_DISABLE_SHARE_RDZV_TCP_STORE="1")
            )
            self.addCleanup(agents[-1].process.terminate)
        agents[0].wait_for_checkpoint(run)
        os.kill(agents[1].pids()[0], signal.SIGKILL)
        for code, said in [agent.end() for agent in agents]:
            self.assertEqual(code, 0, said)
        self.assertEqual(content(run), self.expected)

    def test_refuses_ranks_that_differ(self):
        Path("odd.py").write_text(ODD_RANK, encoding="utf-8")
        start = time.monotonic()
        code, said = Ranks("--lr 0.5", *TRAIN, "--out", "odd", module=["odd.py"]).end()
        self.assertNotEqual(code, 0)
        self.assertIn("rank 1 was started in another way than rank 0: found config/optimizer/lr", said)
        self.assertFalse(Path("odd").exists())
        self.assertLess(time.monotonic() - start, 60)

    def test_refuses_devices_that_differ(self):
        Path("one_gpu.py").write_text(ONE_GPU, encoding="utf-8")
        for device, text, more in (
            ("auto", "rank 1 on .* computes on cpu, and rank 0 on .* computes on cuda:0: ", {}),
            ("cuda", "rank 1 on .* cannot use cuda:1: ", {"TORCH_DISABLE_SHARE_RDZV_TCP_STORE": "1"}),
        ):
            with self.subTest(device):
                start = time.monotonic()
                code, said = Ranks(*TRAIN, "--out", "differ", "--device", device, module=["one_gpu.py"], **more).end()
                self.assertNotEqual(code, 0)
                self.assertRegex(said, f"error: torchrun: {text}.*--device cpu")
                self.assertFalse(Path("differ").exists())
                self.assertLess(time.monotonic() - start, 60)

    def test_refuses_what_torchrun_cannot_do(self):
        def said_by(*arguments, **more):
            done = subprocess.run([sys.executable, "-B", "-m", "libmtcnn", *arguments], capture_output=True, text=True, env=environment(**more))
            self.assertEqual(done.returncode, 2, done.stderr)
            return done.stderr

        rank = {"RANK": "0", "WORLD_SIZE": "2", "MASTER_ADDR": "localhost", "MASTER_PORT": "1"}
        self.assertIn("MASTER_ADDR", said_by("train", WORLD_SIZE="2"))
        done = subprocess.run([sys.executable, "-B", "-m", "libmtcnn", *TRAIN], capture_output=True, text=True, env=environment(**{**rank, "RANK": "first"}))
        self.assertEqual((done.returncode, done.stderr.count("\n")), (1, 1), done.stderr)
        self.assertIn("error: torchrun: ", done.stderr)
        several = {"TORCHELASTIC_USE_AGENT_STORE": "True", "GROUP_WORLD_SIZE": "2", "TORCHELASTIC_MAX_RESTARTS": "3"}
        self.assertIn("TORCH_DISABLE_SHARE_RDZV_TCP_STORE=1", said_by("train", **rank, **several))

    def test_other_commands_are_the_program(self):
        done = subprocess.run([sys.executable, "-B", "-m", "libmtcnn", "--version"], capture_output=True, text=True, env=environment(RANK="1", WORLD_SIZE="2"))
        self.assertEqual((done.returncode, done.stdout[:6]), (0, "mtcnn "), done.stderr)

    @unittest.skipUnless(torch is not None and torch.cuda.is_available(), "needs a GPU")
    def test_one_rank_with_nccl(self):
        code, said = Ranks(*TRAIN, "--out", "gpu", "--epochs", "1", world=1, CUDA_VISIBLE_DEVICES="0").end()
        self.assertEqual(code, 0, said)


if __name__ == "__main__":
    unittest.main()
