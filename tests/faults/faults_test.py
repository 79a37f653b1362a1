"""Kills and faults: each command is disturbed in every way a machine disturbs it, and must end in the right exit code with one error line,
leave nothing half written, and come to the same bytes when it is run again.

usage: faults_test.py PROGRAM MODEL_FOLDER [--make-film PROGRAM] [--group kills|signals|limits] [--kills N] [--seed S] [--only VERB]

MODEL_FOLDER may hold any nets. Without --make-film `live` is left out, without mtcnn-torch `train` and `pipeline`. Prints a table and fails where
anything failed. Standard library only; what needs root is skipped with a word without it.
"""
import argparse
import os
import random
import shutil
import signal
import subprocess
import sys
import time

from limits import limits
from runs import Runs
from verbs import TIMEOUT, temporaries


def kills(runs):
    dice = random.Random(runs.options.seed)
    count = runs.options.kills
    for verb in runs.verbs:
        moments = [(k * 7919 % count + dice.random()) / count for k in range(count)]
        out, spent = runs.folder(verb), 0
        while moments:
            # One moment in each of N equal parts of an undisturbed run's time, or of what is left of it.
            delay = moments[0] * (verb.seconds - spent)
            process = runs.start(verb, out)
            time.sleep(delay)
            os.killpg(process.pid, signal.SIGKILL)
            err = process.communicate(timeout=TIMEOUT)[1]
            failure = runs.judge_whole(verb, out)
            killed = process.returncode == -signal.SIGKILL
            if not killed:  # it was done before
                failure = failure or runs.judge_end(verb, process.returncode, err)
                if not failure and verb.results(out) != verb.wanted:
                    failure = "other bytes than an undisturbed run"
            spent += delay
            nearly_done = spent > 0.8 * verb.seconds
            if killed and (not verb.goes_on or nearly_done or len(moments) == 1):
                failure = failure or runs.judge_again(verb, out)
            if not killed or not verb.goes_on or nearly_done:
                shutil.rmtree(out)
                out, spent = runs.folder(verb), 0
            runs.note(verb, "kill -9" if killed else "done before the kill", failure)
            if killed or delay < 0.02:
                moments.pop(0)
            else:
                moments[0] *= 0.9


def is_running(group):
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return False
    return True


def broken_pipe(runs):
    """Nobody reads what `detect` prints; the signal is taken as it comes, or ignored."""
    for ignored in (False, True):
        reader, writer = os.pipe()
        os.close(reader)
        process = subprocess.Popen([str(runs.program), "detect", str(runs.home / "photos"), "-q"], stdout=writer, stderr=subprocess.PIPE, text=True,
                                   restore_signals=not ignored)
        os.close(writer)
        err = process.communicate(timeout=TIMEOUT)[1]
        wanted = 1 if ignored else -signal.SIGPIPE
        runs.note("detect", "SIGPIPE", None if process.returncode == wanted else f"exit code {process.returncode}: {err!r}")


def signals(runs):
    for verb in runs.verbs:
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            for share in (0.3, 0.7) if not runs.is_shortened(verb) else (0.3,) if number == signal.SIGTERM else ():
                out = runs.folder(verb)
                process = runs.start(verb, out)
                time.sleep(share * verb.seconds)
                process.send_signal(number)
                begun = time.monotonic()
                err = process.communicate(timeout=TIMEOUT)[1]
                failure = runs.judge_end(verb, process.returncode, err, allowed=(-number,))
                if process.returncode == 1 and temporaries(out):
                    failure = failure or f"left {temporaries(out)}"
                if time.monotonic() - begun > 15:
                    failure = failure or "took more than 15 s to end"
                if is_running(process.pid):
                    failure = failure or "left a process of its own running"
                runs.note(verb, number.name, failure or runs.judge_whole(verb, out) or runs.judge_again(verb, out))
    if runs.options.only in (None, "detect"):
        broken_pipe(runs)


GROUPS = {"kills": kills, "signals": signals, "limits": limits}


def main():
    parser = argparse.ArgumentParser(description="Kills and faults, see the head of this file.")
    parser.add_argument("program")
    parser.add_argument("model")
    parser.add_argument("--make-film")
    parser.add_argument("--group", choices=GROUPS)
    parser.add_argument("--kills", type=int, default=5)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only")
    runs = Runs(parser.parse_args())
    try:
        runs.prepare()
        for name, group in GROUPS.items():
            if runs.options.group in (None, name):
                group(runs)
        return runs.report()
    finally:
        shutil.rmtree(runs.home, ignore_errors=True)


if __name__ == "__main__":
    sys.exit(main())
