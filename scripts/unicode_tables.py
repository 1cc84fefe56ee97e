"""Writes src/tasks/unicode_tables.cc from Python's own tables: python3.11 scripts/unicode_tables.py > FILE.

Python 3.11 has Unicode 14.0. Cased and Case_Ignorable, which str does not show, are read off how a capital
sigma is lowered next to the character.
"""

import sys
import unicodedata

ALL = [c for c in range(sys.maxunicode + 1) if not 0xD800 <= c < 0xE000]


def ranges(test):
    found = []
    for c in ALL:
        if test(c):
            if found and found[-1][1] == c - 1:
                found[-1][1] = c
            else:
                found.append([c, c])
    return found


def case_ranges(change):
    """[first, last, step, delta] of the one-to-one mappings; greedy runs with step 1 or 2."""
    found = []
    for c in ALL:
        mapped = change(chr(c))
        if len(mapped) != 1 or ord(mapped) == c:
            continue
        delta = ord(mapped) - c
        for run in reversed(found[-2:]):
            step = c - run[1]
            if run[3] == delta and step in (1, 2) and (run[0] == run[1] or run[2] == step):
                run[1], run[2] = c, step
                break
        else:
            found.append([c, c, 1, delta])
    return found


# A sigma is final when a cased character stands before it (case-ignorable ones between) and none after.
def is_between(c):
    return ("aΣ" + chr(c) + "a").lower()[1] == "σ" and ("aΣ" + chr(c)).lower()[1] == "ς"


def is_cased(c):
    return (chr(c) + "Σ").lower()[-1] == "ς" and not is_between(c)


def write(name, kind, rows):
    print(f"constexpr {kind} {name}[] = {{")
    line = "   "
    for row in rows:
        text = " {" + ", ".join(row) + "},"
        if len(line) + len(text) > 100:
            print(line)
            line = "   "
        line += text
    print(line)
    print("};")


def literal(text):
    return 'U"' + "".join(f"\\u{ord(x):04x}" for x in text) + '"'  # all below U+10000


def hexes(row):
    return [f"0x{row[0]:x}", f"0x{row[1]:x}"]


assert unicodedata.unidata_version == "14.0.0", unicodedata.unidata_version
special = [(c, chr(c).upper()) for c in ALL if len(chr(c).upper()) > 1]
assert [c for c in ALL if len(chr(c).lower()) > 1] == [0x130]
print("// Made by scripts/unicode_tables.py; not edited by hand.")
print('#include "tasks/unicode_tables.h"\n\nnamespace assay::detail::score {\nnamespace {\n\n// clang-format off')
for name, change in (("kLower", str.lower), ("kUpper", str.upper)):
    write(name, "CaseRange", [hexes(row) + [str(row[2]), str(row[3])] for row in case_ranges(change)])
write("kSpecialUpper", "SpecialCase", [[f"0x{c:x}", literal(text)] for c, text in special])
write("kSpecialTitle", "SpecialCase",
      [[f"0x{c:x}", literal(chr(c).title())] for c in ALL if chr(c).title() != chr(c).upper()])
write("kPunctuation", "CharacterRange",
      [hexes(r) for r in ranges(lambda c: unicodedata.category(chr(c)).startswith("P"))])
write("kCased", "CharacterRange", [hexes(r) for r in ranges(is_cased)])
write("kCaseIgnorable", "CharacterRange", [hexes(r) for r in ranges(is_between)])
print("// clang-format on\n\n}  // namespace\n")
for function, kind, name in (("lower_ranges", "CaseRange", "kLower"), ("upper_ranges", "CaseRange", "kUpper"),
                             ("special_upper", "SpecialCase", "kSpecialUpper"),
                             ("special_title", "SpecialCase", "kSpecialTitle"),
                             ("punctuation_ranges", "CharacterRange", "kPunctuation"),
                             ("cased_ranges", "CharacterRange", "kCased"),
                             ("case_ignorable_ranges", "CharacterRange", "kCaseIgnorable")):
    print(f"std::span<const {kind}> {function}() {{ return {name}; }}")
print("\n}  // namespace assay::detail::score")
