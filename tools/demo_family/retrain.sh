#!/usr/bin/env bash
# Trains demo-small from nothing for its first 600 steps and prints its marks beside those of the committed run (README.md):
# the seed reproduces the model to within noise. usage: retrain.sh [PYTHON with torch]
set -euo pipefail
cd "$(dirname "$0")"
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

OMP_NUM_THREADS=1 "${1:-python3}" train.py demo-small --threads 1 --tokens 8e6 --until 600 --folder "$folder"
echo "now:"
grep skills "$folder/demo-small.jsonl"
echo "then:"
head -n 3 demo-small.marks.jsonl
