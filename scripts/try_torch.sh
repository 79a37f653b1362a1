#!/usr/bin/env bash
# Builds and tests the parts that use LibTorch with another version of it, from nothing: a virtual environment of its own, pip's torch, the
# tests of train, gpu, export and detect.
#   try_torch.sh VERSION [--keep]
#   VERSION   as 2.11.0; what pip's torch==VERSION gives
#   --keep    keeps the virtual environment and the build folder
# Prints a row for the table in docs/install.md.
set -euo pipefail
cd "$(dirname "$0")/.."
source scripts/environment.sh

case "${1:-}" in
  -h | --help) sed -n '2,/^set /{s/^# \{0,1\}//p}' scripts/try_torch.sh; exit ;;
  [0-9]*) version=$1 ;;
  *) printf "error: found '%s', expected a version of torch, as 2.11.0 (--help explains)\n" "${1:-}" >&2; exit 2 ;;
esac
deps_dir=$deps_dir/torch-$version
venv=$deps_dir/venv
export MTCNN_DEPS_DIR=$deps_dir MTCNN_TORCH="torch==$version"
build=$PWD/build/torch-$version log=$PWD/build/torch-$version.log
tests=(trainer_test gpu_test export_test train_test detect_test engine_test golden_nets_test)

[ "${2:-}" = --keep ] || trap 'rm -rf "$deps_dir" "$build"' EXIT
unset Torch_DIR LibTorch_ROOT CMAKE_PREFIX_PATH
scripts/setup.sh --program
say "building with torch $version (log: $log)"
start=$SECONDS
mkdir -p build
cmake --preset release -B "$build" --fresh >"$log" 2>&1 && cmake --build "$build" --target mtcnn "${tests[@]}" >>"$log" 2>&1 ||
  { grep -E -A5 'error|Error|FAILED' "$log" | tail -n 40 >&2; fail "torch $version: the build failed; see $log"; }
built=$((SECONDS - start))
say "testing"
for test in "${tests[@]}"; do
  program=$(find "$build/tests" -name "$test" -type f)
  (cd "$(dirname "$program")" && "$program" --gtest_brief=1) >>"$log" 2>&1 || { tail -n 30 "$log" >&2; fail "torch $version: $test failed; see $log"; }
done
"$build/mtcnn" detect samples --device cpu:torch --json "$build/faces.jsonl" >>"$log" 2>&1 || fail "torch $version: detect failed; see $log"
found=$(sed -n 's/^-- LibTorch \([0-9.]*\) (\([A-Z]*\)).*/\1 | \2/p' "$log" | tail -n 1)
passed=$(grep -c 'PASSED' "$log")
printf '| %s | %s of %s test programs | built in %s s | %s |\n' "$found" "$passed" "${#tests[@]}" "$built" "$(date +%F)"
