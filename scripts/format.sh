#!/usr/bin/env bash
# Formats all C++ files in place.
#   --check   changes nothing; lists the files that are not formatted and exits with 1 if there are any
# Versions of clang-format differ in their taste: with another one than the project's, --check exits with 77 (skipped).
set -euo pipefail
cd "$(dirname "$0")/.."
source scripts/environment.sh

wanted=14
tool=${CLANG_FORMAT:-$(command -v "clang-format-$wanted" || command -v clang-format || true)}
[ -n "$tool" ] || fail "no clang-format here; scripts/setup.sh installs it"

sources() {
  if git rev-parse --git-dir >/dev/null 2>&1; then
    git ls-files -z --cached --others --exclude-standard -- '*.h' '*.cpp' |
      while IFS= read -r -d '' file; do if [ -e "$file" ]; then printf '%s\0' "$file"; fi; done
  else
    find src data_prep tests -name '*.h' -print0 -o -name '*.cpp' -print0
  fi
}

case "${1:-}" in
  --check)
    version=$("$tool" --version | grep -o 'version [0-9]*' | head -n 1)
    if [ "$version" != "version $wanted" ]; then
      say "clang-format $wanted decides; here is only $version: not checked"
      exit 77
    fi
    mapfile -t unformatted < <(sources | while IFS= read -r -d '' file; do
      "$tool" "$file" | cmp -s - "$file" || printf '%s\n' "$file"
    done)
    [ ${#unformatted[@]} -eq 0 ] || { printf '%s\n' "${unformatted[@]}"; fail "not formatted; run scripts/format.sh"; }
    ;;
  "") sources | xargs -0 --no-run-if-empty "$tool" -i ;;
  *) fail "unknown argument '$1'; known is --check" ;;
esac
