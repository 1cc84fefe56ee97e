"""The training text as tokens: the tokenizer, and the rows that documents are packed into."""

import importlib.util
import json
import re
import unittest

import family
import bpe
import tokenizer_files
from corpus import KINDS, Corpus
from packing import END, Packer

ODD_TEXTS = ["", " ", "\n\n", "x", "don't", "a  b", "12 345", "7+8=15", "   \n  x", "tab\there", "(xs)[::-1]", "A-B_c",
             "'quoted'", "!!??", "x=1\n\n\ny", "they'll we've I'm"]


class Tokens(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.corpus, cls.merges = Corpus(), tokenizer_files.world_merges()
        cls.encoder = bpe.Encoder(cls.merges)
        cls.texts = ["".join(text for text, _ in cls.corpus.document(i)) for i in range(1500)]

    def test_decoding_gives_the_text_back(self):
        for text in self.texts + ODD_TEXTS:
            self.assertEqual(self.encoder.decode(self.encoder.encode(text)), text)

    def test_every_digit_is_a_token(self):
        for token in self.encoder.vocabulary:
            self.assertTrue(len(token) == 1 or not re.search("[0-9]", token), token)

    def test_size_and_order_of_the_vocabulary(self):
        vocabulary = self.encoder.vocabulary
        self.assertLessEqual(len(vocabulary), 2048)
        self.assertEqual(sorted(vocabulary.values()), list(range(len(vocabulary))))
        self.assertEqual(vocabulary[bpe.END], END)

    def test_names_are_tokens(self):
        world = self.corpus.world
        for name in world.people + world.towns + world.rivers:
            self.assertEqual(len(self.encoder.encode(f" {name}")), 1, name)

    def test_the_tokenizers_library_cuts_the_same(self):
        if importlib.util.find_spec("tokenizers") is None:
            self.skipTest("the Python package tokenizers is not here")
        import tokenizers
        library = tokenizers.Tokenizer.from_str(json.dumps(tokenizer_files.tokenizer_json(self.merges)))
        for text in self.texts + ODD_TEXTS:
            self.assertEqual(library.encode(text).ids, self.encoder.encode(text), repr(text))


class Rows(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.corpus, cls.encoder = Corpus(), bpe.Encoder(tokenizer_files.world_merges())

    def test_rows_are_whole_documents(self):
        tokens, learned, kinds = Packer(self.corpus, self.encoder).batch(20, 256)
        whole = {"".join(text for text, _ in self.corpus.document(i)) for i in range(600)}
        for row, marks, of_kind in zip(tokens, learned, kinds):
            self.assertEqual([len(row), len(marks), len(of_kind)], [256] * 3)
            self.assertFalse(marks[0])
            self.assertTrue(set(of_kind) <= set(range(len(KINDS))))
            while row and END in row:
                end = row.index(END)
                text, row = self.encoder.decode(row[:end]), row[end + 1:]
                self.assertTrue(text == "" or text in whole, text)
        n_filled = sum(token != END for row in tokens for token in row)
        self.assertGreater(n_filled, 0.93 * 20 * 256)

    def test_a_run_taken_up_again_reads_on(self):
        straight = Packer(self.corpus, self.encoder)
        for _ in range(3):
            straight.batch(4, 256)
        again = Packer(self.corpus, self.encoder, json.loads(json.dumps(straight.state())))
        for length in (256, 1024):
            self.assertEqual(again.batch(4, length), straight.batch(4, length))

    def test_answers_are_learned(self):
        for number in range(300):
            for text, teaches in self.corpus.document(number):
                if text.endswith("Answer:") or text.startswith("def "):
                    self.assertFalse(teaches)
                elif "####" in text:
                    self.assertTrue(teaches)


if __name__ == "__main__":
    family.main()
