"""Golden values of scores, from lm-evaluation-harness 0.4.13 itself: python make_golden.py > golden.json.

Needs lm_eval with its extra "math" (sympy, math_verify, antlr4-python3-runtime 4.11) and ASSAY_DATA for the MATH
answers. Where lm-eval raises, the value is {"raises": NAME}. The inputs named "suite" are those of lm-eval's own unit
tests (tests/test_metrics.py, tests/filters/*), evaluated by the installed version.
"""

import contextlib
import io
import json
import math
import os
import pathlib
import random
import re
import sys
import types
from fractions import Fraction

from lm_eval.api.instance import Instance
from lm_eval.api.metrics import exact_match_hf_evaluate
from lm_eval.api.registry import DEFAULT_METRIC_REGISTRY, get_metric_aggregation, is_higher_better
from lm_eval.api.task import ConfigurableTask
from lm_eval.filters import build_filter_ensemble
from lm_eval.tasks.hendrycks_math import utils as hendrycks
from lm_eval.tasks.minerva_math import utils as minerva


def attempt(function, *args, **kwargs):
    try:
        return function(*args, **kwargs)
    except Exception as e:  # noqa: BLE001
        return {"raises": type(e).__name__}


def fnv(texts):
    """FNV-1a over the texts, each followed by a NUL."""
    h = 0xCBF29CE484222325
    for text in texts:
        for byte in text.encode() + b"\0":
            h = (h ^ byte) * 0x100000001B3 & 0xFFFFFFFFFFFFFFFF
    return f"{h:016x}"


# ---- Regular expressions ----

TEXTS = ["", "a", "aaa", "ab c", "The answer is (B).", "#### 1,234.50\n#### -7", "line one\nline two\n", "x=1; y=22; z=333",
         "Überraschung — naïve café №5 ٣٤", "\ta \u00a0b\u2003c\u180e\x1cd\x85e", "日本語 テキスト。", "𝔘nicode 😀 text", "K\u212aſs",
         "[invalid] {2} {,3} a{2}", "$12.50 and 7 or $3", "foo.bar\\baz", "aXbXc", "\n", "The answer is \\boxed{42}.", "AaBb"]
PATTERNS = [r"", r"a*", r"\w*", r"\w+", r"\b", r"\s+", r"\S+", r"[\s]+", r"[^\s]+", r"[\S]", r"\d+", r"\D", r"#### (\-?[0-9\.\,]+)",
            r"(-?[$0-9.,]{2,})|(-?[0-9]+)", r"(?i)answer is \(?([A-J])\)?", r"^.*$", r"(?m)^.*$", r"(?m)^", r"(?s).*#### ", r"(?s).*\Z",
            r"\.$", r"a{,2}", r"a{2}", r"a{,}", r"{2}", r"x{,3}?", r"(?P<k>\w)=(?P<v>\d+)", r"(?P<c>\w)(?P=c)", r"(\w)\1", r"[[:alpha:]]+",
            r"[]a]+", r"[^]a]+", r"[a\]]", r"\x41|\u00e9|\U0001f600", r"[\x41-\x43]", r"\v|\f", r"(?<=The answer is )(.*)(?=.)",
            r"(?<!\w)a", r"(?:a|b)+?", r"a++", r"(?>a+)b?", r"(?x) a  # comment (\n b?", r"(?a)\w+", r"(?i:aa)b", r"(?-i:A)", r"(?#note)a",
            r"(a)?(b)?", r"()()", r"(?=a)", r"\101", r"\0", r"[\b]", r"(?i)k", r"(?i)S", r"\\", r"a|", r"(a*)+", r"((a)|b)*c?", r"\.\w+$",
            r"(?<n>a)", r"(", r"a)", r"*a", r"a**", r"[b-a]", r"\q", r"(?P<n", r"(?P>n)", r"[a", r"a(?i)b", r"\g<1>", r"(*UTF)a",
            r"(?(1)a|b)", r"(a)(?(1)b|c)", "\u00e9|\U0001f600", "[\u3040-\u30ff]+", r"\W", r"[\W\d]", r"[\w.]+", r"$", r"\A\w", r"(?m)$"]


