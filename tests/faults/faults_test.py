"""Kills and faults: each command is disturbed in every way a machine disturbs it, and must end in the right exit code with one error line,
leave nothing half written, and come to the same bytes when it is run again.

usage: faults_test.py PROGRAM MODEL_FOLDER [--make-film PROGRAM] [--group kills|signals|limits] [--kills N] [--seed S] [--only VERB]

MODEL_FOLDER may hold any nets. Without --make-film `live` is left out, without mtcnn-torch `train` and `pipeline`. Prints a table and fails where
anything failed. Standard library only; what needs root is skipped with a word without it.
"""
import argparse
import collections
import ctypes
import json
import os
import pathlib
import random
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[1]
NOBODY = 65534
TIMEOUT = 300
A_NIGHT = 100  # kills of each command
LIBC = ctypes.CDLL(None, use_errno=True)


def content(path):
    """Relative name to bytes, without locks and temporary files."""
    passed_over = lambda name: name.parts[-1].startswith(".lock") or any(part.endswith(".tmp") for part in name.parts)
    files = {p.relative_to(path): p for p in sorted(path.rglob("*")) if p.is_file()}
    return {str(name): file.read_bytes() for name, file in files.items() if not passed_over(name)}


def temporaries(path):
    return sorted(str(p.relative_to(path)) for p in path.rglob("*.tmp")) if path.exists() else []


class Verb:
    """A command, where its results go, and what of them must be the same bytes."""

    def __init__(self, name, arguments, results=content, goes_on=False, whole=None, resume=None):
        self.name = name
        self.arguments = arguments  # folder of the results to list
        self.results = results      # folder of the results to {name: bytes}
        self.goes_on = goes_on      # a run takes up what a killed one left, and clears up behind it
        self.whole = whole          # names that a kill leaves together, all old or all new
        self.resume = resume        # folder to arguments that are added where a killed run lies there
        self.wanted = None
        self.seconds = 0

    def command(self, program, out):
        extra = self.resume(out) if self.resume else []
        return [str(a) for a in (program, *self.arguments(out), *extra)]


