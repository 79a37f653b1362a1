"""What bench.sh runs: alternates the detectors, so that a machine's moods meet them all, and compares medians. Standard library only."""
import argparse
import json
import pathlib
import statistics
import subprocess
import sys

from bench_chart import chart

HERE = pathlib.Path(__file__).resolve().parent


def run(command):
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit(f"error: {' '.join(map(str, command))}: {done.stderr.strip().splitlines()[-1:]}")
    return json.loads(done.stdout)


def ours(arguments, threads):
    command = [arguments.program, "bench", "--images", arguments.frames, "--threads", str(threads), "--min-face", str(arguments.min_face),
               "--repeats", "1", "--warm-up", "1", "--most-pictures", "1000", "--json", "-", "--quiet"]
    return run(command + (["--model", arguments.model] if arguments.model else []))


def peer(arguments, name, threads):
    extra = [arguments.yunet] if name == "yunet" else []
    times = run([arguments.peers, "-B", HERE / "bench_peer.py", name, arguments.frames, str(threads), str(arguments.min_face), *extra])
    return statistics.median(times)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("frames")
    parser.add_argument("--program", required=True)
    parser.add_argument("--model", help="model folder [the one in the program]")
    parser.add_argument("--peers", help="Python with facenet-pytorch and opencv-python")
    parser.add_argument("--yunet", help="YuNet's network file")
    parser.add_argument("--min-face", type=float, default=20)
    parser.add_argument("--threads", default="1,2")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--out", type=pathlib.Path)
    arguments = parser.parse_args()
    names = (["facenet"] if arguments.peers else []) + (["yunet"] if arguments.peers and arguments.yunet else [])
    results = []
    for threads in map(int, arguments.threads.split(",")):
        medians = {name: [] for name in ("ours", *names)}
        for _ in range(arguments.rounds):
            report = ours(arguments, threads)
            medians["ours"].append(report["frame_ms"]["median"])
            for name in names:
                medians[name].append(peer(arguments, name, threads))
        results.append({"threads": threads, "median_ms": medians, "stages_ms": report["stages_ms"], "windows": report["windows"]})
    machine = report["machine"]
    print(f"{report['frames']} frames, min face {arguments.min_face:g}, median of a frame in each of {arguments.rounds} alternating rounds; "
          f"{machine['cores']} cores, {machine['processor']}, {machine['system']}\n")
    print("| threads | " + " | ".join(f"{name}, ms" for name in ("ours", *names)) + " | " + " | ".join(f"{name} / ours" for name in names) + " |")
    print("|---" * (2 + 2 * len(names)) + "|")
    for row in results:
        median = {name: statistics.median(values) for name, values in row["median_ms"].items()}
        shown = [" / ".join(f"{value:.1f}" for value in row["median_ms"][name]) for name in ("ours", *names)]
        print(f"| {row['threads']} | " + " | ".join(shown + [f"{median[name] / median['ours']:.1f}" for name in names]) + " |")
    if arguments.out:
        arguments.out.mkdir(parents=True, exist_ok=True)
        summary = {"machine": machine, "frames": report["frames"], "size": report["size"], "min_face": arguments.min_face, "rows": results}
        (arguments.out / "bench.json").write_text(json.dumps(summary, indent=2) + "\n")
        (arguments.out / "bench.svg").write_text(chart(summary))


if __name__ == "__main__":
    main()
