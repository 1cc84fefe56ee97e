"""Rows through the functions of lm-evaluation-harness 0.4.13's own tasks: golden values of builtins_test.cc.

    python make_builtins.py > builtins.json

Needs lm-eval and datasets. math_verify and sympy need not be there: these functions do not use them.
"""

import importlib.util
import json
import pathlib
import sys
import types

import datasets
import lm_eval

TASKS = pathlib.Path(lm_eval.__file__).parent / "tasks"


def module(path):
    spec = importlib.util.spec_from_file_location(path.replace("/", "_"), TASKS / (path + ".py"))
    loaded = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(loaded)
    return loaded


def without_maths():
    import importlib.metadata

    for name in ("antlr4", "sympy", "math_verify", "sympy.parsing", "sympy.parsing.latex"):
        sys.modules[name] = types.ModuleType(name)
    sys.modules["math_verify"].parse = sys.modules["math_verify"].verify = sys.modules["sympy.parsing.latex"].parse_latex = None
    real = importlib.metadata.version
    importlib.metadata.version = lambda name: "4.11" if name.startswith("antlr4") else real(name)


HELLASWAG = [
    {"activity_label": "Roof shingle removal", "ctx_a": "A man is sitting on a roof.", "ctx_b": "he", "endings": ["is [step] up.", "a  b", " [title] x [substeps] y"], "label": "2"},
    {"activity_label": "How to bake [x", "ctx_a": "[header] Bake [title] Mix.  [step] Now\n[a\nb] c", "ctx_b": "", "endings": ["One [title] two", "É", ""], "label": "0"},
    {"activity_label": " Spaces ", "ctx_a": "  a    b ", "ctx_b": "éCOLE", "endings": ["[]", "[[a]]", "]["], "label": "1"},
]
WINOGRANDE = [
    {"sentence": "The trophy did not fit because the _ was big.", "option1": "trophy", "option2": "case", "answer": "1"},
    {"sentence": "_ ran to _ . ", "option1": "Ann", "option2": "Bob", "answer": "2"},
]
MMLU_PRO = [
    {"question": "What?", "options": [" one ", "two", "three"], "category": "computer science", "cot_content": "A: Let's think step by step. It is two. The answer is (B)."},
    {"question": "Q\n", "options": [str(i) for i in range(12)], "category": "law", "cot_content": "Let's see. A: Let's think step by step."},
]
MATH = [
    {"problem": "1+1?", "solution": "So $\\boxed{2}$."},
    {"problem": "half?", "solution": "It is $\\fbox{x}$ or $\\boxed{\\frac{1}{2}\\text{ units}}$."},
    {"problem": "set", "solution": "Thus \\boxed 5$ and $\\boxed{ [1, 2] , 3{,}000 }$"},
    {"problem": "money", "solution": "\\boxed{\\$1,234.50}"},
]
WIKITEXT = [{"page": " = A page = \n \n 1 @,@ 000 s ' x ( a ) . \n"}]


def run(function, rows):
    return [function(row) for row in rows]


def rows_of(function, rows):
    return function(datasets.Dataset.from_list(rows)).to_list()


def main():
    without_maths()
    datasets.disable_progress_bars()
    wino, pro = module("winogrande/preprocess_winogrande"), module("mmlu_pro/utils")
    cases = [
        {"function": "hellaswag_process_docs", "lm_eval": "hellaswag/utils.process_docs", "rows": HELLASWAG, "result": rows_of(module("hellaswag/utils").process_docs, HELLASWAG)},
        {"function": "hendrycks_math_process_docs", "lm_eval": "hendrycks_math/utils.process_docs", "rows": MATH[:1] + MATH[3:], "result": rows_of(module("hendrycks_math/utils").process_docs, MATH[:1] + MATH[3:])},
        {"function": "minerva_math_process_docs", "lm_eval": "minerva_math/utils.process_docs", "rows": MATH, "result": rows_of(module("minerva_math/utils").process_docs, MATH)},
        {"function": "mmlu_pro_process_docs_computer_science", "lm_eval": "mmlu_pro/utils.process_computer_science", "rows": MMLU_PRO, "result": rows_of(pro.process_computer_science, MMLU_PRO)},
        {"function": "mmlu_pro_process_docs_law", "lm_eval": "mmlu_pro/utils.process_law", "rows": MMLU_PRO, "result": rows_of(pro.process_law, MMLU_PRO)},
    ]
    of_rows = [
        ("winogrande_doc_to_text", "winogrande/preprocess_winogrande.doc_to_text", wino.doc_to_text, WINOGRANDE),
        ("winogrande_doc_to_target", "winogrande/preprocess_winogrande.doc_to_target", wino.doc_to_target, WINOGRANDE),
        ("winogrande_doc_to_choice", "winogrande/preprocess_winogrande.doc_to_choice", wino.doc_to_choice, WINOGRANDE),
        ("mmlu_pro_doc_to_text", "mmlu_pro/utils.doc_to_text", pro.doc_to_text, MMLU_PRO),
        ("mmlu_pro_doc_to_text", "mmlu_pro/utils.fewshot_to_text", pro.fewshot_to_text, MMLU_PRO),
        ("mmlu_pro_fewshot_target", "mmlu_pro/utils.fewshot_to_target", pro.fewshot_to_target, MMLU_PRO),
        ("minerva_math_doc_to_text", "minerva_math/utils.doc_to_text", module("minerva_math/utils").doc_to_text, MATH),
        ("wikitext_detokenizer", "wikitext/preprocess_wikitext.wikitext_detokenizer", module("wikitext/preprocess_wikitext").wikitext_detokenizer, WIKITEXT),
    ]
    cases += [{"function": name, "lm_eval": theirs, "rows": rows, "each": run(function, rows)} for name, theirs, function, rows in of_rows]
    json.dump({"lm_eval": lm_eval.__version__, "cases": cases}, sys.stdout, indent=1)


main()
