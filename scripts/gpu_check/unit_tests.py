"""The compiled tests, with the device in place of the CPU."""
import json
import os
import subprocess
import sys

from libmtcnn import program

FILTER = "TensorCascade.*:TorchNets.*"
TINY_FILTER = "TensorCascade.AnswersGivenWindows:TorchNets.*"


def run(task):
    environment = {**program._environment(), "MTCNN_TEST_DEVICE": task.device, "MTCNN_SOURCE_DIR": str(task.bundle)}
    results = task.scratch / "gpu_test.json"
    command = [task.bundle / "tests" / "gpu_test", f"--gtest_filter={TINY_FILTER if task.tiny else FILTER}", f"--gtest_output=json:{results}"]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, cwd=task.scratch)
    suites = json.loads(results.read_text(encoding="utf-8"))["testsuites"] if results.exists() else []
    tests = [test for suite in suites for test in suite["testsuite"] if test["status"] == "RUN"]
    for test in tests:
        failures = [failure["failure"] for failure in test.get("failures", [])]
        task.check(f"{test['classname']}.{test['name']}", not failures, seconds=float(test["time"].rstrip("s")), failures=failures[:3])
    if done.returncode != 0 and not any("failures" in test for test in tests):
        task.check("gpu_test", False, code=done.returncode, said=(done.stdout + done.stderr)[-2000:])
    script = task.bundle / "tests" / "gradients_against_python.py"
    command = [sys.executable, "-B", script, task.bundle / "tests" / "write_gradients", task.device]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, cwd=task.scratch)
    said = (done.stdout + done.stderr).strip()
    task.check("gradients as plain PyTorch's", done.returncode == 0, said=said.splitlines()[-1] if said else "")