class Faults:
    def __init__(self, options):
        self.options = options
        self.program = pathlib.Path(options.program).resolve()
        self.dice = random.Random(options.seed)
        self.home = pathlib.Path(tempfile.mkdtemp(prefix="mtcnn_faults_"))
        self.home.chmod(0o755)
        self.rows = collections.OrderedDict()
        self.number = 0

    # --- what is run ---

    def run(self, command, **options):
        return subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, errors="replace", timeout=TIMEOUT, **options)

    def make(self, *arguments):
        done = self.run([str(self.program), *map(str, arguments)])
        assert done.returncode == 0, done.stderr

    def prepare_inputs(self):
        """Toy data of 30 images, what the commands take, and the verbs."""
        home = self.home
        self.make("toy-data", home / "toys", "--images", 30, "--val", 8, "--seed", 1, "-q")
        sets = lambda split: [{"kind": kind, "path": kind, "split": split} for kind in ("wider", "celeba")]
        (home / "prepare.json").write_text(json.dumps({"root": "toys", "datasets": sets("train"), "validation": sets("val")}))
        photos = home / "photos"
        shutil.copytree(home / "toys/wider/WIDER_val/images", photos)
        truth = home / "toys/wider/val.jsonl"
        self.make("detect", photos, "--json", home / "found.jsonl", "-q")
        shutil.copytree(self.options.model, home / "model")
        prepare = lambda out: ["prepare", "--stage", "pnet", "--config", home / "prepare.json", "--out", out / "crops", "-q", "--threads", 2]
        detect = lambda out: ["detect", photos, "--json", out / "faces.jsonl", "--draw", out / "drawn", "--threads", 1, "--batch", 1, "-q"]
        score = lambda out: ["eval", "coco", "--detections", home / "found.jsonl", "--annotations", truth, "--out", out / "eval", "--bootstrap", 2000, "--quiet"]
        export = lambda out: ["export", "--run", home / "model", "--out", out / "model"]
        nets = {f"model/{name}" for name in ("pnet.safetensors", "rnet.safetensors", "onet.safetensors", "cascade.json")}
        verbs = [Verb("prepare", prepare, goes_on=True), Verb("detect", detect), Verb("eval", score), Verb("export", export, whole=nets)]
        if self.program.with_name("mtcnn-torch").exists():
            self.make("prepare", "--stage", "pnet", "--config", home / "prepare.json", "--out", home / "crops", "-q")
            train = lambda out: ["train", "--net", "pnet", "--data", home / "crops", "--out", out / "run", "--batch", 64, "--set", "batch.steps_per_epoch=20",
                                 "--epochs", 4, "--threads", 1, "-q"]
            resume = lambda out: ["--resume"] if (out / "run/config.json").exists() else []
            verbs.insert(1, Verb("train", train, self.trained, goes_on=True, resume=resume))
            tiny = home / "tiny"
            shutil.copytree(ROOT / "configs/tiny", tiny)
            for net in ("pnet", "rnet", "onet"):
                change = json.loads((tiny / f"{net}.json").read_text())
                change.update(epochs=1, batch={"size": 64, "steps_per_epoch": 10})
                (tiny / f"{net}.json").write_text(json.dumps(change))
            change = json.loads((tiny / "prepare.json").read_text())
            change.update({net: {"mine": {"min_face": 60}} for net in ("rnet", "onet")})
            (tiny / "prepare.json").write_text(json.dumps(change))
            self.make("toy-data", tiny / "toys", "--images", 12, "--val", 6, "--seed", 1, "-q")
            pipeline = lambda out: ["pipeline", "--config", tiny / "pipeline.json", "--data", tiny / "toys", "--out", out / "all", "-q"]
            verbs.insert(2, Verb("pipeline", pipeline, lambda out: content(out / "all/model"), goes_on=True))
        if self.options.make_film:
            film = home / "film.mp4"
            subprocess.run([self.options.make_film, film, "still", ROOT / "samples", "4", "40"], check=True, timeout=TIMEOUT)
            live = lambda out: ["live", "--video", film, "--json", out / "live.jsonl", "--save", out / "seen.mp4", "--threads", 1, "-q"]
            verbs.append(Verb("live", live, self.frames))
        self.verbs = [verb for verb in verbs if self.options.only in (None, verb.name)]
        if not self.verbs:
            sys.exit(f"error: no verb '{self.options.only}' here")

    @staticmethod
    def trained(out):
        """Weights and the last checkpoint; where a signal stops a run there is one more, and state.json tells times."""
        last = max(path.name for path in (out / "run/checkpoints").glob("step_*"))
        files = content(out / "run").items()
        return {name: data for name, data in files if name.startswith(("export/", f"checkpoints/{last}/")) and not name.endswith("state.json")}

    @staticmethod
    def frames(out):
        """All but what a frame took."""
        rows = [json.loads(line) for line in (out / "live.jsonl").read_text().splitlines()]
        return {"film": (out / "seen.mp4").read_bytes(), **{str(row["frame"]): [row["searched"], row["faces"]] for row in rows}}

    def measure(self, verb):
        """An undisturbed run: how long it takes and what comes of it."""
        out = self.folder(verb)
        start = time.monotonic()
        done = self.run(verb.command(self.program, out))
        verb.seconds = time.monotonic() - start
        assert done.returncode == 0, f"{verb.name}: {done.stderr}"
        verb.wanted = verb.results(out)

    def folder(self, verb):
        """A new folder for results; for the export there lies an older model."""
        self.number += 1
        out = self.home / f"out{self.number}"
        out.mkdir()
        if verb.whole:
            shutil.copytree(ROOT / "models/default", out / "model")
        return out

    def is_shortened(self, verb):
        """A pipeline takes long, and its steps are the other commands: only in a night it is disturbed in every way."""
        return verb.name == "pipeline" and self.options.kills < A_NIGHT

    # --- what is judged ---

    def note(self, verb, fault, failure=None):
        row = self.rows.setdefault((verb if isinstance(verb, str) else verb.name, fault), [0, []])
        row[0] += 1
        if failure:
            row[1].append(failure)

    def judge_end(self, verb, code, err, allowed=()):
        """Nothing, or why this is no proper end: done, or one error line and the code of an error."""
        errors = [line for line in err.splitlines() if line.startswith("error: ")]
        if code == 0 or code in allowed:
            return None
        if code in (1, 2) and "internal bug" not in err and (len(errors) == 1 or (errors and verb.name in ("pipeline", "detect"))):
            return None
        # What the system's loader says of a library that does not fit is not ours to word.
        if code == 127 and "error while loading shared libraries" in err:
            return None
        # Nor is what LibTorch does where there is no memory before main() begins.
        if code == -signal.SIGABRT and verb.name == "train" and err.split() == "terminate called after throwing an instance of 'std::bad_alloc' what(): std::bad_alloc".split():
            return None
        return f"exit code {code}: {err[-300:]!r}"

    def judge_again(self, verb, out):
        """Nothing, or how the same command does not come to the bytes of an undisturbed run."""
        done = self.run(verb.command(self.program, out))
        if done.returncode != 0:
            return f"again: exit code {done.returncode}: {done.stderr[-300:]!r}"
        if verb.results(out) != verb.wanted:
            return "again: other bytes than an undisturbed run"
        return f"again: left {temporaries(out)}" if temporaries(out) else None

    def judge_whole(self, verb, out):
        if not verb.whole:
            return None
        found = {name: data for name, data in content(out).items() if name in verb.whole}
        older = {f"model/{name}": data for name, data in content(ROOT / "models/default").items()}
        newer = {name: data for name, data in verb.wanted.items() if name in verb.whole}
        if not found and os.path.ismount(out):
            return None  # a new, empty disk
        same = lambda wanted: all(found.get(name) == wanted.get(name) for name in verb.whole)
        return None if same(older) or same(newer) else f"a mixture of two models: {sorted(found)}"

    # --- kills ---

    def start(self, verb, out, **options):
        return subprocess.Popen(verb.command(self.program, out), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, errors="replace",
                                start_new_session=True, **options)

    @staticmethod
    def is_running(group):
        try:
            os.killpg(group, 0)
        except ProcessLookupError:
            return False
        return True

    def kills(self):
        for verb in self.verbs:
            moments = [(k * 7919 % self.options.kills + self.dice.random()) / self.options.kills for k in range(self.options.kills)]
            out, spent = self.folder(verb), 0
            while moments:
                # One moment in each of N equal parts of an undisturbed run's time, or of what is left of it.
                delay = moments[0] * (verb.seconds - spent)
                process = self.start(verb, out)
                time.sleep(delay)
                os.killpg(process.pid, signal.SIGKILL)
                err = process.communicate(timeout=TIMEOUT)[1]
                failure = self.judge_whole(verb, out)
                killed = process.returncode == -signal.SIGKILL
                if not killed:  # it was done before
                    failure = failure or self.judge_end(verb, process.returncode, err)
                    if not failure and verb.results(out) != verb.wanted:
                        failure = "other bytes than an undisturbed run"
                spent += delay
                nearly_done = spent > 0.8 * verb.seconds
                if killed and (not verb.goes_on or nearly_done or len(moments) == 1):
                    failure = failure or self.judge_again(verb, out)
                if not killed or not verb.goes_on or nearly_done:
                    shutil.rmtree(out)
                    out, spent = self.folder(verb), 0
                self.note(verb, "kill -9" if killed else "done before the kill", failure)
                if killed or delay < 0.02:
                    moments.pop(0)
                else:
                    moments[0] *= 0.9

    # --- signals ---

    def signals(self):
        for verb in self.verbs:
            for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
                for share in (0.3, 0.7) if not self.is_shortened(verb) else (0.3,) if number == signal.SIGTERM else ():
                    out = self.folder(verb)
                    process = self.start(verb, out)
                    time.sleep(share * verb.seconds)
                    process.send_signal(number)
                    begun = time.monotonic()
                    err = process.communicate(timeout=TIMEOUT)[1]
                    failure = self.judge_end(verb, process.returncode, err, allowed=(-number,))
                    if process.returncode == 1 and temporaries(out):
                        failure = failure or f"left {temporaries(out)}"
                    if time.monotonic() - begun > 15:
                        failure = failure or "took more than 15 s to end"
                    if self.is_running(process.pid):
                        failure = failure or "left a process of its own running"
                    self.note(verb, number.name, failure or self.judge_whole(verb, out) or self.judge_again(verb, out))
        if self.options.only in (None, "detect"):
            for ignored in (False, True):
                reader, writer = os.pipe()
                os.close(reader)
                process = subprocess.Popen([str(self.program), "detect", str(self.home / "photos"), "-q"], stdout=writer, stderr=subprocess.PIPE, text=True,
                                           restore_signals=not ignored)
                os.close(writer)
                err = process.communicate(timeout=TIMEOUT)[1]
                wanted = 1 if ignored else -signal.SIGPIPE
                self.note("detect", "SIGPIPE", None if process.returncode == wanted else f"exit code {process.returncode}: {err!r}")

    # --- limits ---

    def limited(self, verb, fault, limit, out=None, again=True, allowed=(), **options):
        """One run under a limit that preexec_fn sets; then, without it, one that must come to the wanted bytes."""
        out = out or self.folder(verb)
        command = verb.command(self.program, out)
        try:
            done = self.run(command, preexec_fn=limit, cwd=options.get("cwd"))
        except subprocess.TimeoutExpired:
            return self.note(verb, fault, "no end")
        except subprocess.SubprocessError as error:
            return self.skip(verb, fault, str(error))
        failure = self.judge_end(verb, done.returncode, done.stderr, allowed)
        if not failure and done.returncode == 0 and verb.results(out) != verb.wanted:
            failure = "done, but other bytes than an undisturbed run"
        if not failure and temporaries(out):
            failure = f"left {temporaries(out)}"
        failure = failure or self.judge_whole(verb, out)
        self.note(verb, fault, failure or (self.judge_again(verb, out) if again else None))

    def skip(self, verb, fault, reason):
        print(f"skipped: {verb.name}, {fault}: {reason}", flush=True)

    def limits(self):
        root = os.geteuid() == 0
        lower = lambda what, value: lambda: resource.setrlimit(what, (value, value))
        for verb in self.verbs:
            few = self.is_shortened(verb)
            for size in (3000,) if few else (0, 3000, 60_000):
                self.limited(verb, "file size", lower(resource.RLIMIT_FSIZE, size), again=not few)
            for count in (10,) if few else (8, 10, 12, 16):
                self.limited(verb, "descriptors", lower(resource.RLIMIT_NOFILE, count), again=False)
            for mib in (60,) if few else (60, 200, 400, 700):
                self.limited(verb, "memory", lower(resource.RLIMIT_AS, mib << 20), again=False)
            self.two_at_once(verb)
            if root:
                self.as_nobody(verb, again=not few)
                self.mounted(verb, "full disk", ["-t", "tmpfs", "-o", "size=64k", "tmpfs"])
                self.mounted(verb, "read-only folder", ["-t", "tmpfs", "-o", "size=64k,ro", "tmpfs"])
            else:
                self.skip(verb, "full disk, read-only folder, no threads", "needs root")
            self.cut_inputs(verb, (0.3,) if few else (0.2, 0.5, 0.8))

    def two_at_once(self, verb):
        out = self.folder(verb)
        pair = [self.start(verb, out) for _ in range(2)]
        failures = [self.judge_end(verb, process.wait(timeout=TIMEOUT), process.stderr.read()) for process in pair]
        self.note(verb, "two at once", next(filter(None, failures), None) or self.judge_again(verb, out))

    def as_nobody(self, verb, again):
        """Without rights in the folder of results, and then with them, but not allowed another thread."""
        def leave_root():
            os.setgroups([])
            os.setgid(NOBODY)
            os.setuid(NOBODY)

        if subprocess.run([str(self.program), "--version"], capture_output=True, preexec_fn=leave_root).returncode != 0:
            return self.skip(verb, "no permission, no threads", "nobody may not run the program")
        self.limited(verb, "no permission", leave_root, again=again)
        out = self.folder(verb)
        for path in (out, *out.rglob("*")):
            os.chown(path, NOBODY, NOBODY)

        def no_threads():
            resource.setrlimit(resource.RLIMIT_NPROC, (1, 1))
            leave_root()

        self.limited(verb, "no threads", no_threads, out, again=again)

    def mounted(self, verb, fault, arguments):
        out = self.folder(verb)
        done = subprocess.run(["mount", *arguments, str(out)], capture_output=True, text=True)
        if done.returncode != 0:
            return self.skip(verb, fault, done.stderr.strip())
        try:
            self.limited(verb, fault, None, out, again=False)
        finally:
            subprocess.run(["umount", str(out)], check=True)

    def cut_inputs(self, verb, shares):
        """Files that are cut off while they are read; afterwards they are whole again."""
        home = self.home
        inputs = {"train": home / "crops", "detect": home / "photos", "eval": home / "found.jsonl", "prepare": home / "toys/wider", "pipeline": home / "tiny/toys/wider",
                  "export": home / "model", "live": home / "film.mp4"}[verb.name]
        files = [inputs] if inputs.is_file() else [p for p in inputs.rglob("*") if p.suffix in (".safetensors", ".jpg")]
        before = {path: path.read_bytes() for path in files}
        for share in shares:
            out = self.folder(verb)
            process = self.start(verb, out)
            time.sleep(share * verb.seconds)
            for path in files:
                os.truncate(path, len(before[path]) // 3)
            err = process.communicate(timeout=TIMEOUT)[1]
            for path, data in before.items():
                path.write_bytes(data)
            self.note(verb, "inputs cut off", self.judge_end(verb, process.returncode, err) or self.judge_whole(verb, out))

    # --- all of it ---

    def report(self):
        print("| verb | fault | runs | failures |\n|---|---|---|---|")
        for (verb, fault), (runs, failures) in self.rows.items():
            print(f"| {verb} | {fault} | {runs} | {len(failures)} |")
        failed = [(*key, failure) for key, (_, failures) in self.rows.items() for failure in failures]
        for verb, fault, failure in failed:
            print(f"failed: {verb}, {fault}: {failure}", flush=True)
        return 1 if failed else 0

    def main(self):
        self.prepare_inputs()
        for verb in self.verbs:
            self.measure(verb)
            print(f"{verb.name}: {verb.seconds:.2f} s undisturbed", flush=True)
        for group in ("kills", "signals", "limits"):
            if self.options.group in (None, group):
                getattr(self, group)()
        return self.report()


def main():
    parser = argparse.ArgumentParser(description="Kills and faults, see the head of this file.")
    parser.add_argument("program")
    parser.add_argument("model")
    parser.add_argument("--make-film")
    parser.add_argument("--group", choices=("kills", "signals", "limits"))
    parser.add_argument("--kills", type=int, default=5)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only")
    faults = Faults(parser.parse_args())
    try:
        return faults.main()
    finally:
        shutil.rmtree(faults.home, ignore_errors=True)


if __name__ == "__main__":
    sys.exit(main())
