"""Which split a thing belongs to: decided by a digest of what it is, so that no two splits share one.

A signature names what would be memorised: the plan and the numbers of a sum, the steps of a program,
a fact, a story's text. Names and other dressing stay outside, or a changed name would make an old
item look new.
"""

import hashlib
import random

SEED = "assay-demo-family-2"
_SHARES = 20  # of which 4 are test and 2 validation


def split_of(signature):
    """'train', 'validation' or 'test'; the same on every machine."""
    share = int.from_bytes(hashlib.sha256(f"{SEED}|{signature}".encode()).digest()[:4], "big") % _SHARES
    return "test" if share < 4 else "validation" if share < 6 else "train"


def stream(*names):
    """A random stream of its own for these names: adding a stream never changes another."""
    return random.Random("|".join([SEED, *map(str, names)]))
