"""What fuzz targets have stood is counted once, and docs/fuzz.md says what the ledger says."""
import pathlib
import sys
import tempfile
import unittest
from unittest import mock

import ledger


def row(executions, commit="c1", sources="s1", target="token", build="plain"):
    return {"target": target, "build": build, "commit": commit, "sources": sources,
            "executions": executions, "seconds": executions / 1000}


class Ledger(unittest.TestCase):
    def setUp(self):
        folder = self.enterContext(tempfile.TemporaryDirectory())
        for name, file in ("LEDGER", "executions.jsonl"), ("PAGE", "fuzz.md"):
            self.enterContext(mock.patch.object(ledger, name, pathlib.Path(folder) / file))

    def table(self, *rows):
        for one in rows:
            ledger.add(one)
        self.assertEqual(ledger.PAGE.read_text(), ledger.page(ledger.read()))
        return ledger.PAGE.read_text().removeprefix(ledger.HEAD).splitlines()

    def test_runs_of_one_state_are_one_row(self):
        self.assertEqual(self.table(row(1000), row(2000)),
                         ["| token | plain | 3,000 | 3,000 | 1,000 | c1 |"])
        self.assertEqual(len(ledger.read()), 1)

    def test_a_commit_that_leaves_the_sources_alone_goes_on_counting(self):
        self.assertEqual(self.table(row(1000), row(2000, "c2")),
                         ["| token | plain | 3,000 | 3,000 | 1,000 | c2 |"])

    def test_changed_sources_are_counted_anew(self):
        self.assertEqual(self.table(row(1000), row(2000, "c2", "s2")),
                         ["| token | plain | 3,000 | 2,000 | 1,000 | c2 |"])

    def test_targets_and_builds_are_counted_for_themselves(self):
        self.assertEqual(self.table(row(1000), row(2000, build="sanitized"), row(5, target="join")),
                         ["| join | plain | 5 | 5 | 50 | c1 |",
                          "| token | plain | 1,000 | 1,000 | 1,000 | c1 |",
                          "| token | sanitized | 2,000 | 2,000 | 1,000 | c1 |"])


class Page(unittest.TestCase):
    def test_it_is_made_from_the_ledger(self):
        self.assertEqual((ledger.ROOT / "docs/fuzz.md").read_text(),
                         ledger.page(ledger.read()))


if __name__ == "__main__":
    sys.exit(unittest.main())
