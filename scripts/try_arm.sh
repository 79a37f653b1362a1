#!/usr/bin/env bash
# Builds all that needs no LibTorch for 64-bit Arm and runs its unit tests in QEMU's user mode. Needs no root: headers and libraries for Arm
# are downloaded and unpacked beside the other dependencies, nothing is installed. Safe to run again. Arguments go to ctest.
# Exits with 77 where the tools for it are missing.
#   MTCNN_DEPS_DIR      where headers and libraries for Arm are kept, in arm64-RELEASE (1.1 GB; default ${XDG_CACHE_HOME:-~/.cache}/mtcnn)
#   MTCNN_ARM_SOURCES   a sources.list with packages for arm64, where this machine's own package sources have none
set -euo pipefail
cd "$(dirname "$0")/.."
source scripts/environment.sh

packages=(libopencv-dev libspdlog-dev nlohmann-json3-dev libcli11-dev libgtest-dev libgmock-dev libmatio-dev libprotozero-dev liblz4-dev
          libpugixml-dev libyaml-cpp-dev libavformat-dev libswscale-dev zlib1g-dev)
triple=aarch64-linux-gnu

skip() { printf 'skipped: %s\n' "$*" >&2; exit 77; }

# need PROGRAM... : one of them.
need() {
  local program
  for program in "$@"; do command -v "$program" >/dev/null && return; done
  skip "no ${*: -1} here; needed: apt-get, dpkg-deb, cmake, ninja-build, g++-$triple, qemu-user-static (Debian packages)"
}

# An apt that knows arm64 alone and keeps what it does in the folder $1.
write_apt_settings() {
  local folder=$1
  mkdir -p "$folder"/{state/lists/partial,archives/partial}
  : >"$folder/status"
  cat >"$folder/apt.conf" <<SETTINGS
#clear APT::Architectures;
#clear APT::Update;
#clear DPkg;
APT::Architecture "arm64";
APT::Architectures { "arm64"; };
APT::Install-Recommends "false";
APT::Sandbox::User "";
Acquire::Languages "none";
Dir::State "$folder/state";
Dir::State::status "$folder/status";
Dir::Cache "$folder";
Dir::Cache::archives "$folder/archives";
SETTINGS
  if [ -n "${MTCNN_ARM_SOURCES:-}" ]; then
    printf 'Dir::Etc::sourcelist "%s";\nDir::Etc::sourceparts "-";\n' "$(realpath "$MTCNN_ARM_SOURCES")" >>"$folder/apt.conf"
  fi
}

download() {
  local folder=$1 log=$1/log
  write_apt_settings "$folder"
  # A source that has nothing for Arm is no fault as long as the others have it all.
  apt-get -c "$folder/apt.conf" update -qq >"$log" 2>&1 || true
  apt-get -c "$folder/apt.conf" install --download-only -y -qq "${packages[@]}" >>"$log" 2>&1 || {
    tail -n 20 "$log" >&2
    fail "this machine's package sources do not give what is needed for arm64; name others in MTCNN_ARM_SOURCES"
  }
}

# What package scripts and a root folder at / would have done.
finish_sysroot() {
  local link name
  cd "$1"
  [ -e lib ] || ln -s usr/lib lib
  find . -type l -lname '/*' | while read -r link; do
    ln -sfn "$(realpath -s -m --relative-to="$(dirname "$link")" ".$(readlink "$link")")" "$link"
  done
  for name in blas lapack; do
    [ ! -e "usr/lib/$triple/$name/lib$name.so.3" ] || ln -sf "$name/lib$name.so.3" "usr/lib/$triple/lib$name.so.3"
  done
  printf '%s\n' "${packages[*]}" >.packages
}

# Made under another name: a sysroot that is there is whole.
make_sysroot() {
  local new=$sysroot.new package
  [ "$(cat "$sysroot/.packages" 2>/dev/null)" = "${packages[*]}" ] && return
  trap 'rm -rf "$sysroot.new"' EXIT
  rm -rf "$new"
  mkdir -p "$new/root"
  say "downloading headers and libraries for 64-bit Arm (240 MB)"
  download "$new/apt"
  say "unpacking $(find "$new/apt/archives" -name '*.deb' | wc -l) packages into $sysroot"
  for package in "$new"/apt/archives/*.deb; do dpkg-deb -x "$package" "$new/root"; done
  (finish_sysroot "$new/root")
  rm -rf "$sysroot"
  mv "$new/root" "$sysroot"
  rm -rf "$new"
}

# The hot loops must use the vector units: hundreds of products are fused with sums of four floats.
check_vectors() {
  local fused
  fused=$("$triple-objdump" -d "build/arm64/src/mtcnn/engine/libmtcnn_engine.a" | grep -cE '\bfmla\b.*v[0-9]+\.4s') || true
  [ "$fused" -ge 200 ] || fail "the engine's kernels have $fused fused vector instructions instead of hundreds: the compiler does not use NEON"
  say "the engine's kernels use NEON: $fused fused multiply-adds of four floats"
}

need apt-get
need dpkg-deb
need cmake
need ninja
need "$triple-g++"
need qemu-aarch64-static qemu-aarch64
release_name=$(. /etc/os-release && printf '%s' "${VERSION_CODENAME:-}")
[ -n "$release_name" ] || skip "/etc/os-release names no release, so the packages that fit its compiler are not known"
sysroot=$deps_dir/arm64-$release_name

mkdir -p "$deps_dir"
exec 9>"$sysroot.lock"
flock 9
make_sysroot
exec 9>&-
say "sysroot ready after $SECONDS s"
build_preset arm64
check_vectors
say "built after $SECONDS s"
# QEMU's user mode does not tell a process that what it has started could not be run.
GTEST_FILTER=-Process.GivesTheExitCode ctest --preset arm64 --parallel "$(nproc)" --label-regex '^unit$' "$@"
say "the engine again as a processor without byte products"
QEMU_CPU=cortex-a72 ctest --preset arm64 --parallel "$(nproc)" --tests-regex '^unit.engine_test$'
say "done after $SECONDS s"
