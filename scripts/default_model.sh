#!/usr/bin/env bash
# Trains on faces and crowds, from the data sets to model folders: the default model's O-Net, finetuned and averaged with the one before, and
# P-Net, R-Net and O-Net from scratch:
#   default_model.sh DATA MIRROR OUT
#   DATA      folder with wider/, celeba/ and crowds/ (assemble.py, sets.json and labels/)
#   MIRROR    git directories of the repositories that sets.json names, as OWNER+NAME/
#   OUT       receives the training lists, crops and runs, and the models in default/ and from_scratch/; a run that was cut off goes on from there
# docs/results.md ("From scratch, with crowds") compares them. About two hours on two cores of an EPYC of the fifth
# generation; 70 GB below OUT. MTCNN_PROGRAM=FILE: another program than the release build's.
set -euo pipefail
[ $# = 3 ] || { sed -n '2,/^set /{/^set /!s/^# \{0,1\}//p}' "$0" >&2; exit 2; }
mkdir -p "$3/data"
data=$(realpath "$1") mirror=$(realpath "$2") out=$(realpath "$3")
cd "$(dirname "$0")/.."
source scripts/environment.sh

# The default model before O-Net's last finetuning, from this repository's history. Its faces are ignored where the labels lack them.
model_before=f4b5f80
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
  git archive "$model_before" models/default | tar -x -C "$out/data"
  "$program" detect "$out/data/crowds" --model "$out/data/models/default" --json "$out/data/second.jsonl" \
    --min-face 10 --factor 0.79 --thresholds 0.6,0.5,0.5
}

finetune() {
  local before=$out/data/models/default crops=$out/crops/finetuned-onet run=$out/runs/finetuned-onet resume=()
  "$program" prepare --stage onet --config configs/default/prepare.json --data "$out/data" --model "$before" --init "$before" --out "$crops" \
    --set onet.positives=6 --set onet.parts=5 --set onet.near_negatives=4 --set onet.max_samples=900 --set onet.crop_margin=0 \
    --set onet.mine.negatives=25
  [ ! -e "$run/config.json" ] || resume=(--resume)
  "$program" train --net onet --data "$crops" --init "$before" --teacher "$before" --config configs/finetune/onet_crowds.json --out "$run" "${resume[@]}"
}

# export_model NAME SOURCE NET...: the default model before with these nets in place of its own, as OUT/NAME.
export_model() {
  "$program" export --run "$out/data/models/default" "${@:3}" --out "$out/$1" --metadata licence=MIT --metadata "source=$2" \
    --metadata "data=images in the layouts of WIDER FACE and CelebA, and public images of crowds; see models/default/MODEL_CARD.md"
}

once crowds crowds
once second second
once lists "$venv/bin/python" scripts/default_model_data.py "$out/data/crowds" "$data/crowds" "$mirror" --second "$out/data/second.jsonl"
ln -sfn "$data/wider" "$data/celeba" "$out/data"
once finetune finetune
# As few false faces at the default thresholds as before.
"$program" average --net onet "$out/data/models/default" "$out/runs/finetuned-onet" --raise-logit -0.1 --out "$out/onet.safetensors"
export_model default "facenet-pytorch 2.6.0 (THIRD_PARTY_NOTICES), finetuned by scripts/default_model.sh of $(git rev-parse --short HEAD)" "$out/onet.safetensors"

"$program" pipeline --config configs/default/pipeline.json --data "$out/data" --out "$out"
# Its probabilities are lower than those that the default thresholds were made for.
"$program" average --net rnet "$out/runs/1-rnet" --raise-logit 2 --out "$out/rnet.safetensors"
export_model from_scratch "from scratch, scripts/default_model.sh of $(git rev-parse --short HEAD)" \
  "$out/runs/1-pnet" "$out/rnet.safetensors" "$out/runs/1-onet"
