# Shared by the scripts: where things lie, and how they speak. Source it from the repository root.
torch_version=2.13.0
pycocotools_version=2.0.11
tensorboard_version=2.21.0
report_packages=(nbconvert==7.17.2 ipykernel==7.4.0 matplotlib==3.11.2 pillow==13.0.0)
python_build_packages=(scikit-build-core==1.1.2 pybind11==3.1.0)
deps_dir=${MTCNN_DEPS_DIR:-${XDG_CACHE_HOME:-$HOME/.cache}/mtcnn}
venv=$deps_dir/venv
release=build/release

say() { printf '\033[1m==>\033[0m %s\n' "$*" >&2; }
fail() { printf 'error: %s\n' "$*" >&2; exit 1; }

# The interpreter that makes the virtual environment; torch wheels follow its version.
system_python() { "${PYTHON:-python3}" "$@"; }

# make_venv: the virtual environment, unless it is there already.
make_venv() {
  [ -x "$venv/bin/python" ] && return
  say "making the virtual environment $venv"
  mkdir -p "$(dirname "$venv")"
  system_python -m venv "$venv" || fail "could not make $venv (is python3-venv installed?)"
}

# pip_install PACKAGE... : into the virtual environment, unless exactly these are there already.
pip_install() {
  local stamp="$venv/.installed" wanted="$*"
  [ -f "$stamp" ] && grep -qxF "$wanted" "$stamp" && return
  say "installing into $venv: $wanted"
  "$venv/bin/python" -m pip install --quiet --disable-pip-version-check "$@" || fail "pip could not install: $wanted"
  echo "$wanted" >>"$stamp"
}

# True where the user brought a LibTorch.
own_libtorch() {
  [ -n "${Torch_DIR:-}" ] && return
  local IFS=:\; dir
  for dir in ${CMAKE_PREFIX_PATH:-}; do
    [ -e "$dir/share/cmake/Torch/TorchConfig.cmake" ] || [ -e "$dir/Torch/TorchConfig.cmake" ] && return
  done
  return 1
}

# build_preset NAME: configure and build, quietly unless something fails.
build_preset() {
  local log="build/$1.log"
  mkdir -p build
  say "building (preset $1; full log in $log)"
  { cmake --preset "$1" && cmake --build --preset "$1"; } >"$log" 2>&1 ||
    { grep -E -A5 'error|Error|FAILED' "$log" | tail -n 40 >&2; fail "the build failed; see $log"; }
}
