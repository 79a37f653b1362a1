"""Run folders and validation crops as `mtcnn train` and `mtcnn prepare` write them (docs/formats.md), made up."""
import json
import struct
import zlib

import numpy as np

SIZES = {"pnet": 12, "rnet": 24, "onet": 48}
POINTS = np.array([[0.32, 0.4], [0.68, 0.4], [0.5, 0.58], [0.36, 0.75], [0.64, 0.75]])
DTYPES = {"uint8": "U8", "int32": "I32", "float32": "F32"}


def write_safetensors(path, tensors, metadata):
    header, data = {"__metadata__": metadata}, b""
    for name, tensor in tensors.items():
        header[name] = {"dtype": DTYPES[str(tensor.dtype)], "shape": list(tensor.shape),
                        "data_offsets": [len(data), len(data) + tensor.nbytes]}
        data += np.ascontiguousarray(tensor).tobytes()
    text = json.dumps(header).encode()
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(struct.pack("<Q", len(text)) + text + data)


def paint(size, face, random):
    """Pixels u8 [3, size, size] and points f32 [5, 2] over the side."""
    y, x = (np.mgrid[:size, :size] + 0.5) / size
    background = random.uniform(60, 190, 3)
    picture = np.repeat(background[:, None, None] + 30 * np.sin(9 * x + random.uniform(0, 6)), 1, 0)
    shift = random.uniform(-0.08, 0.08, 2)
    points = POINTS + shift
    if face:
        skin = random.uniform([150, 100, 80], [240, 190, 160])
        inside = ((x - 0.5 - shift[0]) / 0.42) ** 2 + ((y - 0.5 - shift[1]) / 0.5) ** 2 < 1
        picture[:, inside] = skin[:, None]
        for px, py in points:
            picture[:, (x - px) ** 2 + (y - py) ** 2 < 0.06 ** 2] = 40
    return np.clip(picture + random.normal(0, 8, picture.shape), 0, 255).astype(np.uint8), points.astype(np.float32)


def make_crops(folder, net, counts, seed=1, segments=2):
    """Writes `counts[kind]` crops a segment; crop i of a segment comes from picture `<kind>_<segment>_<i>.jpg`.

    Returns the places of each kind, i32 [n, 2], and the true points of landmark crops, f32 [n, 10].
    """
    random = np.random.default_rng(seed)
    sources, places, points = [], {kind: [] for kind in counts}, []
    for segment in range(segments):
        for kind, count in counts.items():
            painted = [paint(SIZES[net], kind != "negative", random) for _ in range(count)]
            tensors = {"pixels": np.stack([pixels for pixels, _ in painted]),
                       "window": np.tile(np.float32([5, 6, 45, 46]), (count, 1)),
                       "offsets": np.zeros((count, 4), np.float32), "overlap": np.zeros(count, np.float32),
                       "source": np.arange(len(sources), len(sources) + count, dtype=np.int32)}
            if kind == "landmark":
                tensors["landmarks"] = np.stack([p.reshape(10) for _, p in painted])
                points.append(tensors["landmarks"])
            sources += [{"dataset": "made val", "image": f"{kind}_{segment}_{i}.jpg"} for i in range(count)]
            places[kind] += [[segment, i] for i in range(count)]
            write_safetensors(folder / f"{net}-{kind}-{segment:05d}.safetensors", tensors,
                              {"format": "mtcnn-crops", "version": "1", "stage": net, "kind": kind})
    (folder / "sources.jsonl").write_text("".join(json.dumps(source) + "\n" for source in sources))
    (folder / "manifest.json").write_text(json.dumps({"stage": net, "seed": seed}) + "\n")
    places = {kind: np.array(place, np.int32) for kind, place in places.items()}
    return places, np.concatenate(points) if points else None


def harder(figures, factor):
    return {name: None if value is None else factor * value for name, value in figures.items()}


