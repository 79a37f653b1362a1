#!/usr/bin/env bash
# Trains P-Net, R-Net and O-Net from scratch on faces and crowds, from the data sets to a model folder:
#   default_model.sh DATA MIRROR OUT
#   DATA      folder with wider/, celeba/ and crowds/ (assemble.py, sets.json and labels/)
#   MIRROR    git directories of the repositories that sets.json names, as OWNER+NAME/
#   OUT       receives the training lists, crops and runs, and the model in from_scratch/; a run that was cut off goes on from there
# docs/results.md ("From scratch, with crowds") compares the result with the default model. About an hour and a half on two cores of an EPYC of
# the fifth generation; 45 GB below OUT. MTCNN_PROGRAM=FILE: another program than the release build's.
set -euo pipefail
[ $# = 3 ] || { sed -n '2,/^set /{/^set /!s/^# \{0,1\}//p}' "$0" >&2; exit 2; }
mkdir -p "$3/data"
data=$(realpath "$1") mirror=$(realpath "$2") out=$(realpath "$3")
cd "$(dirname "$0")/.."
source scripts/environment.sh

# The detector whose faces are ignored where the labels lack them: an earlier default model, from this repository's history.
second_detector=f4b5f80
# Labelled anew, with three looks per image, as the labels at hand miss most of their small faces.
relabelled=sht,jolig,karangrp,deoldify

for set in wider celeba crowds; do [ -d "$data/$set" ] || fail "no folder '$data/$set'"; done
[ -d "$mirror" ] || fail "no folder '$mirror'"
program=${MTCNN_PROGRAM:-$release/mtcnn}
[ -x "$program-torch" ] || fail "no $program with LibTorch; scripts/quickstart.sh --train builds it"
pip_install numpy scipy "opencv-python-headless==$opencv_version"

# once NAME COMMAND... : runs the command unless an earlier run has finished it.
once() {
  [ -e "$out/data/$1.done" ] && return
  say "$1"
  "${@:2}"
  : >"$out/data/$1.done"
}

assemble() { "$venv/bin/python" "$data/crowds/assemble.py" --mirror "$mirror" --out "$out/data/crowds" "$@"; }
crowds() {
  assemble
  assemble --sets "$relabelled" --relabel
}
second() {
  git archive "$second_detector" models/default | tar -x -C "$out/data"
  "$program" detect "$out/data/crowds" --model "$out/data/models/default" --json "$out/data/second.jsonl" \
    --min-face 10 --factor 0.79 --thresholds 0.6,0.5,0.5
}

once crowds crowds
once second second
once lists "$venv/bin/python" scripts/default_model_data.py "$out/data/crowds" "$data/crowds" "$mirror" --second "$out/data/second.jsonl"
ln -sfn "$data/wider" "$data/celeba" "$out/data"
"$program" pipeline --config configs/default/pipeline.json --data "$out/data" --out "$out"
# Its probabilities are lower than those that the default thresholds were made for.
"$program" average --net rnet "$out/runs/1-rnet" --raise-logit 2 --out "$out/rnet.safetensors"
"$program" export --run "$out/data/models/default" "$out/runs/1-pnet" "$out/rnet.safetensors" "$out/runs/1-onet" --out "$out/from_scratch" \
  --metadata licence=MIT --metadata "source=from scratch, scripts/default_model.sh of $(git rev-parse --short HEAD)" \
  --metadata "data=images in the layouts of WIDER FACE and CelebA, and public images of crowds; see docs/results.md"
