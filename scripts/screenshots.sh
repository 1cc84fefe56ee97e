#!/usr/bin/env bash
# Pictures of every view of a report, in docs/images: scripts/screenshots.sh ASSAY [STUDY.json]
set -euo pipefail
assay="$(realpath "$1")"
study="${2:+$(realpath "$2")}"
cd "$(dirname "$0")/.."
mkdir -p docs/images
ASSAY_SCREENSHOTS=docs/images ASSAY_SCREENSHOTS_OF="$study" \
  python3 -B tests/browser/report_test.py "$assay" Report.test_screenshots
