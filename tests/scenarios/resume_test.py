"""Work survives kill -9, Ctrl-C and a second process on the same store; the result is the same."""
import random
import shutil
import signal
import subprocess
import time

import program
from program import MODEL, TEXT, ScenarioCase

COMMAND = ["diverge", MODEL, "Q8_0", "Q4_0", "--text", TEXT, "-c", "128", "--chunks", "24", "-t", "1",
           "--json"]
N_KILLS = 20


class Resume(ScenarioCase):
    def undisturbed(self):
        """The output of a run in one go, and its seconds; leaves neither store nor variants."""
        started = time.monotonic()
        output = self.succeed(*COMMAND).stdout
        seconds = time.monotonic() - started
        self.forget()
        return output, seconds

    def forget(self):
        shutil.rmtree(self.folder / "cache")
        for path in self.folder.glob("store.db*"):
            path.unlink()

    def stop_after(self, seconds, how):
        """True and the finished process when it was still running then."""
        process = self.start(*COMMAND)
        try:
            process.wait(seconds)
            running = False
        except subprocess.TimeoutExpired:
            running = True
            process.send_signal(how)
        stdout, stderr = process.communicate(timeout=120)
        return running, subprocess.CompletedProcess(COMMAND, process.returncode, stdout, stderr)

    def test_killed_at_random_moments(self):
        expected, seconds = self.undisturbed()
        dice = random.Random(7)
        n_killed = 0
        for _ in range(N_KILLS * 10):
            running, done = self.stop_after(dice.uniform(0, 0.3 * seconds), signal.SIGKILL)
            if not running:  # all was in the store by then: it begins anew
                self.assertEqual((done.returncode, done.stdout), (0, expected), done.stderr)
                self.forget()
                continue
            self.assertIn(done.returncode, [-signal.SIGKILL, 0])
            n_killed += 1
            if n_killed == N_KILLS:
                break
        self.assertEqual(n_killed, N_KILLS)
        self.assertEqual(self.succeed(*COMMAND).stdout, expected)
        self.assertIn(b" 0 damaged", self.succeed("store", "verify").stdout)

    def test_interrupted(self):
        expected, seconds = self.undisturbed()
        # The second goes on where the first was: less than what is left, on a machine whose speed wanders.
        for how, share in [(signal.SIGINT, 0.4), (signal.SIGTERM, 0.2)]:
            running, done = self.stop_after(share * seconds, how)
            self.assertTrue(running)
            self.assertEqual(done.returncode, 130, done.stderr)
            self.assertIn(b"same command goes on", done.stderr)
            self.assertEqual(done.stdout, b"")
        self.assertEqual(self.succeed(*COMMAND).stdout, expected)

    def test_two_processes_on_one_store(self):
        expected, _ = self.undisturbed()
        both = [self.start(*COMMAND), self.start(*COMMAND)]
        for process in both:
            stdout, stderr = process.communicate(timeout=120)
            self.assertEqual((process.returncode, stdout), (0, expected), stderr)
        self.assertEqual(self.succeed(*COMMAND).stdout, expected)


if __name__ == "__main__":
    program.main()
