"""Known answers for src/eval's text code from lm-eval itself and from a restatement of the GPTQ join.

    python3 -m venv venv && venv/bin/pip install lm_eval==0.4.13
    venv/bin/python make_golden.py wiki.test.raw

wiki.test.raw is WikiText-2's raw test file. Writes golden.json beside itself. Nothing here calls Assay.
"""
import importlib.util
import json
import pathlib
import re
import sys
import zlib
from importlib.metadata import version

from lm_eval.utils import get_rolling_token_windows, make_disjoint_window

# Loaded by path: importing lm_eval.tasks pulls in every task.
spec = importlib.util.find_spec("lm_eval")
folder = pathlib.Path(spec.origin).parent / "tasks" / "wikitext"
module_spec = importlib.util.spec_from_file_location("preprocess_wikitext", folder / "preprocess_wikitext.py")
wikitext = importlib.util.module_from_spec(module_spec)
module_spec.loader.exec_module(wikitext)

TRICKY = [
    "", " ", "plain", "its ' own", "the dogs ' bowls", "a 's b 's", "/' 5/ and /' 12/ and /' x/", "/' 5",
    "twenty @-@ one 1 @,@ 000 3 @.@ 5", " @-@  @-@ ", " @-@ @-@ ", "a , b , , c ; d : e ! f ? g .",
    " , , , ", "end .\n start", "( a ( b ) c )", "(  )", "( \n x \t )", "[ 1 ] [2 ] [ 3]", "{ a } {  b}",
    '" one " two " three', '" " " "', "' a ' b ' c", "don 't ' quoted ' s ' 's", "( no end", "no start )",
    "= = = = deep = = = =", "= = = three = = =", " = = two = = ", "= = = = =", "5 \u00b0 N and \u00b0 C",
    " N N  N ", "a \n b \n\n c\n d  \n  e", "(\u00a0x\u2003)", "\"\u3000wide\u0085\"", "(\x1c x \x1f)",
    "\u00e9t\u00e9 ( \u4e2d\u6587 ) \U0001f600 ' \U0001f600 '", "( a ] [ b )", "[ ( ] )", "''' ' ''",
    " ' s ' ", "x 's '", "(((( ))))", "\r\n ( a\r\n ) ", " . . . ", " ? ! : ; ",
]

HEADING = re.compile(r"^ = ([^=].*[^=]|[^=]) = $")


def articles(text):
    """Heading line and all lines up to the next; a heading has exactly one "=" on each side."""
    found = []
    for line in text.split("\n"):
        match = HEADING.match(line)
        if match:
            found.append({"name": match[1].strip(), "lines": []})
        if found:
            found[-1]["lines"].append(line)
    return found


def crc(text):
    return zlib.crc32(text.encode("utf-8"))


def article_row(name, page):
    detokenised = wikitext.wikitext_detokenizer({"page": page})
    counts = wikitext.process_results({"page": page}, (0.0,))
    return {"name": name, "n_words": counts["word_perplexity"][1], "n_bytes": counts["byte_perplexity"][1],
            "detokenised_bytes": len(detokenised.encode("utf-8")), "detokenised_crc32": crc(detokenised)}


def gptq_join(text):
    """Rows of wikitext-2-raw-v1: each line with its newline, "" when blank; then "\\n\\n".join(rows)."""
    lines = text.split("\n")
    rows = [line + "\n" for line in lines[:-1]] + ([lines[-1]] if lines[-1] else [])
    return "\n\n".join(row if row.strip() else "" for row in rows)


def rolling(n, length):
    windows = [make_disjoint_window(pair)
               for pair in get_rolling_token_windows(list(range(n)), -100, length, 1)]
    whole = list(get_rolling_token_windows(list(range(n)), -100, length, 1))
    return {"n": n, "max_length": length, "input": [a for a, _ in whole], "predicted": [b for _, b in whole],
            "context": [a for a, _ in windows]}


def main():
    text = pathlib.Path(sys.argv[1]).read_bytes().decode("utf-8")
    joined = gptq_join(text)
    small = " \n = A = \n \n one , two \n\nlast"
    golden = {
        "made_with": {"lm_eval": version("lm_eval"), "python": sys.version.split()[0]},
        "rolling": [rolling(n, length) for n, length in
                    [(34, 10), (0, 10), (1, 10), (9, 10), (10, 10), (11, 10), (20, 10), (21, 10), (5, 1), (7, 2)]],
        "detokenised": [{"page": page, "text": wikitext.wikitext_detokenizer({"page": page}),
                         "n_words": len(re.split(r"\s+", page))} for page in TRICKY],
        "articles": [article_row(a["name"], "\n".join(a["lines"])) for a in articles(text)],
        "gptq": {"n_bytes": len(joined.encode("utf-8")), "crc32": crc(joined), "small": small,
                 "small_joined": gptq_join(small)}}
    target = pathlib.Path(__file__).with_name("golden.json")
    target.write_text(json.dumps(golden, indent=None, separators=(",", ":")) + "\n")


if __name__ == "__main__":
    main()
