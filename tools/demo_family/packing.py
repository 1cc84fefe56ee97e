"""Rows of tokens made of whole documents, END after each, with as little room left over as can be.

A row begins with a document and no END before it, as a prompt does; the others follow an END. All
state is the next document's number and the numbers of those that wait, so a run can be taken up again.
"""

from corpus import KINDS
from splits import stream

END = 0
_N_WAITING = 48
_PROMPT_SHARE = 0.1  # of the tokens that only ask: enough to know how they read, little of the time


class Packer:
    def __init__(self, corpus, encoder, state=None):
        self._corpus, self._encoder = corpus, encoder
        self._next, waiting = state or (0, [])
        self._waiting = [self._made(number) for number in waiting]

    def state(self):
        return self._next, [number for number, *_ in self._waiting]

    def _made(self, number):
        """(number, tokens, which of them are learned, the kind's number)"""
        rng, tokens, learned = stream("prompt tokens", number), [], []
        for text, teaches in self._corpus.document(number):
            more = self._encoder.encode(text)
            tokens += more
            learned += [teaches or rng.random() < _PROMPT_SHARE for _ in more]
        return number, tokens + [END], learned + [True], KINDS.index(self._corpus.kind(number))

    def _take(self, room):
        """The longest waiting document that fits, the oldest of equals; None if none does."""
        while len(self._waiting) < _N_WAITING:
            self._waiting.append(self._made(self._next))
            self._next += 1
        fitting = [document for document in self._waiting if len(document[1]) <= room]
        if not fitting:
            return None
        # A row starts with whatever waits longest, or short documents would wait for ever.
        best = fitting[0] if room > 200 else max(fitting, key=lambda document: len(document[1]))
        self._waiting.remove(best)
        return best

    def batch(self, rows, length):
        """(tokens, learned, kinds): rows of `length` numbers; what is not learned is no target."""
        made = [self._row(length) for _ in range(rows)]
        return tuple([row[part] for row in made] for part in range(3))

    def _row(self, length):
        tokens, learned, kinds = [], [], []
        while (document := self._take(length - len(tokens))) is not None:
            tokens += document[1]
            learned += document[2]
            kinds += [document[3]] * len(document[1])
        learned[0] = False  # nothing stands before it to tell it from
        room = length - len(tokens)
        return tokens + [END] * room, learned + [False] * room, kinds + [0] * room
