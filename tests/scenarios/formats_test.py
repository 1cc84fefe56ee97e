"""The other commands, forms of text and conventions."""
import json
import pathlib

import program
from program import MODEL, SMALL, TEXT, ScenarioCase


class Commands(ScenarioCase):
    def test_version_and_help(self):
        self.assertRegex(self.succeed("--version").stdout.decode(), r"^assay \d+\.\d+\.\d+")
        for command in ["perplexity", "diverge", "noise", "inspect", "quantize", "fetch", "store",
                        "doctor", "demo"]:
            self.assertIn(command, self.succeed("--help").stdout.decode())
            self.assertIn("Usage: assay " + command, self.succeed(command, "--help").stdout.decode())

    def test_doctor(self):
        said = self.succeed("doctor").stdout.decode()
        self.assertIn("llama.cpp", said)
        self.assertIn("as llama-perplexity does", said)

    def test_quantize_and_inspect(self):
        made = self.folder / "made.gguf"
        self.succeed("quantize", MODEL, made, "Q8_0")
        said = self.succeed("inspect", made).stdout.decode()
        self.assertIn("Q8_0", said)
        self.assertIn("kv=q8_0 cannot be used", said)
        against = self.json_of("inspect", made, "--against", MODEL)["tensors"]
        moved = [t["relative_rms"] for t in against if t["type"] == "Q8_0"]
        self.assertTrue(moved and all(0 < value < 0.02 for value in moved), against)
        self.assertIn("the weights moved by", self.succeed("inspect", made, "--against", MODEL).stdout.decode())
        self.refuse(3, "inspect", made, "--against", TEXT, says="not a GGUF")
        by_name = self.json_of("diverge", MODEL, "Q8_0", *SMALL)["variants"][0]
        by_file = self.json_of("diverge", MODEL, made, *SMALL)["variants"][0]
        self.assertEqual(by_name["weights"], by_file["weights"])
        self.assertEqual(by_name["kld"], by_file["kld"])
        self.refuse(2, "quantize", MODEL, made, "Q9_9", says="Q8_0")
        self.refuse(3, "quantize", TEXT, made, "Q8_0", says="not a GGUF")

    def test_one_tensor_in_another_type(self):
        plain = self.json_of("diverge", MODEL, "Q4_0", *SMALL)["variants"][0]
        mixed = self.json_of("diverge", MODEL, "Q4_0", *SMALL, "--tensor-type",
                             "attn_v=Q8_0")["variants"][0]
        self.assertGreater(mixed["bits_per_weight"], plain["bits_per_weight"])
        self.assertNotEqual(mixed["weights"], plain["weights"])


class Texts(ScenarioCase):
    def perplexity(self, text, *arguments, stdin=None):
        report = self.json_of("perplexity", MODEL, "--text", text, "-c", 128, "-t", 1, *arguments,
                              stdin=stdin)
        return report["baseline"]

    def test_standard_input(self):
        text = pathlib.Path(TEXT).read_bytes()
        from_file = self.perplexity(TEXT, "--chunks", 4)
        piped = self.perplexity("-", "--chunks", 4, stdin=text)
        self.assertEqual(piped["perplexity"]["value"], from_file["perplexity"]["value"])
        self.assertEqual(piped["perplexity"]["convention"]["corpus_digest"],
                         from_file["perplexity"]["convention"]["corpus_digest"])
        self.refuse(3, "perplexity", MODEL, "--text", "-", stdin=b"", says="empty")

    def test_conventions_are_labelled(self):
        story = pathlib.Path(TEXT).read_text(encoding="utf-8")
        pages = [story[i:i + 900] for i in range(0, 3600, 900)]
        lines = "".join(json.dumps({"text": page}) + "\n" for page in pages)
        path = self.write("pages.jsonl", lines)
        seen = {}
        for convention in ["llama.cpp", "lm-eval", "gptq"]:
            perplexity = self.perplexity(path, "--convention", convention)["perplexity"]
            self.assertEqual(perplexity["convention"]["name"], convention)
            self.assertGreater(perplexity["value"], 1)
            seen[perplexity["convention"]["id"]] = perplexity["value"]
        self.assertEqual(len(seen), 3)
        self.assertEqual(len(set(seen.values())), 3)

    def test_rolling_perplexities_agree_with_each_other(self):
        tale = self.write("tale.txt", pathlib.Path(TEXT).read_bytes()[:4000])
        perplexity = self.perplexity(tale, "--convention", "lm-eval")["perplexity"]
        byte, bits = perplexity["byte_perplexity"], perplexity["bits_per_byte"]
        byte = byte["value"] if isinstance(byte, dict) else byte
        bits = bits["value"] if isinstance(bits, dict) else bits
        self.assertAlmostEqual(2 ** bits, byte, places=9)

    def test_any_language(self):
        text = "Жила-была девочка. 昔々あるところに。 😀\n" * 60
        self.assertGreater(self.perplexity(self.write("tale.txt", text))["perplexity"]["value"], 1)


if __name__ == "__main__":
    program.main()
