"""scripts/setup.sh on machines that are made up: what it would install, by whom, and what it says when it may not."""

import os
import pathlib
import shutil
import subprocess
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
REAL = ["bash", "env", "awk", "sed", "sort", "head", "cut", "dirname", "cat", "mkdir", "ln", "true"]
PROGRAMS = ["cmake", "ninja", "git", "pkg-config", "python3", "unzip", "clang-format", "clang-tidy", "clang", "npm", "node",
            "pip3", "bwrap"]
LIBRARIES = ["build-essential", "ca-certificates", "libcli11-dev", "libfmt-dev", "nlohmann-json3-dev", "libboost-dev",
             "libxxhash-dev", "libsqlite3-dev", "libcurl4-openssl-dev", "libssl-dev", "libgtest-dev", "zlib1g-dev",
             "libyaml-cpp-dev", "libpcre2-dev", "libseccomp-dev"]


class Machine:
    """A PATH with these programs and a package database with these packages; apt-get writes down how it was called."""

    def __init__(self, folder, programs=(), packages=(), user="root", cmake="3.25.1", apt_status=0):
        self.folder, self.bin, self.calls = folder, folder / "bin", folder / "calls"
        self.bin.mkdir()
        for name in REAL:
            (self.bin / name).symlink_to(shutil.which(name))
        for name in programs:
            self.program(name, "exit 0")
        if "cmake" in programs:
            self.program("cmake", f"echo cmake version {cmake}")
        self.program("id", f"echo {0 if user == 'root' else 1000}")
        if user == "sudoer":
            self.program("sudo", 'shift; echo -n "sudo " >> ' + f'{self.calls}; exec "$@"')
        installed = "|".join(packages) or "none"
        self.program("dpkg-query", f'case "$3" in {installed}) echo -n installed ;; *) exit 1 ;; esac')
        self.program("apt-cache", "echo '  Candidate: (none)'")
        # What an installation brings: the program that setup asks for its version afterwards.
        self.program("apt-get", f'echo "apt-get $*" >> {self.calls}; [ -e {self.bin}/cmake ] || '
                     f"{{ echo '#!{self.bin}/bash' > {self.bin}/cmake; echo 'echo cmake version 3.25.1' >> {self.bin}/cmake; "
                     f"{shutil.which('chmod')} +x {self.bin}/cmake; }}; exit {apt_status}")

    def program(self, name, body):
        path = self.bin / name
        path.write_text(f"#!{shutil.which('bash')}\n{body}\n")
        path.chmod(0o755)

    def setup(self, what):
        done = subprocess.run(["bash", ROOT / "scripts/setup.sh", what], capture_output=True, text=True,
                              env={"PATH": str(self.bin), "HOME": str(self.folder), "ASSAY_CACHE": str(self.folder / "cache"),
                                   "ASSAY_DATA": "none"})
        calls = self.calls.read_text().splitlines() if self.calls.exists() else []
        return done.returncode, done.stdout + done.stderr, calls


class Setup(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)

    def machine(self, **facts):
        return Machine(self.folder, **facts)

    def test_nothing_missing_touches_nothing(self):
        code, output, calls = self.machine(programs=PROGRAMS, packages=LIBRARIES).setup("test")
        self.assertEqual((code, output, calls), (0, "", []))

    def test_only_the_missing_are_installed_by_name(self):
        packages = [p for p in LIBRARIES if p not in ("libfmt-dev", "libxxhash-dev")]
        code, _, calls = self.machine(programs=PROGRAMS, packages=packages).setup("build")
        self.assertEqual(code, 0)
        self.assertEqual(len(calls), 2)
        self.assertTrue(calls[0].startswith("apt-get update"))
        self.assertTrue(calls[1].endswith("--no-install-recommends libfmt-dev libxxhash-dev"), calls[1])

    def test_without_the_right_it_prints_the_command_and_exits_5(self):
        packages = [p for p in LIBRARIES if p != "libfmt-dev"]
        code, output, calls = self.machine(programs=PROGRAMS, packages=packages, user="someone").setup("build")
        self.assertEqual((code, calls), (5, []))
        self.assertIn("apt-get update && apt-get install -y --no-install-recommends libfmt-dev\n", output)

    def test_sudo_is_used_where_it_asks_nothing(self):
        packages = [p for p in LIBRARIES if p != "libfmt-dev"]
        code, _, calls = self.machine(programs=PROGRAMS, packages=packages, user="sudoer").setup("build")
        self.assertEqual(code, 0)
        self.assertIn("sudo apt-get update", " ".join(calls))

    def test_a_bare_machine_gets_everything(self):
        code, _, calls = self.machine().setup("test")
        self.assertEqual(code, 0)
        for package in LIBRARIES + ["cmake", "ninja-build", "git", "clang", "npm"]:
            self.assertIn(f" {package}", calls[1] + " ")

    def test_node_from_elsewhere_keeps_its_npm(self):
        _, _, calls = self.machine(programs=PROGRAMS, packages=[]).setup("build")
        self.assertNotIn("npm", calls[1].split())

    def test_a_browser_is_installed_where_apt_has_one(self):
        machine = self.machine(programs=PROGRAMS, packages=LIBRARIES)
        machine.program("apt-cache", "echo '  Candidate: 1'")
        _, _, calls = machine.setup("test")
        self.assertTrue(calls[1].endswith("--no-install-recommends chromium"), calls[1])
        self.assertEqual(machine.setup("build")[0], 0)
        self.assertEqual(len(machine.setup("build")[2]), 2)

    def test_a_failed_installation_is_said(self):
        code, output, _ = self.machine(programs=PROGRAMS, packages=[], apt_status=100).setup("build")
        self.assertNotEqual(code, 0)

    def test_an_unknown_purpose_is_usage(self):
        self.assertEqual(self.machine(programs=PROGRAMS).setup("everything")[0], 2)

    def test_an_old_cmake_is_replaced_in_the_cache(self):
        machine = self.machine(programs=PROGRAMS, packages=LIBRARIES, cmake="3.22.1")
        machine.program("python3", 'mkdir -p "$3/bin"; printf "#!%s\\necho pip $* >> %s\\n" '
                        f'{shutil.which("bash")} {machine.calls} > "$3/bin/pip"; {shutil.which("chmod")} +x "$3/bin/pip"')
        code, output, _ = machine.setup("build")
        self.assertEqual(code, 0, output)
        self.assertIn("CMake 3.22.1 is older than 3.25", output)
        self.assertEqual(os.readlink(self.folder / "cache/tools/bin/cmake"), "../venv/bin/cmake")


if __name__ == "__main__":
    unittest.main()
