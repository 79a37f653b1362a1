#!/usr/bin/env bash
# From nothing to faces: sets up, builds, fetches the public MTCNN weights, imports them and finds the faces in the sample pictures.
set -euo pipefail
cd "$(dirname "$0")/.."
source scripts/environment.sh

model=models/public
output=out/quickstart

# The public weights (MIT licence, (c) Timothy Esler) are three data files of a Python package; none of its code is run.
fetch_public_weights() {
  local folder=$1 wheel
  say "fetching the public weights (facenet-pytorch 2.6.0)"
  mkdir -p "$folder"
  "$venv/bin/python" -m pip download --quiet --disable-pip-version-check --no-deps --dest "$folder" facenet-pytorch==2.6.0 ||
    fail "could not fetch the package facenet-pytorch 2.6.0; is there a network?"
  for wheel in "$folder"/facenet_pytorch-*.whl; do
    "$venv/bin/python" -m zipfile -e "$wheel" "$folder/unpacked"
  done
}

scripts/setup.sh
build_preset release
if [ ! -f "$model/cascade.json" ]; then
  download=$(mktemp -d)
  trap 'rm -rf "$download"' EXIT
  fetch_public_weights "$download"
  "$release/mtcnn" import "$download"/unpacked/facenet_pytorch/data/{p,r,o}net.pt --out "$model"
fi
say "looking for faces in samples/"
"$release/mtcnn" detect samples --model "$model" --json "$output/faces.jsonl" --draw "$output"
say "done: the annotated pictures are in $output/ and the detections in $output/faces.jsonl"
say "next: $release/mtcnn detect YOUR_PICTURES --model $model --draw out/"
