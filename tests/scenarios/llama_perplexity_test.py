"""SmolLM2 F16 and variants on WikiText-2 against llama-perplexity of the same source, run beside Assay. Needs ASSAY_DATA, the model
that `make demo-real` leaves in the cache, and ASSAY_LLAMA_BIN (configure with -DASSAY_PEERS=ON). With ASSAY_LONG_TESTS set: 40
windows and seven types (docs/agreement.md); else 4 windows and two. No golden file: quantised kernels differ between processors."""
import os
import pathlib
import re
import subprocess
import unittest

import program
from program import SMOLLM2, ScenarioCase, data_file

LONG = bool(os.environ.get("ASSAY_LONG_TESTS"))
VARIANTS = ["Q8_0", "Q6_K", "Q5_K_M", "Q4_K_M", "Q3_K_M", "Q2_K", "Q4_0"] if LONG else ["Q8_0", "Q4_K_M"]
N_CHUNKS = 40 if LONG else 4
FIELD = r"\s*:\s*(-?[0-9.]+)\s*±\s*([0-9.]+)"
PATTERNS = {"ppl": r"Mean PPL\(Q\)" + FIELD, "kld": r"Mean\s+KLD" + FIELD, "same_top": r"Same top p" + FIELD}


@unittest.skipUnless(SMOLLM2.exists(), "no SmolLM2 in the cache (make demo-real fetches it)")
class LlamaPerplexity(ScenarioCase):
    def tool(self):
        folder = os.environ.get("ASSAY_LLAMA_BIN")
        if not folder:
            self.skipTest("ASSAY_LLAMA_BIN is not set")
        tool = pathlib.Path(folder) / "llama-perplexity"
        if not tool.exists():
            self.skipTest(f"ASSAY_LLAMA_BIN has no {tool.name}")
        return tool

    def llama_perplexity(self, patterns, *arguments):
        # llama-perplexity v0.5.0 now and then loses lines of its report, with exit code 0.
        for _ in range(4):
            done = subprocess.run([self.tool(), "-c", "512", *map(str, arguments)], capture_output=True, check=False)
            printed = (done.stdout + done.stderr).decode("utf-8", "replace")
            self.assertEqual(done.returncode, 0, printed[-2000:])
            found = {name: re.search(pattern, printed) for name, pattern in patterns.items()}
            if all(found.values()):
                return {name: (float(match[1]), float(match[2])) for name, match in found.items()}
        self.fail(printed[-2000:])

    def assert_close(self, ours, theirs, tolerance, what):
        print(f"{what}: {ours:.6f}, llama-perplexity {theirs:.6f}")
        self.assertLess(abs(ours - theirs), tolerance, what)

    def compare_perplexity(self, name, ours, theirs):
        value, error = theirs
        self.assert_close(ours["value"], value, 1e-4 * value, f"{name} PPL")
        self.assert_close(ours["std_error_iid"], error, 0.01 * error, f"{name} i.i.d. error")

    def compare_divergence(self, variant, theirs):
        name, n = variant["name"], variant["perplexity"]["n_scored_tokens"]
        self.compare_perplexity(name, variant["perplexity"], theirs["ppl"])
        kld = theirs["kld"][0]
        self.assert_close(variant["kld"]["mean"], kld, max(0.01 * kld, 1e-5), f"{name} mean KLD")
        # 0.1 point, or one token that the 16 bits of the base file tie, where that is more.
        self.assert_close(100 * variant["same_top_p"]["value"], theirs["same_top"][0], max(0.1, 110 / n), f"{name} same top")

    def test_same_source_same_numbers(self):
        text, base = data_file("datasets/wikitext2/wiki.test.raw"), self.folder / "base.kld"
        files = {}
        for name in VARIANTS:
            files[name] = self.folder / f"{name}.gguf"
            self.succeed("quantize", SMOLLM2, files[name], name)
        report = self.json_of("perplexity", SMOLLM2, "--text", text, "--ctx", 512, "--chunks", N_CHUNKS)
        final = {"ppl": r"Final estimate: PPL = ([0-9.]+) \+/- ([0-9.]+)"}
        theirs = self.llama_perplexity(final, "-m", SMOLLM2, "-f", text, "--chunks", N_CHUNKS, "--kl-divergence-base", base)
        self.compare_perplexity("F16", report["baseline"]["perplexity"], theirs["ppl"])
        for name in VARIANTS:  # one by one: each command stays short
            report = self.json_of("diverge", SMOLLM2, files[name], "--text", text, "--ctx", 512, "--chunks", N_CHUNKS)
            theirs = self.llama_perplexity(PATTERNS, "-m", files[name], "--kl-divergence-base", base, "--kl-divergence")
            self.compare_divergence(report["variants"][0], theirs)


if __name__ == "__main__":
    program.main()
