#!/usr/bin/env python3
"""Times `mtcnn train` beside a plain PyTorch loop in one run: the same net, batch, mix, loss with mining and optimizer on the same crops,
which the Python loop holds in memory as float32, without any augmentation or loading. Run it with the set-up's interpreter (it has torch).

Usage: train_speed.py PROGRAM NET CROPS [--steps 100] [--repeats 3] [--threads 2] [--device cpu]
"""
import argparse
import json
import os
import pathlib
import platform
import shutil
import struct
import subprocess
import tempfile
import time

import numpy as np
import torch
import torch.nn as nn
import torch.nn.functional as F


def read_shards(folder, kind, most):
    """Pixels as normalised float32, offsets and landmarks of up to `most` crops."""
    columns = {"pixels": [], "offsets": [], "landmarks": []}
    count = 0
    for path in sorted(folder.glob(f"*-{kind}-*.safetensors")):
        data = path.read_bytes()
        length = struct.unpack("<Q", data[:8])[0]
        header = json.loads(data[8:8 + length])
        for name, parts in columns.items():
            if name in header:
                begin, end = header[name]["data_offsets"]
                dtype = np.uint8 if header[name]["dtype"] == "U8" else np.float32
                parts.append(np.frombuffer(data[8 + length + begin:8 + length + end], dtype).reshape(header[name]["shape"]))
        count += len(columns["pixels"][-1])
        if count >= most:
            break
    tensors = {name: torch.from_numpy(np.concatenate(parts)[:most].astype(np.float32)) for name, parts in columns.items() if parts}
    tensors["pixels"] = (tensors["pixels"] - 127.5) / 128
    return tensors


class Net(nn.Module):
    def __init__(self, net):
        super().__init__()
        pool = lambda k: nn.MaxPool2d(k, 2, ceil_mode=True)
        conv = lambda i, o, k: [nn.Conv2d(i, o, k), nn.PReLU(o)]
        if net == "pnet":
            body = [*conv(3, 10, 3), pool(2), *conv(10, 16, 3), *conv(16, 32, 3), nn.Flatten()]
            width = 32
        elif net == "rnet":
            body = [*conv(3, 28, 3), pool(3), *conv(28, 48, 3), pool(3), *conv(48, 64, 2), nn.Flatten(), nn.Linear(576, 128), nn.PReLU(128)]
            width = 128
        else:
            body = [*conv(3, 32, 3), pool(3), *conv(32, 64, 3), pool(3), *conv(64, 64, 3), pool(2), *conv(64, 128, 2), nn.Flatten(), nn.Linear(1152, 256), nn.PReLU(256)]
            width = 256
        self.body = nn.Sequential(*body)
        self.face, self.box, self.points = nn.Linear(width, 2), nn.Linear(width, 4), nn.Linear(width, 10)

    def forward(self, x):
        x = self.body(x)
        return self.face(x), self.box(x), self.points(x)


def python_rate(arguments, batch):
    """Samples per second of the plain loop; crops and net lie on arguments.device."""
    torch.set_num_threads(arguments.threads)
    device = torch.device(arguments.device)
    wait = torch.cuda.synchronize if device.type == "cuda" else lambda: None
    counts = {"positive": batch // 7, "part": batch // 7, "landmark": 2 * batch // 7}
    counts["negative"] = batch - sum(counts.values())
    data = {
        kind: {name: tensor.to(device) for name, tensor in read_shards(arguments.crops, kind, 20 * count).items()} for kind, count in counts.items()
    }
    net = Net(arguments.net).to(device)
    optimizer = torch.optim.AdamW(net.parameters(), lr=1e-3)
    n, p, q = counts["negative"], counts["positive"], counts["part"]
    labels = torch.cat([torch.zeros(n, dtype=torch.long), torch.ones(p, dtype=torch.long)]).to(device)

    def step():
        rows = {kind: torch.randint(len(data[kind]["pixels"]), (count,), device=device) for kind, count in counts.items()}
        pixels = torch.cat([data[kind]["pixels"][rows[kind]] for kind in ("negative", "positive", "part", "landmark")])
        offsets = torch.cat([data[kind]["offsets"][rows[kind]] for kind in ("positive", "part")])
        face, box, points = net(pixels)
        losses = F.cross_entropy(face[:n + p], labels, reduction="none")
        loss = losses.topk(int(0.7 * len(losses))).values.mean() + 0.5 * (box[n:n + p + q] - offsets).square().sum(1).mean()
        loss = loss + 0.5 * (points[n + p + q:] - data["landmark"]["landmarks"][rows["landmark"]]).square().sum(1).mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()

    for _ in range(5):
        step()
    wait()
    start = time.monotonic()
    for _ in range(arguments.steps):
        step()
    wait()
    return batch * arguments.steps / (time.monotonic() - start)


def our_rate(arguments, batch):
    folder = pathlib.Path(tempfile.mkdtemp())
    subprocess.run([arguments.program, "train", "--net", arguments.net, "--data", arguments.crops, "--out", folder / "run", "--epochs", "1", "--batch", str(batch),
                    "--threads", str(arguments.threads), "--device", arguments.device, "--set", f"batch.steps_per_epoch={arguments.steps}", "-q"], check=True, stdout=subprocess.DEVNULL)
    line = json.loads((folder / "run" / "metrics.jsonl").read_text().splitlines()[0])
    shutil.rmtree(folder)
    return line["samples_per_s"], line["wait_share"]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("program")
    parser.add_argument("net", choices=["pnet", "rnet", "onet"])
    parser.add_argument("crops", type=pathlib.Path)
    parser.add_argument("--steps", type=int, default=100)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--device", default="cpu", help="cpu or cuda (default cpu)")
    arguments = parser.parse_args()
    batch = 1280 if arguments.net == "pnet" else 640
    print(f"{platform.machine()}, {os.cpu_count()} cores, {arguments.threads} threads, torch {torch.__version__}, {arguments.device}, {arguments.net}, batch {batch}, AdamW")
    for _ in range(arguments.repeats):
        theirs = python_rate(arguments, batch)
        ours, waiting = our_rate(arguments, batch)
        print(f"mtcnn train {ours:,.0f} crops/s ({100 * waiting:.1f} % waiting), PyTorch {theirs:,.0f}, ratio {ours / theirs:.2f}")


if __name__ == "__main__":
    main()
