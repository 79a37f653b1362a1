#!/usr/bin/env bash
# Checks and times what runs on a GPU, on a machine that has a GPU, Python with torch and nothing else of ours. The bundle is made here, all
# else happens there, in four minutes; docs/gpu_check.md explains.
#   gpu_check.sh build [--torch REQUIREMENT] [--python VERSION] [--from FOLDER] [--out FILE]
#                                makes the bundle; --torch is the torch of the other machine, as torch==2.11.0 (default: the set-up's), --python
#                                its Python, as 3.12: numpy, Pillow, torchvision and facenet-pytorch for it come along (default: none of them).
#                                --from takes what lies in a build folder, which then runs on this machine alone
#   gpu_check.sh run [BUNDLE] [--device cuda] [--out DIR] [--seconds 240] [--tiny]
#                                runs the checks and writes gpu_check.json and gpu_check.txt to DIR; in an unpacked bundle, without BUNDLE.
#                                --device cpu:torch runs the same code on the CPU, --tiny a small part of everything
#   gpu_check.sh report JSON     prints the rows for docs/results.md
# Bundle and results lie in build/gpu_check by default. PYTHON names the interpreter that has torch (default python3).
set -euo pipefail
started_in=$PWD
cd "$(dirname "$0")/.."
: "${HOME:=/}"
source scripts/environment.sh

help() { sed -n '2,/^set /{s/^# \{0,1\}//p}' scripts/gpu_check.sh; }
wrong_usage() { printf 'error: %s (--help explains)\n' "$*" >&2; exit 2; }
# A path that the caller has given, from where the caller was.
from_caller() { (cd "$started_in" && realpath --canonicalize-missing "$1"); }

place=$PWD/build/gpu_check
most_bytes=$((50 * 1000 * 1000))
torch_parts=(mtcnn mtcnn-torch mtcnn_c mtcnn_c_torch gpu_test write_gradients)

