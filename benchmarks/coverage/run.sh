#!/usr/bin/env bash
# Simulates coverage (three minutes) and writes its tables into docs/statistics.md. EFFORT: a share of the runs.
set -euo pipefail
cd "$(dirname "$0")/../.."
effort="${1:-1}"

cmake --preset ci >/dev/null
cmake --build --preset ci --target assay_coverage_report >/dev/null
build/ci/benchmarks/coverage/assay_coverage_report "$effort" >build/coverage.md

python3 - build/coverage.md docs/statistics.md <<'PYTHON'
import pathlib
import sys

tables, document = map(pathlib.Path, sys.argv[1:])
begin, end = "<!-- coverage: benchmarks/coverage/run.sh writes this -->\n", "<!-- coverage ends -->"
before, rest = document.read_text().split(begin)
_, after = rest.split(end)
document.write_text(before + begin + "\n" + tables.read_text() + end + after)
PYTHON
