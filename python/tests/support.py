"""What the tests share: the sample images, the program, its faces and the detector's, the memory in use."""

import json
import subprocess
from pathlib import Path

import numpy as np

from libmtcnn import program

REPOSITORY = Path(__file__).resolve().parents[2]
SAMPLES = REPOSITORY / "samples"
ASTRONAUT = SAMPLES / "astronaut.jpg"  # one face
HOPPER = SAMPLES / "grace_hopper.jpg"  # one face


def mtcnn(*arguments):
    """The program as a user runs it: exit code, stdout, the error without "error: "."""
    done = subprocess.run(
        [program.program_path(), *map(str, arguments)], capture_output=True, text=True, env=program._environment(), timeout=600
    )
    errors = [line.removeprefix("error: ") for line in done.stderr.splitlines() if line.startswith("error: ")]
    return done.returncode, done.stdout, "\n".join(errors)


def faces_of_program(path, *arguments):
    """float32 [n, 15] as the extension module gives them: width and height instead of x2 and y2."""
    code, output, error = mtcnn("detect", path, "--json", "-", "-q", "--device", "cpu", *arguments)
    assert code == 0, error
    rows = [
        [*face["box"], face["confidence"], *(value for point in face["keypoints"].values() for value in point)]
        for face in json.loads(output)["faces"]
    ]
    return np.array(rows, np.float32).reshape(-1, 15)


def detections(detector, image):
    """float32 [n, 15] with width and height, by falling confidence."""
    detector.select_largest = False
    boxes, probabilities, points = detector.detect(image, landmarks=True)
    if boxes is None:
        return np.empty((0, 15), np.float32)
    return np.concatenate([boxes[:, :2], boxes[:, 2:] - boxes[:, :2], probabilities[:, None], points.reshape(-1, 10)], axis=1)


def crowd(width, height, seed=0):
    """A picture of this size with sample faces of several sizes in it, on noise; uint8 [h, w, 3]."""
    import libmtcnn

    random = np.random.default_rng(seed)
    picture = random.integers(90, 160, (height, width, 3), dtype=np.uint8)
    for path in (ASTRONAUT, HOPPER):
        face = libmtcnn.read_image(path)[20:320:2, 130:370:2]
        h, w = face.shape[:2]
        if h < height and w < width:
            y, x = random.integers(0, height - h), random.integers(0, width - w)
            picture[y : y + h, x : x + w] = face
    return picture


def memory_kib():
    """Memory of this process that is in RAM."""
    with open("/proc/self/status", encoding="ascii") as status:
        return next(int(line.split()[1]) for line in status if line.startswith("VmRSS:"))
