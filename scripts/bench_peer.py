"""One pass of another detector over a folder of frames; prints the milliseconds of each frame as a JSON list. Run by bench.py.

Usage: bench_peer.py facenet|yunet FRAMES THREADS MIN_FACE [ONNX]
"""
import json
import pathlib
import sys
import time

import cv2

name, folder, threads, min_face = sys.argv[1], pathlib.Path(sys.argv[2]), int(sys.argv[3]), float(sys.argv[4])
cv2.setNumThreads(threads)
frames = [frame for path in sorted(folder.rglob("*.*")) if (frame := cv2.imread(str(path))) is not None]
if not frames:
    sys.exit(f"no picture in {folder}")
if name == "facenet":
    import torch
    from facenet_pytorch import MTCNN

    torch.set_num_threads(threads)
    detector = MTCNN(keep_all=True, min_face_size=min_face)
    frames = [cv2.cvtColor(frame, cv2.COLOR_BGR2RGB) for frame in frames]

    def search(frame):
        with torch.no_grad():
            detector.detect(frame, landmarks=True)
else:
    detector = cv2.FaceDetectorYN.create(sys.argv[5], "", (320, 320), 0.6, 0.3, 5000)

    def search(frame):
        detector.setInputSize((frame.shape[1], frame.shape[0]))
        detector.detect(frame)


milliseconds = []
for timed in (False, True):
    for frame in frames:
        start = time.perf_counter()
        search(frame)
        if timed:
            milliseconds.append(1000 * (time.perf_counter() - start))
print(json.dumps(milliseconds))
