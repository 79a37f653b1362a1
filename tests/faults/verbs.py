"""What is disturbed: the commands, the toy data that they take, and what of their results must be the same bytes in each run."""
import json
import pathlib
import shutil
import subprocess

ROOT = pathlib.Path(__file__).resolve().parents[2]
TIMEOUT = 300


def run(command, **options):
    return subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, errors="replace", timeout=TIMEOUT, **options)


def content(path):
    """Relative name to bytes, without locks and temporary files."""
    passed_over = lambda name: name.parts[-1].startswith(".lock") or any(part.endswith(".tmp") for part in name.parts)
    files = {p.relative_to(path): p for p in sorted(path.rglob("*")) if p.is_file()}
    return {str(name): file.read_bytes() for name, file in files.items() if not passed_over(name)}


def temporaries(path):
    return sorted(str(p.relative_to(path)) for p in path.rglob("*.tmp")) if path.exists() else []


class Verb:
    """A command, where its results go, and what of them must be the same bytes."""

    def __init__(self, name, arguments, inputs, results=content, goes_on=False, whole=None, resume=None):
        self.name = name
        self.arguments = arguments  # folder of the results to list
        self.inputs = inputs        # the file, or the folder of files, that it reads
        self.results = results      # folder of the results to {name: bytes}
        self.goes_on = goes_on      # a run takes up what a killed one left, and clears up behind it
        self.whole = whole          # names that a kill leaves together, all old or all new
        self.resume = resume        # folder to arguments that are added where a killed run lies there
        self.wanted = None
        self.seconds = 0

    def command(self, program, out):
        extra = self.resume(out) if self.resume else []
        return [str(a) for a in (program, *self.arguments(out), *extra)]


def trained(out):
    """Weights and the last checkpoint; where a signal stops a run there is one more, and state.json tells times."""
    last = max(path.name for path in (out / "run/checkpoints").glob("step_*"))
    files = content(out / "run").items()
    return {name: data for name, data in files if name.startswith(("export/", f"checkpoints/{last}/")) and not name.endswith("state.json")}


def frames(out):
    """All but what a frame took."""
    rows = [json.loads(line) for line in (out / "live.jsonl").read_text().splitlines()]
    return {"film": (out / "seen.mp4").read_bytes(), **{str(row["frame"]): [row["searched"], row["faces"]] for row in rows}}


class Toys:
    """Toy data of 30 images in a folder, and the commands on it."""

    def __init__(self, program, home, model):
        self.program = program
        self.home = home
        self.make("toy-data", home / "toys", "--images", 30, "--val", 8, "--seed", 1, "-q")
        sets = lambda split: [{"kind": kind, "path": kind, "split": split} for kind in ("wider", "celeba")]
        (home / "prepare.json").write_text(json.dumps({"root": "toys", "datasets": sets("train"), "validation": sets("val")}))
        shutil.copytree(home / "toys/wider/WIDER_val/images", home / "photos")
        self.make("detect", home / "photos", "--json", home / "found.jsonl", "-q")
        shutil.copytree(model, home / "model")

    def make(self, *arguments):
        done = run([str(self.program), *map(str, arguments)])
        assert done.returncode == 0, done.stderr

    def prepare(self):
        arguments = lambda out: ["prepare", "--stage", "pnet", "--config", self.home / "prepare.json", "--out", out / "crops", "-q", "--threads", 2]
        return Verb("prepare", arguments, self.home / "toys/wider", goes_on=True)

    def train(self):
        crops = self.home / "crops"
        self.make("prepare", "--stage", "pnet", "--config", self.home / "prepare.json", "--out", crops, "-q")
        arguments = lambda out: ["train", "--net", "pnet", "--data", crops, "--out", out / "run", "--batch", 64, "--set", "batch.steps_per_epoch=20",
                                 "--epochs", 4, "--threads", 1, "-q"]
        resume = lambda out: ["--resume"] if (out / "run/config.json").exists() else []
        return Verb("train", arguments, crops, trained, goes_on=True, resume=resume)

    def pipeline(self):
        tiny = self.home / "tiny"
        shutil.copytree(ROOT / "configs/tiny", tiny)
        for net in ("pnet", "rnet", "onet"):
            change = json.loads((tiny / f"{net}.json").read_text())
            change.update(epochs=1, batch={"size": 64, "steps_per_epoch": 10})
            (tiny / f"{net}.json").write_text(json.dumps(change))
        change = json.loads((tiny / "prepare.json").read_text())
        change.update({net: {"mine": {"min_face": 60}} for net in ("rnet", "onet")})
        (tiny / "prepare.json").write_text(json.dumps(change))
        self.make("toy-data", tiny / "toys", "--images", 12, "--val", 6, "--seed", 1, "-q")
        arguments = lambda out: ["pipeline", "--config", tiny / "pipeline.json", "--data", tiny / "toys", "--out", out / "all", "-q"]
        return Verb("pipeline", arguments, tiny / "toys/wider", lambda out: content(out / "all/model"), goes_on=True)

    def detect(self):
        photos = self.home / "photos"
        arguments = lambda out: ["detect", photos, "--json", out / "faces.jsonl", "--draw", out / "drawn", "--threads", 1, "--batch", 1, "-q"]
        return Verb("detect", arguments, photos)

    def eval(self):
        found, truth = self.home / "found.jsonl", self.home / "toys/wider/val.jsonl"
        arguments = lambda out: ["eval", "coco", "--detections", found, "--annotations", truth, "--out", out / "eval", "--bootstrap", 2000, "--quiet"]
        return Verb("eval", arguments, found)

    def export(self):
        nets = {f"model/{name}" for name in ("pnet.safetensors", "rnet.safetensors", "onet.safetensors", "cascade.json")}
        model = self.home / "model"
        return Verb("export", lambda out: ["export", "--run", model, "--out", out / "model"], model, whole=nets)

    def live(self, make_film):
        film = self.home / "film.mp4"
        subprocess.run([make_film, film, "still", ROOT / "samples", "4", "40"], check=True, timeout=TIMEOUT)
        arguments = lambda out: ["live", "--video", film, "--json", out / "live.jsonl", "--save", out / "seen.mp4", "--threads", 1, "-q"]
        return Verb("live", arguments, film, frames)

    def verbs(self, make_film):
        """All that this build has; `live` where there is a program that makes videos."""
        with_torch = self.program.with_name("mtcnn-torch").exists()
        return [self.prepare(), *([self.train(), self.pipeline()] if with_torch else []), self.detect(), self.eval(), self.export(),
                *([self.live(make_film)] if make_film else [])]
