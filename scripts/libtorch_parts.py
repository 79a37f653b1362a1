"""What the CPU's part of an installed torch wheel needs besides itself.

    libtorch_parts.py           prints requirements for pip, a line each: of NVIDIA's packages the two that libtorch_cpu of a CUDA build names
    libtorch_parts.py --check   exits with 1 where libtorch_cpu cannot be loaded
"""

import ctypes
import importlib.metadata
import importlib.util
import re
import sys
from pathlib import Path

#: CUDA's runtime and its profiling interface.
PARTS = ("cudart", "cupti")
PACKAGE = re.compile(r"^nvidia-cuda-(?:runtime|cupti)\b")
TOOLKIT = re.compile(r"^cuda-toolkit\[([\w,-]+)\](.*)$")


def parts(requirements):
    """Those of a torch's requirements that its CPU part needs."""
    for requirement in requirements:
        name = requirement.split(";")[0].strip()
        toolkit = TOOLKIT.match(name)
        if toolkit:
            wanted = ",".join(part for part in PARTS if part in toolkit.group(1).split(","))
            yield f"cuda-toolkit[{wanted}]{toolkit.group(2)}"
        elif PACKAGE.match(name):
            yield name


def check():
    """The reason why libtorch_cpu cannot be loaded, or nothing."""
    library = Path(importlib.util.find_spec("torch").origin).parent / "lib" / "libtorch_cpu.so"
    try:
        ctypes.CDLL(str(library))
    except OSError as error:
        return str(error)
    return ""


def main():
    if sys.argv[1:] == ["--check"]:
        reason = check()
        if reason:
            print(reason, file=sys.stderr)
        return 1 if reason else 0
    for part in parts(importlib.metadata.requires("torch") or []):
        print(part)
    return 0


if __name__ == "__main__":
    sys.exit(main())