def regexes():
    cases = []
    for pattern in PATTERNS:
        found = []
        for i, text in enumerate(TEXTS):
            result = attempt(lambda: re.findall(pattern, text))
            if isinstance(result, dict):
                found = result
                break
            if result or i == 0:
                found.append([i, result, re.sub(pattern, "<>", text)])
        cases.append([pattern, found])
    return {"texts": TEXTS, "cases": cases}


# ---- Filters ----

def run_filters(steps, responses, doc):
    instance = Instance(request_type="generate_until", doc=doc, arguments=("", {}), idx=0)
    instance.resps = list(responses)
    ensemble = build_filter_ensemble("f", [[s["function"], {k: v for k, v in s.items() if k != "function"}] for s in steps])
    ensemble.apply([instance])
    return instance.filtered_resps["f"]


FIRST = {"function": "take_first"}
GSM_STRICT = {"function": "regex", "regex_pattern": r"#### (\-?[0-9\.\,]+)"}
GSM_FLEXIBLE = {"function": "regex", "group_select": -1, "regex_pattern": r"(-?[$0-9.,]{2,})|(-?[0-9]+)"}
COT = {"function": "regex", "regex_pattern": r"The answer is (\-?[0-9\.\,]*[0-9]+)"}
FLAN = {"function": "regex", "regex_pattern": r"((?<=The answer is )(.*)(?=.)|(?<=answer is )(.*)(?=.)|(?<=The answer: )(.*)(?=.)"
                                              r"|(?<=The final answer: )(.*)(?=.))"}
ANSWERS = ["So 3 + 4 = 7.\n#### 7", "#### 1,234\n#### 5", "It costs $12.50, or $ 3", "The answer is 18.", "The answer is -1,000", "",
           "   ", "no number", "The answer is (B).", "the answer is C", "ANSWER IS (d)", "Paris", "It is paris!", "réponse : É", ": B",
           "I think: C", "(A) or (B)", "Guilty of Romance", "The answer is   \n", "[('The', 'DET'), ('cat', 'NOUN')]",
           "PERSON: Ann, none $$ places: Paris\nORG: ACME", "ΑΣ ΣΑΣ Σ", "İstanbul STRASSE ß ŉ ﬁ", "日本は７です。", "A.\u0000"]
CHOICES = [["alpha", "beta"], ["Paris", "London", "Rome"], ["Guilty", "Guilty of Romance"], ["It's x.", "É", "(y)"], []]


