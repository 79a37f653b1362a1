#!/usr/bin/env bash
# Does what README says on a bare Debian or Ubuntu: makes a root folder with debootstrap, clones this tree's HEAD into it and runs the two
# commands as an ordinary user with sudo, with that system's own pip and nothing installed before.
#   try_system.sh SUITE [--quick | --wheel FILE] [--keep] [--mirror URL]
#   SUITE      bookworm, trixie, sid, or what debootstrap knows besides
#   --quick    scripts/quickstart.sh alone
#   --wheel    instead: only python3-venv is installed, then the wheel FILE, and Python programs find the face in a photo
#   --keep     keeps the root folder, for a look
#   --mirror   where debootstrap finds the packages
#   MTCNN_TRY_DIR   where roots, pip's cache and apt's packages are kept between runs (default ${XDG_CACHE_HOME:-~/.cache}/mtcnn/systems)
# Needs root (chroot) and debootstrap. Prints a row for the table in docs/install.md; the log lies beside the root.
set -euo pipefail
cd "$(dirname "$0")/.."
source scripts/environment.sh

help() { sed -n '2,/^set /{s/^# \{0,1\}//p}' scripts/try_system.sh; }
wrong_usage() { printf 'error: %s (--help explains)\n' "$*" >&2; exit 2; }

arguments=("$@") suite='' quick='' wheel='' keep='' mirror=''
while [ $# -gt 0 ]; do
  case "$1" in
    -h | --help) help; exit ;;
    --quick) quick=yes; shift ;;
    --wheel) [ $# -ge 2 ] || wrong_usage "--wheel needs a file"; wheel=$(realpath "$2"); shift 2 ;;
    --keep) keep=yes; shift ;;
    --mirror) [ $# -ge 2 ] || wrong_usage "--mirror needs a URL"; mirror=$2; shift 2 ;;
    -*) wrong_usage "unknown option '$1'" ;;
    *) [ -z "$suite" ] || wrong_usage "one suite at a time"; suite=$1; shift ;;
  esac
done
[ -n "$suite" ] || wrong_usage "no suite given, as bookworm"
[ -z "$wheel" ] || [ -f "$wheel" ] || fail "no such file: $wheel"
[ "$(id -u)" -eq 0 ] || fail "making a root folder needs root"
command -v debootstrap >/dev/null || fail "no debootstrap here; apt-get install debootstrap"
try_dir=${MTCNN_TRY_DIR:-$deps_dir/systems}
base=$try_dir/$suite.base root=$try_dir/$suite.root log=$try_dir/$suite.log
# Mounts of a namespace of our own are gone with it, however this ends: only out here is it safe to remove the root folder, which has this
# machine's /dev in it until then.
if [ -z "${MTCNN_TRY_INSIDE:-}" ]; then
  MTCNN_TRY_INSIDE=1 unshare --mount --pid --fork --kill-child "$PWD/scripts/try_system.sh" "${arguments[@]}"
  [ -n "$keep" ] || rm -rf --one-file-system "$root"
  exit
fi

mkdir -p "$try_dir/pip" "$try_dir/apt-$suite"

if [ ! -d "$base" ]; then
  say "bare $suite by debootstrap"
  rm -rf "$base.new"
  debootstrap --variant=minbase --include=ca-certificates,sudo "$suite" "$base.new" ${mirror:+"$mirror"} >"$log" 2>&1 ||
    { tail -n 5 "$log" >&2; fail "debootstrap failed; see $log"; }
  rm -f "$base.new"/var/cache/apt/archives/*.deb
  mv "$base.new" "$base"
fi
rm -rf --one-file-system "$root"
mkdir "$root"
cp -a "$base/." "$root"

# in_root COMMAND : as the user in the root, in an environment that holds only what every login has, and where the network's certificates are.
user=newcomer
certificates=${SSL_CERT_FILE:-/etc/ssl/certs/ca-certificates.crt}
passed=()
for name in http_proxy https_proxy no_proxy; do [ -z "${!name:-}" ] || passed+=("$name=${!name}"); done
[ -z "${SSL_CERT_FILE:-}" ] || passed+=(PIP_CERT=/etc/ssl/certs/ca-certificates.crt)
in_root() {
  chroot "$root" /usr/bin/env -i HOME=/home/$user USER=$user LANG=C.UTF-8 PATH=/usr/local/bin:/usr/bin:/bin "${passed[@]}" \
    setpriv --reuid=1000 --regid=1000 --init-groups bash -c "cd /home/$user/mtcnn && $1"
}

chroot "$root" useradd --create-home --uid 1000 --shell /bin/bash $user
echo "$user ALL=(ALL) NOPASSWD: ALL" >"$root/etc/sudoers.d/$user"
cp /etc/resolv.conf "$root/etc/resolv.conf"
echo "127.0.0.1 localhost $(hostname)" >"$root/etc/hosts"
cp "$certificates" "$root/etc/ssl/certs/ca-certificates.crt"
mount -t proc proc "$root/proc"
mount --rbind /dev "$root/dev"
mount --bind "$try_dir/apt-$suite" "$root/var/cache/apt/archives"
mkdir -p "$root/home/$user/.cache/pip"
mount --bind "$try_dir/pip" "$root/home/$user/.cache/pip"
git clone --quiet --no-hardlinks . "$root/home/$user/mtcnn"
chown -R 1000:1000 "$root/home/$user" "$try_dir/pip"

# timed NAME COMMAND : seconds into seconds[NAME].
declare -A seconds
timed() {
  local start=$SECONDS
  say "$suite: $2"
  in_root "$2" >>"$log" 2>&1 || { tail -n 30 "$log" >&2; fail "$2 failed on $suite after $((SECONDS - start)) s; see $log"; }
  seconds[$1]=$((SECONDS - start))
  say "$suite: $2: ${seconds[$1]} s"
}
: >"$log"
version() { in_root "dpkg-query -W -f='\${Version}' $1 2>/dev/null | sed 's/^[0-9]*://; s/[-+].*//'"; }
system=$(in_root '. /etc/os-release; echo "$PRETTY_NAME"')

