"""Store and variants on a file system of a few hundred kilobytes."""
import os
import subprocess
import sys
import unittest

import program
from program import MODEL, TEXT, ScenarioCase

COMMAND = ["diverge", MODEL, "Q8_0", "--text", TEXT, "-c", "128", "--chunks", "16", "-t", "1", "--json"]


class FullDisk(ScenarioCase):
    def setUp(self):
        super().setUp()
        if not sys.platform.startswith("linux") or os.geteuid() != 0:
            self.skipTest("only root on Linux may mount a small file system")
        self.disk = self.folder / "disk"
        self.disk.mkdir()
        self.mount("4m")

    def mount(self, size):
        command = ["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(self.disk)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            self.skipTest("a tmpfs cannot be mounted here: " + done.stderr.strip())
        self.addCleanup(subprocess.run, ["umount", str(self.disk)], check=False)

    def fill(self, leave):
        """Takes all space of the disk but `leave` bytes."""
        space = os.statvfs(self.disk)
        (self.disk / "ballast").write_bytes(bytes(space.f_bavail * space.f_frsize - leave))

    def test_store(self):
        command = [*COMMAND, "--store", self.disk / "store.db"]
        expected = self.succeed(*COMMAND).stdout
        for leave in [0, 4096, 16384, 65536, 98304]:
            with self.subTest(leave=leave):
                self.fill(leave)
                self.refuse(5, *command, says=[str(self.disk), "space"])
                (self.disk / "ballast").unlink()
        self.assertEqual(self.succeed(*command).stdout, expected)
        self.assertIn(b" 0 damaged", self.succeed("store", "--store", self.disk / "store.db",
                                                  "verify").stdout)

    def test_variants(self):
        command = [*COMMAND, "--cache-dir", self.disk / "cache"]
        for leave in [0, 8192, 200_000]:
            with self.subTest(leave=leave):
                self.fill(leave)
                self.refuse(5, *command, says=str(self.disk))
                (self.disk / "ballast").unlink()
        self.succeed(*command)

    def test_base_file_and_quantize(self):
        self.fill(100_000)
        self.refuse(5, "perplexity", MODEL, "--text", TEXT, "-c", 128, "--chunks", 16, "-t", 1,
                    "--kld-base", self.disk / "base.kld", says=str(self.disk))
        self.refuse(5, "quantize", MODEL, self.disk / "made.gguf", "Q8_0", says=str(self.disk))
        self.assertFalse((self.disk / "made.gguf").exists())


if __name__ == "__main__":
    program.main()