def filters():
    cases = []

    def add(steps, responses, doc=None):
        cases.append({"steps": steps, "responses": responses, "doc": doc or {},
                      "out": attempt(lambda: run_filters(steps, responses, doc or {}))})

    single = [[FIRST], [GSM_STRICT, FIRST], [GSM_FLEXIBLE, FIRST], [COT, FIRST], [FLAN, FIRST],
              [{"function": "regex", "regex_pattern": r"answer is \(?([ABCDEFGHIJ])\)?"}, FIRST],
              [{"function": "regex", "regex_pattern": r"(?i)answer is \(?([A-J])\)?", "fallback": "none"}, {"function": "uppercase"}, FIRST],
              [{"function": "regex", "regex_pattern": r"(\w+) (\w+)", "group_select": 1}, FIRST],
              [{"function": "regex_pos"}, FIRST], [{"function": "regex_pos", "fallback": ["x"]}],
              [{"function": "remove_whitespace"}, FIRST], [{"function": "lowercase"}, FIRST], [{"function": "uppercase"}, FIRST],
              [{"function": "map", "mapping_dict": {"Paris": "P", "": "empty"}, "default_value": "?"}, FIRST],
              [{"function": "map", "mapping_dict": {"Paris": 1}}, FIRST], [{"function": "format_span"}, FIRST],
              [{"function": "take_first"}, {"function": "lowercase"}], [FIRST, {"function": "majority_vote"}, FIRST]]
    for steps in single:
        for answer in ANSWERS:
            add(steps, [answer])
    repeats = ["The answer is 7", "The answer is 8.", "nothing", "The answer is 8", "The answer is 7", "the end", "The answer is 9"]
    for steps in ([COT, FIRST], [COT, {"function": "majority_vote"}, FIRST], [{"function": "take_first_k", "k": 4}, COT, {"function": "majority_vote"}, FIRST],
                  [{"function": "take_first_k", "k": 9}, FIRST], [{"function": "majority_vote"}], [COT], [{"function": "take_first_k", "k": 2}]):
        add(steps, repeats)
    choice_filters = [{}, {"regex_pattern": r"\(([A-Z])\)", "group_select": -1}, {"ignore_case": True, "ignore_punctuation": True},
                      {"regex_pattern": "()()"}, {"regex_pattern": "()()", "ignore_case": True, "ignore_punctuation": True},
                      {"regexes_to_ignore": ["[aeiou]", r"\W"], "ignore_case": True, "fallback": "(Z)"}]
    for args in choice_filters:
        for choices in CHOICES:
            for answer in ANSWERS[9:18] + ["alpha", "guilty of romance", "It's x!", "(y)"]:
                add([{"function": "multi_choice_regex", **args}, FIRST], [answer], {"choices": choices})
    suite = "ORGANIZATION: Shell Company $ LOCATION: Country Club $ PERSON: George"
    add([{"function": "format_span"}], [suite])
    add([GSM_STRICT], ["The result is #### 42"])
    add([{**GSM_STRICT, "group_select": 1}], ["The result is #### 42"])
    return cases


# ---- Metrics ----

def task(output_type, metrics, multiple_target=0, **fields):
    """What process_results needs of a task."""
    config = types.SimpleNamespace(process_results=None, doc_to_choice=fields.get("choices"))
    return types.SimpleNamespace(
        config=config, OUTPUT_TYPE=output_type, _metric_fn_list={m: exact_match for m in metrics},
        _metric_fn_kwargs={m: fields.get("args", {}) for m in metrics}, multiple_input=0, multiple_target=multiple_target,
        doc_to_choice=lambda doc: fields["choices"], doc_to_target=lambda doc: fields["gold"], doc_to_text=lambda doc: fields["gold"],
        _aggregation_list={}, _higher_is_better={}, count_words=ConfigurableTask.count_words if hasattr(ConfigurableTask, "count_words") else words,
        count_bytes=lambda text: len(text.encode()))


def words(text):
    return len(re.split(r"\s+", text))


def exact_match(**kwargs):
    return exact_match_hf_evaluate(**kwargs)


def plain(value):
    if isinstance(value, (tuple, list)) or hasattr(value, "tolist"):
        return [plain(v) for v in value] if not hasattr(value, "tolist") else plain_number(value)
    return value if isinstance(value, (str, int)) else float(value)


def plain_number(value):
    value = value.tolist()
    return [plain(v) for v in value] if isinstance(value, list) else value


CHOICE_METRICS = ["acc", "acc_norm", "acc_bytes", "exact_match", "f1", "mcc", "brier_score", "likelihood"]


