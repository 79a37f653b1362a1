#!/usr/bin/env bash
# Builds the documentation as one searchable site in build/site: the pages of docs/, README and others, the notebooks, and the C++ headers.
# A warning is an error, and so is a link that leads nowhere. Open build/site/index.html, or see it while you write:
#   site.sh serve   at http://127.0.0.1:8000, anew after each change
# The generator is installed into a virtual environment of its own, $MTCNN_DEPS_DIR/site (default ${XDG_CACHE_HOME:-~/.cache}/mtcnn/site).
set -euo pipefail
cd "$(dirname "$0")/.."
source scripts/environment.sh

case "${1:-}" in
  "" | serve) ;;
  -h | --help) sed -n '2,/^set /{s/^# \{0,1\}//p}' scripts/site.sh; exit ;;
  *) printf "error: unknown argument '%s' (--help explains)\n" "$1" >&2; exit 2 ;;
esac

venv=$deps_dir/site
make_venv
pip_install "${site_packages[@]}"

command -v doxygen >/dev/null || fail "no doxygen here (Debian package doxygen; scripts/setup.sh installs it)"
parts=build/site-parts
version=$(sed -n 's/^project(mtcnn VERSION \([0-9.]*\).*/\1/p' CMakeLists.txt)
rm -rf "$parts"
mkdir -p "$parts"
sed -e "s|@PROJECT_VERSION@|$version|; s|@PROJECT_SOURCE_DIR@|$PWD|g; s|@MTCNN_DOCS_DIR@|$parts|" docs/Doxyfile.in >"$parts/Doxyfile"
say "pages of the C++ headers"
doxygen "$parts/Doxyfile"

say "the site"
export NO_MKDOCS_2_WARNING=1
[ "${1:-}" != serve ] || exec "$venv/bin/mkdocs" serve
"$venv/bin/mkdocs" build --strict --clean  # not --quiet: strict would then see no warnings
system_python -B scripts/check_links.py build/site
say "the site is in build/site: open build/site/index.html"
