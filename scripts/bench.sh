#!/usr/bin/env bash
# Times our detector beside others on the same frames in one run, and prints a table (Markdown); --out also writes bench.json and
# bench.svg, a chart.
#
# Usage: bench.sh FRAMES … [--peers PYTHON] [--yunet ONNX] [--vector avx2] [--min-face 20] [--threads 1,2] [--rounds 3] [--out DIR]
#   FRAMES    folders of images of one size, such as without faces, with few and with many; decoding is left out
#   --peers   an interpreter with facenet-pytorch and opencv-python; without it ours alone is timed
#   --yunet   YuNet's network file, for OpenCV's detector
#   --vector  all are limited to this instruction set
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
cd "$here/.."
source scripts/environment.sh
[ -x "$release/mtcnn" ] || fail "no $release/mtcnn; scripts/test.sh or scripts/quickstart.sh builds it"
exec "$(command -v python3)" -B scripts/bench.py --program "$release/mtcnn" "$@"
