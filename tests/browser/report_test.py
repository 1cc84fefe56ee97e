"""assay report in a real browser. Needs Node.js, npm and Chromium; skips with the reason where one is missing."""
import json
import os
import pathlib
import shutil
import subprocess
import sys
import unittest

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "scenarios"))
sys.path.insert(0, str(HERE))

import make_study as made_up  # noqa: E402
import program  # noqa: E402
from program import MODEL, SMALL, ScenarioCase  # noqa: E402

CHROMIUM_NAMES = ["chromium", "chromium-browser", "google-chrome"]
BASE, LARGER = 134_515_008, 1_711_376_384


def chromium():
    found = os.environ.get("ASSAY_CHROMIUM") or next(filter(None, map(shutil.which, CHROMIUM_NAMES)), None)
    if not found:
        raise unittest.SkipTest("no Chromium (apt-get install chromium, or set ASSAY_CHROMIUM)")
    return found


def packages():
    """A folder with the tests' packages: installed once into the user's cache."""
    if not shutil.which("npm") or not shutil.which("node"):
        raise unittest.SkipTest("no Node.js with npm")
    cache = pathlib.Path(os.environ.get("ASSAY_CACHE") or pathlib.Path(os.environ.get("XDG_CACHE_HOME") or pathlib.Path.home() / ".cache") / "assay")
    folder = cache / "web" / "browser-tests"
    folder.mkdir(parents=True, exist_ok=True)
    for name in ("package.json", "package-lock.json", ".npmrc"):
        shutil.copy(HERE / name, folder / name)
    installed = folder / "node_modules" / ".package-lock.json"
    lock = (HERE / "package-lock.json").read_text()
    stamp = folder / "installed.json"
    if not installed.exists() or not stamp.exists() or stamp.read_text() != lock:
        done = subprocess.run(["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--silent"], cwd=folder, capture_output=True, text=True)
        if done.returncode != 0:
            raise unittest.SkipTest(f"npm cannot install playwright-core and axe-core: {done.stderr.strip()[:200]}")
        stamp.write_text(lock)
    return folder


class Report(ScenarioCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.chromium, cls.packages = chromium(), packages()

    def study(self, variants=made_up.VARIANTS, tasks=6, n=3000, n_items=600):
        families = []
        diverged = self.json_of("diverge", MODEL, "Q8_0", "Q4_0", "kv=f16", *SMALL)
        for name, weights, scale in (("Small-135M", BASE, 1), ("Small-1.7B", LARGER, 0.3)):
            baseline = made_up.model(name, 16, weights)
            models = [made_up.model(v, bits, weights) for v, bits, _ in variants]
            names = [name] + [m["name"] for m in models]
            families.append({
                "name": name, "baseline": baseline, "variants": models, "divergences": [diverged] if scale == 1 else [], "screens": [],
                "speeds": [made_up.speed(names)] if scale == 1 else [], "decision": None,
                "comparisons": [made_up.comparison(baseline, m, scale * d, made_up.TASKS[:tasks], n) for m, (_, _, d) in zip(models, variants)],
                "items": [made_up.items("mmlu", "knowledge", names, n_items, True), made_up.generated_items(names)] if scale == 1 else []})
        return {"schema": "assay-study/1", "assay_version": "0", "title": "A \u202e title </script><script>window.hacked=1</script>", "created": "2026-01-01T00:00:00Z",
                "findings": [], "method": [{"family": "Small-135M", "subject": "task mmlu", "field": "version", "value": "1"}], "commands": [], "warnings": ["<b>beware</b>"], "families": families}

    def page_of(self, study):
        """The page and the study document that the program wrote of `study`."""
        given = made_up.write(self.folder / "given.json", study)
        done = self.run_program("report", given, "-o", "page.html")
        if b"built without the report's page" in done.stderr:
            self.skipTest("this program was built without the page")
        self.assertEqual(done.returncode, 0, done.stderr)
        written = self.succeed("report", given, "--json").stdout
        return str(self.folder / "page.html"), self.write("study.json", written)

    def browse(self, scenario, page, study, folder=""):
        scripts = self.folder / "scripts"
        scripts.mkdir(exist_ok=True)
        shutil.copy(HERE / "scenarios.mjs", scripts)
        if not (scripts / "node_modules").exists():
            (scripts / "node_modules").symlink_to(self.packages / "node_modules")
        done = subprocess.run(["node", str(scripts / "scenarios.mjs"), scenario, self.chromium, page, study, str(folder)], capture_output=True, text=True, timeout=600)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        return done.stdout

    def test_views_open_without_complaint(self):
        self.browse("views", *self.page_of(self.study()))

    def test_tables_hold_the_documents_numbers(self):
        self.browse("numbers", *self.page_of(self.study()))

    def test_the_decision_follows_its_rules(self):
        self.browse("decision", *self.page_of(self.study()))

    def test_items_are_found_and_stay_text(self):
        self.browse("flips", *self.page_of(self.study()))

    def test_nothing_serious_for_assistive_technology(self):
        self.browse("accessible", *self.page_of(self.study(n_items=50)))

    def test_charts_are_saved_and_printed(self):
        self.browse("files", *self.page_of(self.study(n_items=50)))

    def test_a_large_report_opens_at_once(self):
        study = self.study(made_up.VARIANTS + made_up.MORE, tasks=10, n=15000, n_items=15000)
        if os.environ.get("ASSAY_LONG_TESTS"):  # items of every task: some minutes to make
            first = study["families"][0]["items"][0]
            study["families"][0]["items"] += [made_up.items(task, "knowledge", first["models"], 15000, False) for task, *_ in made_up.TASKS[1:10]]
        page, written = self.page_of(study)
        print(self.browse("large", page, written), f"{os.path.getsize(page) / 2**20:.1f} MiB")

    def test_screenshots(self):
        folder = os.environ.get("ASSAY_SCREENSHOTS")
        if not folder:
            self.skipTest("ASSAY_SCREENSHOTS names no folder")
        given = os.environ.get("ASSAY_SCREENSHOTS_OF")
        study = json.loads(pathlib.Path(given).read_text()) if given else self.study()
        self.browse("screenshots", *self.page_of(study), pathlib.Path(folder).resolve())


if __name__ == "__main__":
    program.main()