# compile REQUIREMENT: with the torch that it names, in an environment of its own where that is not the set-up's; all but LibTorch and the
# C and C++ libraries is linked statically. Leaves the build folder in $built.
compile() {
  local deps=$deps_dir prefix log=$place/build.log
  mkdir -p "$place"
  prefix=$(scripts/build_opencv.sh)
  [ "$1" = "$torch_requirement" ] || deps=$deps_dir/${1//==/-}
  MTCNN_DEPS_DIR=$deps MTCNN_TORCH=$1 scripts/setup.sh --program
  built=$PWD/build/gpu_check-${1//==/-}
  say "building with $1 (full log in $log)"
  { MTCNN_DEPS_DIR=$deps CMAKE_PREFIX_PATH=$prefix cmake --preset portable --fresh -B "$built" -DMTCNN_WITH_TORCH=ON -DMTCNN_BUILD_TESTS=ON &&
    cmake --build "$built" --target "${torch_parts[@]}"; } >"$log" 2>&1 ||
    { grep -E -A5 'error|Error|FAILED' "$log" | tail -n 40 >&2; fail "the build failed; see $log"; }
}

# add_wheels PYTHON TORCH FOLDER: facenet-pytorch for that Python and torch, and what it and we import. It names old versions of all that it
# needs, and works with these.
add_wheels() {
  local minor wheels=$work/wheels wheel platform options
  minor=$(sed -n 's/.*==2\.\([0-9]*\).*/\1/p' <<<"$2")
  [ -n "$minor" ] || fail "--torch: found '$2', expected torch==2.N.M, which says what torchvision to fetch"
  say "fetching NumPy, torchvision and facenet-pytorch for Python $1"
  make_venv
  options=(--disable-pip-version-check --quiet --no-deps --only-binary :all: --python-version "$1" --dest "$wheels")
  for platform in manylinux_2_28 manylinux_2_27 manylinux_2_17; do options+=(--platform "${platform}_$(uname -m)"); done
  "$venv/bin/python" -m pip download "${options[@]}" numpy pillow "torchvision==0.$((minor + 15)).*" facenet-pytorch==2.6.0 \
    requests urllib3 idna certifi charset-normalizer tqdm >&2 || fail "pip could not fetch them"
  for wheel in "$wheels"/*.whl; do "$venv/bin/python" -m zipfile -e "$wheel" "$3"; done
  find "$3" -type d -name tests -prune -exec rm -rf {} +
}

# pack FOLDER: the bundle is a small copy of this tree, with the Python package as pip would install it.
pack() {
  local bundle=$1
  mkdir -p "$bundle"/{scripts,samples,tests,libmtcnn/bin,libmtcnn/model}
  cp scripts/gpu_check.sh scripts/environment.sh "$bundle/scripts/"
  cp -r scripts/gpu_check scripts/train_speed.py "$bundle/scripts/"
  cp samples/*.jpg "$bundle/samples/"
  cp LICENSE THIRD_PARTY_NOTICES "$bundle/"
  cp -r python/libmtcnn/. "$bundle/libmtcnn/"
  cp models/default/*.safetensors models/default/cascade.json "$bundle/libmtcnn/model/"
  cp tests/train/gradients_against_python.py "$bundle/tests/"
  cp "$built"/mtcnn "$built"/mtcnn-torch "$bundle/libmtcnn/bin/"
  cp "$built"/src/mtcnn/capi/libmtcnn_c.so "$built"/src/mtcnn/capi/libmtcnn_c_torch.so "$bundle/libmtcnn/"
  cp "$built/tests/unit/gpu_test" "$built/tests/train/write_gradients" "$bundle/tests/"
  find "$bundle" -name __pycache__ -prune -exec rm -rf {} +
  strip "$bundle"/libmtcnn/bin/* "$bundle"/libmtcnn/*.so "$bundle"/tests/gpu_test "$bundle"/tests/write_gradients
  git rev-parse --short HEAD >"$bundle/commit"
}

do_build() {
  local torch=$torch_requirement python='' from='' out=$place/gpu_check.tar.xz size
  while [ $# -gt 0 ]; do
    [ $# -ge 2 ] || wrong_usage "$1 needs a value"
    case "$1" in
      --torch) torch=$2 ;;
      --python) python=$2 ;;
      --from) from=$(from_caller "$2") ;;
      --out) out=$(from_caller "$2") ;;
      *) wrong_usage "unknown argument '$1'" ;;
    esac
    shift 2
  done
  built=$from
  [ -z "$from" ] || [ -d "$from" ] || fail "--from: no such folder: $from"
  [ -n "$built" ] || compile "$torch"
  mkdir -p "$place" "$(dirname "$out")"
  work=$(mktemp -d "$place/work.XXXXXX")
  trap 'rm -rf "$work"' EXIT
  pack "$work/gpu_check"
  [ -z "$python" ] || add_wheels "$python" "$torch" "$work/gpu_check/site"
  tar -C "$work" --sort=name --owner=0 --group=0 --numeric-owner -cf - gpu_check | xz -9 >"$out.new"  # finds the model again in each program
  size=$(stat -c %s "$out.new")
  [ "$size" -le "$most_bytes" ] || { rm "$out.new"; fail "the bundle has $size bytes; expected $most_bytes at most"; }
  mv "$out.new" "$out"
  say "$out: $((size / 1000000)) MB"
}

# has MODULE: the interpreter has it.
has() { "${PYTHON:-python3}" -c 'import importlib.util, sys; sys.exit(importlib.util.find_spec(sys.argv[1]) is None)' "$1"; }

do_run() {
  local bundle='' out='' arguments=() unpacked=$place/unpacked
  while [ $# -gt 0 ]; do
    case "$1" in
      --device | --seconds) [ $# -ge 2 ] || wrong_usage "$1 needs a value"; arguments+=("$1" "$2"); shift 2 ;;
      --out) [ $# -ge 2 ] || wrong_usage "--out needs a folder"; out=$(from_caller "$2"); shift 2 ;;
      --tiny) arguments+=(--tiny); shift ;;
      -*) wrong_usage "unknown option '$1'" ;;
      *) [ -z "$bundle" ] || wrong_usage "one bundle at a time"; bundle=$(from_caller "$1"); shift ;;
    esac
  done
  has torch || fail "${PYTHON:-python3} has no torch; PYTHON names an interpreter that has"
  if [ -e libmtcnn ]; then
    [ -z "$bundle" ] || wrong_usage "this is a bundle already"
    [ -d site/numpy ] || has numpy || fail "${PYTHON:-python3} has no NumPy; gpu_check.sh build --python VERSION makes a bundle that carries it"
    PYTHONPATH=$PWD/scripts${PYTHONPATH:+:$PYTHONPATH} exec "${PYTHON:-python3}" -B -m gpu_check run --bundle "$PWD" --out "${out:-$PWD/results}" "${arguments[@]}"
  fi
  bundle=${bundle:-$place/gpu_check.tar.xz}
  [ -f "$bundle" ] || fail "no bundle at $bundle; gpu_check.sh build makes one"
  rm -rf "$unpacked"
  mkdir -p "$unpacked"
  "${PYTHON:-python3}" -B -W ignore -m tarfile --extract "$bundle" "$unpacked" || fail "$bundle is no bundle; gpu_check.sh build makes one"
  "$unpacked/gpu_check/scripts/gpu_check.sh" run --out "${out:-$place}" "${arguments[@]}"
}

do_report() {
  [ $# -eq 1 ] || wrong_usage "report needs one file, gpu_check.json"
  PYTHONPATH=$PWD/scripts${PYTHONPATH:+:$PYTHONPATH} exec "${PYTHON:-python3}" -B -m gpu_check report "$(from_caller "$1")"
}

command=${1:-}
[ $# -eq 0 ] || shift
case "$command" in
  build | run | report) "do_$command" "$@" ;;
  -h | --help) help ;;
  *) wrong_usage "found '$command', expected build, run or report" ;;
esac
