"""What libmtcnn requires, told to scikit-build-core.

Where torch is installed, the package is built with its LibTorch too, for training and GPUs, and then requires that version: cmake/MtcnnTorch.cmake
looks in the same places in the same order. Where it is not, the package has the detector alone, unless MTCNN_TORCH names a torch that pip is
to bring.
"""

import importlib.metadata
import os
import subprocess
import sys

_VERSION = "import importlib.metadata as m; print(m.version('torch'))"


def installed_version():
    """Of the environment's own torch, which pip hides from isolated builds by PYTHONPATH; None where there is none."""
    answer = subprocess.run([sys.executable, "-I", "-c", _VERSION], capture_output=True, text=True)
    return answer.stdout.strip() if answer.returncode == 0 else None


def wanted():
    """MTCNN_TORCH, as "torch==2.11.0", also for scripts/setup.sh."""
    return [os.environ["MTCNN_TORCH"]] if os.environ.get("MTCNN_TORCH") else []


def get_requires_for_dynamic_metadata(_settings=None):
    """What the build needs besides."""
    return [] if installed_version() else wanted()


def dynamic_metadata(field, _settings=None, _project=None):
    """The package's dependencies."""
    if field != "dependencies":
        raise ValueError(f"found the field {field!r}, expected 'dependencies'")
    version = installed_version()
    if version is None and wanted():
        version = importlib.metadata.version("torch")
    return ["numpy>=1.23"] + ([f"torch=={version.split('+')[0]}"] if version else [])
