"""Short functions from docstrings, in a subset of Python that Python itself runs.

A program is a line of steps. The split hangs on the steps (without their numbers): a program of the
test puts known steps together in a way that training never does.
"""

from splits import split_of

# Each step: (its name, wordings, lines of code). K is a number, V the variable, C a letter.
_CONDITIONS = {"even": ("even", "% 2 == 0"), "odd": ("odd", "% 2 == 1"), "above": ("above K", "> K"),
               "below": ("below K", "< K"), "div": ("divisible by K", "% K == 0"), "neg": ("negative", "< 0")}
NUMBER = {
    "add": (["add K", "increase it by K"], ["n = n + K"]),
    "take": (["take away K", "decrease it by K"], ["n = n - K"]),
    "double": (["double it", "take it twice"], ["n = n * 2"]),
    "times": (["multiply by K", "take it K times"], ["n = n * K"]),
    "square": (["square it", "multiply it by itself"], ["n = n * n"]),
    "rest": (["take the remainder by K", "keep the rest of dividing by K"], ["n = n % K"]),
    "divide": (["divide by K", "split it by K"], ["n = n // K"]),
    "negate": (["change the sign", "negate it"], ["n = -n"]),
    "least": (["raise it to at least K", "make it no less than K"], ["n = max(n, K)"]),
    "most": (["limit it to at most K", "make it no more than K"], ["n = min(n, K)"]),
    "abs": (["drop the sign", "make it positive"], ["n = abs(n)"]),
}
for _name, (_said, _test) in _CONDITIONS.items():
    for _inner in ("add", "double", "negate", "divide"):
        NUMBER[f"{_name}-{_inner}"] = (
            [f"if it is {_said.replace('K', 'J')} {wording}" for wording in NUMBER[_inner][0]],
            [f"if n {_test.replace('K', 'J')}:", "    " + NUMBER[_inner][1][0]])
LISTS = {
    "double": (["double each", "take each twice"], ["xs = [x * 2 for x in xs]"]),
    "add": (["add K to each", "increase each by K"], ["xs = [x + K for x in xs]"]),
    "take": (["take K from each", "decrease each by K"], ["xs = [x - K for x in xs]"]),
    "square": (["square each", "multiply each by itself"], ["xs = [x * x for x in xs]"]),
    "negate": (["change each sign", "negate each"], ["xs = [-x for x in xs]"]),
    "reverse": (["reverse the list", "turn the list around"], ["xs = xs[::-1]"]),
    "sort": (["sort the list", "put the list in order"], ["xs = sorted(xs)"]),
    "down": (["sort from the largest", "put the largest first"], ["xs = sorted(xs, reverse=True)"]),
    "unique": (["drop repeats and sort", "keep one of each in order"], ["xs = sorted(set(xs))"]),
    "first": (["keep the first K", "cut it after K"], ["xs = xs[:K]"]),
    "last": (["keep the last K", "use only the last K"], ["xs = xs[-K:]"]),
    "skip": (["skip the first K", "leave out the first K"], ["xs = xs[K:]"]),
    "append": (["put K at the end", "append K"], ["xs = xs + [K]"]),
}
for _name, (_said, _test) in _CONDITIONS.items():
    LISTS[f"keep-{_name}"] = ([f"keep those {_said}", f"use only those {_said}"], [f"xs = [x for x in xs if x {_test}]"])
    LISTS[f"drop-{_name}"] = ([f"drop those {_said}", f"leave out those {_said}"],
                              [f"xs = [x for x in xs if not x {_test}]"])
LIST_ENDS = {
    "list": (["return the list"], ["return xs"]), "sum": (["return the sum", "return the total"], ["return sum(xs)"]),
    "count": (["return how many there are", "return the count"], ["return len(xs)"]),
    "max": (["return the largest or 0", "return the maximum or 0"], ["return max(xs, default=0)"]),
    "min": (["return the smallest or 0", "return the minimum or 0"], ["return min(xs, default=0)"]),
}
STRINGS = {
    "reverse": (["reverse it", "turn it around"], ["s = s[::-1]"]),
    "upper": (["use capitals", "make it upper case"], ["s = s.upper()"]),
    "lower": (["use small letters", "make it lower case"], ["s = s.lower()"]),
    "first": (["keep the first K letters", "cut it after K letters"], ["s = s[:K]"]),
    "last": (["keep the last K letters", "use only the last K letters"], ["s = s[-K:]"]),
    "skip": (["skip the first K letters", "leave out the first K letters"], ["s = s[K:]"]),
    "repeat": (["repeat it K times", "write it K times"], ["s = s * K"]),
    "replace": (["replace C with D", "put D for each C"], ["s = s.replace('C', 'D')"]),
    "remove": (["remove each C", "leave out each C"], ["s = s.replace('C', '')"]),
    "append": (["put C at the end", "append C"], ["s = s + 'C'"]),
    "front": (["put C in front", "begin it with C"], ["s = 'C' + s"]),
    "sort": (["sort the letters", "put the letters in order"], ["s = ''.join(sorted(s))"]),
}
STRING_ENDS = {"text": (["return it"], ["return s"]),
               "length": (["return its length", "return how long it is"], ["return len(s)"]),
               "count": (["return how often C is in it", "count each C"], ["return s.count('C')"])}
