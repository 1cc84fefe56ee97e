#!/usr/bin/env bash
# Everything that must hold before a change is accepted: all tests (unit, conformance, scenarios) of the release build,
# then the unit tests under AddressSanitizer and UndefinedBehaviorSanitizer. Ends with the counts.
set -uo pipefail
cd "$(dirname "$0")/.."
. scripts/environment.sh

suites=(ci asan)
results=build/test-results
rm -rf $results
mkdir -p $results

run_suite() {  # PRESET CTEST-ARGUMENTS...
  local preset=$1
  shift
  echo "== $preset: build"
  # Configuring tells of llama.cpp; its first build takes minutes.
  cmake --preset "$preset" && cmake --build --preset "$preset" || return 1
  echo "== $preset: test"
  ctest --preset "$preset" --no-tests=error --timeout 900 --output-junit "$PWD/$results/$preset.xml" "$@" |
    tee "$results/$preset.log"
}

status=0
run_suite ci || status=1
# The fast ones: tests of large data and models would take minutes each here, and the suite above has run them.
(unset ASSAY_DATA; run_suite asan -L unit -j 2) || status=1
python3 scripts/test_summary.py $results "${suites[@]}" | tee $results/summary.txt || status=1
exit $status