def choices():
    rng = random.Random(7)
    pool = ["yes", "no", "é", "日本", "a longer answer", "", "x", "😀😀", "  spaced "]
    cases = []

    def add(metrics, names, gold, lls, greedy):
        t = task("multiple_choice", metrics, len(gold) if isinstance(gold, list) else 0, choices=names, gold=gold)
        results = list(zip(lls, greedy))
        with contextlib.redirect_stderr(io.StringIO()):
            out = attempt(lambda: ConfigurableTask.process_results(t, {}, results))
        values = {k: plain(v) for k, v in out.items()}
        cases.append({"metrics": metrics, "choices": names, "gold": gold, "lls": lls, "greedy": greedy, "out": values})

    for _ in range(40):
        n = rng.randint(2, 5)
        names = rng.sample(pool, n)
        lls = [round(rng.uniform(-9, -0.1), rng.choice([1, 6])) for _ in names]
        if rng.random() < 0.3:
            lls[1] = lls[0]
        add(CHOICE_METRICS, names, rng.randrange(n), lls, [rng.random() < 0.4 for _ in names])
    for _ in range(10):
        n = rng.randint(3, 5)
        names = rng.sample(pool, n)
        gold = sorted(rng.sample(range(n), 2))
        add(["acc", "acc_norm", "acc_bytes", "exact_match"], names, gold, [round(rng.uniform(-9, -0.1), 3) for _ in names],
            [rng.random() < 0.4 for _ in names])
    for conditional, unconditional in (([-2.0, -1.0, -3.0], [-2.5, -2.0, -2.5]), ([-1.0, -2.0, -3.0], [-0.5, -2.0, -3.0])):
        add(["acc", "acc_mutual_info"], ["A", "B", "C"], 1, conditional + unconditional, [False] * 6)
    for _ in range(10):
        names = rng.sample(pool, 3)
        add(["acc", "acc_mutual_info"], names, rng.randrange(3), [round(rng.uniform(-9, -0.1), 1) for _ in range(6)], [True] * 6)
    return cases


GENERATED = [("7", "7", {}), ("7.", "7", {"regexes_to_ignore": [",", r"\$", r"(?s).*#### ", r"\.$"]}), ("Paris", "paris", {"ignore_case": True}),
             ("Paris!", "paris", {"ignore_case": True, "ignore_punctuation": True}), ("1,234", "They had\nit\n#### 1234", {"regexes_to_ignore": [",", "(?s).*#### "]}),
             ("a1b2", "ab", {"ignore_numbers": True}), ("É", "é", {"ignore_case": True}), ("ΑΣ", "ας", {"ignore_case": True}),
             ("İ", "i", {"ignore_case": True}), ("İ", "İ", {"ignore_case": True}), ("İİ", "i\u0307i", {"ignore_case": True}), ("", "", {}), (" 7", "7", {}),
             ("x\0", "x", {}), ("“q”", "q", {"ignore_punctuation": True}), ("٣", "", {"ignore_numbers": True}), ("A", "A", {"regexes_to_ignore": []}),
             ("ẞ", "ß", {"ignore_case": True}), ("A b", "a  b", {"regexes_to_ignore": [r"\s"], "ignore_case": True}), ("B", "C", {}), ("Straße", "STRASSE", {"ignore_case": True})]
SEVERAL = [("b", ["a", "b"], {}), ("B ", ["a", "b"], {"ignore_case": True}), ("c", ["a", "b"], {}), ("the İ", ["the i", "the longer one"], {"ignore_case": True}),
           ("x.", ["x", "yy"], {"ignore_punctuation": True}), ("", ["", "a"], {})]


def generated():
    cases = []
    for answer, gold, args in GENERATED:
        t = task("generate_until", ["exact_match"], gold=gold, args=args)
        cases.append({"answer": answer, "gold": gold, "args": args, "out": float(ConfigurableTask.process_results(t, {}, [answer])["exact_match"])})
    for answer, gold, args in SEVERAL:
        t = task("generate_until", ["exact_match"], multiple_target=len(gold), gold=gold, args=args)
        cases.append({"answer": answer, "gold": gold, "args": args, "out": float(ConfigurableTask.process_results(t, {}, [answer])["exact_match"])})
    for answer, gold in ((["7", "8", "7"], "7"), (["x"], "y")):
        t = task("generate_until", ["exact_match"], gold=gold)
        cases.append({"answer": answer, "gold": gold, "args": {}, "out": float(ConfigurableTask.process_results(t, {}, [answer])["exact_match"])})
    return cases


