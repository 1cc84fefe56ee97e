"""Damaged models: refused or measured, never a crash. The damage is the same in every run."""
import pathlib
import random

import program
from program import MODEL, TEXT, ScenarioCase

N_MUTATIONS = 60


def mutations():
    whole = pathlib.Path(MODEL).read_bytes()
    dice = random.Random(20240229)
    # The model's facts and tensor list; the weights behind them only change numbers.
    header = whole.index(b"output_norm.weight") + 64
    for i in range(N_MUTATIONS):
        damaged = bytearray(whole)
        if i % 4 == 0:
            yield f"cut {i}", bytes(damaged[:dice.randrange(len(whole))])
            continue
        region = [header, 600, len(whole)][i % 3]
        places = [dice.randrange(region) for _ in range(dice.choice([1, 1, 2, 8]))]
        for place in places:
            damaged[place] = dice.choice([damaged[place] ^ (1 << dice.randrange(8)), 0, 0xff])
        yield f"bytes {places}", bytes(damaged)


class HostileGguf(ScenarioCase):
    def test_mutations(self):
        for name, content in mutations():
            with self.subTest(name):
                path = self.write("damaged.gguf", content)
                for command in [["inspect", path],
                                ["perplexity", path, "--text", TEXT, "-c", 128, "--chunks", 2,
                                 "-t", 1, "--no-cache"]]:
                    done = self.run_program(*command)
                    self.assertIn(done.returncode, [0, 3, 4], done.stderr)
                    if done.returncode:
                        self.assertIn(b"damaged.gguf", done.stderr)


if __name__ == "__main__":
    program.main()
