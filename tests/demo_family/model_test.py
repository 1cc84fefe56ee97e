"""The models and their training; needs torch, and transformers and gguf for what is compared with them."""

import importlib.util
import os
import pathlib
import tempfile
import unittest

import family

os.environ["TORCHDYNAMO_DISABLE"] = "1"  # compiling takes longer than these tests


def need(test, *packages):
    """Skips the test, or the class of tests, when a package is missing."""
    missing = [name for name in packages if importlib.util.find_spec(name) is None]
    if missing:
        raise unittest.SkipTest(f"the Python packages {', '.join(missing)} are not here")


class Shapes(unittest.TestCase):
    def setUp(self):
        need(self, "torch")

    def test_k_quants_and_quantised_kv_apply(self):
        import model
        for name, shape in model.SHAPES.items():
            self.assertEqual([shape.width % 256, shape.inner % 256, shape.n_heads % shape.n_kv_heads], [0, 0, 0], name)
        self.assertEqual(model.HEAD_DIM, 64)

    def test_both_fit_the_repository(self):
        import model
        sizes = {name: model.n_parameters(model.Llama(shape, 2048)) for name, shape in model.SHAPES.items()}
        self.assertTrue(2e6 <= sizes["demo-small"] <= 3e6, sizes)
        self.assertTrue(6e6 <= sizes["demo-base"] <= 8e6, sizes)
        self.assertLess(2 * sum(sizes.values()), 22e6)


class Exports(unittest.TestCase):
    """transformers reads what was written and computes the same; the GGUF file has the same weights."""

    @classmethod
    def setUpClass(cls):
        need(cls, "torch", "transformers", "safetensors", "gguf")
        import bpe
        import export
        import model
        import torch
        from tokenizer_files import world_merges
        cls.folder = pathlib.Path(cls.enterClassContext(tempfile.TemporaryDirectory()))
        cls.merges = world_merges()
        torch.manual_seed(3)
        cls.model = model.Llama(model.SHAPES["demo-small"], len(bpe.vocabulary(cls.merges)))
        for weight in cls.model.parameters():  # as far from the start as trained ones, and as F16 holds them
            weight.data = (weight.data + torch.randn_like(weight) * 0.05).half().float()
        export.write_hugging_face(cls.folder / "hf", "demo-small", cls.model.state_dict(), cls.merges)
        export.write_gguf(cls.folder / "x.gguf", "demo-small", cls.model.state_dict(), cls.merges)

    def test_transformers_computes_the_same(self):
        import torch
        import transformers
        tokens = torch.arange(300).reshape(2, 150) * 5 % 1700
        other = transformers.LlamaForCausalLM.from_pretrained(self.folder / "hf", dtype=torch.float32)
        with torch.no_grad():
            ours, theirs = self.model.logits(self.model(tokens)), other(tokens).logits
        self.assertGreater(ours.std(), 0.1)
        self.assertLess((ours - theirs).abs().max(), 1e-3 * ours.abs().max())

    def test_transformers_reads_the_tokenizer(self):
        import bpe
        import transformers
        tokenizer = transformers.AutoTokenizer.from_pretrained(self.folder / "hf")
        encoder = bpe.Encoder(self.merges)
        for text in ("Question: Where does Nora live?\nAnswer:", "def f(n):\n    n = n + 12\n    return n\n", "12+34=46"):
            self.assertEqual(tokenizer(text)["input_ids"], encoder.encode(text))
            self.assertEqual(tokenizer.decode(encoder.encode(text)), text)
        self.assertEqual(tokenizer.eos_token_id, 0)

    def test_the_gguf_file_has_every_weight(self):
        import gguf
        read = gguf.GGUFReader(self.folder / "x.gguf")
        tensors = {tensor.name: tensor for tensor in read.tensors}
        self.assertEqual(len(tensors), len(self.model.state_dict()))
        query = self.model.layers[0].self_attn.q_proj.weight.detach().numpy()
        written = tensors["blk.0.attn_q.weight"].data
        # llama.cpp turns neighbours against each other where transformers turns halves of 32.
        for head, pair in ((0, 0), (1, 5), (3, 31)):
            self.assertTrue((written[64 * head + 2 * pair] == query[64 * head + pair]).all())
            self.assertTrue((written[64 * head + 2 * pair + 1] == query[64 * head + 32 + pair]).all())


class Training(unittest.TestCase):
    def setUp(self):
        need(self, "torch")
        import model
        import train
        self.train = train
        model.SHAPES["tiny"] = model.Shape(64, 1, 1, 64)
        self.addCleanup(model.SHAPES.pop, "tiny")
        self.folder = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory()))

    def run_of(self, name):
        (self.folder / name).mkdir(exist_ok=True)
        return self.train.Run("tiny", self.folder / name, 1e6)

    def test_a_run_taken_up_again_is_the_same_run(self):
        import torch
        straight = self.run_of("straight")
        for _ in range(4):
            last = straight.train_step()
        for _ in range(2):
            parted = self.run_of("parted")
            for _ in range(2):
                again = parted.train_step()
            parted.save()
        self.assertEqual(again, last)
        for one, other in zip(straight.model.parameters(), parted.model.parameters(), strict=True):
            self.assertTrue(torch.equal(one, other))

    def test_losses_fall(self):
        run = self.run_of("falls")
        first = run.train_step()
        for _ in range(40):
            last = run.train_step()
        for kind in first.keys() & last.keys():  # in the first steps the rate is still small
            self.assertLess(last[kind], first[kind] - 0.5, kind)


if __name__ == "__main__":
    family.main()
