#!/usr/bin/env bash
# Checks (or with --fix makes) the sources' format with the pinned clang-format: another version formats otherwise.
set -euo pipefail
cd "$(dirname "$0")/../.."

pinned=14
formatter=""
found=""
for program in clang-format-$pinned clang-format; do
  command -v $program >/dev/null || continue
  version="$($program --version | sed -E 's/.*version ([0-9]+).*/\1/')"
  found="$found $program is $version;"
  if [ "$version" = $pinned ]; then formatter=$program; break; fi
done
if [ -z "$formatter" ]; then
  echo "SKIP: clang-format $pinned is not here (${found:- none is}); remedy: scripts/setup.sh test"
  exit 77
fi

if [ "${1:-}" = --fix ]; then mode=(-i); else mode=(--dry-run -Werror); fi
folders=()
for folder in src tests benchmarks; do
  if [ -d $folder ]; then folders+=($folder); fi
done
find "${folders[@]}" \( -name '*.h' -o -name '*.cc' \) -print0 |
  xargs -0 "$formatter" "${mode[@]}"
