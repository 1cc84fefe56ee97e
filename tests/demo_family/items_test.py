"""The committed items: made from the seed, right, balanced, and not in the training text."""

import collections
import json
import re
import shutil
import subprocess
import sys
import unittest

import family  # first: it says where the modules below are
import build_data
import knowledge
import maths
import programs
import stories
from facts import make_world
from splits import split_of, stream

RUN_ALL = """
import json, sys
failed = []
for number, item in enumerate(json.load(sys.stdin)):
    try:
        exec(item["code"], {})
    except Exception as error:
        failed.append([number, repr(error)])
json.dump(failed, sys.stdout)
"""


def rows(name):
    return [json.loads(line) for line in (family.DATA / f"tasks/{name}.jsonl").read_text().splitlines()]


def failures(sources):
    """[[number, error]] of the sources that do not run to their end, in a sandbox where there is one."""
    command = [sys.executable, "-I", "-c", RUN_ALL]
    if shutil.which("bwrap"):
        box = ["bwrap", "--unshare-all", "--ro-bind", "/", "/", "--tmpfs", "/tmp", "--die-with-parent"]
        if subprocess.run([*box, "true"], capture_output=True).returncode == 0:
            command = box + command
    done = subprocess.run(command, input=json.dumps([{"code": source} for source in sources]),
                          capture_output=True, text=True, timeout=120, check=True)
    return json.loads(done.stdout)


def told_result(question):
    """The answer as a reader finds it: from the sentences, not from the generator's steps."""
    have = other = price = None
    asked = question.rsplit(". ", 1)[-1]
    for sentence in question.split(". "):
        numbers = [int(n) for n in re.findall(r"\d+", sentence)]
        if re.search(r" (boxes with|a day for) ", sentence):
            have = numbers[0] * numbers[1]
        elif " bags with " in sentence:
            have += numbers[0] * numbers[1]
        elif sentence.startswith("One of the"):
            price = numbers[0]
        elif " coins and buys " in sentence:
            have = numbers[0] - numbers[1] * (price or numbers[2])
        elif re.search(r" has \d+ (more|fewer) than", sentence):
            other = have + (numbers[0] if "more" in sentence else -numbers[0])
        elif re.search(r" has \d+ ", sentence):
            have = numbers[0]
        elif re.search(r"times as m", sentence):
            have *= numbers[0]
        elif re.search(r"equal (heaps|parts)", sentence):
            have //= numbers[0]
        elif " more" in sentence:
            have += numbers[0]
        elif numbers:
            have -= numbers[0]
    if "together" in asked:
        return have + other
    return have if other is None else other


class CommittedItems(unittest.TestCase):
    def test_the_seed_makes_the_same_bytes(self):
        for name, content in build_data.files().items():
            self.assertEqual((family.DATA / name).read_text(), content, name)

    def test_sizes(self):
        for name in ("knowledge_test", "maths_test", "code_test", "endings_test"):
            self.assertTrue(200 <= len(rows(name)) <= 500, name)

    def test_knowledge_items_are_right_and_balanced(self):
        world, places = make_world(), collections.Counter()
        of_relation = {relation: set(answers) for relation, answers in world.answers.items()}
        for item in rows("knowledge_test") + rows("knowledge_examples"):
            self.assertEqual(len(set(item["choices"])), 4, item)
            self.assertLessEqual(set(item["choices"]), of_relation[item["relation"]])
            subjects = [s for (relation, s) in world.known if relation == item["relation"]
                        and re.search(rf"\b{s}\b", item["question"])]
            self.assertEqual(len(subjects), 1, item)
            self.assertEqual(item["choices"][item["answer"]], world.known[item["relation"], subjects[0]])
        places.update(item["answer"] for item in rows("knowledge_test"))
        self.assertLessEqual(max(places.values()) - min(places.values()), 1)
        self.assertEqual(len(places), 4)

    def test_sums_are_worked_right(self):
        for item in rows("maths_test"):
            *steps, last = item["answer"].split("\n")
            values = []
            for step in steps:
                left, sign, right, result = re.fullmatch(r"(\d+)([-+*/])(\d+)=(\d+)", step).groups()
                left, right, result = int(left), int(right), int(result)
                self.assertEqual({"+": left + right, "-": left - right, "*": left * right}.get(sign, result), result)
                if sign == "/":
                    self.assertEqual(left, right * result, item)
                values.append(result)
            self.assertEqual(last, f"#### {values[-1]}")
            self.assertEqual(len(steps), item["n_steps"])
            self.assertEqual(told_result(item["question"]), values[-1], item)

    def test_endings_follow_from_the_story_and_the_facts(self):
        known = make_world().known
        for item in rows("endings_test"):
            ate = re.search(r"(?:Then (\w+) went home to \w+ and|(\w+)) ate$", item["story"])
            home = re.search(r"(\w+) came back to$", item["story"])
            if ate:
                self.assertEqual(item["ending"], known["food", ate[1] or ate[2]], item)
            elif home:
                self.assertEqual(item["ending"], known["home", home[1]], item)
            else:
                self.assertRegex(item["story"], rf"\b{item['ending']}\b")

    def test_references_pass_their_tests(self):
        items = rows("code_test")
        complete = [f"{i['prompt']}{i['canonical_solution']}\n{i['test']}\ncheck({i['entry_point']})" for i in items]
        self.assertEqual(failures(complete), [])

    def test_idle_programs_fail(self):
        items = rows("code_test")
        for idle in ("0", "n", "xs", "s", "[]", "''"):
            sources = [f"n = xs = s = 0\n{i['prompt']}    return {idle}\n{i['test']}\ncheck({i['entry_point']})"
                       for i in items]
            self.assertGreater(len(failures(sources)), 0.85 * len(items), idle)


