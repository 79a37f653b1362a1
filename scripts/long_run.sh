#!/usr/bin/env bash
# Searches images of random sizes for so long, and fails where memory, descriptors or threads grow:
#   long_run.sh MINUTES [FOLDER]     images (default: samples/)
# Uses the build in build/<preset>/ (MTCNN_PRESET, default release).
set -euo pipefail
cd "$(dirname "$0")/.."
source scripts/environment.sh

[[ "${1:-}" =~ ^[1-9][0-9]*$ ]] || { sed -n '2,/^set /{/^set /!s/^# \{0,1\}//p}' "$0" >&2; exit 2; }
program=build/${MTCNN_PRESET:-release}/tests/benchmark/mtcnn_long_run
[ -x "$program" ] || fail "no $program: build first (cmake --build --preset ${MTCNN_PRESET:-release})"
exec "$program" "${2:-samples}" --minutes "$1"
