"""Faults from outside: limits of files, descriptors and memory, full and forbidden folders, two runs in one folder, inputs cut off."""
import os
import resource
import subprocess
import time

from verbs import TIMEOUT, run, temporaries

NOBODY = 65534


def limited(runs, verb, fault, limit, out=None, again=True, allowed=()):
    """One run under a limit that preexec_fn sets; then, without it, one that must come to the wanted bytes."""
    out = out or runs.folder(verb)
    command = verb.command(runs.program, out)
    try:
        done = run(command, preexec_fn=limit)
    except subprocess.TimeoutExpired:
        return runs.note(verb, fault, "no end")
    except subprocess.SubprocessError as error:
        return runs.skip(verb, fault, str(error))
    failure = runs.judge_end(verb, done.returncode, done.stderr, allowed)
    if not failure and done.returncode == 0 and verb.results(out) != verb.wanted:
        failure = "done, but other bytes than an undisturbed run"
    if not failure and temporaries(out):
        failure = f"left {temporaries(out)}"
    failure = failure or runs.judge_whole(verb, out)
    runs.note(verb, fault, failure or (runs.judge_again(verb, out) if again else None))


def two_at_once(runs, verb):
    out = runs.folder(verb)
    pair = [runs.start(verb, out) for _ in range(2)]
    failures = [runs.judge_end(verb, process.wait(timeout=TIMEOUT), process.stderr.read()) for process in pair]
    runs.note(verb, "two at once", next(filter(None, failures), None) or runs.judge_again(verb, out))


def as_nobody(runs, verb, again):
    """Without rights in the folder of results, and then with them, but not allowed another thread."""
    def leave_root():
        os.setgroups([])
        os.setgid(NOBODY)
        os.setuid(NOBODY)

    if subprocess.run([str(runs.program), "--version"], capture_output=True, preexec_fn=leave_root).returncode != 0:
        return runs.skip(verb, "no permission, no threads", "nobody may not run the program")
    limited(runs, verb, "no permission", leave_root, again=again)
    out = runs.folder(verb)
    for path in (out, *out.rglob("*")):
        os.chown(path, NOBODY, NOBODY)

    def no_threads():
        resource.setrlimit(resource.RLIMIT_NPROC, (1, 1))
        leave_root()

    limited(runs, verb, "no threads", no_threads, out, again=again)


def mounted(runs, verb, fault, arguments):
    out = runs.folder(verb)
    done = subprocess.run(["mount", *arguments, str(out)], capture_output=True, text=True)
    if done.returncode != 0:
        return runs.skip(verb, fault, done.stderr.strip())
    try:
        limited(runs, verb, fault, None, out, again=False)
    finally:
        subprocess.run(["umount", str(out)], check=True)


def cut_inputs(runs, verb, shares):
    """Files that are cut off while they are read; afterwards they are whole again."""
    files = [verb.inputs] if verb.inputs.is_file() else [p for p in verb.inputs.rglob("*") if p.suffix in (".safetensors", ".jpg")]
    before = {path: path.read_bytes() for path in files}
    for share in shares:
        out = runs.folder(verb)
        process = runs.start(verb, out)
        time.sleep(share * verb.seconds)
        for path in files:
            os.truncate(path, len(before[path]) // 3)
        err = process.communicate(timeout=TIMEOUT)[1]
        for path, data in before.items():
            path.write_bytes(data)
        runs.note(verb, "inputs cut off", runs.judge_end(verb, process.returncode, err) or runs.judge_whole(verb, out))


def limits(runs):
    root = os.geteuid() == 0
    lower = lambda what, value: lambda: resource.setrlimit(what, (value, value))
    for verb in runs.verbs:
        few = runs.is_shortened(verb)
        for size in (3000,) if few else (0, 3000, 60_000):
            limited(runs, verb, "file size", lower(resource.RLIMIT_FSIZE, size), again=not few)
        for count in (10,) if few else (8, 10, 12, 16):
            limited(runs, verb, "descriptors", lower(resource.RLIMIT_NOFILE, count), again=False)
        for mib in (60,) if few else (60, 200, 400, 700):
            limited(runs, verb, "memory", lower(resource.RLIMIT_AS, mib << 20), again=False)
        two_at_once(runs, verb)
        if root:
            as_nobody(runs, verb, again=not few)
            mounted(runs, verb, "full disk", ["-t", "tmpfs", "-o", "size=64k", "tmpfs"])
            mounted(runs, verb, "read-only folder", ["-t", "tmpfs", "-o", "size=64k,ro", "tmpfs"])
        else:
            runs.skip(verb, "full disk, read-only folder, no threads", "needs root")
        cut_inputs(runs, verb, (0.3,) if few else (0.2, 0.5, 0.8))
