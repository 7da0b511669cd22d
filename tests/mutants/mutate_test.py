#!/usr/bin/env python3
"""The generator of mutants: what it writes, and what it refuses.

usage: mutate_test.py ROOT SOURCE...
"""
import pathlib
import sys
import unittest

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
import mutate  # noqa: E402


def mutant(name, original, text, number=1, file="a/b.cc"):
    return {"id": name, "number": number, "what": "", "file": file, "original": original,
            "mutant": text}


class Sites(unittest.TestCase):
    def refused(self, words, text, *mutants):
        with self.assertRaisesRegex(mutate.Refused, words):
            mutate.mutated(text, list(mutants))

    def test_an_expression_becomes_a_choice(self):
        text = mutate.mutated("if (a > b) c();", [mutant("A1", "a > b", "true", 7)])
        self.assertEqual(text, "if ((::gyre::mutant::on(7) ? (true) : (a > b))) c();")

    def test_a_statement_becomes_an_if(self):
        text = mutate.mutated("x();\ny();\n", [mutant("A1", "x();", "z();", 7)])
        self.assertEqual(text, "{ if (::gyre::mutant::on(7)) { z(); } else { x(); } }\ny();\n")

    def test_the_mark_says_which_part_is_replaced(self):
        text = mutate.mutated("f(a); g(a);", [mutant("A1", "g(«a»)", "b", 7)])
        self.assertEqual(text, "f(a); g((::gyre::mutant::on(7) ? (b) : (a)));")

    def test_one_site_holds_several_mutants(self):
        text = mutate.mutated("f(a);", [mutant("A1", "a", "b", 1), mutant("A2", "a", "c", 2)])
        self.assertEqual(
            text, "f((::gyre::mutant::on(1) ? (b) : ::gyre::mutant::on(2) ? (c) : (a)));")

    def test_a_site_may_lie_within_another(self):
        text = mutate.mutated("f(a && b);",
                              [mutant("A1", "a", "x", 1), mutant("A2", "a && b", "y", 2)])
        self.assertEqual(text, "f((::gyre::mutant::on(2) ? (y) : "
                               "((::gyre::mutant::on(1) ? (x) : (a)) && b)));")

    def test_lines_stay_where_they_are(self):
        source = "a(\n 1);\nb();\n"
        text = mutate.mutated(source, [mutant("A1", "a(\n 1);", "c();\nd();")])
        self.assertEqual(text.count("\n"), source.count("\n"))
        self.assertTrue(text.endswith("\nb();\n"))

    def test_crossing_sites_are_refused(self):
        self.refused("A2: its site crosses A1", "f(abc);",
                     mutant("A1", "ab", "x"), mutant("A2", "bc", "y"))

    def test_an_original_that_is_gone_is_refused_by_name(self):
        self.refused("A1: its original stands 0 times in a/b.cc", "f();",
                     mutant("A1", "g()", "h()"))

    def test_an_original_that_stands_twice_is_refused_by_name(self):
        self.refused("A1: its original stands 2 times", "f(); f();", mutant("A1", "f()", "h()"))

    def test_a_file_that_is_not_built_is_refused(self):
        with self.assertRaisesRegex(mutate.Refused, "not among the sources: a/b.cc"):
            mutate.generate(pathlib.Path("."), pathlib.Path("."), [], [mutant("A1", "x", "y")])


class List(unittest.TestCase):
    root, sources = pathlib.Path("."), []

    def test_every_mutant_fits_the_tree(self):
        headers = [path.relative_to(self.root).as_posix()
                   for layer in ("transport", "totem", "membership", "node", "client")
                   for path in (self.root / layer).rglob("*.hh")]
        files = mutate.generate(self.root, pathlib.Path("out"), self.sources + headers,
                                mutate.load())
        ids = files[pathlib.Path("out/mutants.cc")]
        for each in mutate.load():
            self.assertIn(f'"{each["id"]}"', ids)

    def test_no_two_mutants_are_the_same(self):
        seen = {}
        for each in mutate.load():
            key = (each["file"], each["original"], each["mutant"])
            self.assertNotIn(key, seen, f"{each['id']} is {seen.get(key)}")
            self.assertNotEqual(each["original"], each["mutant"], each["id"])
            seen[key] = each["id"]


if __name__ == "__main__":
    List.root = pathlib.Path(sys.argv[1]).resolve()
    List.sources = [pathlib.Path(path).resolve().relative_to(List.root).as_posix()
                    for path in sys.argv[2:]]
    unittest.main(argv=sys.argv[:1])
