#!/usr/bin/env python3
"""Trains a net on the plain CPU and with its batches made on another device, in turn, and prints a Markdown table of both.

Usage: device_training.py PROGRAM NET CROPS [--device cpu:torch] [--seeds 3] [--steps 100] [--batch N]
CROPS is a folder that `mtcnn prepare` made. Validation figures: mean of the seeds and largest distance from it.
"""

import argparse
import json
import statistics
import subprocess
import tempfile
from pathlib import Path

#: What figures are called in metrics.jsonl, and in the table.
FIGURES = {"fpr_at_97": "negatives passed at 97 %", "accuracy": "accuracy", "box_error": "box error", "nme": "landmarks off by"}


def train(arguments, device, seed):
    """The last lines of training and of validation."""
    with tempfile.TemporaryDirectory() as folder:
        command = [arguments.program, "train", "--net", arguments.net, "--data", arguments.crops, "--out", f"{folder}/run", "--device", device]
        options = [f"batch.steps_per_epoch={arguments.steps}", "optimizer.average=0.9"]
        command += ["--seed", str(seed), "--epochs", "1", "--threads", "2", "--quiet", *(word for option in options for word in ("--set", option))]
        if arguments.batch:
            command += ["--batch", str(arguments.batch)]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        lines = [json.loads(line) for line in Path(folder, "run", "metrics.jsonl").read_text(encoding="utf-8").splitlines()]
        return {line["split"]: line for line in lines}


def spread(values):
    if None in values:
        return ""  # no such crops
    mean = statistics.mean(values)
    return f"{100 * mean:.2f} ± {100 * max(abs(value - mean) for value in values):.2f} %"


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("program")
    parser.add_argument("net", choices=("pnet", "rnet", "onet"))
    parser.add_argument("crops")
    parser.add_argument("--device", default="cpu:torch")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--steps", type=int, default=100)
    parser.add_argument("--batch", type=int, default=0, help="crops per step; 0 = the net's default")
    arguments = parser.parse_args()
    devices = ("cpu", arguments.device)
    runs = {device: [] for device in devices}
    for seed in range(1, arguments.seeds + 1):
        for device in devices:
            runs[device].append(train(arguments, device, seed))
    print("| | " + " | ".join(FIGURES.values()) + " | crops per second |\n|---" + "|---" * (len(FIGURES) + 1) + "|")
    for device, lines in runs.items():
        figures = [spread([line["val"][key] for line in lines]) for key in FIGURES]
        speeds = sorted(line["train"]["samples_per_s"] for line in lines)
        print(f"| {arguments.net}, `--device {device}` | " + " | ".join(figures) + f" | {speeds[0]:,.0f} to {speeds[-1]:,.0f} |")


if __name__ == "__main__":
    main()
