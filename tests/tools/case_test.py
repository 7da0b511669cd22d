#!/usr/bin/env python3
"""usage: case_test.py GYRED GYRE

What the other tests wait with: it has an end, and says for what.
"""
import subprocess
import sys
import unittest

from daemon import Case


class Waiting(Case):
    def test_what_never_is_so_is_named(self):
        self.until(lambda: True, "nothing", seconds=0)
        with self.assertRaisesRegex(AssertionError, "^not within 0 s: a miracle$"):
            self.until(lambda: False, "a miracle", seconds=0)

    def test_a_line_that_never_comes_is_named(self):
        for command in ("echo first; echo second; exec cat", "echo first; echo second"):
            with self.subTest(command=command), subprocess.Popen(
                    ["sh", "-c", command], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                    text=True) as process:
                self.assertEqual(self.line(process, "sec"), "second\n")
                with self.assertRaisesRegex(AssertionError, "told nothing for 0.1 s: third"):
                    self.line(process, "third", seconds=0.1)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1], verbosity=2)
