"""Compares losses, the mining mask and the gradient of every parameter with a plain PyTorch implementation of the paper's multi-task loss.

usage: gradients_against_python.py WRITE_GRADIENTS [DEVICE]; exits with 77 where there is no torch
"""
import json
import math
import pathlib
import struct
import subprocess
import sys
import tempfile

try:
    import torch
    import torch.nn.functional as F
except ImportError:
    print("no torch for this interpreter; run scripts/setup.sh")
    sys.exit(77)

# Negatives, positives, part faces, landmark samples.
MIXES = ((30, 10, 10, 20), (30, 10, 0, 0), (0, 10, 10, 0), (0, 0, 0, 8), (21, 0, 0, 4), (1, 1, 1, 1), (300, 100, 100, 200))
# Of the largest value of a tensor: float32 sums in another order; a GPU's sums are in an order of its own.
TOLERANCE = 1e-5 if len(sys.argv) < 3 else 1e-4


def read(path):
    data = path.read_bytes()
    length = struct.unpack("<Q", data[:8])[0]
    tensors = {}
    for name, entry in json.loads(data[8:8 + length]).items():
        if name != "__metadata__":
            begin, end = entry["data_offsets"]
            raw = bytearray(data[8 + length + begin:8 + length + end])
            tensors[name] = (torch.frombuffer(raw, dtype=torch.float32) if raw else torch.zeros(0)).reshape(entry["shape"])
    return tensors


def forward(net, p, x):
    conv = lambda x, name: F.conv2d(x, p[f"{name}.weight"], p[f"{name}.bias"])
    dense = lambda x, name: F.linear(x, p[f"{name}.weight"], p[f"{name}.bias"])
    act = lambda x, name: F.prelu(x, p[f"{name}.weight"])
    pool = lambda x, k: F.max_pool2d(x, k, 2, ceil_mode=True)
    x = pool(act(conv(x, "conv1"), "prelu1"), 2 if net == "pnet" else 3)
    x = act(conv(x, "conv2"), "prelu2")
    if net != "pnet":
        x = pool(x, 3)
    x = act(conv(x, "conv3"), "prelu3")
    if net == "pnet":
        return [conv(x, f"conv4_{i}").flatten(1) for i in (1, 2, 3)]
    if net == "rnet":
        x = act(dense(x.flatten(1), "dense4"), "prelu4")
        return [dense(x, f"dense5_{i}") for i in (1, 2, 3)]
    x = act(conv(pool(x, 2), "conv4"), "prelu4")
    x = act(dense(x.flatten(1), "dense5"), "prelu5")
    return [dense(x, f"dense6_{i}") for i in (1, 2, 3)]


def reference(net, given, counts):
    n, p, q, l = counts
    parameters = {name[len("parameter."):]: t.clone().requires_grad_() for name, t in given.items() if name.startswith("parameter.")}
    # Channels-last, as ours: another order of sums in a convolution can swap two nearly equal maxima of a pooling window, which moves a
    # gradient to the neighbouring pixel.
    face, box, points = forward(net, parameters, given["input"].contiguous(memory_format=torch.channels_last))
    terms = [torch.zeros(())] * 3
    kept = torch.zeros(n + p)
    if n + p:
        labels = torch.tensor([0] * n + [1] * p)
        losses = F.cross_entropy(face[:n + p], labels, reduction="none")
        # Ties are those of the compared float32 implementation: equal crops with equal labels.
        order = sorted(range(n + p), key=lambda i: (-round(losses[i].item(), 6), i))[:math.ceil(0.7 * (n + p))]
        kept[order] = 1
        terms[0] = losses[kept.bool()].mean()
    if p + q:
        terms[1] = (box[n:n + p + q] - given["target_offsets"]).square().sum(1).mean()
    if l:
        terms[2] = (points[n + p + q:] - given["target_landmarks"]).square().sum(1).mean()
    total = terms[0] + 0.5 * terms[1] + 0.5 * terms[2]
    total.backward()
    gradients = {name: t.grad if t.grad is not None else torch.zeros_like(t) for name, t in parameters.items()}
    return torch.stack([*terms, total]).detach(), kept, gradients


def main():
    program = sys.argv[1]
    mixes = MIXES if len(sys.argv) < 3 else MIXES[-1:]  # loading CUDA takes seconds, each time
    worst = 0.0
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder) / "dump.safetensors"
        for net in ("pnet", "rnet", "onet"):
            for counts in mixes:
                subprocess.run([program, net, *map(str, counts), path, *sys.argv[2:]], check=True)
                given = read(path)
                losses, kept, gradients = reference(net, given, counts)
                assert torch.equal(kept, given["kept"]), f"{net} {counts}: mining differs"
                pairs = {"losses": (given["losses"], losses), **{name: (given[f"gradient.{name}"], g) for name, g in gradients.items()}}
                for name, (ours, theirs) in pairs.items():
                    error = (ours - theirs).abs().max().item() / max(1.0, theirs.abs().max().item())
                    worst = max(worst, error)
                    assert error < TOLERANCE, f"{net} {counts} {name}: off by {error:.2g}"
    print(f"3 nets, {len(mixes)} mixes: all losses, masks and gradients equal; largest difference {worst:.1e}")


main()
