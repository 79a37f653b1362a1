#!/usr/bin/env bash
# From nothing to faces, and to a detector of one's own: sets up, builds, finds the faces in the sample pictures, then paints toy data and
# trains the three nets on it with one command.
set -euo pipefail
cd "$(dirname "$0")/.."
source scripts/environment.sh

output=out/quickstart

scripts/setup.sh
build_preset release
say "looking for faces in samples/"
"$release/mtcnn" detect samples --json "$output/faces.jsonl" --draw "$output"
say "the annotated pictures are in $output/ and the detections in $output/faces.jsonl"
if [ ! -d out/toys ]; then
  say "painting toy data into out/toys"
  "$release/mtcnn" toy-data out/toys --images 300 --val 60
fi
say "training a detector of painted faces: some minutes; a second run goes on where this one was cut"
"$release/mtcnn" pipeline --config configs/tiny/pipeline.json --out out/tiny
say "done: its model is out/tiny/model, its scores are in out/tiny/eval"
say "next: $release/mtcnn detect YOUR_PICTURES --draw out/"
