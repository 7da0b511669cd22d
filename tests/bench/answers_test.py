#!/usr/bin/env python3
"""usage: answers_test.py BUILD

bench/answers, as short as it can be: it measures what it says.
"""
import json
import pathlib
import subprocess
import sys
import unittest

BUILD = sys.argv[1]
ANSWERS = pathlib.Path(__file__).parents[2] / "bench" / "answers"


class Answers(unittest.TestCase):
    @staticmethod
    def answers(*arguments):
        return subprocess.run([sys.executable, ANSWERS, *arguments], stdin=subprocess.DEVNULL,
                              capture_output=True, text=True, check=False, timeout=100)

    def test_each_command_is_called_and_its_times_are_told(self):
        done = self.answers(BUILD, "--calls", "2", "--json")
        self.assertEqual((done.stderr, done.returncode), ("", 0))
        told = [json.loads(line) for line in done.stdout.splitlines()]
        self.assertEqual(told[0]["command"], "/bin/true")
        self.assertIn("corosync-quorumtool -s", [one["command"] for one in told])
        for one in told:
            with self.subTest(one=one):
                self.assertEqual((one["measure"], one["calls"]), ("answer", 2))
                self.assertLess(0, one["p10_ms"])
                self.assertLessEqual(one["p10_ms"], one["median_ms"])
                self.assertLessEqual(one["median_ms"], one["p90_ms"])
                self.assertLessEqual(one["p90_ms"], one["most_ms"])

    def test_a_program_that_is_not_there_is_named(self):
        done = self.answers("/nonexistent")
        self.assertEqual((done.stdout.count("\n"), done.returncode), (1, 1))
        self.assertRegex(done.stderr, "^bench: .*/nonexistent/node/gyred")


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1], verbosity=2)
