#!/usr/bin/env python3
"""Writes lm_eval_vectors.json: what lm-eval 0.4.13 itself answers, for tests/unit/eval.

usage: lm_eval_vectors.py WIKI_TEST_RAW OUT_JSON      (in an environment with lm_eval and xxhash)

rolling     lm_eval.utils.get_rolling_token_windows and make_disjoint_window, joined again as the model reads them
detokenize  lm_eval.tasks.wikitext.preprocess_wikitext.wikitext_detokenizer on hand-made and random texts
words       len(re.split(r"\\s+", text)), the count of process_results
wikitext2   the same functions on the pages of wiki.test.raw, as hashes, and the rows of GPTQ's convention
"""
import json
import random
import re
import sys

import xxhash
from lm_eval.tasks.wikitext.preprocess_wikitext import process_results, wikitext_detokenizer
from lm_eval.utils import get_rolling_token_windows, make_disjoint_window

PREFIX = -100
PIECES = [
    "word", "N", "5", "7", " ", " ", " ", "  ", "\n", "\n ", " \n", "\u00a0", "\u2003", "\u3000", "\x1c", "(", ")",
    "( ", " )", "[", "]", "{", "}", '"', ' " ', "'", " '", "s '", " 's", "/' 5/", "/' 6/", "/'", " @-@ ", " @,@ ",
    " @.@ ", " : ", " ; ", " . ", " ! ", " ? ", " , ", "=", "= ", " = ", "= = ", " \u00b0 ", " N ", "\u6771\u4eac",
    "\u00e9", "\U0001f600",
]


def read_rolling(n_tokens, max_length):
    windows = []
    for pair in get_rolling_token_windows(list(range(n_tokens)), PREFIX, max_length, 1):
        context, predicted = make_disjoint_window(pair)
        # the hf model reads (context + continuation)[-(max_length + 1):][:-1]
        windows.append({"input": (context + predicted)[-(max_length + 1):][:-1], "predicted": predicted})
    return {"n_tokens": n_tokens, "max_length": max_length, "windows": windows}


def random_texts(n):
    source = random.Random(20240501)
    return ["".join(source.choice(PIECES) for _ in range(source.randint(0, 40))) for _ in range(n)]


def pages_of(text):
    """EleutherAI/wikitext_document_level: an article reaches from its level-one heading to the next."""
    pages, lines = [], []
    for line in text.split("\n"):
        flat = line.replace("= = =", "===").replace("= =", "==").strip()
        if flat.startswith("= ") and flat.endswith(" ="):
            if "\n".join(lines).strip():
                pages.append("\n".join(lines))
            lines = []
        lines.append(line)
    return pages + ["\n".join(lines)]


def digest(text):
    return xxhash.xxh3_128_hexdigest(text.encode("utf-8"))


def describe_page(page):
    measured = process_results({"page": page}, (0.0,))
    return {
        "page": digest(page),
        "detokenized": digest(wikitext_detokenizer({"page": page})),
        "n_words": measured["word_perplexity"][1],
        "n_bytes": measured["byte_perplexity"][1],
    }


def describe_rows(text):
    """Hugging Face's wikitext rows (a line with its newline, blank ones empty) joined as GPTQ's data loader does."""
    rows = [row if row.strip() else "" for row in text.splitlines(keepends=True)]
    assert len(rows) == text.count("\n") + (not text.endswith("\n"))  # no other line ends in this file
    joined = "\n\n".join(rows)
    n_used = len(joined.encode("utf-8")) // 2048 * 2048
    used = joined.encode("utf-8")[:n_used]
    return {"n_bytes": len(joined.encode("utf-8")), "first_whole_windows": xxhash.xxh3_128_hexdigest(used)}


def main():
    with open(sys.argv[1], newline="", encoding="utf-8") as file:
        text = file.read()
    hand_made = ["", " ", "( a )( b ) ( c", "((x ) y )", "/' 5/' 6/", "' quoted ' it 's", "= = = = X = = = =", " N N N ",
                 '" a " b " c', "\u00a0( \u2003x\u3000)", "12 \u00b0 N", "{  }", "[ \n\n a \n ]", "\u200b ( \u200b )"]
    headings = "intro \n = A = \n = = B = = \n = C = = D = \n\n=\n= =\n = = = \n== E ==\n= F =\r\n\u3000= G =\u3000\nx = y\n"
    texts = hand_made + random_texts(300)
    words = texts + ["a\u200bb", "a\x85b\x1fc", "a\u180eb", "\ufeffa b"]
    sizes = [(34, 10), (0, 10), (1, 10), (9, 10), (10, 10), (11, 10), (20, 10), (21, 10), (5, 1), (7, 2), (100, 33)]
    vectors = {
        "rolling": [read_rolling(n, length) for n, length in sizes],
        "detokenize": [[t, wikitext_detokenizer({"page": t})] for t in texts],
        "words": [[t, len(re.split(r"\s+", t))] for t in words],
        "pages": {"text": headings, "pages": pages_of(headings)},
        "wikitext2": {"pages": [describe_page(p) for p in pages_of(text)], "gptq": describe_rows(text)},
    }
    with open(sys.argv[2], "w", encoding="utf-8") as file:
        json.dump(vectors, file, ensure_ascii=True, separators=(",", ":"))
        file.write("\n")


main()
