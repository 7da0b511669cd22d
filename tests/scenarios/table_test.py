#!/usr/bin/env python3
"""README.md against the tests and the mutants: each class of bugs has its scenario or a reason, and
its mutant or a reason; each scenario that is named is there, and each that is there is named.
"""
import pathlib
import re
import sys
import unittest

sys.dont_write_bytecode = True
HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "mutants"))
import mutate  # noqa: E402

CLASSES = {"A": 4, "B": 10, "C": 4, "D": 10, "E": 5, "F": 3, "G": 2, "H": 2, "I": 4, "J": 5, "K": 3}
SCENARIO = re.compile(r"^(?:TEST|TEST_F|TEST_P)\(\w+, (\w+)\)", re.M)


class Tables(unittest.TestCase):
    def setUp(self):
        text = (HERE / "README.md").read_text(encoding="utf-8")
        before, _, behind = text.partition("## Classes without a mutant")
        self.rows = dict(re.findall(r"^\| ([A-K]\d+) \|.*?\| (.*) \|$", before, re.M))
        self.named = set(re.findall(r"`(?:\w+\.)?(\w+_\w+)`", before))
        self.without = set(re.findall(r"^\| ([A-K]\d+) \| \w", behind, re.M))
        self.tests = set()
        for source in HERE.glob("*.cc"):
            self.tests |= set(SCENARIO.findall(source.read_text(encoding="utf-8")))
        self.classes = {f"{letter}{n}" for letter, last in CLASSES.items()
                        for n in range(1, last + 1)}

    def test_every_class_has_a_row(self):
        self.assertEqual(set(self.rows), self.classes)

    def test_every_class_has_a_scenario_or_a_reason(self):
        for name, words in self.rows.items():
            has = any(test.startswith(name + "_") for test in self.tests)
            reason = re.search(r"not built|impossible|not in this design", words)
            elsewhere = words.startswith("elsewhere: ") and re.findall(r"`(tests/[^`]+)`", words)
            self.assertTrue(has or reason or elsewhere, name)
            for path in elsewhere or []:
                self.assertTrue((HERE.parent.parent / path).is_file(), path)

    def test_what_is_named_is_there_and_what_is_there_is_named(self):
        self.assertEqual(self.named - self.tests, set())
        self.assertEqual(self.tests - self.named, set())

    def test_every_class_has_a_mutant_or_a_reason(self):
        mutants = {mutate.family(each["id"]) for each in mutate.load()}
        self.assertEqual(self.classes - mutants, self.without)


if __name__ == "__main__":
    unittest.main()
