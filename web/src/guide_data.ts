// Tools and numbers from the literature: facts with their sources, none of them measured by this
// study. Names and figures are the same in every language.

export interface Tool {
  name: string;
  measures: "tool.lm_eval" | "tool.llama" | "tool.openvino" | "tool.assay";
  formats: string;
  hardware: string;
}

export const kTools: Tool[] = [
  {name: "Assay", measures: "tool.assay", formats: "GGUF (Q8_0 … Q2_K, IQ), KV cache types", hardware: "CPU, CUDA, Metal, Vulkan (llama.cpp)"},
  {name: "lm-evaluation-harness", measures: "tool.lm_eval", formats: "Hugging Face, GPTQ, AWQ, bitsandbytes, GGUF, vLLM", hardware: "CPU, CUDA, ROCm, MPS"},
  {name: "llama.cpp", measures: "tool.llama", formats: "GGUF", hardware: "CPU, CUDA, Metal, Vulkan, SYCL, HIP"},
  {name: "OpenVINO, Optimum Intel, NNCF", measures: "tool.openvino", formats: "OpenVINO IR: INT8, INT4, NF4, FP8", hardware: "Intel CPU, GPU, NPU; ARM CPU"},
];

export interface Literature {
  what: string;
  values: string;
  source: string;
}

export const kLiterature: Literature[] = [
  {what: "Llama-3.1-8B, perplexity, llama.cpp, WikiText-2, 512", values: "BF16 6.4006 · Q4_K_M 6.5837 (+2.9 %) · Q3_K_M 7.0488 (+10 %) · Q2_K 9.7262 (+52 %)", source: "fedric95/Meta-Llama-3.1-8B-GGUF model card"},
  {what: "Qwen2-0.5B-Instruct, perplexity, llama.cpp", values: "F16 15.11 · Q8_0 15.13 · Q6_K 15.14 · Q5_K_M 15.24 · Q4_K_M 15.36 · Q4_0 16.28 · Q3_K_M 15.70 · Q2_K 16.74", source: "Qwen2 GGUF model card"},
  {what: "salamandra-2b, perplexity", values: "BF16 15.38 · Q8_0 15.38 · Q6_K 15.40 · Q5_K_M 15.47 · Q4_K_M 15.87 · Q3_K_M 16.86 · IQ2_S 25.39", source: "salamandra-2b GGUF model card"},
  {what: "Llama-2-7B, perplexity, windows of 2048", values: "FP16 5.47 · GPTQ 5.87 · AWQ 5.60", source: "dwithchenna/llm-quantization"},
  {what: "OPT-6.7B, perplexity, windows of 2048", values: "FP16 10.86 · GPTQ g128 11.05 · AWQ g128 10.92 · SmoothQuant W8A8 10.86", source: "dwithchenna/llm-quantization"},
  {what: "Llama-2-7B pruned, perplexity, windows of 4096", values: "dense 5.12 · 50 %: SparseGPT 6.51, Wanda 6.42 · 2:4: SparseGPT 10.17, Wanda 11.02", source: "locuslab/wanda"},
  {what: "Llama-3-8B-Instruct, GSM8K (250 items)", values: "FP8 dynamic 0.768 ± 0.027 · W4A16 0.720–0.728 ± 0.028 · W8A8 0.752–0.756", source: "llm-compressor examples"},
  {what: "Llama-3-8B-Instruct W8A16, mean of six tasks", values: "68.54 / 68.69 unquantised", source: "RedHat model card"},
];
