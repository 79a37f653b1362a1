#!/usr/bin/env bash
# Installs what the project builds with: Debian packages and LibTorch (from the torch wheel, in a virtual environment outside the source
# tree). Safe to run again: it does nothing where nothing is missing.
#   setup.sh             everything, for the tests too
#   setup.sh --program   what the program itself is built from
#   setup.sh --detector  what it is built from without LibTorch (MTCNN_WITH_TORCH=OFF): all but training, TorchScript and GPUs
#   MTCNN_DEPS_DIR   where the virtual environment lives (default ${XDG_CACHE_HOME:-~/.cache}/mtcnn)
#   MTCNN_TORCH      another torch for pip, as "torch==2.11.0"
#   Torch_DIR, LibTorch_ROOT, CMAKE_PREFIX_PATH   a LibTorch of your own; the virtual environment then holds only what the tests need
#   MTCNN_PACKAGES=own   asks for no Debian package: compiler, CMake and libraries are your own
set -euo pipefail
cd "$(dirname "$0")/.."
source scripts/environment.sh

case "${1:-}" in
  "" | --program | --detector) ;;
  -h | --help) sed -n '2,/^set /{s/^# \{0,1\}//p}' scripts/setup.sh; exit ;;
  *) printf "error: unknown argument '%s' (--help explains)\n" "$1" >&2; exit 2 ;;
esac
for_torch=$([ "${1:-}" = --detector ] || echo yes)
for_tests=$([ -n "${1:-}" ] || echo yes)

packages=(g++ cmake ninja-build libopencv-dev libspdlog-dev nlohmann-json3-dev libcli11-dev libmatio-dev libprotozero-dev liblz4-dev
          libpugixml-dev libyaml-cpp-dev libheif-dev libjxl-dev libgif-dev libwebp-dev libjpeg-dev libavformat-dev libswscale-dev zlib1g-dev)
torch_packages=(python3 python3-venv ca-certificates)
test_packages=(ccache git libgtest-dev libgmock-dev libbenchmark-dev clang-format clang-tidy doxygen xvfb)
[ -z "$for_torch" ] || packages+=("${torch_packages[@]}")
[ -z "$for_tests" ] || packages+=("${test_packages[@]}")

install_packages() {
  [ "${MTCNN_PACKAGES:-}" != own ] || return 0
  if ! command -v dpkg-query >/dev/null; then
    say "no Debian package manager here: please provide the equivalents of: ${packages[*]}"
    return
  fi
  local missing=() package
  for package in "${packages[@]}"; do
    dpkg-query -W -f='${Status}' "$package" 2>/dev/null | grep -q 'ok installed' || missing+=("$package")
  done
  [ ${#missing[@]} -eq 0 ] && return
  local as_root=()
  if [ "$(id -u)" -ne 0 ]; then
    # With a terminal, sudo may ask for the password.
    command -v sudo >/dev/null && { sudo -n true 2>/dev/null || { [ -t 0 ] && sudo -v; }; } && as_root=(sudo) ||
      fail "these Debian packages are missing and installing them needs root: ${missing[*]}
  run: sudo apt-get install --no-install-recommends ${missing[*]}
  or, where you have built these yourself, set MTCNN_PACKAGES=own"
  fi
  say "installing ${#missing[@]} Debian packages: ${missing[*]}"
  "${as_root[@]}" apt-get update -qq || say "apt-get update failed; going on with the package lists that are here"
  "${as_root[@]}" apt-get install -s -qq --no-install-recommends "${missing[@]}" 2>/dev/null | grep -c '^Inst ' |
    sed 's/^/    with what they depend on: /; s/$/ packages/' >&2 || true
  # dpkg reports every package on stdout; it is only worth reading when it failed.
  local log; log=$(mktemp)
  "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" >"$log" 2>&1 ||
    { tail -n 20 "$log" >&2; fail "apt-get could not install: ${missing[*]}"; }
  rm -f "$log"
}

has_gpu() { [ -e /proc/driver/nvidia/version ] || [ -e /dev/dxg ]; }

# The program loads CUDA's part of LibTorch only when a GPU is asked for. Where there is no GPU, a wheel that was built for CUDA does without
# the 2.2 GB of NVIDIA's libraries and the Python packages that its other parts need.
install_libtorch_alone() {
  local wanted="LibTorch of $torch_requirement"
  installed "$wanted" || installed "$torch_requirement numpy" && return
  say "installing LibTorch from pip's $torch_requirement into $venv: 530 MB to download where the wheel is built for CUDA, as PyPI's for x86-64
    are, 190 MB where pip finds one for the CPU"
  pip_into_venv --no-compile --no-deps "$torch_requirement"
  local parts
  mapfile -t parts < <("$venv/bin/python" -B scripts/libtorch_parts.py)
  [ ${#parts[@]} -eq 0 ] || pip_into_venv --quiet --no-compile "${parts[@]}"
  if ! "$venv/bin/python" -B scripts/libtorch_parts.py --check; then
    say "it needs more libraries: installing all of its requirements, up to 2.8 GB to download"
    pip_into_venv --no-compile "$torch_requirement"
  fi
  note_installed "$wanted"
}

install_torch() {
  local wanted="$torch_requirement numpy"
  installed "$wanted" && return
  say "installing $torch_requirement into $venv: 2.8 GB to download where the wheel is built for CUDA, as PyPI's for x86-64 are, 210 MB where pip
    finds one for the CPU"
  pip_into_venv --no-compile "$torch_requirement" numpy
  note_installed "$wanted"
}

provide_libtorch() {
  if own_libtorch; then
    say "using the LibTorch that Torch_DIR, LibTorch_ROOT or CMAKE_PREFIX_PATH names"
    [ -z "$for_tests" ] || make_venv
    return
  fi
  make_venv
  if [ -n "$for_tests" ] || has_gpu; then install_torch; else install_libtorch_alone; fi
}

install_packages
[ -z "$for_torch" ] || provide_libtorch
if [ -n "$for_tests" ]; then
  pip_install "pycocotools==$pycocotools_version" numpy  # the tests compare our scores with its
  pip_install "${onnx_packages[@]}"                      # tests/onnx
  pip_install "${report_packages[@]}"                    # scripts/report.sh
  pip_install "tensorboard==$tensorboard_version"        # scripts/to_tensorboard.py
  pip_install "${python_build_packages[@]}" pillow       # the Python package and its tests
fi
say "ready"
