#!/usr/bin/env bash
# Fuzzes the readers of all file formats (fuzz/README.md) under the sanitizers of addresses and undefined behaviour, one target after the other:
#   fuzz.sh MINUTES [TARGET...]        so long in all
#   fuzz.sh --runs N [TARGET...]       N executions of each target
# Prints a table of executions, coverage and findings, and fails where there are any: their inputs are in build/fuzz/findings/. What was found
# before (tests/data/fuzz/) runs first. Corpora stay in build/fuzz/corpus/, so that the next run goes on. JOBS (default: one a core) targets run
# at the same time. Needs Clang with libFuzzer (Debian: clang, libclang-rt-dev).
set -euo pipefail
cd "$(dirname "$0")/.."
source scripts/environment.sh

usage() { sed -n '2,/^set /{/^set /!s/^# \{0,1\}//p}' scripts/fuzz.sh; }
runs='' minutes=''
case "${1:-}" in
  -h | --help) usage; exit ;;
  --runs) runs=${2:-}; shift ;;
  *) minutes=${1:-} ;;
esac
[[ "$runs$minutes" =~ ^[1-9][0-9]*$ ]] || { usage >&2; exit 2; }
shift
clang=$(compgen -c clang++ | grep -E '^clang\+\+(-[0-9]+)?$' | sort --version-sort --unique | tail -n 1 || true)
[ -n "$clang" ] || fail "no clang++ here (Debian packages clang and libclang-rt-dev)"

out=build/fuzz
say "fuzz targets, with $clang"
CC=${clang/clang++/clang} CXX=$clang cmake --preset fuzz >"$out.configure.log" 2>&1 || { tail -n 20 "$out.configure.log" >&2; fail "see $out.configure.log"; }
cmake --build --preset fuzz --target fuzz_targets mtcnn >"$out.build.log" 2>&1 || { tail -n 40 "$out.build.log" >&2; fail "see $out.build.log"; }
targets=("$@")
if [ ${#targets[@]} -eq 0 ]; then
  for program in "$out"/fuzz/fuzz_*; do [ -x "$program" ] && [ -f "$program" ] && targets+=("${program##*/fuzz_}"); done
fi
for target in "${targets[@]}"; do [ -x "$out/fuzz/fuzz_$target" ] || fail "no target '$target'; there are: $(cd fuzz/targets && printf '%s ' *.cpp | sed 's/\.cpp//g')"; done

# A program with LibTorch makes more of them.
maker=$out/mtcnn
for program in build/ci build/release; do [ ! -x "$program/mtcnn-torch" ] || maker=$program/mtcnn; done
say "seeds, made by $maker"
python3 -B fuzz/make_seeds.py "$maker" "$out/seeds"

jobs=${JOBS:-$(nproc)}
limits=(-rss_limit_mb=2048 -timeout=25 -max_len=70000 -print_final_stats=1 -verbosity=1)
if [ -n "$runs" ]; then limits+=("-runs=$runs"); else limits+=("-max_total_time=$((minutes * 60 * jobs / ${#targets[@]} + 1))"); fi
export ASAN_OPTIONS=allocator_may_return_null=1:detect_leaks=1 UBSAN_OPTIONS=print_stacktrace=1 LSAN_OPTIONS=suppressions=$PWD/cmake/lsan.supp:print_suppressions=0

run_target() {
  local target=$1 folders=()
  mkdir -p "$out/corpus/$target" "$out/findings/$target"
  for folder in "$out/seeds/$target" "tests/data/fuzz/$target"; do [ ! -d "$folder" ] || folders+=("$folder"); done
  "$out/fuzz/fuzz_$target" "${limits[@]}" "-artifact_prefix=$out/findings/$target/" "$out/corpus/$target" "${folders[@]}" >"$out/$target.log" 2>&1 || true
  local executions coverage findings
  executions=$(sed -n 's/^stat::number_of_executed_units: //p' "$out/$target.log")
  coverage=$(grep -o 'cov: [0-9]*' "$out/$target.log" | tail -n 1 | sed 's/cov: //')
  findings=$(find "$out/findings/$target" -type f | wc -l)
  printf '| %s | %s | %s | %s |\n' "$target" "${executions:-stopped}" "${coverage:-}" "$findings"
}
printf '| target | executions | edges covered | findings |\n|---|---|---|---|\n'
for target in "${targets[@]}"; do
  while [ "$(jobs -rp | wc -l)" -ge "$jobs" ]; do wait -n; done
  run_target "$target" &
done
wait
found=$(find "$out/findings" -type f | wc -l)
[ "$found" -eq 0 ] || fail "$found findings, in $out/findings/; each runs again as: $out/fuzz/fuzz_TARGET FILE"
