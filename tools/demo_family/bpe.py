"""Byte-level byte-pair encoding as GPT-2 has it, in plain Python: learned from the world's words.

No merge touches a digit, so every digit is a token of its own and sums can be learned column by column.
The encoder here splits text as GPT-2's pattern does for ASCII, which the world's text is;
tokenizer_files.py writes the same merges for the libraries, which read any text.
"""

import collections
import functools
import re

END = "<|endoftext|>"  # token 0: between texts, and where an answer ends
_PIECES = re.compile(r"'s|'t|'re|'ve|'m|'ll|'d| ?[A-Za-z]+| ?[0-9]+| ?[^\sA-Za-z0-9]+|\s+(?!\S)|\s+")


def byte_letters():
    """GPT-2's printable stand-in for each of the 256 bytes."""
    printable = [*range(33, 127), *range(161, 173), *range(174, 256)]
    spare = (chr(256 + i) for i in range(256))
    return [chr(byte) if byte in printable else next(spare) for byte in range(256)]


_LETTERS = byte_letters()


def pieces(text):
    return _PIECES.findall(text)


def _spelled(piece):
    return tuple(_LETTERS[byte] for byte in piece.encode())


def _merged(parts, pair):
    out, i = [], 0
    while i < len(parts):
        if parts[i:i + 2] == pair:
            out.append(parts[i] + parts[i + 1])
            i += 2
        else:
            out.append(parts[i])
            i += 1
    return tuple(out)


def learn(texts, n_merges, least=2):
    """The merges, best first: the most frequent pair each time, the first in the alphabet among equals.
    Ends early when no pair stands `least` times."""
    counts = collections.Counter(piece for text in texts for piece in pieces(text))
    words = [(_spelled(piece), n) for piece, n in sorted(counts.items()) if not re.search("[0-9]", piece)]
    merges = []
    while len(merges) < n_merges:
        pairs = collections.Counter()
        for parts, n in words:
            for pair in zip(parts, parts[1:]):
                pairs[pair] += n
        if not pairs:
            break
        count, best = max((n, [-ord(c) for c in " ".join(pair)], pair) for pair, n in pairs.items())[::2]
        if count < least:
            break
        merges.append(best)
        words = [(_merged(parts, best) if best[0] in parts else parts, n) for parts, n in words]
    return merges


def vocabulary(merges):
    """{token: number}: the end, the bytes, then what each merge makes."""
    tokens = [END, *sorted(_LETTERS)] + [left + right for left, right in merges]
    return {token: number for number, token in enumerate(dict.fromkeys(tokens))}


class Encoder:
    def __init__(self, merges):
        self._ranks = {pair: rank for rank, pair in enumerate(map(tuple, merges))}
        self.vocabulary = vocabulary(list(self._ranks))
        self._tokens = {number: token for token, number in self.vocabulary.items()}
        self._bytes = {letter: byte for byte, letter in enumerate(_LETTERS)}
        self._piece = functools.lru_cache(maxsize=100_000)(self._encode_piece)

    def _encode_piece(self, piece):
        parts = _spelled(piece)
        while len(parts) > 1:
            best = min(zip(parts, parts[1:]), key=lambda pair: self._ranks.get(pair, len(self._ranks)))
            if best not in self._ranks:
                break
            parts = _merged(parts, best)
        return [self.vocabulary[part] for part in parts]

    def encode(self, text):
        return [number for piece in pieces(text) for number in self._piece(piece)]

    def decode(self, numbers):
        letters = "".join(self._tokens[n] for n in numbers if n)
        return bytes(self._bytes[letter] for letter in letters).decode(errors="replace")