def mc2():
    sys.modules.setdefault("rouge_score", types.ModuleType("rouge_score"))
    for name in ("rouge_scorer", "scoring"):
        setattr(sys.modules["rouge_score"], name, None)
    from lm_eval.tasks.truthfulqa import utils as truthfulqa
    rng = random.Random(3)
    cases = []
    for _ in range(6):
        n = rng.randint(2, 7)
        labels = [1] + [rng.randint(0, 1) for _ in range(n - 1)]
        lls = [rng.uniform(-40, -1) for _ in range(n)]
        cases.append({"labels": labels, "lls": lls, "out": float(truthfulqa.process_results_mc2({"mc2_targets": {"labels": labels}}, [(x, False) for x in lls])["acc"])})
    return cases


def pass_at_k():
    return [[n, c, k, float(1 - Fraction(math.comb(n - c, k), math.comb(n, k)))]
            for n, c, k in ((1, 0, 1), (1, 1, 1), (64, 0, 8), (64, 1, 2), (64, 20, 16), (64, 63, 32), (64, 40, 64), (10, 3, 5), (200, 7, 100))]


# ---- MATH ----

def quiet(function, *args):
    with contextlib.redirect_stdout(io.StringIO()):
        return function(*args)


STRANGE = [r"\frac", r"\sqrt", r"\frac1", r"\frac12", r"\frac1{72}", r"\frac{1}{2}", r"\sqrt3x", r"\sqrt{3}", r"3\text{ cm}", r"3\text{ a}\text{ b}", "1/2", "-3/4",
           "a/b", "1/x", "01/2", "1_0/2", " 1/2", "1/2/3", ".5", "0.5", "x=5", "xyz=5", "a=b=c", r"50\%", r"\$5", r"90^\circ", r"90^{\circ}", r"\left(1,2\right)", r"\dfrac{1}{2}",
           r"\tfrac12", "", "\n", r"{.5}", r" .5", r"5\!", "é/2", r"\fracé2", r"\sqrtéx", "10,000", "١/٢"]
RESPONSES = ["Final Answer: The final answer is $x=5$. I hope it is correct.", "Final Answer: The final answer is $\\frac12$. I hope it is correct.\nProblem",
             "Final Answer: The final answer is 7", "no answer", "The answer is \\boxed{4}.", "Final Answer: The final answer is\n5. I hope it is correct.",
             "so $4$ and $5$", "$5", "", "Final Answer: The final answer is [2,5). I hope it is correct. Final Answer: The final answer is 3. I hope it is correct."]
MINERVA = [r"x=5", r"\frac12", r"5\text{ cm}", r"12\text{ square units}", r"2\pi cm", r"\left(1,2\right)", r"1,000", r"0,1", r"10,\!000", r"\sqrt[3]8", r"\sqrt2", r"\text{(A)}",
           r"$\$5$", r"\mbox{yes}", r"\$32.50 dollars", r"3\ mph", r"a b", r"an apple", r"\textbf{3}", r"\overline{AB}", r"\boxed{3}", r"\frac\pi2", r"$5$ or $6$", r"90^\circ", r"", r"a = b = c",
           r"\text{Evelyn}", r"5 feet", r"feet5", r"5ft", r"1,2,3", r"12,345,678", r"-1,234", "٣,٤٥٦", r"\text{and}", r",\text{and}", r"\mathrm{th}", r"x\in[2,5)", "5\n6", r"\dots"]
PAIRS = [(r"\frac{1}{2}", "0.5"), (r"\frac{1}{2}", r"\frac{2}{4}"), ("2x+1", "1+2x"), (r"\sqrt{8}", r"2\sqrt{2}"), ("3", "4"), ("(1,2)", "(1,2)"), ("(1,2)", "(2,1)"), ("x^2-1", "(x-1)(x+1)"),
         (r"\text{A}", "B"), ("", ""), ("[invalidanswer]", "5"), (r"\frac{", "1")]


