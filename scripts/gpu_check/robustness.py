"""What a service on a GPU meets: many sizes of images, threads and streams, memory that runs out, devices that are not there."""
import contextlib
import resource
import threading
import time

import numpy as np

from gpu_check import agreement, scenes

#: Once all is loaded: of the host, whose libraries keep plans and kernels for shapes; held by LibTorch on the device; and its cache there.
MOST_GROWTH_MIB = (256, 1, 512)
SPARE_BYTES = 32 << 20


def host_mib():
    with open("/proc/self/status", encoding="ascii") as status:
        return next(int(line.split()[1]) for line in status if line.startswith("VmRSS:")) / 1024


def device_mib(task):
    """Allocated and reserved by LibTorch on the device; the library shares torch's."""
    import torch

    return (torch.cuda.memory_allocated() / 2**20, torch.cuda.memory_reserved() / 2**20) if task.on_gpu else (0.0, 0.0)


def check_sizes(task, detector):
    """Memory after many sizes against memory after the first quarter of them."""
    random = np.random.default_rng(5)
    wanted = 16 if task.tiny else 2000
    end = time.monotonic() + 0.5 * task.left()
    noise = random.integers(0, 256, (400, 400, 3), dtype=np.uint8)
    detector.detect(noise)
    start = None
    for done in range(wanted):
        if done == wanted // 4:
            start = (host_mib(), *device_mib(task))
        if start and time.monotonic() > end:
            break
        height, width = random.integers(13, 401, 2)
        detector.detect(noise[:height, :width])
    grown = [now - before for now, before in zip((host_mib(), *device_mib(task)), start or (0, 0, 0), strict=True)]
    facts = dict(zip(("host_mib", "allocated_mib", "reserved_mib"), (round(value, 1) for value in grown), strict=True))
    fits = all(value <= most for value, most in zip(grown, MOST_GROWTH_MIB, strict=True))
    task.check("memory does not grow with the number of sizes", start and fits, sizes=done + 1, **facts)


def check_threads(task, detector, images):
    """Two threads, on a GPU each with a stream of its own, with one detector."""
    import torch

    expected = agreement.rows_of(detector, images, 4)
    found, errors = [None, None], []

    def search(place):
        try:
            with torch.cuda.stream(torch.cuda.Stream()) if task.on_gpu else contextlib.nullcontext():
                found[place] = [agreement.rows_of(detector, images, 4) for _ in range(1 if task.tiny else 5)]
        except Exception as error:  # noqa: BLE001  whatever it is, it is what the check has found
            errors.append(f"{type(error).__name__}: {error}")

    threads = [threading.Thread(target=search, args=(place,)) for place in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    differing = [facts for rounds in found if rounds for rows in rounds if not agreement.same(facts := agreement.compared(expected, rows))]
    task.check("two threads and streams find the same", not errors and not differing, errors=errors, differing=differing[:2])


@contextlib.contextmanager
def little_memory(task):
    """LibTorch gets hardly more than it has."""
    import torch

    if task.on_gpu:
        torch.cuda.empty_cache()
        whole = torch.cuda.get_device_properties(0).total_memory
        torch.cuda.set_per_process_memory_fraction((torch.cuda.memory_reserved() + SPARE_BYTES) / whole)
        try:
            yield
        finally:
            torch.cuda.set_per_process_memory_fraction(1.0)
        return
    before = resource.getrlimit(resource.RLIMIT_AS)
    with open("/proc/self/statm", encoding="ascii") as pages:
        used = int(pages.read().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (used + SPARE_BYTES, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_AS, before)


def check_out_of_memory(task, detector, image):
    large = np.full((3000, 4000, 3), 90, np.uint8)
    expected = agreement.rows_of(detector, [image], 1)
    said = ""
    try:
        with little_memory(task):
            detector.detect(large)
    except Exception as error:  # noqa: BLE001
        said = f"{type(error).__name__}: {error}"
    clear = "memory" in said and "\n" not in said and len(said) < 400
    task.check("out of memory is one clear error", clear, error=said)
    facts = agreement.compared(expected, agreement.rows_of(detector, [image], 1))
    task.check("the search after it works", agreement.same(facts), **facts)


def check_missing_device(task):
    import libmtcnn

    said = ""
    try:
        libmtcnn.MTCNN(device="cuda:99")
    except libmtcnn.Error as error:
        said = str(error)
    task.check("a device that is not there is one clear error", "CUDA" in said and "\n" not in said, error=said)


def run(task):
    import libmtcnn

    detector = libmtcnn.MTCNN(device=task.device)
    images = scenes.album(task, 4 if task.tiny else 12)
    check_missing_device(task)
    check_threads(task, detector, images)
    check_out_of_memory(task, detector, images[1])
    check_sizes(task, detector)
