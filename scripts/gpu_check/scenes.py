"""Images with faces for the check: the samples' faces in any size and number on a painted background, the same on every machine."""
import numpy as np

import libmtcnn
from libmtcnn import _core

SIZES = ((640, 480), (480, 640), (320, 240), (800, 600), (1280, 720), (333, 251), (97, 64), (1024, 768), (500, 500), (200, 900))
SMALL_SIZES = ((240, 180), (97, 64))


def sample_faces(bundle):
    """Each sample with the square around its face: [(uint8 [h, w, 3], (x1, y1, x2, y2))]."""
    faces = []
    for path in sorted((bundle / "samples").glob("*.jpg")):
        image = libmtcnn.read_image(path)
        x, y, width, height = libmtcnn.MTCNN().detect_faces(image)[0]["box"]
        half = 0.9 * max(width, height)
        centre_x, centre_y = x + width / 2, y + height / 2
        faces.append((image, (centre_x - half, centre_y - half, centre_x + half, centre_y + half)))
    return faces


def background(width, height, random):
    """Smooth shades, edges and some grain."""
    x, y = np.arange(width)[None, :, None], np.arange(height)[:, None, None]
    shade = 128 + 60 * np.sin(x / 37 + random.uniform(0, 6)) * np.cos(y / 23) + np.where((x // 48 + y // 48) % 2 == 0, 25, -25)
    return np.clip(shade + 8 * np.arange(3) + random.uniform(-6, 6, (height, width, 3)), 0, 255).astype(np.uint8)


def scene(faces, width, height, count, seed):
    """An image with `count` faces of 24 pixels up to half of its side."""
    random = np.random.default_rng([seed, width, height])
    image = background(width, height, random)
    for _ in range(count):
        source, window = faces[random.integers(len(faces))]
        largest = min(width, height) // 2
        if largest < 24:
            continue
        size = int(np.exp(random.uniform(np.log(24), np.log(largest))))
        face = _core.stretch(source, window, size)
        if random.integers(2):
            face = face[:, ::-1]
        face = np.clip(face * random.uniform(0.7, 1.2), 0, 255).astype(np.uint8)
        left, top = random.integers(width - size + 1), random.integers(height - size + 1)
        image[top : top + size, left : left + size] = face
    return image


def album(task, count):
    """Images of mixed sizes with 0 to 8 faces each."""
    faces = sample_faces(task.bundle)
    sizes = SMALL_SIZES if task.tiny else SIZES
    return [scene(faces, *sizes[i // 3 % len(sizes)], i % 9, i) for i in range(count)]