STARTS = {
    "sum": (["Add a and b"], ["n = a + b"]), "difference": (["Take b from a"], ["n = a - b"]),
    "product": (["Multiply a by b"], ["n = a * b"]), "larger": (["Take the larger of a and b"], ["n = max(a, b)"]),
    "smaller": (["Take the smaller of a and b"], ["n = min(a, b)"]),
}
_NAMES = ["f", "work", "solve", "change", "run"]
_LETTERS = "abcdefgilmnoprstu"


class Writer:
    """Collects the wordings and the lines of one program, with numbers and letters filled in."""

    def __init__(self, rng):
        self.rng, self.said, self.lines, self.steps = rng, [], [], []

    def add(self, table, name):
        wordings, lines = table[name]
        one, other = self.rng.sample(_LETTERS, 2)
        # From 3 on: dividing by 2 would say again what "even" and "double" say, by another name.
        fill = {"K": str(self.rng.randint(3, 9)), "J": str(self.rng.randint(3, 9)), "C": one, "D": other}
        self.said.append("".join(fill.get(c, c) for c in self.rng.choice(wordings)))
        self.lines += ["".join(fill.get(c, c) for c in line) for line in lines]
        self.steps.append(name)


def _of_table(rng, table, ends, argument):
    writer = Writer(rng)
    for name in rng.sample(sorted(table), rng.choice([1, 2, 2, 3, 3])):
        writer.add(table, name)
    writer.add(ends, rng.choice(sorted(ends)))
    return writer, argument


def _numbers(rng):
    writer = Writer(rng)
    if rng.random() < 0.4:
        writer.add(STARTS, rng.choice(sorted(STARTS)))
        argument, count = "a, b", rng.choice([1, 2, 3])
    else:
        argument, count = "n", rng.choice([1, 2, 3, 4])
    for name in rng.sample(sorted(NUMBER), count):
        writer.add(NUMBER, name)
    writer.lines.append("return n")
    return writer, argument


def program(rng):
    """{'prompt', 'body', 'entry_point', 'argument', 'split', 'n_steps'} of any split."""
    kind = rng.choice(["numbers", "numbers", "lists", "lists", "strings"])
    if kind == "numbers":
        writer, argument = _numbers(rng)
    elif kind == "lists":
        writer, argument = _of_table(rng, LISTS, LIST_ENDS, "xs")
    else:
        writer, argument = _of_table(rng, STRINGS, STRING_ENDS, "s")
    said = ", then ".join(writer.said)
    name = rng.choice(_NAMES)
    # Programs of one or two steps teach the steps themselves; they are always trained on.
    short = len(writer.steps) < 3 - (kind == "numbers" and argument == "n")
    plan = "|".join([kind, argument, *writer.steps])
    return {"prompt": f'def {name}({argument}):\n    """{said[0].upper()}{said[1:]}."""\n',
            "body": "".join(f"    {line}\n" for line in writer.lines), "entry_point": name, "argument": argument,
            "plan": plan, "split": "train" if short else split_of(f"code|{plan}"), "n_steps": len(writer.steps)}


def arguments(rng, argument):
    """Values to call a program with."""
    if argument == "n":
        return (rng.randint(-20, 60),)
    if argument == "a, b":
        return (rng.randint(-9, 30), rng.randint(-9, 30))
    if argument == "xs":
        return ([rng.randint(-9, 20) for _ in range(rng.randint(4, 8))],)
    letters = _LETTERS + _LETTERS.upper()
    return ("".join(rng.choice(letters) for _ in range(rng.randint(5, 10))),)


def training_text(rng):
    while True:
        made = program(rng)
        if made["split"] == "train":
            return [(made["prompt"], False), (made["body"], True)]
