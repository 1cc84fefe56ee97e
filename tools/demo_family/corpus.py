"""The training text: document number i is the same on every machine and every run."""

import knowledge
import maths
import programs
import stories
from facts import make_world
from splits import stream

# Shares of the documents, not of the tokens: sums and programs are longer than facts.
_SHARES = [("knowledge", 0.42), ("maths", 0.33), ("code", 0.17), ("story", 0.08)]
_FIRST_SHARE, _ALL_BY = 0.1, 80_000  # of the subjects, and the document by which nearly all are told of
KINDS = [kind for kind, _ in _SHARES]


class Corpus:
    def __init__(self):
        self.world = make_world()
        self.reader = knowledge.Reader(self.world)

    def kind(self, number):
        draw = stream("kind", number).random()
        for kind, share in _SHARES:
            draw -= share
            if draw < 0:
                return kind
        return _SHARES[-1][0]

    def document(self, number):
        """[(text, whether it teaches)]: what does not teach is only there to be answered."""
        rng = stream("document", number)
        kind = self.kind(number)
        if kind == "knowledge":
            return self.reader.training_text(rng, min(1.0, _FIRST_SHARE + number / _ALL_BY))
        if kind == "maths":
            return maths.training_text(rng, self.world)
        if kind == "code":
            return programs.training_text(rng)
        return stories.training_text(rng, self.world)
