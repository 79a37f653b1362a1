#!/usr/bin/env bash
# Installs what the project builds with: Debian packages and LibTorch (from the torch wheel, in a virtual environment outside the source
# tree). Safe to run again: it does nothing where nothing is missing.
#   MTCNN_DEPS_DIR   where the virtual environment lives (default ${XDG_CACHE_HOME:-~/.cache}/mtcnn)
#   Torch_DIR, CMAKE_PREFIX_PATH   a LibTorch of your own; the virtual environment then holds only what the tests need
set -euo pipefail
cd "$(dirname "$0")/.."
source scripts/environment.sh

packages=(g++ cmake ninja-build ccache git libopencv-dev libspdlog-dev nlohmann-json3-dev libcli11-dev libgtest-dev libgmock-dev
          libbenchmark-dev libmatio-dev libavformat-dev libswscale-dev zlib1g-dev clang-format clang-tidy python3 python3-venv
          doxygen xvfb)

install_packages() {
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
    command -v sudo >/dev/null && sudo -n true 2>/dev/null && as_root=(sudo) ||
      fail "these Debian packages are missing and installing them needs root: ${missing[*]}
  run: sudo apt-get install --no-install-recommends ${missing[*]}"
  fi
  say "installing ${#missing[@]} Debian packages: ${missing[*]}"
  "${as_root[@]}" apt-get update -qq || say "apt-get update failed; going on with the package lists that are here"
  # dpkg reports every package on stdout; it is only worth reading when it failed.
  local log; log=$(mktemp)
  DEBIAN_FRONTEND=noninteractive "${as_root[@]}" apt-get install -y -qq --no-install-recommends "${missing[@]}" >"$log" 2>&1 ||
    { tail -n 20 "$log" >&2; fail "apt-get could not install: ${missing[*]}"; }
  rm -f "$log"
}

install_packages
make_venv
if own_libtorch; then
  say "using the LibTorch that Torch_DIR or CMAKE_PREFIX_PATH names"
else
  pip_install "torch==$torch_version" numpy
fi
pip_install "pycocotools==$pycocotools_version" numpy  # the tests compare our scores with its
pip_install "${report_packages[@]}"                    # scripts/report.sh
pip_install "tensorboard==$tensorboard_version"        # scripts/to_tensorboard.py
pip_install "${python_build_packages[@]}" pillow       # the Python package and its tests
say "ready"
