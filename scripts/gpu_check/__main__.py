"""usage: python -m gpu_check run --bundle DIR --out DIR [--device cuda] [--seconds 240] [--tiny]
       python -m gpu_check report JSON

Each part is a process of its own: a device that one of them leaves broken is new to the next, and one that hangs is ended.
"""
import argparse
import importlib
import json
import os
import platform
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from gpu_check import record, report

#: The parts in their order, and the share of the time that each may take; what one leaves goes to the next ones.
PARTS = {"unit_tests": 0.2, "agreement": 0.2, "speed": 0.35, "training": 0.45, "robustness": 0.7, "kernels": 1.0}


def add_packages(bundle):
    """The bundle's own package, and what it carries besides for interpreters that have no such packages."""
    sys.path.insert(0, str(bundle))
    sys.path.append(str(bundle / "site"))


def machine(device):
    """What the check ran on."""
    import numpy
    import torch

    facts = {"processor": platform.processor() or platform.machine(), "cores": os.cpu_count(), "python": platform.python_version(), "numpy": numpy.__version__,
             "torch": torch.__version__, "cuda": torch.version.cuda, "glibc": platform.libc_ver()[1], "name": "the CPU"}
    try:
        facts["processor"] = next(line.split(":")[1].strip() for line in open("/proc/cpuinfo", encoding="utf-8") if line.startswith("model name"))
    except (OSError, StopIteration):
        pass
    if device.startswith("cuda") and torch.cuda.is_available():
        properties = torch.cuda.get_device_properties(device)
        facts |= {"name": properties.name, "memory_gib": round(properties.total_memory / 2**30, 1), "capability": f"{properties.major}.{properties.minor}",
                  "cudnn": torch.backends.cudnn.version()}
        query = subprocess.run(["nvidia-smi", "--query-gpu=driver_version", "--format=csv,noheader"], capture_output=True, text=True) if shutil.which("nvidia-smi") else None
        facts["driver"] = query.stdout.strip().splitlines()[0] if query and query.stdout.strip() else None
    return facts


def run_part(arguments):
    add_packages(Path(arguments.bundle))
    task = record.Task(arguments.bundle, arguments.device, arguments.scratch, arguments.results, arguments.seconds, arguments.tiny)
    if arguments.name == "machine":
        task.figure("machine", **machine(task.device))
    else:
        importlib.import_module(f"gpu_check.{arguments.name}").run(task)


def results_of_part(name, arguments, seconds):
    """What the part found. It should end within these seconds, and is ended after half as many again."""
    results, scratch = Path(tempfile.mkstemp(prefix="gpu_check_")[1]), tempfile.mkdtemp(prefix="gpu_check_")
    command = [sys.executable, "-B", "-m", "gpu_check", "part", name, "--bundle", arguments.bundle, "--device", arguments.device, "--scratch", scratch,
               "--results", str(results), "--seconds", str(seconds), *(["--tiny"] if arguments.tiny else [])]
    start = time.monotonic()
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace", start_new_session=True)
    failure = None
    try:
        said = process.communicate(timeout=1.5 * seconds)[0]
        failure = None if process.returncode == 0 else f"ended with code {process.returncode}"
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        said = process.communicate()[0]
        failure = f"ended after {1.5 * seconds:.0f} s"
    lines = [json.loads(line) for line in results.read_text(encoding="utf-8").splitlines()]
    if failure:
        lines.append({"check": "the part ends well", "passed": False, "error": failure, "said": said[-2000:]})
    results.unlink()
    shutil.rmtree(scratch, ignore_errors=True)
    return lines, round(time.monotonic() - start, 1)


def add_results(whole, part, lines):
    for line in lines:
        if "check" in line:
            whole["checks"].append({"part": part, "name": line.pop("check"), **line})
        else:
            whole["figures"].setdefault(line.pop("figure"), []).append(line)


def run(arguments):
    out, bundle = Path(arguments.out), Path(arguments.bundle)
    out.mkdir(parents=True, exist_ok=True)
    commit = bundle / "commit"
    whole = {"format": "mtcnn-gpu-check", "version": 1, "commit": commit.read_text(encoding="utf-8").strip() if commit.exists() else "", "device": arguments.device,
             "tiny": arguments.tiny, "date": time.strftime("%F"), "seconds": {}, "checks": [], "figures": {}}
    end = time.monotonic() + arguments.seconds
    for name, share in {"machine": 0.25, **PARTS}.items():
        left = end - time.monotonic()
        if left < 2:
            whole["checks"].append({"part": name, "name": "the part was run", "passed": False, "error": "no time was left"})
            continue
        print(f"{name} …", file=sys.stderr, flush=True)
        lines, whole["seconds"][name] = results_of_part(name, arguments, min(share * left, left / 1.5))
        add_results(whole, name, lines)
        write(out, whole)
    whole["passed"] = all(check["passed"] for check in whole["checks"])
    write(out, whole)
    print(report.summary(whole))
    print(f"results: {out / 'gpu_check.json'}, {out / 'gpu_check.txt'}", file=sys.stderr)
    return 0 if whole["passed"] else 1


def write(out, whole):
    """After each part, as the machine may be gone before the last."""
    for name, text in (("gpu_check.json", json.dumps(whole, indent=1) + "\n"), ("gpu_check.txt", report.text(whole))):
        (out / f"{name}.new").write_text(text, encoding="utf-8")
        (out / f"{name}.new").replace(out / name)


def main():
    parser = argparse.ArgumentParser(prog="gpu_check")
    commands = parser.add_subparsers(dest="command", required=True)
    part = commands.add_parser("part")
    part.add_argument("name")
    for name in ("--scratch", "--results"):
        part.add_argument(name, required=True)
    whole = commands.add_parser("run")
    whole.add_argument("--out", required=True)
    for command in (part, whole):
        command.add_argument("--bundle", required=True)
        command.add_argument("--device", default="cuda")
        command.add_argument("--seconds", type=float, default=240)
        command.add_argument("--tiny", action="store_true")
    commands.add_parser("report").add_argument("json", type=Path)
    arguments = parser.parse_args()
    if arguments.command == "report":
        try:
            print(report.rows(json.loads(arguments.json.read_text(encoding="utf-8"))))
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            sys.exit(f"error: {arguments.json}: found {type(error).__name__}: {error}; expected what gpu_check.sh run has written")
        return 0
    return run(arguments) if arguments.command == "run" else run_part(arguments)


if __name__ == "__main__":
    sys.exit(main())
