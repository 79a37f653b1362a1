#!/usr/bin/env bash
# Writes one HTML page about training runs: curves, thresholds, and the worst errors as images. The page needs no
# other file and no network.
#   scripts/report.sh RUN... [--out FILE.html]
#   RUN...   folders that `mtcnn train` wrote, finished or not
#   --out    the page; default: report.html in the first run
# The figures are those of notebooks/analyzer.ipynb; installs what it needs into the project's virtual environment.
set -euo pipefail
from=$PWD
cd "$(dirname "$0")/.."
source scripts/environment.sh

help() { sed -n '2,/^set /{s/^# \{0,1\}//p}' scripts/report.sh; }
wrong_usage() { printf 'error: %s (--help explains)\n' "$*" >&2; exit 2; }

# from_here PATH: absolute, seen from where the user stands.
from_here() { case "$1" in /*) printf '%s\n' "$1" ;; *) printf '%s\n' "$from/$1" ;; esac; }

runs=() out=
while [ $# -gt 0 ]; do
  case "$1" in
    -h | --help) help; exit ;;
    --out) [ $# -ge 2 ] && [ -n "$2" ] || wrong_usage "--out wants a file"; out=$(from_here "$2"); shift 2 ;;
    -*) wrong_usage "unknown option '$1'" ;;
    *) runs+=("$(from_here "$1")"); shift ;;
  esac
done
[ ${#runs[@]} -gt 0 ] || wrong_usage "no run given: scripts/report.sh RUN... [--out FILE.html]"
for run in "${runs[@]}"; do
  [ -e "$run/config.json" ] ||
    fail "$run is no run folder: no config.json in it; expected a folder that \`mtcnn train\` wrote"
  case "$run" in *:*) fail "$run: a run's path must not hold a colon; move it, or name it through a link" ;; esac
done
out=${out:-${runs[0]%/}/report.html}
[ ! -d "$out" ] || fail "$out is a folder; --out wants the name of a file"

# The page appears under its name only when it is whole.
begun=$out.begun.$$
work=$(mktemp -d)
trap 'rm -rf "$work" "$begun"' EXIT
{ mkdir -p "$(dirname "$out")" && : >"$begun"; } 2>/dev/null || fail "cannot write $out; choose another file with --out"

make_venv
pip_install "${report_packages[@]}"
export MTCNN_RUNS PYTHONDONTWRITEBYTECODE=1
MTCNN_RUNS=$(IFS=:; echo "${runs[*]}")
"$venv/bin/python" notebooks/run_data.py "${runs[@]}" >"$work/runs" || exit 1
say "drawing the figures of ${#runs[@]} run(s)"
IPYTHONDIR=$work/ipython JUPYTER_RUNTIME_DIR=$work/runtime MPLCONFIGDIR=$deps_dir/matplotlib MPLBACKEND=agg \
  "$venv/bin/python" -m nbconvert --to html --execute --no-input --output-dir "$work" --output report.html \
  --template report --TemplateExporter.extra_template_basedirs="$PWD/notebooks" \
  --HTMLExporter.exclude_anchor_links=True notebooks/analyzer.ipynb >"$work/log" 2>&1 ||
  { tail -n 20 "$work/log" >&2; fail "the notebook could not be executed"; }
cat "$work/report.html" >"$begun" && mv -f "$begun" "$out" || fail "cannot write $out"
say "written: $out"
