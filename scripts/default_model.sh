#!/usr/bin/env bash
# Makes a model from data alone, to take the default model's place once it is better everywhere (docs/results.md, "From scratch, with crowds"):
# lists of the training images, then P-Net, R-Net and O-Net from scratch.
# usage: default_model.sh DATA MIRROR OUT
#   DATA    a folder with wider/, celeba/ and crowds/ (assemble.py, sets.json and labels/)
#   MIRROR  git directories of the repositories that sets.json names, as OWNER+NAME/
#   OUT     receives data/, the pipeline's folders and model/; a run that was cut goes on from there
#   MTCNN_PROGRAM   another program than the release build's
# Takes an hour and a half on two cores of an EPYC of the fifth generation, and 45 GB below OUT. The same data give the same bytes on the same
# type of CPU.
set -euo pipefail
cd "$(dirname "$0")/.."
source scripts/environment.sh

# The detector that gives the second opinion on the labels: an earlier default model, from this repository's history.
second_opinion=f4b5f80
crowds=(sht sports har jolig karangrp deoldify hana espec flickr8k willow)
# Looked at three times each, as one look misses most of their small faces; the labels at hand are one look.
relabelled=(sht jolig karangrp deoldify)

[ $# = 3 ] || { sed -n '2,/^set /{s/^# \{0,1\}//p}' "$0"; exit 2; }
[ -d "$1/wider" ] && [ -d "$1/celeba" ] && [ -d "$1/crowds" ] || fail "'$1' has no folders wider, celeba and crowds"
[ -d "$2" ] || fail "there is no folder '$2'"
mkdir -p "$3/data/crowds"
data=$(realpath "$1") mirror=$(realpath "$2") out=$(realpath "$3")
program=${MTCNN_PROGRAM:-$release/mtcnn}
[ -x "$program-torch" ] || fail "no $program with LibTorch; scripts/quickstart.sh --train builds it"
pip_install numpy scipy opencv-python-headless==4.14.0.94

ln -sfn "$data/wider" "$out/data/wider"
ln -sfn "$data/celeba" "$out/data/celeba"

# once NAME COMMAND... : runs the command unless an earlier run has.
once() {
  local mark="$out/data/.$1"
  [ -e "$mark" ] && return
  say "$1"
  "${@:2}"
  : >"$mark"
}

assemble() {
  local set
  for set in "${crowds[@]}"; do
    local again=()
    case " ${relabelled[*]} " in *" $set "*) again=(--relabel) ;; esac
    "$venv/bin/python" "$data/crowds/assemble.py" --mirror "$mirror" --out "$out/data/crowds" --sets "$set" "${again[@]}"
  done
}

second_detections() {
  local set
  git archive "$second_opinion" models/default | tar -x -C "$out/data"
  for set in "${crowds[@]}"; do
    "$program" detect "$out/data/crowds/$set/images" --model "$out/data/models/default" --json "$out/data/second/$set.jsonl" \
      --min-face 10 --set factor=0.79 --set thresholds=[0.6,0.5,0.5]
  done
}

lists() {
  "$venv/bin/python" scripts/default_model_data.py "$out/data/crowds" "$data/crowds" "$mirror" --second "$out"/data/second/*.jsonl
}

once "crowds" assemble
once "second opinion" second_detections
once "lists" lists
"$program" pipeline --config configs/default/pipeline.json --data "$out/data" --out "$out"
# Its probabilities are lower than those that the thresholds were made for.
"$program" average --net rnet "$out/runs/1-rnet" --raise-logit 2 --out "$out/rnet.safetensors"
"$program" export --run "$out/data/models/default" "$out/runs/1-pnet" "$out/rnet.safetensors" "$out/runs/1-onet" --out "$out/from_scratch" \
  --metadata licence=MIT --metadata source="from scratch, by scripts/default_model.sh of commit $(git rev-parse --short HEAD)"
