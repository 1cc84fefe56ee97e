#!/usr/bin/env bash
# usage: benchmarks/replay/run.sh RUNS.json [MARGIN]   Finished runs (assay eval --json, the baseline first), asked again in
# 1,000 random orders: what stopping early and guided sampling would have said, against what all items say.
set -euo pipefail
runs=$(realpath "$1")
cd "$(dirname "$0")/../.."
. scripts/environment.sh
cmake --preset ci >/dev/null
cmake --build --preset ci --target assay_replay >/dev/null
build/ci/benchmarks/replay/assay_replay "$runs" "${2:-0.01}"
