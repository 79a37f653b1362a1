"""Installs the package as a user does, into a virtual environment outside the clone, and runs its tests there.

usage: run.py DEPS_DIR BUILD_DIR COMPILER WARNINGS_AS_ERRORS [unittest arguments]
DEPS_DIR is where scripts/setup.sh keeps the environment with torch; the new one, DEPS_DIR/python, sees what is in it. BUILD_DIR is kept, so
that the next installation compiles what has changed; with the COMPILER of the release build, by the same name and with the same flags, most
objects come from the compiler cache. Exits with 77 where torch is not to be had.
"""

import fcntl
import os
import subprocess
import sys
import venv
from pathlib import Path

HERE = Path(__file__).resolve().parent
SKIPPED = 77


def answer(python, code):
    """What the interpreter prints; nothing where it does not work."""
    try:
        return subprocess.run([python, "-c", code], capture_output=True, text=True, check=True).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return ""


def site_packages(python):
    return Path(answer(python, "import sysconfig; print(sysconfig.get_path('purelib'))"))


def run(*command, **options):
    return subprocess.run(list(map(str, command)), **options).returncode


def make_environment(folder, shared):
    """A virtual environment that also finds what is in `shared`; the same again where it is there."""
    python = folder / "bin" / "python"
    if answer(python, "import pip, sys; print(sys.version)") != sys.version:
        venv.create(folder, with_pip=True, clear=True)
    (site_packages(python) / "shared.pth").write_text(f"{site_packages(shared)}\n", encoding="utf-8")
    return python


def main():
    deps, build = (Path(argument).resolve() for argument in sys.argv[1:3])
    compiler, strict, tests = sys.argv[3], sys.argv[4], sys.argv[5:] or ["discover", "--start-directory", HERE]
    shared = deps / "venv" / "bin" / "python"
    if not shared.exists() or run(shared, "-c", "import torch, numpy, PIL, scikit_build_core", stderr=subprocess.DEVNULL) != 0:
        print(f"skipped: {shared} lacks torch or what the package is built and tested with; scripts/setup.sh installs it")
        return SKIPPED
    with open(deps / "python.lock", "w", encoding="utf-8") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # one environment for all clones of this user
        python = make_environment(deps / "python", shared)
        settings = [f"build-dir={build}", f"cmake.define.MTCNN_WARNINGS_AS_ERRORS={strict}"]
        install = "-m pip install --quiet --no-build-isolation --no-deps --force-reinstall --disable-pip-version-check".split()
        code = run(
            python, *install, *(f"--config-settings={setting}" for setting in settings), HERE.parent, env={**os.environ, "CXX": compiler}
        )
        if code == 0:
            code = run(python, "-B", "-m", "unittest", *tests, cwd=HERE)
    return code


if __name__ == "__main__":
    sys.exit(main())
