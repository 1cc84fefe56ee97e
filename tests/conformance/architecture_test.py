"""Holds this repository to the rules of architecture.py, after showing that each rule catches what breaks it."""

import pathlib
import sys
import tempfile
import unittest

import architecture

ROOT = pathlib.Path(__file__).resolve().parents[2]

SOUND = {
    "README.md": "Read `docs/a.md` and [it](docs/a.md). `cmake --build x/y` and `a/b` are not ours.\n",
    "docs/a.md": "`src/{core,eval}`\n",
    "src/core/hash.h": "#include <string>\n",
    "src/core/hash.cc": '#include "core/hash.h"\n#include <xxhash.h>\n',
    "src/models/models.h": '#include "core/hash.h"\nstruct Model;\nclass Models {\n};\n',
    "src/models/llama_engine.cc": '#include <llama.h>\n#include "ggml-backend.h"\n#include "models/models.h"\n',
    "src/compress/quantize.cc": '#include "llama.h"\n#include "models/models.h"\n',
    "src/eval/eval.h": '#include "models/models.h"\n',
    "scripts/x.sh": "mktemp /tmp/" + "X" * 6 + "\ncat /usr/share/x docs/work/y /home/ada/x\n",
    "data/demo/text.txt": "A " + "TO" "DO" + " in a story is a story's.\n",
}

# What is changed in the sound tree, and what must be said about it.
BROKEN = {
    "forbidden folder": ("src/core/a.cc", '#include "models/models.h"\n', "core may not include models"),
    "upward include": ("src/models/a.cc", '#include "eval/eval.h"\n', "models may not include eval"),
    "private header": ("src/eval/a.cc", '#include "models/inner.h"\n', "models/inner.h is private to models"),
    "cycle": ("src/core/a.h", '#include "models/models.h"\n', "core -> models -> core"),
    "relative include": ("src/eval/a.cc", '#include "../store/schema.h"\n', "write the path from src/"),
    "unknown folder": ("src/utils/a.h", "\n", "src/utils is not a folder of the design"),
    "SDK in a second file": ("src/models/b.cc", "#include <ggml.h>\n", "llama.cpp in 2 files"),
    "SDK in another folder": ("src/eval/a.cc", "#include <sqlite3.h>\n", "SQLite is for store only"),
    "SDK in a header": ("src/hub/a.h", "#include <curl/curl.h>\n", "libcurl in a header"),
    "Jinja outside models": ("src/compress/a.cc", '#include "jinja/parser.h"\n', "Jinja is for models, tasks only"),
    "type twice": ("src/eval/b.h", "class Models {\n};\n", "type Models is defined in src/eval/b.h and src/models/models.h"),
    "long file": ("src/core/a.cc", "\n" * 401, "401 lines"),
    "unfinished": ("src/core/a.cc", "\n// " + "FIX" "ME later\n", "src/core/a.cc:2: FIX" "ME"),
    "registry host": ("package-lock.json", '"https://registry.npm' 'js.org/x"', "names the registry host"),
    "machine path": ("scripts/a.sh", "cd /" "work/main\n", "path of one machine"),
    "home path": ("docs/b.md", "run /home/" "someone/x\n", "path of one machine"),
    "path gone": ("docs/b.md", "see `src/eval/gone.cc`\n", "names src/eval/gone.cc, which is not there"),
    "one alternative gone": ("docs/b.md", "see `src/{core,gone}`\n", "names src/{core,gone}, which is not there"),
    "document gone": ("docs/b.md", "see `SECURITY.md`\n", "names SECURITY.md, which is not there"),
    "link gone": ("docs/b.md", "see [it](gone.md)\n", "links to gone.md, which is not there"),
}


def complaints_about(files):
    with tempfile.TemporaryDirectory() as root:
        for name, text in files.items():
            path = pathlib.Path(root) / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        return architecture.check(root)


class RulesCatchViolations(unittest.TestCase):
    def test_a_sound_tree_has_no_complaints(self):
        self.assertEqual(complaints_about(SOUND), [])

    def test_each_violation_is_named(self):
        for what, (name, text, expected) in BROKEN.items():
            with self.subTest(what):
                found = complaints_about({**SOUND, name: text})
                self.assertTrue(any(expected in complaint for complaint in found), f"{expected!r} not in {found}")

    def test_every_rule_has_a_violation(self):
        found = "\n".join(c for name, text, _ in BROKEN.values() for c in complaints_about({**SOUND, name: text}))
        for words in ["may not include", "is for", "lines, may have", "finish it", "registry host", "not there"]:
            self.assertIn(words, found)


class ThisRepository(unittest.TestCase):
    def test_keeps_the_rules(self):
        self.assertEqual("\n".join(architecture.check(ROOT)), "")

    def test_names_something(self):  # an empty listing would keep every rule
        self.assertIn("src/core/hash.cc", architecture.Tree(ROOT).names)


if __name__ == "__main__":
    unittest.main()
