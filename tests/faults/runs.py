"""Runs of the commands, disturbed and undisturbed: started, judged by their exit code, their error line and what they leave, and counted."""
import collections
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import tempfile
import time

from verbs import ROOT, Toys, content, run, temporaries

A_NIGHT = 100  # kills of each command


class Runs:
    def __init__(self, options):
        self.options = options
        self.program = pathlib.Path(options.program).resolve()
        self.home = pathlib.Path(tempfile.mkdtemp(prefix="mtcnn_faults_"))
        self.home.chmod(0o755)
        self.rows = collections.OrderedDict()
        self.number = 0

    # --- what is run ---

    def prepare(self):
        """Makes the inputs and the verbs, and runs each undisturbed."""
        verbs = Toys(self.program, self.home, self.options.model).verbs(self.options.make_film)
        self.verbs = [verb for verb in verbs if self.options.only in (None, verb.name)]
        if not self.verbs:
            sys.exit(f"error: no verb '{self.options.only}' here")
        for verb in self.verbs:
            self.measure(verb)
            print(f"{verb.name}: {verb.seconds:.2f} s undisturbed", flush=True)

    def measure(self, verb):
        """An undisturbed run: how long it takes and what comes of it."""
        out = self.folder(verb)
        start = time.monotonic()
        done = run(verb.command(self.program, out))
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

    def start(self, verb, out, **options):
        return subprocess.Popen(verb.command(self.program, out), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, errors="replace",
                                start_new_session=True, **options)

    def is_shortened(self, verb):
        """A pipeline takes long, and its steps are the other commands: only in a night it is disturbed in every way."""
        return verb.name == "pipeline" and self.options.kills < A_NIGHT

    # --- what is judged ---

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
        done = run(verb.command(self.program, out))
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

    # --- what is counted ---

    def note(self, verb, fault, failure=None):
        row = self.rows.setdefault((verb if isinstance(verb, str) else verb.name, fault), [0, []])
        row[0] += 1
        if failure:
            row[1].append(failure)

    def skip(self, verb, fault, reason):
        print(f"skipped: {verb.name}, {fault}: {reason}", flush=True)

    def report(self):
        """Prints the table; 1 where anything failed, else 0."""
        print("| verb | fault | runs | failures |\n|---|---|---|---|")
        for (verb, fault), (runs, failures) in self.rows.items():
            print(f"| {verb} | {fault} | {runs} | {len(failures)} |")
        failed = [(*key, failure) for key, (_, failures) in self.rows.items() for failure in failures]
        for verb, fault, failure in failed:
            print(f"failed: {verb}, {fault}: {failure}", flush=True)
        return 1 if failed else 0
