"""How well a model in training does on the validation items, without generating: an answer is right
when every next token of the reference is the likeliest, so one pass tells what greedy text would be."""

import torch

import items

N_ITEMS = 160


class Examiner:
    def __init__(self, world, encoder, n_items=N_ITEMS):
        self._encoder = encoder
        quiz = items.knowledge_items(world, "validation")[:n_items]
        self._quiz = [(f"Question: {i['question']}\nAnswer:", i["choices"], i["answer"]) for i in quiz]
        self._worked = {
            "maths": [(f"Question: {i['question']}\nAnswer:", f" {i['answer']}")
                      for i in items.maths_items(world, "validation", n_items)],
            "code": [(i["prompt"], i["canonical_solution"]) for i in items.program_items("validation", n_items)]}

    def marks(self, model):
        """{skill: share of items right}"""
        model.eval()
        with torch.no_grad():
            marks = {name: self._exact(model, pairs) for name, pairs in self._worked.items()}
            marks["knowledge"] = self._chosen(model)
        model.train()
        return marks

    def _passes(self, model, pairs, rows=32):
        """For each (prompt, answer): the log-probabilities at the answer's tokens, and those tokens."""
        coded = [(self._encoder.encode(prompt), self._encoder.encode(answer)) for prompt, answer in pairs]
        for start in range(0, len(coded), rows):
            group = coded[start:start + rows]
            longest = max(len(p) + len(a) for p, a in group)
            tokens = torch.zeros(len(group), longest, dtype=torch.long)
            for row, (prompt, answer) in enumerate(group):
                tokens[row, :len(prompt) + len(answer)] = torch.tensor(prompt + answer)
            hidden = model(tokens)
            for row, (prompt, answer) in enumerate(group):
                span = hidden[row, len(prompt) - 1:len(prompt) + len(answer) - 1]
                yield model.logits(span).float().log_softmax(-1), torch.tensor(answer)

    def _exact(self, model, pairs):
        right = [bool((scores.argmax(-1) == answer).all()) for scores, answer in self._passes(model, pairs)]
        return sum(right) / len(right)

    def _chosen(self, model):
        pairs = [(prompt, f" {choice}") for prompt, choices, _ in self._quiz for choice in choices]
        sums = [float(scores.gather(1, answer[:, None]).sum()) for scores, answer in self._passes(model, pairs)]
        right = [max(range(4), key=lambda c: sums[4 * i + c]) == gold for i, (_, _, gold) in enumerate(self._quiz)]
        return sum(right) / len(right)
