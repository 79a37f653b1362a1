#!/usr/bin/env bash
# From nothing to faces: installs what the program is built from, builds it, and finds the faces in the sample images.
#   --train   with LibTorch (a download of 190 to 530 MB), for training and GPUs; then paints toy data and trains the three nets on it with
#             one command: some minutes, and a second run goes on where the first was cut
set -euo pipefail
cd "$(dirname "$0")/.."
source scripts/environment.sh

output=out/quickstart
case "${1:-}" in
  "" | --train) ;;
  -h | --help) sed -n '2,/^set /{s/^# \{0,1\}//p}' scripts/quickstart.sh; exit ;;
  *) printf "error: unknown argument '%s' (--help explains)\n" "$1" >&2; exit 2 ;;
esac

# What an earlier run has built the folder with, LibTorch or the tests, stays part of it.
preset=detector
[ "${1:-}" = --train ] && preset=program
grep -qs '^MTCNN_WITH_TORCH:BOOL=ON' "$release/CMakeCache.txt" && preset=program
grep -qs '^MTCNN_BUILD_TESTS:BOOL=ON' "$release/CMakeCache.txt" && preset=release
if [ $preset = detector ]; then scripts/setup.sh --detector; else scripts/setup.sh --program; fi
build_preset "$preset" mtcnn
say "looking for faces in samples/"
"$release/mtcnn" detect samples --json "$output/faces.jsonl" --draw "$output"
say "the annotated images are in $output/ and the detections in $output/faces.jsonl"
if [ "${1:-}" = --train ]; then
  if [ ! -d out/toys ]; then
    say "painting toy data into out/toys"
    "$release/mtcnn" toy-data out/toys --images 300 --val 60
  fi
  say "training a detector of painted faces: some minutes"
  "$release/mtcnn" pipeline --config configs/tiny/pipeline.json --out out/tiny
  say "its model is out/tiny/model, its scores are in out/tiny/eval"
fi
say "next: $release/mtcnn detect YOUR_IMAGES --draw out/"
