"""Word problems with worked steps that end in '#### n'.

A problem is a plan (which operations, how they are told) and its numbers. The split hangs on both,
so a problem of the test has never been worked in training, whatever the names.
"""

import re

from splits import split_of

THINGS = ["apples", "pears", "beads", "coins", "cups", "nails", "shells", "candles", "loaves", "ropes", "eggs",
          "stones", "books", "hats", "jars", "bells"]
MAX_VALUE = 199
# How a step is told: N the person, M another, T the things, K the number.
MORE = ["N finds K more.", "M gives N K more.", "N buys K more.", "Then K more come from M.", "N makes K more."]
FEWER = ["N loses K.", "N gives K to M.", "N sells K.", "M takes K of them.", "Then K of them break."]
TIMES = ["N trades them for K times as many.", "Then their number grows to K times as much."]
SHARE = ["N puts them in K equal heaps and keeps one heap.", "N shares them with others in K equal parts and keeps one."]
TOLD = {"+": MORE, "-": FEWER, "*": TIMES, "/": SHARE}
ASK = ["How many T does N have now?", "How many T does N have at the end?", "How many T are left for N?"]


class Work:
    """The numbers so far and the lines worked; every line is right by construction."""

    def __init__(self):
        self.lines, self.value = [], None

    def step(self, left, sign, right):
        self.value = {"+": left + right, "-": left - right, "*": left * right, "/": left // right}[sign]
        self.lines.append(f"{left}{sign}{right}={self.value}")
        return self.value


def _chain_steps(rng, work, told, count):
    """`count` further changes of work.value, told in turn; returns their signs and numbers."""
    plan = []
    for _ in range(count):
        value = work.value
        signs = ["+", "+", "-", "-"] + ["*"] * (2 <= value <= 40) + ["/"] * any(value % k == 0 for k in range(2, 6))
        sign = rng.choice(signs)
        if sign == "+":
            number = rng.randint(2, min(99, MAX_VALUE - value)) if value < MAX_VALUE - 2 else 0
        elif sign == "-":
            number = rng.randint(1, min(value, 99)) if value else 0
        elif sign == "*":
            number = rng.randint(2, min(5, MAX_VALUE // value))
        else:
            number = rng.choice([k for k in range(2, 6) if value % k == 0])
        if not number or (sign == "/" and value == 0):
            return None
        work.step(value, sign, number)
        told.append(re.sub(r"\bK\b", str(number), rng.choice(TOLD[sign])))
        plan.append(f"{sign}{number}")
    return plan


def _plain(rng, work, told):
    start = rng.randint(5, 99)
    told.append(f"N has {start} T.")
    work.value = start
    plan = _chain_steps(rng, work, told, rng.randint(1, 4))
    return plan and [f"have{start}"] + plan


def _boxes(rng, work, told):
    boxes, each = rng.randint(2, 9), rng.randint(2, 12)
    told.append(rng.choice([f"N has {boxes} boxes with {each} T in each.",
                            f"N makes {each} T a day for {boxes} days."]))
    work.step(boxes, "*", each)
    plan = _chain_steps(rng, work, told, rng.randint(0, 3))
    return plan is not None and [f"boxes{boxes},{each}"] + plan


def _together(rng, work, told):
    first, other = rng.randint(5, 60), rng.randint(2, 40)
    more = rng.random() < 0.5 or other >= first
    told.append(f"N has {first} T. M has {other} {'more' if more else 'fewer'} than N.")
    second = work.step(first, "+" if more else "-", other)
    if rng.random() < 0.3:
        told.append("How many T does M have?")
        return [f"than{first}{more}{other}"]
    told.append("How many T do they have together?")
    work.step(first, "+", second)
    return [f"together{first}{more}{other}"]


def _price(rng, work, told):
    price, bought = rng.randint(2, 9), rng.randint(2, 9)
    cost = price * bought
    purse = cost + rng.randint(1, 99)
    told.append(rng.choice([f"N has {purse} coins and buys {bought} T for {price} coins each.",
                            f"One of the T costs {price} coins. N has {purse} coins and buys {bought} of them."]))
    told.append("How many coins does N have left?")
    work.step(bought, "*", price)
    work.step(purse, "-", cost)
    return [f"price{price},{bought},{purse}"]


def _two_kinds(rng, work, told):
    one, two, each = rng.randint(5, 60), rng.randint(2, 9), rng.randint(2, 9)
    told.append(f"N has {one} T. M brings {two} bags with {each} T in each.")
    bags = work.step(two, "*", each)
    work.step(one, "+", bags)
    plan = _chain_steps(rng, work, told, rng.randint(0, 2))
    return plan is not None and [f"bags{one},{two},{each}"] + plan


_KINDS = [_plain] * 5 + [_boxes] * 2 + [_together] * 2 + [_price] * 2 + [_two_kinds] * 2


def problem(rng, world):
    """{'question', 'answer', 'split', 'n_steps'}: one problem of any split."""
    while True:
        work, told = Work(), []
        plan = rng.choice(_KINDS)(rng, work, told)
        if plan:
            break
    if not told[-1].startswith("How"):
        told.append(rng.choice(ASK))
    name, other = rng.sample(world.people, 2)
    things = rng.choice(THINGS)
    names = {"N": name, "M": other, "T": things}
    text = re.sub(r"\b[NMT]\b", lambda found: names[found.group()], " ".join(told))
    return {"question": text, "answer": "\n".join(work.lines + [f"#### {work.value}"]),
            "plan": "|".join(plan), "split": split_of("maths|" + "|".join(plan)), "n_steps": len(work.lines)}


def drill(rng):
    """Short sums, the arithmetic alone. Their results stay within the range of the problems."""
    lines = []
    for _ in range(rng.randint(3, 8)):
        sign = rng.choice("++--*/")
        if sign == "+":
            left = rng.randint(1, 190)
            right = rng.randint(1, min(99, MAX_VALUE - left))
        elif sign == "-":
            left = rng.randint(2, MAX_VALUE)
            right = rng.randint(1, min(99, left))
        elif sign == "*":
            left, right = rng.choice([(rng.randint(2, 12), rng.randint(2, 12)), (rng.randint(2, 40), rng.randint(2, 5))])
        else:
            right = rng.randint(2, 5)
            left = right * rng.randint(1, MAX_VALUE // right)
        work = Work()
        work.step(left, sign, right)
        lines += work.lines
    return lines


def training_text(rng, world):
    if rng.random() < 0.2:
        parts = []
        for i, line in enumerate(drill(rng)):
            left, right = line.split("=")
            parts += [("\n" * (i > 0) + left + "=", False), (right, True)]
        return parts
    while True:
        made = problem(rng, world)
        if made["split"] == "train":
            return [(f"Question: {made['question']}\nAnswer:", False), (f" {made['answer']}", True)]
