"""Training on the device: losses against the CPU's, a run that changes device, samples per second beside a plain PyTorch loop."""
import argparse
import json
import os
import shutil

import libmtcnn

MOST_LOSS = 0.02  # of the CPU's: float sums in another order, over 200 steps
BATCH = {"pnet": 1280, "rnet": 640, "onet": 640}
TINY_BATCH = 64


def make_crops(task):
    """Crops of toy faces for each net, which a net can learn."""
    toys = task.scratch / "toys"
    libmtcnn.run("toy-data", toys, "--images", 30 if task.tiny else 500, "--val", 6 if task.tiny else 60, "--seed", 1, "-q")
    sets = {split: [{"kind": kind, "path": kind, "split": split} for kind in ("wider", "celeba")] for split in ("train", "val")}
    config = {"root": str(toys), "datasets": sets["train"], "validation": sets["val"]}
    for net in BATCH:
        model = None if net == "pnet" else task.bundle / "libmtcnn" / "model"
        libmtcnn.prepare(net, task.scratch / net, config, model=model, device="cpu", quiet=True)


def train(task, net, out, device, epochs, steps, **more):
    """The lines of metrics.jsonl of the training split."""
    folder = task.scratch / out
    config = {"batch": {"steps_per_epoch": steps, "size": TINY_BATCH if task.tiny else BATCH[net]}, "keep_checkpoints": epochs}
    libmtcnn.train(net, task.scratch / net, folder, config, device=device, epochs=epochs, quiet=True, **more)
    lines = [json.loads(line) for line in (folder / "metrics.jsonl").read_text(encoding="utf-8").splitlines()]
    return [line for line in lines if line["split"] == "train"]


def farthest(ours, theirs):
    """The largest difference of losses, as a share of the second ones."""
    return max(abs(a["loss"] - b["loss"]) / max(b["loss"], 1e-6) for a, b in zip(ours, theirs, strict=True))


def check_losses(task, epochs, steps):
    on_cpu = train(task, "pnet", "cpu", "cpu", epochs, steps)
    on_device = train(task, "pnet", "device", task.device, epochs, steps)
    far = farthest(on_device, on_cpu)
    task.check(f"losses of {epochs * steps} steps as the CPU's", far <= MOST_LOSS, largest_difference=far, last_loss=on_device[-1]["loss"], of_cpu=on_cpu[-1]["loss"])
    return on_cpu


def cut(run, epoch, steps):
    """The run as a stop after this epoch would have left it."""
    (run / "DONE").unlink()
    for checkpoint in run.glob("checkpoints/step_*"):
        if int(checkpoint.name.removeprefix("step_")) > epoch * steps:
            shutil.rmtree(checkpoint)


def check_moves(task, on_cpu, epochs, steps):
    """The CPU's run goes on after a third of it on the device, and after two thirds on the CPU again."""
    run = task.scratch / "moved"
    shutil.copytree(task.scratch / "cpu", run)
    for epoch, device in ((epochs // 3, task.device), (2 * epochs // 3, "cpu")):
        cut(run, epoch, steps)
        lines = train(task, "pnet", run.name, device, epochs, steps, resume=True)
    far = farthest(lines, on_cpu)
    task.check("a run that moves from the CPU to the device and back", far <= MOST_LOSS, largest_difference=far)


def plain_loop_rate(task, net, steps):
    import train_speed

    arguments = argparse.Namespace(net=net, crops=task.scratch / net, steps=steps, threads=os.cpu_count(), device=task.torch_device)
    return train_speed.python_rate(arguments, TINY_BATCH if task.tiny else BATCH[net])


def check_speed(task, net):
    """The trainer's own figures, without the first epoch, which makes everything warm."""
    steps = 2 if task.tiny else 100 if task.on_gpu else 10
    later = train(task, net, f"{net}-speed", task.device, 2 if task.tiny else 3, steps)[1:]
    mean = {name: sum(line[name] for line in later) / len(later) for name in ("samples_per_s", "wait_share")}
    theirs = plain_loop_rate(task, net, 3 if task.tiny else 100)
    task.figure("training", net=net, samples_per_s=round(mean["samples_per_s"]), wait_share=round(mean["wait_share"], 3), plain_pytorch_samples_per_s=round(theirs))


def run(task):
    make_crops(task)
    epochs, steps = (3, 2) if task.tiny else (10, 20)
    on_cpu = check_losses(task, epochs, steps)
    for net in BATCH:
        check_speed(task, net)
    check_moves(task, on_cpu, epochs, steps)
