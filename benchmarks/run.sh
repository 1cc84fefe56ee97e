#!/usr/bin/env bash
# Every benchmark against the peers, on the real demonstration's model and text. Needs a quiet machine.
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/environment.sh

ASSAY_DEMO_CHUNKS=4 scripts/demo_real.sh >/dev/null  # fetches the model and the text when they are not there
cmake --preset release -DASSAY_PEERS=ON >/dev/null
llama_bin="$(sed -n 's/^ASSAY_LLAMA_BIN:INTERNAL=//p' build/release/CMakeCache.txt)"
text="${ASSAY_DATA:-}/datasets/wikitext2/wiki.test.raw"
[ -f "$text" ] || text="$assay_cache/demo-real/wikitext-2-raw/wiki.test.raw"

python3 benchmarks/llama_perplexity.py --assay build/release/assay --llama-bin "$llama_bin" \
  --model "$assay_cache/demo-real/smollm2-135m-f16.gguf" --text "$text" --out build/benchmark.json "$@"

# Tasks; peers that are not there are skipped with a reason. lm-evaluation-harness 0.4.13 is looked for in
# ASSAY_LM_EVAL_PYTHON (a Python that has it) and ASSAY_LM_EVAL_MODEL (the same weights, in transformers' form).
python3 benchmarks/tasks.py --assay build/release/assay --llama-bin "$llama_bin" \
  --model "$assay_cache/demo-real/smollm2-135m-f16.gguf" --out build/benchmark_tasks.json
