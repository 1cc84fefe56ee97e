"""The items of the tasks, and the stories for perplexity, of the validation or the test split."""

import re

import knowledge
import maths
import programs
import stories
from splits import stream

N_MATHS = 400
N_PROGRAMS = 300
N_STORIES = 300
N_ENDINGS = 300
N_CALLS = 5  # with which a program is tested


def knowledge_items(world, split):
    """Each fact of the split in each held-out wording; the right option stands in each place as often."""
    rng = stream("items", "knowledge", split)
    made = []
    for fact in knowledge.asked_in(world, split):
        for wording in knowledge.QUESTIONS[fact.relation][-knowledge.N_HELD_OUT:]:
            made.append(_options(rng, world, fact, knowledge.filled(wording, fact.subject, ""), len(made) % 4))
    rng.shuffle(made)
    return made


def _options(rng, world, fact, question, gold):
    wrong = [a for a in world.answers[fact.relation] if a not in (fact.answer, fact.subject)]
    options = rng.sample(wrong, 3)
    options.insert(gold, fact.answer)
    return {"question": question, "choices": options, "answer": gold, "relation": fact.relation}


def knowledge_examples(world, count=40):
    """Examples to show before a question: facts and wordings of the training split."""
    rng = stream("items", "knowledge", "examples")
    facts = rng.sample(knowledge.asked_in(world, "train"), count)
    return [_options(rng, world, fact, knowledge.question(rng, fact, held_out=False), i % 4)
            for i, fact in enumerate(facts)]


def maths_items(world, split, count=N_MATHS):
    rng, made = stream("items", "maths", split), {}
    while len(made) < count:
        problem = maths.problem(rng, world)
        if problem["split"] == split:
            made[problem["plan"]] = {key: problem[key] for key in ("question", "answer", "n_steps")}
    return list(made.values())


def program_items(split, count=N_PROGRAMS):
    """Programs whose steps differ from each other's; the tests hold what the reference returns."""
    rng, made = stream("items", "code", split), {}
    while len(made) < count:
        program = programs.program(rng)
        if program["split"] == split and program["plan"] not in made:
            calls = [programs.arguments(rng, program["argument"]) for _ in range(N_CALLS)]
            made[program["plan"]] = {
                "task_id": f"demo_code/{len(made)}", "prompt": program["prompt"],
                "canonical_solution": program["body"], "entry_point": program["entry_point"],
                "test": _check(program, calls), "n_steps": program["n_steps"]}
    return list(made.values())


def _check(program, calls):
    names = {}
    exec(program["prompt"] + program["body"], names)  # the generator's own program, not a model's
    lines = [f"    assert candidate({', '.join(map(repr, call))}) == {names[program['entry_point']](*call)!r}"
             for call in calls]
    return "def check(candidate):\n" + "\n".join(lines) + "\n"


def story_texts(world, split, count=N_STORIES):
    rng, made = stream("items", "stories", split), []
    while len(made) < count:
        text, where = stories.story(rng, world)
        if where == split and text not in made:
            made.append(text)
    return made


# Last sentences whose last word a reader knows: from the story, or from what is told of its people elsewhere.
_LAST_WORD = re.compile(r"(.*(?: ate| came back to| slept well in)) (\w+)\.")


def ending_items(world, split, count=N_ENDINGS):
    """Stories of the split without their last word."""
    rng, made = stream("items", "endings", split), {}
    while len(made) < count:
        text, where = stories.story(rng, world)
        told = _LAST_WORD.fullmatch(text)
        if where == split and told:
            made[told[1]] = {"story": told[1], "ending": told[2]}
    return list(made.values())
