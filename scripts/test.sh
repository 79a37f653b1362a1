#!/usr/bin/env bash
# Sets up, builds and runs all tests. Arguments go to ctest: scripts/test.sh -L unit
#   MTCNN_PRESET   another preset of CMakePresets.json (ci: warnings are errors)
set -euo pipefail
cd "$(dirname "$0")/.."
source scripts/environment.sh

preset=${MTCNN_PRESET:-release}
scripts/setup.sh
build_preset "$preset"
ctest --preset "$preset" --parallel "$(nproc)" "$@"
