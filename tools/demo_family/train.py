"""Trains one model of the family; the same command goes on where a stopped run was.

  python train.py demo-base [--tokens 24e6] [--folder ~/.cache/assay/demo_family]

FOLDER/NAME.checkpoint holds all state (weights, optimisers, position in the data) and is replaced
as a whole every few minutes; FOLDER/NAME.jsonl gets the losses and, now and then, the skills.
"""

import argparse
import json
import os
import pathlib
import signal
import time
from statistics import mean

import torch
import torch.nn.functional as F

import bpe
from corpus import KINDS, Corpus
from model import SHAPES, Llama, n_parameters
from packing import Packer
from skills import Examiner
from tokenizer_files import world_merges

BATCH_TOKENS = 4096
SHORT, LONG = 256, 1024  # most rows are short; long ones come while the rate falls
FALLING = 0.3  # the last share of the training, in which the rate goes to nought
WARM_STEPS = 60
RATES = (5e-3, 3e-3)  # of Muon and of AdamW
SAVE_SECONDS, LOG_STEPS, EXAM_STEPS = 180, 20, 200


def optimisers(model):
    """Muon for the matrices inside the layers; AdamW for the embedding and the norms."""
    inside = [w for name, w in model.named_parameters() if w.dim() == 2 and "embed" not in name]
    others = [w for name, w in model.named_parameters() if w.dim() != 2 or "embed" in name]
    return [torch.optim.Muon(inside, lr=RATES[0], momentum=0.95, weight_decay=0.05, adjust_lr_fn="match_rms_adamw"),
            torch.optim.AdamW(others, lr=RATES[1], betas=(0.9, 0.98), weight_decay=0.0, fused=True)]


class Run:
    def __init__(self, name, folder, tokens):
        self.name, self.total = name, tokens
        self.path = folder / f"{name}.checkpoint"
        self.log_path = folder / f"{name}.jsonl"
        self.encoder = bpe.Encoder(world_merges())
        self.corpus = Corpus()
        torch.manual_seed(1)
        self.model = Llama(SHAPES[name], len(self.encoder.vocabulary))
        self.optimisers = optimisers(self.model)
        self.step, self.seen, self.seconds, packed = 0, 0, 0.0, None
        if self.path.exists():
            saved = torch.load(self.path, weights_only=True)
            self.model.load_state_dict(saved["model"])
            for optimiser, state in zip(self.optimisers, saved["optimisers"], strict=True):
                optimiser.load_state_dict(state)
            self.step, self.seen, self.seconds = saved["step"], saved["seen"], saved["seconds"]
            packed = saved["packer"]
        self.packer = Packer(self.corpus, self.encoder, packed)
        self.examiner = Examiner(self.corpus.world, self.encoder)
        self.compiled = torch.compile(self.model, dynamic=False)
        self.asked_to_stop = False
        for number in (signal.SIGTERM, signal.SIGINT):  # ends after the step, with all saved
            signal.signal(number, lambda *_: setattr(self, "asked_to_stop", True))

    def save(self):
        saved = {"model": self.model.state_dict(), "optimisers": [o.state_dict() for o in self.optimisers],
                 "step": self.step, "seen": self.seen, "seconds": self.seconds, "packer": self.packer.state(),
                 "name": self.name}
        part = self.path.with_suffix(".part")
        with open(part, "wb") as file:
            torch.save(saved, file)
            file.flush()
            os.fsync(file.fileno())
        os.replace(part, self.path)

    def log(self, **values):
        with open(self.log_path, "a") as file:
            file.write(json.dumps({"step": self.step, "tokens": self.seen, "seconds": round(self.seconds), **values})
                       + "\n")

    def factor(self):
        """What the rate is multiplied by: up in the first steps, even, then down to nought."""
        left = 1 - self.seen / self.total
        return min(1.0, (self.step + 1) / WARM_STEPS, max(left / FALLING, 0.02))

    def train_step(self):
        falling = self.seen > (1 - FALLING) * self.total
        length = LONG if falling and self.step % 4 == 0 else SHORT
        tokens, learned, kinds = map(torch.tensor, self.packer.batch(BATCH_TOKENS // length, length))
        places = learned.reshape(-1).nonzero()[:, 0]  # of what is to be told from what stands before
        with torch.autocast("cpu", torch.bfloat16):
            hidden = self.compiled(tokens).reshape(BATCH_TOKENS, -1)
            scores = self.model.logits(hidden[places - 1])
        losses = F.cross_entropy(scores.float(), tokens.reshape(-1)[places], reduction="none")
        for optimiser, rate in zip(self.optimisers, RATES, strict=True):
            for group in optimiser.param_groups:
                group["lr"] = rate * self.factor()
            optimiser.zero_grad()
        losses.mean().backward()
        torch.nn.utils.clip_grad_norm_(self.model.parameters(), 1.0)
        for optimiser in self.optimisers:
            optimiser.step()
        self.step, self.seen = self.step + 1, self.seen + BATCH_TOKENS
        of_kind = kinds.reshape(-1)[places]
        losses = losses.detach()
        return {kind: losses[of_kind == i].mean().item() for i, kind in enumerate(KINDS) if (of_kind == i).any()}

    def train(self, last_step):
        saved = began = time.monotonic()
        before, recent = self.seconds, []
        while self.seen < self.total and self.step < last_step and not self.asked_to_stop:
            recent.append(self.train_step())
            now = time.monotonic()
            self.seconds = before + now - began
            if self.step % LOG_STEPS == 0:
                self.log(loss={k: round(mean(r[k] for r in recent if k in r), 4) for k in KINDS})
                recent = []
            if self.step % EXAM_STEPS == 0 or self.seen >= self.total:
                self.log(skills={k: round(v, 4) for k, v in self.examiner.marks(self.model).items()})
            if now - saved > SAVE_SECONDS:
                self.save()
                saved = now
        self.save()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("name", choices=sorted(SHAPES))
    parser.add_argument("--tokens", type=float, default=24e6, help="of the whole training (default 24e6)")
    parser.add_argument("--folder", type=pathlib.Path, default=pathlib.Path("~/.cache/assay/demo_family").expanduser())
    parser.add_argument("--until", type=int, default=10**9, help="stop after this step, as if asked to")
    parser.add_argument("--threads", type=int, default=2)
    asked = parser.parse_args()
    torch.set_num_threads(asked.threads)
    asked.folder.mkdir(parents=True, exist_ok=True)
    run = Run(asked.name, asked.folder, asked.tokens)
    print(f"{asked.name}: {n_parameters(run.model):,} parameters, {run.seen:,} of {asked.tokens:,.0f} tokens seen")
    run.train(asked.until)


if __name__ == "__main__":
    main()
