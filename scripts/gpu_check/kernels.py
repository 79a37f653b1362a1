"""Which kernels take the time of a search, by torch's profiler, and what share of it the device does nothing."""
import time

from gpu_check import scenes

ROWS = 20


def run(task):
    import torch
    from torch.profiler import ProfilerActivity, profile

    import libmtcnn

    width, height, batch = (160, 120, 2) if task.tiny else (1920, 1080, 8)
    sources = scenes.sample_faces(task.bundle)
    images = [torch.from_numpy(scenes.scene(sources, width, height, 6, seed)).to(task.torch_device) for seed in range(batch)]
    detector = libmtcnn.MTCNN(device=task.device, min_face_size=40, half=task.on_gpu)
    for _ in range(1 if task.tiny else 5):
        detector.detect(images)
    searches = 1 if task.tiny else 5
    activities = [ProfilerActivity.CPU, *([ProfilerActivity.CUDA] if task.on_gpu else [])]
    with profile(activities=activities) as profiler:
        start = time.perf_counter()
        for _ in range(searches):
            detector.detect(images)
        wall_us = 1e6 * (time.perf_counter() - start)
    own_time = "self_device_time_total" if task.on_gpu else "self_cpu_time_total"
    events = [event for event in profiler.key_averages() if getattr(event, own_time, 0) > 0]
    if task.on_gpu:  # kernels, not the operations that start them
        events = [event for event in events if "cuda" in str(event.device_type).lower()]
    events.sort(key=lambda event: -getattr(event, own_time))
    total = sum(getattr(event, own_time) for event in events)
    for event in events[:ROWS]:
        task.figure("kernels", name=event.key[:100], calls=event.count / searches, ms=round(getattr(event, own_time) / 1000 / searches, 3), share=round(getattr(event, own_time) / total, 3))
    facts = {"size": f"{width}x{height}", "batch": batch, "ms": round(wall_us / 1000 / searches, 2), "launches": round(sum(event.count for event in events) / searches)}
    if task.on_gpu:
        facts["idle_share"] = round(max(0.0, 1 - total / wall_us), 3)
    task.figure("search", **facts)
    task.check("the profiler sees the search", total > 0)
