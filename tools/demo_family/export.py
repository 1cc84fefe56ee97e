"""Writes a trained model as a GGUF file in F16 and as a Hugging Face folder.

  python export.py demo-base [--folder ~/.cache/assay/demo_family] [--to FOLDER]

makes TO/demo-base-f16.gguf and TO/demo-base-hf.
"""

import argparse
import json
import pathlib

import gguf
import safetensors.torch
import torch

import bpe
from model import CONTEXT, HEAD_DIM, NORM_EPS, ROPE_BASE, SHAPES
from tokenizer_files import tokenizer_json, world_merges

_GGUF_NAMES = {"input_layernorm": "attn_norm", "self_attn.q_proj": "attn_q", "self_attn.k_proj": "attn_k",
               "self_attn.v_proj": "attn_v", "self_attn.o_proj": "attn_output", "post_attention_layernorm": "ffn_norm",
               "mlp.gate_proj": "ffn_gate", "mlp.up_proj": "ffn_up", "mlp.down_proj": "ffn_down"}


def gguf_name(name):
    """'layers.0.mlp.up_proj.weight' -> 'blk.0.ffn_up.weight'"""
    if name.startswith("layers."):
        _, layer, rest = name.split(".", 2)
        return f"blk.{layer}.{_GGUF_NAMES[rest.removesuffix('.weight')]}.weight"
    return {"embed_tokens.weight": "token_embd.weight", "norm.weight": "output_norm.weight"}[name]


def neighbours(weight, n_heads):
    """Rows of q or k from halves rotated against each other to llama.cpp's neighbouring pairs."""
    rows, width = weight.shape
    return weight.reshape(n_heads, 2, rows // n_heads // 2, width).swapaxes(1, 2).reshape(rows, width)


def write_gguf(path, name, weights, merges):
    shape = SHAPES[name]
    writer = gguf.GGUFWriter(path, "llama")
    writer.add_name(name)
    writer.add_license("apache-2.0")
    writer.add_context_length(CONTEXT)
    writer.add_embedding_length(shape.width)
    writer.add_block_count(shape.n_layers)
    writer.add_feed_forward_length(shape.inner)
    writer.add_head_count(shape.n_heads)
    writer.add_head_count_kv(shape.n_kv_heads)
    writer.add_rope_dimension_count(HEAD_DIM)
    writer.add_rope_freq_base(ROPE_BASE)
    writer.add_layer_norm_rms_eps(NORM_EPS)
    writer.add_vocab_size(len(bpe.vocabulary(merges)))
    writer.add_file_type(gguf.LlamaFileType.MOSTLY_F16)
    _add_tokenizer(writer, merges)
    for key, weight in weights.items():
        if key.endswith("q_proj.weight"):
            weight = neighbours(weight, shape.n_heads)
        elif key.endswith("k_proj.weight"):
            weight = neighbours(weight, shape.n_kv_heads)
        weight = weight.half()  # as the other folder has them; llama.cpp wants the norms wide
        writer.add_tensor(gguf_name(key), (weight if weight.dim() == 2 else weight.float()).numpy())
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def _add_tokenizer(writer, merges):
    tokens = list(bpe.vocabulary(merges))
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre("gpt-2")
    writer.add_token_list(tokens)
    writer.add_token_types([gguf.TokenType.CONTROL] + [gguf.TokenType.NORMAL] * (len(tokens) - 1))
    writer.add_token_merges([" ".join(pair) for pair in merges])
    writer.add_bos_token_id(0)
    writer.add_eos_token_id(0)
    writer.add_add_bos_token(False)


def write_hugging_face(folder, name, weights, merges):
    shape = SHAPES[name]
    folder.mkdir(parents=True, exist_ok=True)
    config = {
        "architectures": ["LlamaForCausalLM"], "model_type": "llama", "vocab_size": len(bpe.vocabulary(merges)),
        "hidden_size": shape.width, "intermediate_size": shape.inner, "num_hidden_layers": shape.n_layers,
        "num_attention_heads": shape.n_heads, "num_key_value_heads": shape.n_kv_heads, "head_dim": HEAD_DIM,
        "max_position_embeddings": CONTEXT, "rms_norm_eps": NORM_EPS, "rope_theta": ROPE_BASE, "hidden_act": "silu",
        "tie_word_embeddings": True, "attention_bias": False, "mlp_bias": False, "bos_token_id": 0, "eos_token_id": 0,
        "dtype": "float16"}
    tokenizer = {"tokenizer_class": "PreTrainedTokenizerFast", "bos_token": bpe.END, "eos_token": bpe.END,
                 "model_max_length": CONTEXT, "clean_up_tokenization_spaces": False}
    for file, content in (("config.json", config), ("tokenizer_config.json", tokenizer),
                          ("tokenizer.json", tokenizer_json(merges))):
        (folder / file).write_text(json.dumps(content, indent=1, ensure_ascii=False) + "\n")
    safetensors.torch.save_file({f"model.{key}": weight.half().contiguous() for key, weight in weights.items()},
                                folder / "model.safetensors", metadata={"format": "pt"})


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("name", choices=sorted(SHAPES))
    parser.add_argument("--folder", type=pathlib.Path, default=pathlib.Path("~/.cache/assay/demo_family").expanduser())
    parser.add_argument("--to", type=pathlib.Path)
    asked = parser.parse_args()
    weights = torch.load(asked.folder / f"{asked.name}.checkpoint", weights_only=True)["model"]
    to = asked.to or asked.folder
    write_gguf(to / f"{asked.name}-f16.gguf", asked.name, weights, world_merges())
    write_hugging_face(to / f"{asked.name}-hf", asked.name, weights, world_merges())


if __name__ == "__main__":
    main()
