"""Frames per second by size, smallest face, batch and precision, from host memory and from the device's, and facenet-pytorch's beside them."""
import time

import numpy as np

from gpu_check import scenes

FACES = 6  # in each frame
PAINTED = 8  # frames that differ; others are these, moved sideways


def milliseconds(search, seconds, least):
    """Of each call within the time, and of at least so many."""
    for _ in range(min(2, least)):
        search()
    times, end = [], time.monotonic() + seconds
    while len(times) < least or (time.monotonic() < end and len(times) < 200):
        start = time.perf_counter()
        search()
        times.append(1000 * (time.perf_counter() - start))
    return times


def make_frames(sources, width, height, count):
    painted = [scenes.scene(sources, width, height, FACES, seed) for seed in range(min(count, PAINTED))]
    return [np.roll(painted[i % PAINTED], 16 * (i // PAINTED), axis=1) for i in range(count)]


def peer(min_face, device):
    """facenet-pytorch's detector, or why there is none."""
    try:
        from facenet_pytorch import MTCNN
    except Exception as error:  # noqa: BLE001  of any of the packages that it needs
        return None, f"{type(error).__name__}: {str(error).splitlines()[0]}"
    return MTCNN(keep_all=True, min_face_size=min_face, device=device), ""


def rows(tiny):
    """(width, height, min_face, batch, half, on_device), and for the peer (…, None, False)."""
    sizes = ((160, 120),) if tiny else ((1920, 1080), (1280, 720), (640, 480))
    for width, height in sizes:
        for min_face in (40,) if tiny else (40, 20):
            for batch in (2,) if tiny else (8, 1, 32):
                for half in (True, False):
                    for on_device in (False, True):
                        yield width, height, min_face, batch, half, on_device
                if batch <= 8:
                    yield width, height, min_face, batch, None, False


def run(task):
    import torch

    import libmtcnn

    detectors = {half: libmtcnn.MTCNN(device=task.device, half=half) for half in (True, False)}
    sources = scenes.sample_faces(task.bundle)
    frames, why = {}, ""
    plan = list(rows(task.tiny))
    for done, (width, height, min_face, batch, half, on_device) in enumerate(plan):
        if task.left() < 0:
            task.check("all speeds were measured", False, missing=len(plan) - done)
            break
        if (width, height) not in frames:
            frames = {(width, height): make_frames(sources, width, height, max(row[3] for row in plan))}
        images = frames[width, height][:batch]
        slot = 0.01 if task.tiny else min(1.0, 0.6 * task.left() / (len(plan) - done))
        if half is None:
            other, why = (None, why) if why else peer(min_face, task.torch_device)
            if other is None:
                continue
            stacked = np.stack(images)
            search = lambda: other.detect(stacked, landmarks=True)  # noqa: E731
        else:
            detectors[half].set_options(min_face=min_face)
            given = [torch.from_numpy(image).to(task.torch_device) for image in images] if on_device else images
            search = lambda: detectors[half].detect(given, landmarks=True)  # noqa: E731
        try:
            times = milliseconds(search, slot, 1 if task.tiny else 3)
        except Exception as error:  # noqa: BLE001  of a package that is not ours
            if half is not None:
                raise
            why = f"{type(error).__name__}: {str(error).splitlines()[0]}"
            continue
        task.figure(
            "frames", size=f"{width}x{height}", min_face=min_face, batch=batch, detector="facenet-pytorch" if half is None else "mtcnn",
            precision="half" if half else "float", on_device=on_device, frames_per_s=round(batch * len(times) * 1000 / sum(times), 1),
            median_ms=round(float(np.median(times)), 2), p95_ms=round(float(np.percentile(times, 95)), 2), calls=len(times),
        )
    if why:
        task.figure("notes", text=f"facenet-pytorch was not timed: {why}")
