"""Every wrong input ends with the documented exit code and a message that says what to do."""
import os
import pathlib

import program
from program import MODEL, SMALL, TEXT, ScenarioCase, data_file


class Usage(ScenarioCase):
    def test_command_line(self):
        self.refuse(2, says="--help")
        self.refuse(2, "perplexity", MODEL, *SMALL, "--bogus", says="--bogus")
        self.refuse(2, "frobnicate")
        self.refuse(2, "perplexity", MODEL, *SMALL, "--json", "--csv", says="--json")
        self.refuse(2, "perplexity", MODEL, *SMALL, "--convention", "mine", says="lm-eval")
        self.refuse(2, "perplexity", MODEL, says="--text")
        self.refuse(2, "perplexity", MODEL, "--text", TEXT, "--chunks", "-3")
        self.refuse(2, "store", "gc", says="--older-than")

    def test_variants(self):
        self.refuse(2, "diverge", MODEL, "Q9_9", *SMALL, says=["Q9_9", "Q4_K_M", "Q8_0", "kv="])
        self.refuse(2, "diverge", MODEL, "kv=zz", *SMALL, says=["zz", "q8_0"])
        self.refuse(2, "diverge", MODEL, "Q8_0+as=q4", *SMALL, says="as=")
        self.refuse(2, "diverge", MODEL, "", *SMALL)
        for malformed in ["foo", "=Q8_0", "ffn="]:
            self.refuse(2, "diverge", MODEL, "Q8_0", *SMALL, "--tensor-type", malformed,
                        says="REGEX=TYPE")
        self.refuse(2, "diverge", MODEL, "Q8_0", *SMALL, "--tensor-type", "(=Q8_0", says="(")
        self.refuse(2, "diverge", MODEL, "Q8_0", *SMALL, "--tensor-type", "ffn=Q9_9", says="Q9_9")
        self.refuse(3, "diverge", MODEL, "kv=q8_0", *SMALL, says=["head dimension of 8", "32"])


class Files(ScenarioCase):
    def test_models(self):
        whole = pathlib.Path(MODEL).read_bytes()
        self.refuse(3, "perplexity", "missing.gguf", *SMALL, says="missing.gguf")
        self.refuse(3, "perplexity", self.folder, *SMALL)
        self.refuse(3, "inspect", "missing.gguf", says="missing.gguf")
        self.refuse(3, "diverge", MODEL, "missing.gguf", *SMALL, says="missing.gguf")
        self.refuse(3, "perplexity", TEXT, *SMALL, says="not a GGUF")
        self.refuse(3, "perplexity", self.write("empty.gguf", b""), *SMALL)
        for size in [3, 4, 23, 1000, len(whole) // 2, len(whole) - 1]:
            cut = self.write("cut.gguf", whole[:size])
            self.refuse(3, "perplexity", cut, *SMALL, says="cut.gguf")
            self.refuse(3, "diverge", MODEL, cut, *SMALL, says="cut.gguf")

    def test_header_with_flipped_bits(self):
        whole = pathlib.Path(MODEL).read_bytes()
        for offset, bit in [(0, 0), (4, 7), (5, 3), (11, 6), (19, 6), (15, 7)]:
            damaged = bytearray(whole)
            damaged[offset] ^= 1 << bit
            self.refuse(3, "perplexity", self.write("flipped.gguf", bytes(damaged)), *SMALL,
                        says="flipped.gguf")

    def test_other_vocabulary(self):
        other = data_file("models/stories15M/stories15M-f16.gguf")
        self.refuse(3, "diverge", MODEL, other, *SMALL, says=["vocabular", "512", "32000"])

    def test_base_files(self):
        self.refuse(3, "diverge", "--kld-base", "missing.kld", MODEL, says="missing.kld")
        self.refuse(3, "diverge", "--kld-base", TEXT, MODEL, says="_logits_")
        base = self.folder / "base.kld"
        self.succeed("perplexity", MODEL, *SMALL, "--kld-base", base)
        whole = base.read_bytes()
        for size in [0, 5, 19, 300, len(whole) // 2, len(whole) - 1]:
            self.refuse(3, "diverge", "--kld-base", self.write("cut.kld", whole[:size]), MODEL,
                        says="cut.kld")

    def test_stores(self):
        before = pathlib.Path(TEXT).read_bytes()
        self.refuse(3, "perplexity", MODEL, *SMALL, "--store", TEXT, says="not a store")
        self.assertEqual(pathlib.Path(TEXT).read_bytes(), before)
        self.refuse(3, "store", "--store", TEXT, "ls", says="not a store")
        blocked = self.write("file", "x") + "/below/s.db"
        self.refuse(5, "perplexity", MODEL, *SMALL, "--store", blocked, says="--store")

    def test_read_only_folder(self):
        if os.geteuid() == 0:
            self.skipTest("root may write everywhere")
        folder = self.folder / "closed"
        folder.mkdir(mode=0o500)
        self.refuse(5, "perplexity", MODEL, *SMALL, "--store", folder / "s.db", says="--store")

    def test_unwritable_targets(self):
        blocked = self.write("file", "x")
        self.refuse(5, "quantize", MODEL, blocked + "/a.gguf", "Q8_0", says="a.gguf")
        self.refuse(5, "perplexity", MODEL, *SMALL, "--kld-base", blocked + "/a.kld", says="a.kld")
        self.refuse(5, "diverge", MODEL, "Q8_0", *SMALL, "--cache-dir", blocked + "/cache",
                    says="cache")


class Texts(ScenarioCase):
    def score(self, name, content):
        return ["perplexity", MODEL, "--text", self.write(name, content), "-c", "128", "-t", "1"]

    def test_texts(self):
        self.refuse(3, *self.score("short.txt", "Once upon a time"), says=["short.txt", "needs"])
        self.refuse(3, *self.score("empty.txt", ""), says="empty.txt")
        self.refuse(3, "perplexity", MODEL, "--text", "missing.txt", says="missing.txt")
        self.refuse(3, *self.score("latin.txt", b"hello \xff world"), says=["UTF-8", "byte 6"])
        self.refuse(3, *self.score("broken.jsonl", '{"text": "a"}\n{"text": \n'),
                    says=["broken.jsonl", "line 2"])
        self.refuse(3, *self.score("other.jsonl", '{"body": "a"}\n'), says="other.jsonl")

    def test_chat_needs_a_template(self):
        chat = ('{"messages":[{"role":"user","content":"Hi"},'
                '{"role":"assistant","content":"Once upon a time"}]}\n')
        self.refuse(3, *self.score("chat.jsonl", chat), "--convention", "chat",
                    says="chat template")


if __name__ == "__main__":
    program.main()
