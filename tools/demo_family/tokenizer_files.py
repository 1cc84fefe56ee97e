"""The tokenizer of the family, and its form for Hugging Face's libraries."""

import functools

import bpe
from corpus import Corpus

N_MERGES = 2048 - 257  # at most: words that are rare stay in pieces
_N_DOCUMENTS = 20_000
_LEAST = 20


@functools.cache
def world_merges():
    """Learned from the first documents of the training text; takes some seconds."""
    corpus = Corpus()
    texts = ["".join(text for text, _ in corpus.document(i)) for i in range(_N_DOCUMENTS)]
    return bpe.learn(texts, N_MERGES, _LEAST)


def tokenizer_json(merges):
    """The content of tokenizer.json: byte-level pieces as GPT-2 has them, nothing put before a text."""
    return {
        "version": "1.0", "truncation": None, "padding": None,
        "added_tokens": [{"id": 0, "content": bpe.END, "single_word": False, "lstrip": False, "rstrip": False,
                          "normalized": False, "special": True}],
        "normalizer": None,
        "pre_tokenizer": {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": True, "use_regex": True},
        "post_processor": None,
        "decoder": {"type": "ByteLevel", "add_prefix_space": True, "trim_offsets": True, "use_regex": True},
        "model": {"type": "BPE", "dropout": None, "unk_token": None, "continuing_subword_prefix": None,
                  "end_of_word_suffix": None, "fuse_unk": False, "byte_fallback": False, "ignore_merges": False,
                  "vocab": bpe.vocabulary(merges), "merges": [list(pair) for pair in merges]},
    }
