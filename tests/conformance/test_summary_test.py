"""scripts/test_summary.py: what it counts, and what makes a run fail."""

import contextlib
import io
import pathlib
import sys
import tempfile
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "scripts"))
import test_summary  # noqa: E402

PASSED = '<testcase name="A.Works" status="run"><system-out>ok</system-out></testcase>'
FAILED = '<testcase name="A.Breaks" status="fail"><failure message="x"/></testcase>'
GTEST_SKIP = ('<testcase name="A.NeedsData" status="notrun"><skipped message="x"/><system-out>[ RUN ] A.NeedsData\n'
              "a_test.cc:7: Skipped\nASSAY_DATA is\nnot set\n\n[  SKIPPED ] A.NeedsData (0 ms)</system-out></testcase>")
SCRIPT_SKIP = ('<testcase name="format" status="notrun"><skipped message="x"/><system-out>SKIP: no clang-format 14\n'
               "</system-out></testcase>")
DISABLED = '<testcase name="A.Off" status="disabled"><system-out/></testcase>'


def summarise(suites, wanted):
    with tempfile.TemporaryDirectory() as folder:
        for suite, cases in suites.items():
            path = pathlib.Path(folder) / f"{suite}.xml"
            path.write_text(f"<testsuite>{''.join(cases)}</testsuite>")
            path.with_suffix(".log").write_text("50% tests passed, 1 tests failed out of 2\n")
        output = io.StringIO()
        with contextlib.redirect_stdout(output):
            status = test_summary.main(folder, wanted)
        return status, output.getvalue().splitlines()


class Summary(unittest.TestCase):
    def test_counts_and_reasons(self):
        status, lines = summarise({"ci": [PASSED, PASSED, GTEST_SKIP, SCRIPT_SKIP, DISABLED]}, ["ci"])
        self.assertEqual(status, 0)
        self.assertEqual(lines[-1], "2 passed, 0 failed, 3 skipped")
        for line in ["  ASSAY_DATA is not set: 1", "    A.NeedsData", "  no clang-format 14: 1",
                     "  disabled in its source: 1", "ci: 50% tests passed, 1 tests failed out of 2"]:
            self.assertIn(line, lines)

    def test_a_failure_fails(self):
        status, lines = summarise({"ci": [PASSED], "asan": [PASSED, FAILED]}, ["ci", "asan"])
        self.assertEqual(status, 1)
        self.assertIn("asan: FAILED A.Breaks", lines)
        self.assertEqual(lines[-1], "2 passed, 1 failed, 0 skipped")

    def test_a_suite_that_did_not_run_fails(self):
        status, lines = summarise({"ci": [PASSED]}, ["ci", "asan"])
        self.assertEqual(status, 1)
        self.assertEqual(lines[-1], "1 passed, 1 failed, 0 skipped")

    def test_nothing_executed_fails(self):
        self.assertEqual(summarise({"ci": [GTEST_SKIP]}, ["ci"])[0], 1)
        self.assertEqual(summarise({"ci": []}, ["ci"])[0], 1)


if __name__ == "__main__":
    unittest.main()
