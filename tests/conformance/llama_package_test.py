#!/usr/bin/env python3
"""cmake/llama_package.cmake: an installed llama.cpp is used only when its version and commit are the pinned ones.

The packages here are stubs of two files each, and the project has no compiler: only the decision is tested.
"""
import pathlib
import subprocess
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
PROJECT = """cmake_minimum_required(VERSION 3.25)
project(decision NONE)
set(ASSAY_LLAMA_VERSION 0.5.0)
set(ASSAY_LLAMA_COMMIT de3ff815ea7d559ee917f063901b8986f038abc6)
include({root}/cmake/llama_package.cmake)
assay_find_llama_package(use)
message(STATUS "use=${{use}} cuda=${{GGML_CUDA}}.")
"""


class Package(unittest.TestCase):
    def setUp(self):
        temporary = tempfile.TemporaryDirectory(prefix="assay-package-")
        self.addCleanup(temporary.cleanup)
        self.folder = pathlib.Path(temporary.name)
        (self.folder / "CMakeLists.txt").write_text(PROJECT.format(root=ROOT))

    def install(self, version, commit):
        for name, text in [("ggml", "set(GGML_CUDA ON)\n"), ("llama", f"set(LLAMA_VERSION {version})\nset(LLAMA_BUILD_COMMIT {commit})\n")]:
            config = self.folder / "prefix/lib/cmake" / name / f"{name}-config.cmake"
            config.parent.mkdir(parents=True)
            config.write_text(text)

    def configure(self, *options):
        """Exit code and everything said, in one line."""
        done = subprocess.run(
            ["cmake", "-S", self.folder, "-B", self.folder / "build", f"-DCMAKE_PREFIX_PATH={self.folder / 'prefix'}",
             "-DCMAKE_FIND_USE_CMAKE_SYSTEM_PATH=OFF", "-DCMAKE_FIND_USE_PACKAGE_REGISTRY=OFF", *options],
            capture_output=True, text=True, check=False)
        return done.returncode, " ".join((done.stdout + done.stderr).split())

    def accept(self, says, *options):
        code, said = self.configure(*options)
        self.assertEqual(code, 0, said)
        self.assertIn(says, said)
        self.assertIn("cuda=.", said)  # what the package was built with is not what this build asks for

    def refuse(self, says, *options):
        code, said = self.configure(*options)
        self.assertNotEqual(code, 0, said)
        self.assertIn(says, said)

    def test_the_pinned_version_is_used(self):
        self.install("0.5.0", "de3ff815")
        self.accept("use=ON")
        self.accept("use=ON", "-DASSAY_LLAMA_PACKAGE=ON")
        self.accept("use=OFF", "-DASSAY_LLAMA_PACKAGE=OFF")

    def test_a_development_build_of_the_same_commit_is_the_same(self):
        self.install("0.5.0-dev", "de3ff81")
        self.accept("use=ON")

    def test_another_version_is_ignored_or_refused(self):
        self.install("0.5.1", "de3ff815")
        self.accept("Ignoring the installed llama.cpp 0.5.1 (de3ff815)")
        self.refuse("numbers depend on it. Remedy: -DASSAY_LLAMA_PACKAGE=OFF", "-DASSAY_LLAMA_PACKAGE=ON")

    def test_another_or_unknown_commit_is_ignored(self):
        self.install("0.5.0", "0123456")
        self.accept("use=OFF")

    def test_a_build_that_does_not_know_its_commit_is_ignored(self):
        self.install("0.5.0", "unknown")
        self.accept("use=OFF")

    def test_none(self):
        self.accept("use=OFF")
        self.refuse("No installed llama.cpp was found", "-DASSAY_LLAMA_PACKAGE=ON")

    def test_a_source_folder_comes_first(self):
        self.install("0.5.0", "de3ff815")
        self.accept("use=OFF", "-DASSAY_LLAMA_SOURCE=somewhere")
        self.refuse("exclude each other", "-DASSAY_LLAMA_SOURCE=somewhere", "-DASSAY_LLAMA_PACKAGE=ON")

    def test_other_settings_are_refused(self):
        self.refuse("it is AUTO, ON or OFF", "-DASSAY_LLAMA_PACKAGE=yes")


if __name__ == "__main__":
    unittest.main()
