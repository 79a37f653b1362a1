"""What bench.sh runs: alternates the detectors, so that a machine's moods meet them all, and compares medians. Standard library only."""
import argparse
import json
import os
import pathlib
import statistics
import subprocess
import sys

from bench_chart import chart

HERE = pathlib.Path(__file__).resolve().parent


# What limits a program to the instruction sets that MTCNN_VECTOR leaves us: LibTorch, its oneDNN and MKL, OpenCV.
NO_AVX512 = "AVX512_SKX,AVX512_CNL,AVX512_CLX,AVX512_ICL,AVX512_COMMON,AVX_512F"
LIMITS = {"avx2": {"ATEN_CPU_CAPABILITY": "avx2", "ONEDNN_MAX_CPU_ISA": "AVX2", "MKL_ENABLE_INSTRUCTIONS": "AVX2", "OPENCV_CPU_DISABLE": NO_AVX512}}


def run(command, vector):
    environment = {**os.environ, **({"MTCNN_VECTOR": vector, **LIMITS[vector]} if vector else {})}
    done = subprocess.run(command, capture_output=True, text=True, env=environment)
    if done.returncode != 0:
        sys.exit(f"error: {' '.join(map(str, command))}: {done.stderr.strip().splitlines()[-1:]}")
    return json.loads(done.stdout)


def ours(arguments, frames, threads):
    command = [arguments.program, "bench", "--images", frames, "--threads", str(threads), "--min-face", str(arguments.min_face),
               "--repeats", "1", "--warm-up", "1", "--most-pictures", "1000", "--json", "-", "--quiet"]
    return run(command + (["--model", arguments.model] if arguments.model else []), arguments.vector)


def peer(arguments, frames, name, threads):
    extra = [arguments.yunet] if name == "yunet" else []
    command = [arguments.peers, "-B", HERE / "bench_peer.py", name, frames, str(threads), str(arguments.min_face), *extra]
    return statistics.median(run(command, arguments.vector))


def row_of(arguments, frames, threads, names):
    """The medians of alternating rounds over one folder, and our last report."""
    medians = {name: [] for name in ("ours", *names)}
    for _ in range(arguments.rounds):
        report = ours(arguments, frames, threads)
        medians["ours"].append(report["frame_ms"]["median"])
        for name in names:
            medians[name].append(peer(arguments, frames, name, threads))
    row = {"folder": pathlib.Path(frames).name, "frames": report["frames"], "size": report["size"], "threads": threads, "median_ms": medians,
           "stages_ms": report["stages_ms"], "windows": report["windows"]}
    return row, report


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("frames", nargs="+", help="a folder of frames for each row of the table")
    parser.add_argument("--program", required=True)
    parser.add_argument("--model", help="model folder [the one in the program]")
    parser.add_argument("--peers", help="Python with facenet-pytorch and opencv-python")
    parser.add_argument("--yunet", help="YuNet's network file")
    parser.add_argument("--vector", choices=sorted(LIMITS), help="instruction set that all are limited to [what the processor has]")
    parser.add_argument("--min-face", type=float, default=20)
    parser.add_argument("--threads", default="1,2")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--out", type=pathlib.Path)
    arguments = parser.parse_args()
    names = (["facenet"] if arguments.peers else []) + (["yunet"] if arguments.peers and arguments.yunet else [])
    results = []
    for frames in arguments.frames:
        for threads in map(int, arguments.threads.split(",")):
            row, report = row_of(arguments, frames, threads, names)
            results.append(row)
    machine = report["machine"]
    print(f"Min face {arguments.min_face:g}, median of a frame in each of {arguments.rounds} alternating rounds; {machine['cores']} cores, "
          f"{machine['processor']}, {arguments.vector or machine['vector']}, {machine['system']}\n")
    print("| frames | faces per frame | threads | " + " | ".join(f"{name}, ms" for name in ("ours", *names)) + " | " +
          " | ".join(f"{name} / ours" for name in names) + " |")
    print("|---" * (4 + 2 * len(names)) + "|")
    for row in results:
        median = {name: statistics.median(values) for name, values in row["median_ms"].items()}
        shown = [" / ".join(f"{value:.1f}" for value in row["median_ms"][name]) for name in ("ours", *names)]
        print(f"| {row['frames']} of {row['folder']}, {row['size']} | {row['windows']['faces']:.1f} | {row['threads']} | " +
              " | ".join(shown + [f"{median[name] / median['ours']:.1f}" for name in names]) + " |")
    if arguments.out:
        arguments.out.mkdir(parents=True, exist_ok=True)
        summary = {"machine": machine, "instruction_set": arguments.vector or machine["vector"], "min_face": arguments.min_face, "rows": results}
        (arguments.out / "bench.json").write_text(json.dumps(summary, indent=2) + "\n")
        (arguments.out / "bench.svg").write_text(chart(summary))


if __name__ == "__main__":
    main()