# Users of this package and of the two whose place it takes, with the import changed.
write_programs() {
  cat >"$1/ours.py" <<'END'
from libmtcnn import MTCNN

mtcnn = MTCNN()
for face in mtcnn.detect_faces("photo.jpg"):
    print(face["box"], face["confidence"], face["keypoints"]["nose"])
END
  cat >"$1/as_facenet_pytorch.py" <<'END'
from libmtcnn import MTCNN
from PIL import Image

mtcnn = MTCNN(image_size=160, margin=0)
img = Image.open("photo.jpg")
img_cropped = mtcnn(img, save_path="cropped.png")
boxes, probs = mtcnn.detect(img)
print(img_cropped.shape, boxes.shape, probs[0] > 0.9)
END
  cat >"$1/as_mtcnn.py" <<'END'
from libmtcnn import MTCNN
from libmtcnn.utils.images import load_image

detector = MTCNN(device="CPU:0")
image = load_image("photo.jpg")
result = detector.detect_faces(image)
print(len(result), sorted(result[0]), sorted(result[0]["keypoints"]))
END
}

if [ -n "$wheel" ]; then
  mkdir "$root/home/$user/wheel"
  cp "$wheel" "$root/home/$user/wheel/"
  cp samples/astronaut.jpg "$root/home/$user/wheel/photo.jpg"
  write_programs "$root/home/$user/wheel"
  chown -R 1000:1000 "$root/home/$user/wheel"
  timed python "{ sudo apt-get update -qq || true; } && sudo apt-get install -y -qq --no-install-recommends python3-venv >/dev/null"
  for numpy in 'numpy<2' numpy; do
    # An old numpy may have no wheel for a new Python.
    timed install "cd ../wheel && rm -rf venv && python3 -m venv venv && { venv/bin/pip install -q --only-binary :all: '$numpy' || [ '$numpy' != numpy ]; } &&
      venv/bin/pip install -q *.whl pillow && venv/bin/pip list"
    timed run "cd ../wheel && for program in ours as_facenet_pytorch as_mtcnn; do venv/bin/python \$program.py || exit 1; done && venv/bin/mtcnn detect photo.jpg"
  done
  printf '| %s | Python %s | %s | %s |\n' "$system" "$(in_root 'python3 -V | cut -d" " -f2')" \
    "$(sed -n 's/^numpy *\([0-9]\)/numpy \1/p' "$log" | sort -u | paste -sd, | sed 's/,/, /g')" "$(date +%F)"
  grep -A6 -E '^\[[0-9]' "$log" | tail -n 7 >&2
  exit
fi
timed quickstart scripts/quickstart.sh
faces=$(in_root 'grep -o "\"box\"" out/quickstart/faces.jsonl | wc -l')
[ "$faces" -gt 0 ] || fail "the quick start found no face on $suite"
if [ -z "$quick" ]; then
  timed test scripts/test.sh
  grep -E 'tests passed|tests failed|Did not run|Not Run|Skipped' "$log" | tail -n 20 >&2
fi

torch=$(in_root 'sed -n "s/.*LibTorch \([0-9.]* ([A-Z]*)\).*/\1/p" build/release.log 2>/dev/null | tail -n 1')
printf '| %s | GCC %s | %s | %s | %s | %s | %s | %s s | %s | %s |\n' "$system" "$(in_root 'g++ -dumpfullversion')" "$(version cmake)" \
  "$(version libopencv-dev)" "$(version libavformat-dev)" "$(version python3)" "$torch" "${seconds[quickstart]}" \
  "${seconds[test]:+${seconds[test]} s}" "$(date +%F)"
