#!/usr/bin/env bash
# Fetches the public MTCNN weights and imports them into models/public, to compare with or to start from.
set -euo pipefail
cd "$(dirname "$0")/.."
source scripts/environment.sh

model=models/public
[ -f "$model/cascade.json" ] && { say "$model is there already"; exit; }
[ -x "$release/mtcnn" ] || fail "no $release/mtcnn; scripts/quickstart.sh builds it"
download=$(mktemp -d)
trap 'rm -rf "$download"' EXIT

# The weights (MIT licence, (c) Timothy Esler) are three data files of a Python package; none of its code is run.
say "fetching the public weights (facenet-pytorch 2.6.0)"
"$venv/bin/python" -m pip download --quiet --disable-pip-version-check --no-deps --dest "$download" facenet-pytorch==2.6.0 ||
  fail "could not fetch the package facenet-pytorch 2.6.0; is there a network?"
for wheel in "$download"/facenet_pytorch-*.whl; do
  "$venv/bin/python" -m zipfile -e "$wheel" "$download/unpacked"
done
"$release/mtcnn" import "$download"/unpacked/facenet_pytorch/data/{p,r,o}net.pt --out "$model"
