#!/usr/bin/env bash
# Kills the program and takes from it what it needs (tests/faults/), in the amount of a night:
#   faults.sh [--kills N] [--seed S] [--only VERB]     N kills of each command (default 100)
# Prints a table and fails where anything failed. Uses the build in build/<preset>/ (MTCNN_PRESET, default release).
set -euo pipefail
cd "$(dirname "$0")/.."
source scripts/environment.sh

build=build/${MTCNN_PRESET:-release}
for program in mtcnn tests/e2e/make_random_model; do [ -x "$build/$program" ] || fail "no $build/$program: build first (cmake --build --preset ${MTCNN_PRESET:-release})"; done
film=()
[ ! -x "$build/tests/e2e/make_film" ] || film=(--make-film "$build/tests/e2e/make_film")
exec python3 -B tests/faults/faults_test.py "$build/mtcnn" "$build/tests/e2e/random_model" "${film[@]}" --kills 100 "$@"