class Splits(unittest.TestCase):
    """The training text is endless; what is looked at here is made with the same code."""

    N_LOOKED_AT = 6_000

    def test_training_has_no_plan_of_the_test(self):
        world, rng = make_world(), stream("test of the splits")
        plans = {"sums": {}, "programs": {}}
        for _ in range(self.N_LOOKED_AT):
            for kind, made in (("sums", maths.problem(rng, world)), ("programs", programs.program(rng))):
                self.assertEqual(plans[kind].setdefault(made["plan"], made["split"]), made["split"])
        for known in plans.values():
            self.assertEqual(set(known.values()), {"train", "validation", "test"})

    def test_training_text_has_no_item(self):
        world, rng = make_world(), stream("test of the splits")
        asked = {item["question"] for name in ("knowledge_test", "maths_test") for item in rows(name)}
        bodies = {item["canonical_solution"] for item in rows("code_test") if item["n_steps"] > 2}
        tales = set((family.DATA / "world_stories.txt").read_text().rstrip("\n").split(stories.BETWEEN))
        begun = {item["story"] for item in rows("endings_test")}
        reader = knowledge.Reader(world)
        for _ in range(self.N_LOOKED_AT):
            text = "".join(part for part, _ in reader.training_text(rng))
            self.assertFalse(asked & set(re.findall(r"Question: (.*)\n", text)))
            text = "".join(part for part, _ in maths.training_text(rng, world))
            self.assertFalse(asked & set(re.findall(r"Question: (.*)\n", text)))
            body = programs.training_text(rng)[1][0]
            self.assertFalse(body in bodies, body)
            for tale in stories.training_text(rng, world)[0][0].split(stories.BETWEEN):
                self.assertFalse(tale in tales, tale)
                self.assertFalse(any(tale.startswith(story) for story in begun), tale)

    def test_no_fact_of_the_test_is_asked_about_in_training(self):
        world = make_world()
        of_split = {split: {f.signature() for f in knowledge.asked_in(world, split)}
                    for split in ("train", "validation", "test")}
        self.assertFalse(of_split["train"] & of_split["test"])
        self.assertFalse(of_split["validation"] & of_split["test"])
        self.assertEqual(sum(map(len, of_split.values())), len(world.facts))

    def test_wordings_of_the_test_are_held_out(self):
        for relation, wordings in knowledge.QUESTIONS.items():
            self.assertEqual(len(set(wordings)), len(wordings), relation)
            self.assertGreater(len(wordings), knowledge.N_HELD_OUT + 2)

    def test_a_split_hangs_on_its_signature_alone(self):
        self.assertEqual([split_of(f"s{i}") for i in range(50)], [split_of(f"s{i}") for i in range(50)])


if __name__ == "__main__":
    family.main()