def metrics_lines(net, epochs, landmarks, random):
    """As after training that goes well: errors fall, then level off. Two lines an epoch."""
    lines, pace = [], random.uniform(0.25, 0.45)
    for epoch in range(1, epochs + 1):
        left = np.exp(-pace * epoch)
        noise = lambda: float(1 + random.normal(0, 0.03))
        common = {"step": 120 * epoch, "epoch": epoch, "lr": 4e-3 * float(np.sin(np.pi * (epoch - 0.5) / (epochs + 1))),
                  "time_s": 31.5 * epoch}
        terms = {"loss_face": (0.02 + 0.5 * left) * noise(), "loss_box": (0.015 + 0.08 * left) * noise(),
                 "loss_landmark": (0.02 + 0.3 * left) * noise() if landmarks else None}
        loss = terms["loss_face"] + 0.5 * terms["loss_box"] + 0.5 * (terms["loss_landmark"] or 0)
        rates = {"accuracy": 1 - (0.01 + 0.1 * left) * noise(), "recall": 1 - (0.02 + 0.3 * left) * noise(),
                 "precision": 1 - (0.02 + 0.2 * left) * noise()}
        lines.append({**common, "split": "train", "loss": 1.4 * loss, **harder(terms, 1.5), **harder(rates, 0.98),
                      "mined": 0.7, "samples_per_s": 21000 / SIZES[net] * noise(), "wait_share": 0.03 * noise()})
        lines.append({**common, "split": "val", "loss": loss, **terms, **rates,
                      "fpr_at_97": (0.004 + 0.4 * left) * noise(), "box_error": (0.06 + 0.08 * left) * noise(),
                      "nme": (0.05 + 0.1 * left) * noise() if landmarks else None})
    return lines


def make_answers(path, net, epoch, places, points, random, skill=2.5):
    """Scores, errors and points as of a good net; `skill` tells how far positives and negatives are apart.

    Returns the tensors.
    """
    count = {kind: len(place) for kind, place in places.items()}
    score = lambda centre, n: (1 / (1 + np.exp(-random.normal(centre, 2, n)))).astype(np.float32)
    error = lambda centre, n: random.gamma(4, centre / 4, n).astype(np.float32)
    tensors = {f"{kind}_place": place for kind, place in places.items()}
    tensors |= {"positive_score": score(1.6 * skill, count["positive"]),
                "negative_score": score(-2 * skill, count["negative"]),
                "positive_box_error": error(0.06, count["positive"]), "part_box_error": error(0.11, count["part"])}
    if points is not None:
        off = random.normal(0, 1, points.shape) * random.gamma(1.5, 0.03, (len(points), 1))
        tensors["landmark_points"] = (points + off).astype(np.float32)
        tensors["landmark_error"] = np.hypot(off[:, ::2], off[:, 1::2]).mean(1).astype(np.float32)
    write_safetensors(path, tensors, {"format": "mtcnn-answers", "version": "1", "net": net, "epoch": str(epoch)})
    return tensors


def make_run(folder, net, epochs, crops=None, landmarks=True, done=True, planned=None, seed=1):
    """Writes a run folder without answers. `crops`: the folder of its validation crops. Returns the metrics' lines."""
    random = np.random.default_rng(seed)
    folder.mkdir(parents=True)
    lines = metrics_lines(net, epochs, landmarks, random)
    manifest = f"crc32:{zlib.crc32((crops / 'manifest.json').read_bytes()):08x}" if crops else "crc32:00000000"
    (folder / "config.json").write_text(json.dumps(
        {"net": net, "training_crops": "crc32:00000001", "validation_crops": manifest, "epochs": planned or epochs,
         "best_metric": "fpr_at_97", "optimizer": {"lr": 4e-3}}, indent=2) + "\n")
    (folder / "environment.json").write_text(json.dumps(
        {"version": "0.9.0", "commit": "0123456789abcdef", "libtorch": "2.13.0", "device": "cpu", "threads": 2,
         "seed": 1, "data": "crops", **({"validation": str(crops)} if crops else {})}, indent=2) + "\n")
    if lines:
        (folder / "metrics.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    (folder / "log.txt").write_text("2026-01-01T00:00:00Z starting\n")
    if done:
        (folder / "DONE").write_text(f"{120 * epochs} steps, {epochs} epochs\n")
    return lines