def math_answers():
    out = {"strange": [], "responses": [], "minerva": [], "boxes": []}
    for text in STRANGE:
        stripped = attempt(hendrycks.strip_string, text)
        out["strange"].append([text, stripped if isinstance(stripped, str) else None])
    out["equal"] = [[a, b, quiet(hendrycks.is_equiv, a, b)] for a in STRANGE[:30] for b in (r"\frac{1}{2}", "5", "a/b", a)]
    out["responses"] = [[r, minerva.get_unnormalized_answer(r)] for r in RESPONSES]
    out["minerva"] = [[a, minerva.normalize_final_answer(a)] for a in MINERVA]
    for text in (r"a \boxed{1} b \boxed{\frac{1}{2}} c", r"\boxed 5$ x", r"\fbox{3}", r"none", r"\boxed{1", r"\boxed{a}b}", r"x \boxed 1 y \boxed{2}"):
        box = hendrycks.last_boxed_only_string(text)
        inside = attempt(hendrycks.remove_boxed, box)
        out["boxes"].append([text, box, inside if isinstance(inside, str) else None])
    out["pairs"] = [[a, b, minerva.is_equiv(a, b)] for a, b in PAIRS]
    out["dollars"] = [[r, hendrycks.process_results({"solution": r"\boxed{5}"}, [r])["exact_match"]] for r in RESPONSES + ["$5$", "a $5$ b", "5", "$x=5$"]]
    return out


def math_set(folder):
    """Normalised answers of all solutions of the MATH test set."""
    rows = [json.loads(line) for line in (folder / "datasets/math/MATH_test_5000.jsonl").read_text().splitlines()]
    solutions = [row["chain_of_thought"] for row in rows]
    boxed = [hendrycks.remove_boxed(hendrycks.last_boxed_only_string(s)) for s in solutions]
    normalized = [minerva.normalize_final_answer(b) for b in boxed]
    stripped = [attempt(hendrycks.strip_string, b) for b in boxed]
    stripped = [s if isinstance(s, str) else "\1raises" for s in stripped]
    pick = random.Random(1).sample(range(len(rows)), 100)
    return {"n": len(rows), "boxed": fnv(boxed), "minerva": fnv(normalized), "hendrycks": fnv(stripped),
            "explicit": [[boxed[i], normalized[i], stripped[i]] for i in sorted(pick)]}


def minerva_results():
    cases = []
    solution = r"We get $\boxed{\frac{1}{2}}$."
    for response in ("Final Answer: The final answer is $0.5$. I hope it is correct.", "Final Answer: The final answer is $\\frac12$. I hope it is correct.",
                     "So the answer is $\\boxed{1/2}$.", "Final Answer: The final answer is $3$. I hope it is correct.", "nothing"):
        doc = {"solution": solution, "answer": minerva.normalize_final_answer(r"\frac{1}{2}")}
        cases.append({"response": response, "doc": doc, "out": minerva.process_results(doc, [response])})
    return cases


# ---- Rules and case ----

def rules():
    from lm_eval.api.registry import AGGREGATION_REGISTRY
    names = {v: k for k, v in AGGREGATION_REGISTRY.items()}
    return {t: [[m, names[get_metric_aggregation(m)], is_higher_better(m)] for m in metrics]
            for t, metrics in DEFAULT_METRIC_REGISTRY.items()}


def case():
    every = [chr(c) for c in range(sys.maxunicode + 1) if not 0xD800 <= c < 0xE000]
    sigmas = [a + "Σ" + b for a in ("", "a", " ", "a'", "1", "ʰ", "\u0301", "Ⅷ") for b in ("", "a", " ", "'a", ".", "\u00ad")]
    return {"lower": fnv(c.lower() for c in every), "upper": fnv(c.upper() for c in every),
            "sigmas": [[s, s.lower()] for s in sigmas],
            "space": fnv(c for c in every if c.isspace()),
            "punctuation": fnv(c for c in every if __import__("unicodedata").category(c).startswith("P"))}


def main():
    golden = {"regex": regexes(), "filters": filters(), "choices": choices(), "generated": generated(), "mc2": mc2(), "pass_at_k": pass_at_k(),
              "math": math_answers(), "minerva_results": minerva_results(), "rules": rules(), "case": case(),
              "math_set": math_set(pathlib.Path(os.environ["ASSAY_DATA"]))}
    sys.stdout.write(json.dumps(golden, ensure_ascii=True, separators=(",", ":")) + "\n")


main()
