#!/usr/bin/env python3
"""Averages two weights files of one net, parameter by parameter. A finetuned net averaged with the one it started from often keeps more of
what that one knew about pictures of other origins (Wortsman et al. 2022, "Robust fine-tuning of zero-shot models").

Usage: average_weights.py A B OUT [--share 0.5] [--logit X]

OUT = (1 - share) * A + share * B; *.safetensors of ours. --logit raises what OUT says of every window by X: finetuning makes a net stricter or
laxer, and then the thresholds that people know pass other windows than before. Standard library only.
"""
import argparse
import array
import json
import math
import os
import pathlib
import struct
import sys

HEADS = {"pnet": "conv4_1.bias", "rnet": "dense5_1.bias", "onet": "dense6_1.bias"}  # logits of no face, face
LENGTH = struct.Struct("<Q")
ALIGNMENT = 64


def read(path):
    """Metadata and {name: (shape, floats)}, in the order of their bytes."""
    try:
        raw = path.read_bytes()
        (length,) = LENGTH.unpack_from(raw)
        header = json.loads(raw[LENGTH.size:LENGTH.size + length])
    except (OSError, ValueError, struct.error) as error:
        sys.exit(f"error: {path}: not a weights file: {error}")
    metadata = header.pop("__metadata__", {})
    if metadata.get("format") != "mtcnn-weights":
        sys.exit(f"error: {path}: not weights of ours; `mtcnn import` makes such files")
    data = memoryview(raw)[LENGTH.size + length:]
    tensors = {}
    for name, entry in sorted(header.items(), key=lambda item: item[1]["data_offsets"]):
        values = array.array("f")
        values.frombytes(data[slice(*entry["data_offsets"])])
        tensors[name] = entry["shape"], values
    return metadata, tensors


def write(path, metadata, tensors):
    header, data = {"__metadata__": metadata}, b""
    for name, (shape, values) in tensors.items():
        bytes_ = values.tobytes()
        header[name] = {"dtype": "F32", "shape": shape, "data_offsets": [len(data), len(data) + len(bytes_)]}
        data += bytes_
    text = json.dumps(header).encode()
    text += b" " * (-(LENGTH.size + len(text)) % ALIGNMENT)
    unfinished = path.with_name(path.name + ".part")
    unfinished.write_bytes(LENGTH.pack(len(text)) + text + data)
    os.replace(unfinished, path)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("a", type=pathlib.Path)
    parser.add_argument("b", type=pathlib.Path)
    parser.add_argument("out", type=pathlib.Path)
    parser.add_argument("--share", type=float, default=0.5, help="of B, from 0 to 1")
    parser.add_argument("--logit", type=float, default=0.0, help="added to the logit of a face")
    arguments = parser.parse_args()
    if not 0 <= arguments.share <= 1:
        sys.exit(f"error: --share is {arguments.share}; it lies between 0 and 1")
    if not math.isfinite(arguments.logit):
        sys.exit(f"error: --logit is {arguments.logit}; it is a finite number")
    for source in (arguments.a, arguments.b):
        if source.exists() and arguments.out.exists() and arguments.out.samefile(source):
            sys.exit(f"error: {arguments.out}: OUT would replace an input: found the input {source}; name another place")
    (metadata, first), (other, second) = read(arguments.a), read(arguments.b)
    if metadata.get("net") != other.get("net"):
        sys.exit(f"error: {arguments.b}: weights of {other.get('net')}, but {arguments.a} has those of {metadata.get('net')}")
    averaged = {}
    for name, (shape, values) in first.items():  # landmark heads that only one of them has are left out
        if name in second and second[name][0] == shape:
            averaged[name] = shape, array.array("f", ((1 - arguments.share) * x + arguments.share * y for x, y in zip(values, second[name][1])))
    averaged[HEADS[metadata["net"]]][1][1] += arguments.logit
    write(arguments.out, {key: metadata[key] for key in ("format", "version", "net")}, averaged)


if __name__ == "__main__":
    main()
