#!/usr/bin/env bash
# Makes what a release consists of, in dist/, from the commit that is checked out; the same commit gives the same bytes:
#   mtcnn-VERSION.tar.gz         the sources
#   libmtcnn-VERSION-...whl      the Python package, which needs no compiler and no Debian package where it is installed
#   mtcnn_VERSION_amd64.deb      the program, which needs the C library alone
#   SHA256SUMS
#   release.sh                   all of them
#   release.sh source|wheel|deb  one or some of them, and dist/ then holds no others
#   release.sh --twice ...       makes them again, with nothing kept from the first time, and fails where a byte differs
# Needs what scripts/build_opencv.sh needs, and dpkg-deb for the Debian package. The tree must be clean.
set -euo pipefail
cd "$(dirname "$0")/.."
source scripts/environment.sh

twice='' parts=()
for argument in "$@"; do
  case "$argument" in
    -h | --help) sed -n '2,/^set /{s/^# \{0,1\}//p}' scripts/release.sh; exit ;;
    --twice) twice=yes ;;
    source | wheel | deb) parts+=("$argument") ;;
    *) printf "error: unknown argument '%s' (--help explains)\n" "$argument" >&2; exit 2 ;;
  esac
done
[ ${#parts[@]} -gt 0 ] || parts=(source wheel deb)

dirty=$(git status --porcelain)
[ -z "$dirty" ] || fail "the tree is not clean; commit, remove or ignore these first:
$dirty"
version=$(sed -n 's/^project(mtcnn VERSION \([0-9.]*\).*/\1/p' CMakeLists.txt)
[ -n "$version" ] || fail "CMakeLists.txt names no version"
SOURCE_DATE_EPOCH=$(git log -1 --format=%ct)
export SOURCE_DATE_EPOCH
export LC_ALL=C.UTF-8 TZ=UTC
umask 022
portable=build/portable

# needs_only_c_library FILE: fails where a program or library asks for more when it starts.
needs_only_c_library() {
  local needed
  needed=$(readelf --dynamic "$1" | sed -n 's/.*(NEEDED).*\[\(.*\)\]/\1/p')
  needed=$(grep -vE '^(lib(c|m|dl|rt|pthread)\.so\.[0-9]|ld-linux.*)$' <<<"$needed" || true)
  [ -z "$needed" ] || fail "$1 is not portable, it needs: ${needed//$'\n'/ }"
}

# The newest symbols of the C library that FILE uses, as 2.35.
glibc_of() { objdump --dynamic-syms "$1" | grep -o 'GLIBC_[0-9.]*' | sed 's/GLIBC_//' | sort --version-sort | tail -n 1; }

make_source() {
  say "sources"
  git -c tar.umask=0022 archive --format=tar --prefix="mtcnn-$version/" HEAD | gzip --no-name --best >"$1/mtcnn-$version.tar.gz"
}

# Settings of an older configuration could be part of the program.
build_program() {
  rm -f "$portable/CMakeCache.txt"
  CMAKE_PREFIX_PATH=$opencv_prefix build_preset portable mtcnn
  needs_only_c_library "$portable/mtcnn"
}

make_deb() {
  command -v dpkg-deb >/dev/null || fail "no dpkg-deb here (Debian package dpkg)"
  build_program
  local root=build/deb architecture; architecture=$(dpkg --print-architecture)
  say "Debian package"
  rm -rf "$root"
  mkdir -p "$root"/DEBIAN "$root"/usr/bin "$root"/usr/share/doc/mtcnn "$root"/usr/share/man/man1
  strip -o "$root/usr/bin/mtcnn" "$portable/mtcnn"
  chmod 755 "$root/usr/bin/mtcnn"
  cat LICENSE THIRD_PARTY_NOTICES >"$root/usr/share/doc/mtcnn/copyright"
  gzip --no-name --best --stdout CHANGELOG.md >"$root/usr/share/doc/mtcnn/changelog.gz"
  system_python -B scripts/man_page.py "$portable/mtcnn" | gzip --no-name --best >"$root/usr/share/man/man1/mtcnn.1.gz"
  cat >"$root/DEBIAN/control" <<END
Package: mtcnn
Version: $version
Architecture: $architecture
Maintainer: the mtcnn developers
Installed-Size: $(du --summarize --apparent-size --block-size=1024 "$root/usr" | cut -f 1)
Depends: libc6 (>= $(glibc_of "$portable/mtcnn"))
Section: graphics
Priority: optional
Description: three-stage MTCNN face detector
 Finds faces and five landmarks of each in images, prepares data and scores
 detectors. One program with its model inside. Training, videos and GPUs need
 LibTorch or FFmpeg and a build from the sources.
END
  find "$root" -exec touch --no-dereference --date="@$SOURCE_DATE_EPOCH" {} +
  # Several threads would cut the compressed data elsewhere.
  dpkg-deb --root-owner-group -Zxz --threads-max=1 --build "$root" "$1/mtcnn_${version}_$architecture.deb" >/dev/null
}

# The wheel: pip builds it with the versions of environment.sh, auditwheel finds the oldest manylinux that it runs on. In an environment of
# its own: where torch is installed, the package would be built with it.
make_wheel() {
  local venv=$deps_dir/wheel-venv
  make_venv
  pip_install "${python_build_packages[@]}"
  pip_install "${wheel_packages[@]}"
  local made=build/wheel-made log=build/wheel.log setting settings=()
  for setting in MTCNN_PORTABLE=ON MTCNN_WITH_TORCH=OFF MTCNN_WITH_VIDEO=OFF MTCNN_WITH_MATIO=OFF "CMAKE_PREFIX_PATH=$opencv_prefix"; do
    settings+=("--config-settings=cmake.define.$setting")
  done
  say "wheel (full log in $log)"
  rm -rf "$made" build/wheel
  mkdir -p "$made/repaired"
  env -u MTCNN_TORCH "$venv/bin/python" -m pip wheel --disable-pip-version-check --no-deps --no-build-isolation --no-cache-dir \
    --wheel-dir "$made" "--config-settings=build-dir=$PWD/build/wheel" "${settings[@]}" --verbose ./python >"$log" 2>&1 ||
    { tail -n 40 "$log" >&2; fail "the wheel's build failed; see $log"; }
  "$venv/bin/python" -m zipfile -e "$made"/*.whl "$made/content"
  local file
  while read -r file; do needs_only_c_library "$file"; done < <(find "$made/content" \( -name '*.so*' -o -path '*/bin/*' \) -type f)
  PATH=$venv/bin:$PATH "$venv/bin/auditwheel" repair --plat auto --wheel-dir "$made/repaired" "$made"/*.whl >>"$log" 2>&1 ||
    { tail -n 20 "$log" >&2; fail "auditwheel refused the wheel; see $log"; }
  try_wheel "$made"/repaired/*.whl
  mv "$made"/repaired/*.whl "$1/"
}

# Installs it with what it requires, where there is nothing else, and looks for a face.
try_wheel() {
  local place=build/wheel-tried
  rm -rf "$place"
  system_python -m venv "$place"
  "$place/bin/python" -m pip install --disable-pip-version-check --quiet "$1" >&2
  ! "$place/bin/python" -m pip show --quiet torch 2>/dev/null || fail "the wheel requires torch"
  (cd "$place" && env -i PATH=/usr/bin:/bin bin/mtcnn detect ../../samples/astronaut.jpg | grep '1 face' >/dev/null) ||
    fail "the program of the installed wheel finds no face in samples/astronaut.jpg"
  (cd "$place" && bin/python -c 'import libmtcnn; assert len(libmtcnn.MTCNN().detect_faces("../../samples/astronaut.jpg")) == 1' &&
    bin/python -c 'import libmtcnn.program; libmtcnn.program.run("detect", "../../samples/astronaut.jpg")') ||
    fail "the installed wheel finds no face in samples/astronaut.jpg"
  rm -rf "$place"
}

make_all() {
  local part
  rm -rf "$1"
  mkdir -p "$1"
  for part in "${parts[@]}"; do "make_$part" "$1"; done
  (cd "$1" && sha256sum -- * >SHA256SUMS)
}

case " ${parts[*]} " in *" wheel "* | *" deb "*) opencv_prefix=$(scripts/build_opencv.sh) ;; esac
rm -rf dist.new
if [ -n "$twice" ]; then
  make_all dist.again
  rm -rf "$portable"
  export CCACHE_DISABLE=1
fi
make_all dist.new
if [ -n "$twice" ]; then
  diff dist.again/SHA256SUMS dist.new/SHA256SUMS >&2 || fail "the second time gave other bytes; both are here: dist.again/, dist.new/"
  rm -rf dist.again
  say "the second time gave the same bytes"
fi
rm -rf dist
mv dist.new dist
(cd dist && ls -l -- * >&2)
say "version $version, commit $(git rev-parse --short HEAD), is in dist/"
