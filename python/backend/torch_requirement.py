"""The torch that libmtcnn is built against and then requires, told to scikit-build-core.

The extension module links LibTorch, so the package works with exactly the torch that it was built with: the one that is installed where pip
runs or, where none is, one that pip brings for the build and then installs beside the package. cmake/MtcnnTorch.cmake looks in the same
places in the same order.
"""

import importlib.metadata
import os
import subprocess
import sys

#: Brought where no torch is installed; MTCNN_TORCH names another, as for scripts/setup.sh.
DEFAULT = "torch==2.13.0"
_VERSION = "import importlib.metadata as m; print(m.version('torch'))"


def installed_version():
    """Of the environment's own torch, which pip hides from isolated builds by PYTHONPATH; None where there is none."""
    answer = subprocess.run([sys.executable, "-I", "-c", _VERSION], capture_output=True, text=True)
    return answer.stdout.strip() if answer.returncode == 0 else None


def get_requires_for_dynamic_metadata(_settings=None):
    """What the build needs besides."""
    return [] if installed_version() else [os.environ.get("MTCNN_TORCH") or DEFAULT]


def dynamic_metadata(field, _settings=None, _project=None):
    """The package's dependencies."""
    if field != "dependencies":
        raise ValueError(f"found the field {field!r}, expected 'dependencies'")
    version = installed_version() or importlib.metadata.version("torch")
    return [f"torch=={version.split('+')[0]}", "numpy>=1.23"]
