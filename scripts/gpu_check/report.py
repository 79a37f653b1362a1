"""The results as text, and as rows for docs/results.md."""


def machine_line(whole):
    facts = (whole["figures"].get("machine") or [{}])[0]
    parts = [facts.get("name", "?"), *(f"{facts[key]}" for key in ("processor",) if key in facts), f"torch {facts.get('torch')}", f"commit {whole['commit']}", whole["date"]]
    if facts.get("driver"):
        parts.insert(2, f"driver {facts['driver']}")
    return f"`--device {whole['device']}`: " + ", ".join(parts)


def table(header, rows):
    lines = [header, ["---"] * len(header), *rows]
    return "".join(f"| {' | '.join(map(str, line))} |\n" for line in lines)


def frames_table(whole):
    """A row for each size, smallest face and batch; a column for each way."""
    ways = {("mtcnn", "half", True): "half, on the device", ("mtcnn", "half", False): "half", ("mtcnn", "float", True): "float, on the device",
            ("mtcnn", "float", False): "float", ("facenet-pytorch", "float", False): "facenet-pytorch"}
    found = {}
    for row in whole["figures"].get("frames", []):
        key = (row["size"], row["min_face"], row["batch"])
        found.setdefault(key, {})[row["detector"], row["precision"], row["on_device"]] = row
    rows = []
    for (size, min_face, batch), cells in found.items():
        latency = cells.get(("mtcnn", "half", False))
        rows.append([size, min_face, batch, *(f"{cells[way]['frames_per_s']:,.0f}" if way in cells else "" for way in ways),
                     f"{latency['median_ms']:.1f} / {latency['p95_ms']:.1f}" if latency else ""])
    return table(["frames", "min face", "batch", *(f"{name}, frames/s" for name in ways.values()), "half, ms per call, median / p95"], rows)


def training_table(whole):
    rows = [[{"pnet": "P-Net", "rnet": "R-Net", "onet": "O-Net"}[row["net"]], f"{row['samples_per_s']:,}", f"{row['plain_pytorch_samples_per_s']:,}", f"{100 * row['wait_share']:.0f} %"]
            for row in whole["figures"].get("training", [])]
    return table(["net", "`mtcnn train`, crops/s", "plain PyTorch loop, crops/s", "waiting for crops"], rows)


def agreement_table(whole):
    rows = [[check["name"], check["images"], check["faces"], check["missing"] + check["added"], f"{check['pixels']:.3f}", f"{check['confidence']:.5f}"]
            for check in whole["checks"] if "pixels" in check and "images" in check]
    return table(["", "images", "faces", "found by one alone", "boxes off by, pixels", "confidences off by"], rows)


def kernels_table(whole):
    rows = [[row["name"].replace("|", "/"), f"{row['calls']:g}", row["ms"], f"{100 * row['share']:.1f} %"] for row in whole["figures"].get("kernels", [])]
    return table(["kernel", "calls per search", "ms per search", "share"], rows)


def search_line(whole):
    return "".join(
        f"One search of {row['batch']} images of {row['size']}: {row['ms']} ms, {row['launches']} kernels"
        + (f", device idle {100 * row['idle_share']:.0f} %" if "idle_share" in row else "") + ".\n" for row in whole["figures"].get("search", []))


def summary(whole):
    failed = [check for check in whole["checks"] if not check["passed"]]
    lines = [f"FAILED: {check['part']}: {check['name']}: { {k: v for k, v in check.items() if k not in ('part', 'name', 'passed')} }" for check in failed]
    return "\n".join([*lines, f"{len(whole['checks']) - len(failed)} of {len(whole['checks'])} checks passed in {sum(whole['seconds'].values()):.0f} s"])


def rows(whole):
    """Markdown for docs/results.md."""
    notes = "".join(f"{row['text']}\n" for row in whole["figures"].get("notes", []))
    return "\n".join([machine_line(whole) + "\n", frames_table(whole), training_table(whole), agreement_table(whole), search_line(whole) + notes])


def text(whole):
    checks = "".join(f"{'ok    ' if check['passed'] else 'FAILED'}  {check['part']}: {check['name']}\n" for check in whole["checks"])
    facts = "".join(f"{key}: {value}\n" for row in whole["figures"].get("machine", []) for key, value in row.items())
    times = "".join(f"{name}: {seconds} s\n" for name, seconds in whole["seconds"].items())
    return "\n".join([facts, checks, rows(whole), kernels_table(whole), times, summary(whole)]) + "\n"
