#!/usr/bin/env python3
"""Trains one net several times with and without what the paper claims to help, and prints a table (Markdown) of its validation: negatives
that pass where 97 % of the positives do, accuracy and box error, as mean and largest distance from it over the seeds.

Usage: ablations.py PROGRAM NET CROPS OUT [--config FILE] [--epochs 2] [--steps 0] [--seeds 1,2,3] [--threads 2]
  NET    pnet or rnet
  CROPS  a folder that `mtcnn prepare` made for NET
  OUT    a folder for the runs; those that are finished already are only read
"""
import argparse
import json
import pathlib
import statistics
import subprocess
import sys

VARIANTS = {
    "as configured": [],
    "no hard sample mining": ["loss.mined=1"],
    "no landmarks": ["landmark_head=false"],
}
FIGURES = {"fpr_at_97": "negatives passed at 97 %", "accuracy": "accuracy", "box_error": "box error"}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("program", type=pathlib.Path)
    parser.add_argument("net", choices=("pnet", "rnet"))
    parser.add_argument("crops", type=pathlib.Path)
    parser.add_argument("out", type=pathlib.Path)
    parser.add_argument("--config", type=pathlib.Path, help="options of training [configs/NET.json]")
    parser.add_argument("--epochs", type=int, default=2)
    parser.add_argument("--steps", type=int, default=0, help="of an epoch; 0 = one pass over the positives")
    parser.add_argument("--seeds", type=lambda text: [int(seed) for seed in text.split(",")], default=[1, 2, 3])
    parser.add_argument("--threads", type=int, default=2)
    arguments = parser.parse_args()
    config = arguments.config or pathlib.Path(__file__).parent.parent / "configs" / f"{arguments.net}.json"

    print(f"{arguments.net}, {arguments.epochs} epochs, seeds {arguments.seeds}, last epoch's averaged weights on the validation crops\n")
    print("| | " + " | ".join(FIGURES.values()) + " |\n|" + "---|" * (len(FIGURES) + 1), flush=True)
    for number, (variant, options) in enumerate(VARIANTS.items()):
        results = [train(arguments, config, arguments.out / f"{arguments.net}_{number}_{seed}", seed, options) for seed in arguments.seeds]
        cells = [spread([result[figure] for result in results]) for figure in FIGURES]
        print(f"| {variant} | " + " | ".join(cells) + " |", flush=True)


def train(arguments, config, run, seed, options):
    """The last validation of a run, which is trained where it is not finished."""
    if not (run / "export").is_dir():
        command = [arguments.program, "train", "--net", arguments.net, "--data", arguments.crops, "--config", config, "--out", run, "-q",
                   "--seed", seed, "--epochs", arguments.epochs, "--threads", arguments.threads,
                   "--set", f"batch.steps_per_epoch={arguments.steps}"]
        for option in options:
            command += ["--set", option]
        if run.exists():
            command.append("--resume")
        if subprocess.run([str(part) for part in command], check=False).returncode != 0:
            sys.exit(f"error: {run}: training failed; see its message above")
    rows = [json.loads(line) for line in (run / "metrics.jsonl").read_text().splitlines()]
    return [row for row in rows if row["split"] == "val"][-1]


def spread(values):
    """Mean and the largest distance from it, in percent."""
    mean = statistics.mean(values)
    return f"{100 * mean:.2f} ± {100 * max(abs(value - mean) for value in values):.2f} %"


if __name__ == "__main__":
    main()
