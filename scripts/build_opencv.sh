#!/usr/bin/env bash
# Builds, once, what programs that are copied to other machines read images with: a small static OpenCV (core, imgproc, imgcodecs) with
# its codecs inside, in $MTCNN_DEPS_DIR/opencv-VERSION (default below ${XDG_CACHE_HOME:-~/.cache}/mtcnn), from the source archive of PyPI's
# opencv-python-headless. Prints that folder, for CMake's CMAKE_PREFIX_PATH.
# Needs a compiler, cmake, ninja-build and python3-venv; with nasm, JPEG files are read about twice as fast.
#   MTCNN_JOBS   how many compilers run at a time (default: one a core)
set -euo pipefail
cd "$(dirname "$0")/.."
source scripts/environment.sh

case "${1:-}" in
  "") ;;
  -h | --help) sed -n '2,/^set /{s/^# \{0,1\}//p}' scripts/build_opencv.sh; exit ;;
  *) printf "error: unknown argument '%s' (--help explains)\n" "$1" >&2; exit 2 ;;
esac
prefix=$opencv_prefix work=$opencv_prefix.new
# A second run waits for the first, and then has nothing to do.
mkdir -p "$deps_dir"
exec {lock}>"$prefix.lock"
flock --nonblock "$lock" || { say "waiting for another run that builds OpenCV"; flock "$lock"; }
if [ -d "$prefix" ]; then
  echo "$prefix"
  exit
fi
for tool in cmake ninja c++; do command -v "$tool" >/dev/null || fail "no $tool here; scripts/setup.sh --detector installs it"; done
command -v nasm >/dev/null || say "no nasm here (Debian package nasm): JPEG files will be read about half as fast"

# pip runs the archive's setup.py before it hands the archive over; that one asks for scikit-build and, with the hash, is known to be good.
fetch() {
  make_venv
  pip_install "scikit-build==$opencv_fetch_version" wheel
  say "fetching OpenCV $opencv_version: 96 MB"
  printf 'opencv-python-headless==%s --hash=sha256:%s\n' "$opencv_version" "$opencv_sha256" >"$work/requirement.txt"
  "$venv/bin/python" -m pip download --disable-pip-version-check --quiet --no-deps --no-build-isolation --no-binary opencv-python-headless \
    --require-hashes --requirement "$work/requirement.txt" --dest "$work" >"$work/pip.log" 2>&1 ||
    { tail -n 20 "$work/pip.log" >&2; fail "pip could not fetch opencv-python-headless $opencv_version; see $work/pip.log"; }
  tar -xzf "$work"/opencv*.tar.gz -C "$work"
  mv "$work"/opencv*/opencv "$work/source"
}

