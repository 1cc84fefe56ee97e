import sqlite3

import program
from program import MODEL, SMALL, TEXT, ScenarioCase

COMMAND = ["diverge", MODEL, "Q8_0", *SMALL, "--json"]


class StoreCommands(ScenarioCase):
    def keys(self, *arguments):
        lines = self.succeed("store", "ls", *arguments).stdout.decode().splitlines()
        return [line.split()[0] for line in lines]

    def test_list_and_show(self):
        self.assertEqual(self.keys(), [])
        self.succeed(*COMMAND)
        keys = self.keys()
        self.assertGreater(len(keys), 8)
        self.assertEqual(len(set(keys)), len(keys))
        shown = self.succeed("store", "show", keys[0]).stdout.decode()
        self.assertIn(keys[0], shown)
        self.assertIn("kind", shown)
        self.refuse(2, "store", "show", "zzzz", says="store ls")
        self.refuse(3, "store", "show", "0" * 32, says="store ls")

    def test_collect(self):
        expected = self.succeed(*COMMAND).stdout
        keys = self.keys()
        would = self.succeed("store", "gc", "--older-than", 0, "--dry-run").stdout
        self.assertIn(b"would remove", would)
        self.assertEqual(self.keys(), keys)
        self.succeed("store", "gc", "--older-than", 1)
        self.assertEqual(self.keys(), keys)
        self.succeed("store", "gc", "--kind", "model-info/1")
        self.assertEqual(self.keys("--kind", "model-info/1"), [])
        self.assertTrue(0 < len(self.keys()) < len(keys))
        self.assertEqual(self.succeed(*COMMAND).stdout, expected)
        self.assertEqual(set(self.keys()), set(keys))

    def test_other_runs_do_not_change_a_report(self):
        expected = self.succeed(*COMMAND).stdout
        self.succeed("diverge", MODEL, "Q8_0", "--text", TEXT, "-c", 64, "--chunks", 2, "-t", 1)
        self.assertEqual(self.succeed(*COMMAND).stdout, expected)

    def damage_one_payload(self):
        database = sqlite3.connect(self.store)
        tables = database.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
        for (table,) in tables:
            columns = [row[1] for row in database.execute(f'PRAGMA table_info("{table}")')]
            if "payload" not in columns:
                continue
            row, payload = database.execute(
                f'SELECT rowid, payload FROM "{table}" ORDER BY length(payload) DESC').fetchone()
            content = bytearray(payload if isinstance(payload, bytes) else payload.encode())
            content[len(content) // 2] ^= 0x10
            database.execute(f'UPDATE "{table}" SET payload = ? WHERE rowid = ?', (bytes(content), row))
            database.commit()
            database.close()
            return
        self.fail(f"no payloads in {tables}")

    def test_damage_is_found_and_healed(self):
        expected = self.succeed(*COMMAND).stdout
        self.assertIn(b" 0 damaged", self.succeed("store", "verify").stdout)
        n_records = len(self.keys())
        self.damage_one_payload()
        found = self.run_program("store", "verify")
        self.assertEqual(found.returncode, 3)
        self.assertIn(b" 1 damaged", found.stdout)
        self.assertIn(b"store gc --damaged", found.stderr)
        self.succeed("store", "gc", "--damaged")
        self.assertEqual(len(self.keys()), n_records - 1)
        self.assertEqual(self.succeed(*COMMAND).stdout, expected)
        self.assertEqual(len(self.keys()), n_records)
        self.succeed("store", "verify")

    def test_damage_is_never_used(self):
        expected = self.succeed(*COMMAND).stdout
        self.damage_one_payload()
        self.assertEqual(self.succeed(*COMMAND).stdout, expected)

    def test_no_cache_keeps_nothing(self):
        self.succeed(*COMMAND, "--no-cache")
        self.assertFalse(self.store.exists())


if __name__ == "__main__":
    program.main()
