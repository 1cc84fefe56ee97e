"""Facts told in varied sentences, and questions about them.

A fact outside the training split is told like every other but never asked about in training, and the
questions of the test are in wordings that training never asks in.
"""

import re

from splits import split_of, stream

# relation: sentences, S the subject and O the answer.
SENTENCES = {
    "home": ["S lives in O.", "S has a house in O.", "The home of S is O.", "O is where S lives.",
             "O is the home of S.", "You can find S in O."],
    "craft": ["S is a O.", "S works as a O.", "The craft of S is that of a O.", "S earns a living as a O.",
              "The work of a O is what S does.", "As a O, S works hard."],
    "pet": ["S has a O.", "S keeps a O.", "The pet of S is a O.", "A O belongs to S.", "S owns a O.",
            "The O is the pet of S."],
    "food": ["S likes O most.", "S loves O.", "The favourite food of S is O.", "O is what S likes to eat.",
             "Most of all S eats O.", "S is always glad of O."],
    "instrument": ["S plays the O.", "The instrument of S is the O.", "S makes music on the O.",
                   "The O is what S plays.", "S learned the O.", "One can hear S play the O."],
    "river": ["S lies on the river O.", "The river of S is the O.", "The O flows through S.",
              "S stands by the river O.", "The river O runs past S.", "The people of S fish in the O."],
    "good": ["S is known for its O.", "S sells O.", "The best O comes from S.", "The O of S is famous.",
             "People go to S to buy O.", "S has plenty of O."],
    "month": ["The fair of S is in O.", "S holds its fair in O.", "In O there is a fair in S.",
              "The month of the fair in S is O.", "S has its feast in O.", "People dance in S in O."],
    "founder": ["S was founded by O.", "O founded S.", "The founder of S is O.", "O built the first house of S.",
                "O is the founder of S.", "Long ago O began the town of S."],
    "material": ["A S works with O.", "The S needs O.", "O is what a S works with.", "Every S buys O.",
                 "The material of a S is O.", "A S cannot work without O."],
    "tool": ["A S uses a O.", "The tool of a S is the O.", "The O is the tool of a S.", "Every S owns a O.",
             "A O is what a S uses.", "With a O the S does good work."],
}
# relation: questions; the last two are for validation and test alone.
QUESTIONS = {
    "home": ["Where does S live?", "In which town does S live?", "Which town is the home of S?",
             "Where does S have a house?", "What is the home of S?", "Where can you find S?"],
    "craft": ["What is the craft of S?", "What does S work as?", "What work does S do?",
              "How does S earn a living?", "As what does S work?", "Which craft does S do?"],
    "pet": ["What does S keep?", "Which animal does S keep?", "Which pet belongs to S?",
            "What is the pet of S?", "Which animal belongs to S?", "Which animal does S own?"],
    "food": ["What does S like to eat?", "What is the favourite food of S?", "Which food does S like most?",
             "What does S love?", "Which food does S love?", "What does S eat most of all?"],
    "instrument": ["What does S play?", "Which instrument does S play?", "What is the instrument of S?",
                   "On what does S make music?", "What can one hear S play?", "Which instrument is that of S?"],
    "river": ["On which river does S lie?", "Which river flows through S?", "What is the river of S?",
              "By which river does S stand?", "Which river runs past S?", "In which river do the people of S fish?"],
    "good": ["What is S known for?", "What does S sell?", "What do people buy in S?", "What comes from S?",
             "What is famous in S?", "What do people go to S to buy?"],
    "month": ["When is the fair of S?", "In which month is the fair of S?", "When does S hold its fair?",
              "In which month does S have its feast?", "When is there a fair in S?",
              "What is the month of the fair in S?"],
    "founder": ["Who founded S?", "By whom was S founded?", "Who is the founder of S?",
                "Who began the town of S?", "Who was the founder of S?", "Who built the first house of S?"],
    "material": ["What does a S work with?", "What does a S need?", "What is the material of a S?",
                 "What does every S buy?", "Which material does a S need?", "Without what can a S not work?"],
    "tool": ["What does a S use?", "What is the tool of a S?", "Which tool does a S own?",
             "With what does a S do good work?", "Which tool does a S use?", "What tool does every S own?"],
}
N_HELD_OUT = 2


def filled(template, subject, answer):
    """The template with both names, an article that fits, and a capital at its start."""
    text = re.sub(r"\b[SO]\b", lambda found: subject if found.group() == "S" else answer, template)
    words = text.split(" ")
    for i, word in enumerate(words[:-1]):
        if word in ("a", "A") and words[i + 1][0].lower() in "aeiou":
            words[i] = word + "n"
    text = " ".join(words)
    return text[0].upper() + text[1:]


def sentence(rng, fact, subject=None):
    """One of the fact's sentences; `subject` may be a pronoun, for sentences that begin with it."""
    templates = SENTENCES[fact.relation]
    if subject:
        templates = [t for t in templates if t.startswith("S ")]
    return filled(rng.choice(templates), subject or fact.subject, fact.answer)


def question(rng, fact, held_out):
    wordings = QUESTIONS[fact.relation]
    chosen = wordings[-N_HELD_OUT:] if held_out else wordings[:-N_HELD_OUT]
    return filled(rng.choice(chosen), fact.subject, "")


def quiz_text(question_text):
    return f"Question: {question_text}\nAnswer:"


class Reader:
    """Writes the knowledge part of the training text. It begins with few people, towns and crafts and
    takes in the others by and by: a model first has to find out that facts are to be remembered at all,
    and that takes the longer the more of them it is told of at once."""

    def __init__(self, world):
        self._world = world
        of_subject = {}
        for fact in world.facts:
            of_subject.setdefault((fact.kind, fact.subject), []).append(fact)
        self._known = sorted(of_subject.items())
        stream("order of subjects").shuffle(self._known)
        asked = set(asked_in(world, "train"))
        self._asked = [[fact for fact in facts if fact in asked] for _, facts in self._known]

    def training_text(self, rng, share=1.0):
        """[(text, whether it teaches)]: sentences, or questions with answers; of the first `share` of
        the subjects."""
        count = max(1, round(share * len(self._known)))
        form = rng.random()
        if form < 0.35:
            return [(self._about_one(rng, *self._known[rng.randrange(count)]), True)]
        if form < 0.6:
            told = [sentence(rng, rng.choice(self._known[rng.randrange(count)][1])) for _ in range(rng.randint(2, 6))]
            return [(" ".join(told), True)]
        asked = [facts for facts in self._asked[:count] if facts]
        parts = []
        for i in range(rng.choice([1, 2, 4, 6])):
            fact = rng.choice(rng.choice(asked))
            parts += [("\n\n" * (i > 0) + quiz_text(question(rng, fact, held_out=False)), False),
                      (" " + fact.answer, True)]
        return parts

    def _about_one(self, rng, named, known):
        """All that is known of one subject, in any order."""
        kind, subject = named
        parts = []
        for i, fact in enumerate(rng.sample(known, len(known))):
            pronoun = self._world.pronoun(subject)[0] if kind == "person" else None
            parts.append(sentence(rng, fact, pronoun if i and rng.random() < 0.3 else None))
        return " ".join(parts)


def asked_in(world, split):
    """The facts that this split asks about."""
    return [fact for fact in world.facts if split_of(fact.signature()) == split]
