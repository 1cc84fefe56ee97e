"""Says what a test run did: skipped tests with their reasons, ctest's summaries, and a plain closing line.

usage: test_summary.py RESULTS SUITE...   reads RESULTS/SUITE.xml (JUnit, by ctest) and RESULTS/SUITE.log
Exit 1 when a test failed, a suite did not run, or no test was executed.
"""

import collections
import pathlib
import re
import sys
import xml.etree.ElementTree as ElementTree


def skip_reason(case):
    """What the test said: GoogleTest's text after 'Skipped', or a script's line 'SKIP: ...'."""
    if case.get("status") == "disabled":
        return "disabled in its source"
    output = case.findtext("system-out") or ""
    found = re.search(r": Skipped\n(.*?)\n*\[  SKIPPED \]", output, re.DOTALL) or re.search(r"^SKIP: (.*)$", output, re.M)
    return " ".join(found.group(1).split()) if found and found.group(1).strip() else "no reason given"


def read_suite(path):
    """(passed, failed, skipped) names of one JUnit file; skipped is {reason: [name]}."""
    passed, failed, skipped = [], [], collections.defaultdict(list)
    for case in ElementTree.parse(path).getroot().iter("testcase"):
        name, status = case.get("name"), case.get("status")
        if case.find("failure") is not None or status == "fail":
            failed.append(name)
        elif status in ("notrun", "disabled") or case.find("skipped") is not None:
            skipped[skip_reason(case)].append(name)
        else:
            passed.append(name)
    return passed, failed, skipped


def main(results, suites):
    results = pathlib.Path(results)
    n_passed = n_failed = n_skipped = 0
    logs = []
    for suite in suites:
        if not (results / f"{suite}.xml").exists():
            print(f"{suite}: did not build or did not start")
            n_failed += 1
            continue
        passed, failed, skipped = read_suite(results / f"{suite}.xml")
        n_passed += len(passed)
        n_failed += len(failed)
        suite_skipped = sum(len(names) for names in skipped.values())
        n_skipped += suite_skipped
        if suite_skipped:
            print(f"{suite}: {suite_skipped} skipped")
            for reason, names in sorted(skipped.items()):
                print(f"  {reason}: {len(names)}")
                for name in names:
                    print(f"    {name}")
        for name in failed:
            print(f"{suite}: FAILED {name}")
        log = results / f"{suite}.log"
        found = re.search(r"^\d+% tests passed.*$", log.read_text() if log.exists() else "", re.M)
        if found:
            logs.append(f"{suite}: {found.group(0)}")
    print("\n".join(logs))
    print(f"{n_passed} passed, {n_failed} failed, {n_skipped} skipped")
    return 1 if n_failed or not n_passed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2:]))