options=(
  -DCMAKE_BUILD_TYPE=Release -DCMAKE_POSITION_INDEPENDENT_CODE=ON -DBUILD_SHARED_LIBS=OFF
  -DCMAKE_C_VISIBILITY_PRESET=hidden -DCMAKE_CXX_VISIBILITY_PRESET=hidden -DCMAKE_VISIBILITY_INLINES_HIDDEN=ON
  -DBUILD_LIST=core,imgproc,imgcodecs
  # The bundled codecs, and nothing of the system's.
  -DOPENCV_FORCE_3RDPARTY_BUILD=ON -DBUILD_ZLIB=ON -DBUILD_JPEG=ON -DBUILD_PNG=ON -DBUILD_TIFF=ON -DBUILD_WEBP=ON -DBUILD_OPENJPEG=ON
  -DWITH_JPEG=ON -DWITH_PNG=ON -DWITH_TIFF=ON -DWITH_WEBP=ON -DWITH_OPENJPEG=ON -DWITH_IMGCODEC_PXM=ON
  -DWITH_AVIF=OFF -DWITH_JASPER=OFF -DWITH_OPENEXR=OFF -DBUILD_OPENEXR=OFF -DWITH_GDAL=OFF -DWITH_GDCM=OFF -DWITH_SPNG=OFF -DWITH_JPEGXL=OFF
  -DWITH_IMGCODEC_GIF=OFF -DWITH_IMGCODEC_HDR=OFF -DWITH_IMGCODEC_SUNRASTER=OFF -DWITH_IMGCODEC_PFM=OFF
  # What speeds up or shows what we do not call.
  -DWITH_IPP=OFF -DWITH_ITT=OFF -DBUILD_ITT=OFF -DWITH_OPENCL=OFF -DWITH_LAPACK=OFF -DWITH_EIGEN=OFF -DWITH_PROTOBUF=OFF
  -DWITH_FLATBUFFERS=OFF -DWITH_QUIRC=OFF -DWITH_ADE=OFF -DWITH_CAROTENE=OFF -DWITH_KLEIDICV=OFF -DWITH_VA=OFF -DWITH_VA_INTEL=OFF
  -DWITH_VTK=OFF -DWITH_GTK=OFF -DWITH_FFMPEG=OFF -DWITH_GSTREAMER=OFF -DWITH_V4L=OFF -DWITH_1394=OFF -DWITH_OBSENSOR=OFF -DWITH_TBB=OFF
  -DBUILD_TBB=OFF -DBUILD_opencv_apps=OFF -DBUILD_JAVA=OFF -DBUILD_opencv_python3=OFF -DBUILD_TESTS=OFF -DBUILD_PERF_TESTS=OFF
  -DBUILD_EXAMPLES=OFF -DBUILD_DOCS=OFF -DCV_TRACE=OFF -DOPENCV_GENERATE_SETUPVARS=OFF
  # The same code on every machine that builds it.
  -DBUILD_INFO_SKIP_TIMESTAMP=ON -DBUILD_INFO_SKIP_SYSTEM_VERSION=ON -DBUILD_INFO_SKIP_EXTRA_MODULES=ON -DENABLE_CCACHE=OFF
)
# Versions of code for newer units cost most of the compile time, and we call little of it.
case "$(uname -m)" in x86_64) options+=("-DCPU_DISPATCH=SSE4_1;AVX2") ;; esac

build() {
  say "building OpenCV $opencv_version without what is not needed: some minutes; full log in $work/build.log"
  local flags="-ffile-prefix-map=$work/source=opencv -ffile-prefix-map=$work/build=opencv-build"
  {
    cmake -S "$work/source" -B "$work/build" -G Ninja "${options[@]}" -DCMAKE_INSTALL_PREFIX="$work/install" \
      -DCMAKE_C_FLAGS="$flags" -DCMAKE_CXX_FLAGS="$flags" &&
      # What cv::getBuildInformation() would say of this machine's folders.
      sed -i '/[ =]\//d' "$work/build/modules/core/version_string.inc" &&
      cmake --build "$work/build" --parallel "${MTCNN_JOBS:-$(nproc)}" && cmake --install "$work/build"
  } >"$work/build.log" 2>&1 ||
    { grep -E -A5 'error|Error|FAILED' "$work/build.log" | tail -n 40 >&2; fail "OpenCV's build failed; see $work/build.log"; }
}

# OpenCV's zlib, for us too: a program must not hold two.
offer_zlib() {
  cp "$work/source/3rdparty/zlib/zlib.h" "$work/build/3rdparty/zlib/zconf.h" "$work/install/include/"
  ln -s opencv4/3rdparty/libzlib.a "$work/install/lib/libz.a"
  [ -e "$work/install/lib/libz.a" ] || fail "OpenCV's build left no zlib in $work/install/lib/opencv4/3rdparty"
}

rm -rf "$work"
mkdir -p "$work"
fetch
build
offer_zlib
rm -rf "$work/install/share/opencv4"  # cascades of another detector
mv "$work/install" "$prefix"
rm -rf "$work"
say "OpenCV $opencv_version is in $prefix"
echo "$prefix"
