#!/usr/bin/env python3
"""The cases say what they must, each has its expectation, and plans are compared as they should."""
import pathlib
import sys
import unittest
import xml.etree.ElementTree as ElementTree

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
import cases  # noqa: E402
import check  # noqa: E402
import cluster  # noqa: E402
import history  # noqa: E402
import plan  # noqa: E402
import random_cluster  # noqa: E402
import speed  # noqa: E402


def answer(**edges):
    return plan.Answer("", plan.Graph({name.replace("__", " "): {
        other.replace("__", " ") for other in others.split()} for name, others in edges.items()}))


class Cases(unittest.TestCase):
    def test_well_formed(self):
        self.assertEqual([], list(cases.malformed(cases.read())))

    def test_each_has_an_expectation_and_none_is_left_over(self):
        known = cases.read()
        for topic in sorted({case.topic for case in known}):
            self.assertEqual([case.name for case in known if case.topic == topic],
                             list(cases.expected(topic)), topic)
        left = {path.stem for path in (cases.HERE / "expected").glob("*.txt")}
        self.assertEqual(left, {case.topic for case in known})

    def test_the_known_differences_are_of_cases(self):
        self.assertLessEqual(set(check.read_known()), {case.id() for case in cases.read()})

    def test_there_are_no_two_equal_inputs(self):
        seen = {}
        for case in cases.read():
            input_ = case.document() + str(case.arguments)
            self.assertIsNone(seen.get(input_), case.id())
            seen[input_] = case.id()

    def test_a_wrong_statement_is_named(self):
        for line in ("gruop g a", "clone c nothing", "primitive a meta x", "on n9: a.start",
                     "on n1: a.start!maybe", "probed n1", "on n1: a.start",
                     "failcount n1: a.start=1^60"):
            with self.assertRaisesRegex(cluster.DescriptionError, line.split(" ", maxsplit=1)[0]):
                cluster.document([line])


    def test_a_seed_gives_the_same_cluster_again(self):
        texts = [cluster.document(random_cluster.describe(seed)) for seed in range(1, 40)]
        self.assertEqual(texts, [cluster.document(random_cluster.describe(seed))
                                 for seed in range(1, 40)])
        self.assertEqual(39, len(set(texts)))

    def test_the_large_clusters_have_the_size_they_claim(self):
        for nodes, resources, state, _ in speed.CASES.values():
            lines = speed.description(nodes, resources, state)
            self.assertEqual(resources, sum(line.startswith("primitive ") for line in lines))


class History(unittest.TestCase):
    def test_digest(self):
        self.assertEqual("f2317cad3d54cec5d7d7aa7d0bf35cf8", history.digest({}))
        self.assertEqual("4811cef7f7f94e3a35a70be7916cb2fd", history.digest({}, 10000))

    def test_a_failure_is_kept_beside_the_last_operation(self):
        text = cluster.document(["primitive a", "on n1: a.start a.stop=1"])
        entries = ElementTree.fromstring(text).findall(".//lrm_rsc_op")
        self.assertEqual([("a_last_0", "a_stop_0"), ("a_last_failure_0", "a_stop_0")],
                         [(entry.get("id"), entry.get("operation_key")) for entry in entries])


class Plan(unittest.TestCase):
    def test_order_goes_through_pseudo_events(self):
        got = answer(b_start_0__n1="pseudo:x", **{"pseudo:x": "a_start_0__n1"}, a_start_0__n1="")
        self.assertEqual({"a_start_0 n1"}, got.graph.before["b_start_0 n1"])

    def test_a_cycle_ends(self):
        got = answer(a__n="b__n", b__n="c__n", c__n="a__n", d__n="a__n")
        self.assertEqual({"a n", "b n", "c n"}, got.graph.before["d n"])
        self.assertEqual(["a n", "b n", "c n", "a n"], plan.cycle(got.graph))
        self.assertEqual([], plan.cycle(answer(a__n="b__n", b__n="").graph))

    def test_levels(self):
        wanted = answer(a_stop_0__n1="", a_start_0__n2="a_stop_0__n1", c__n1="")
        looser = answer(a_stop_0__n1="", a_start_0__n2="", c__n1="")
        other = answer(a_stop_0__n1="", a_start_0__n2="a_stop_0__n1")
        holds = plan.compare(wanted, wanted)
        self.assertTrue(all(holds[level] for level in plan.LEVELS) and not holds["U"])
        result = plan.compare(wanted, looser)
        self.assertEqual((True, False, False, True, True), tuple(
            result[level] for level in ("L3", "L4", "L4s", "L4w", "U")))
        result = plan.compare(looser, wanted)
        self.assertEqual((True, False, True, False, False), tuple(
            result[level] for level in ("L3", "L4", "L4s", "L4w", "U")))
        result = plan.compare(wanted, other)
        self.assertEqual((False, False, False), (result["L3"], result["L4s"], result["U"]))
        self.assertAlmostEqual(2 / 3, result["jaccard"])

    def test_a_start_without_its_fencing_is_unsafe(self):
        wanted = answer(**{"fence:n2-reboot__n2": "", "a_start_0__n1": "fence:n2-reboot__n2"})
        self.assertTrue(plan.compare(wanted, answer(a_start_0__n1=""))["U"])
        self.assertFalse(plan.compare(wanted, answer(**{"fence:n2-reboot__n2": ""}))["U"])

    def test_the_difference_is_said_once(self):
        wanted = answer(a__n="", b__n="a__n", c__n="b__n")
        got = answer(a__n="", b__n="", c__n="b__n")
        self.assertEqual(["  - a n  before  b n"], plan.difference(wanted, got))
        self.assertEqual({"a n": [], "b n": ["a n"], "c n": ["b n"]}, plan.reduced(wanted.graph))

    def test_where_nothing_else_differs_the_text_does(self):
        wanted, got = answer(a__n=""), answer(a__n="")
        wanted.text, got.text = "one\n  two\nthree\n", "one\ntwo\n\n  four\n"
        self.assertEqual(["  - three", "  + four"], plan.difference(wanted, got))
        self.assertEqual([], plan.difference(wanted, got, texts=False))

    def test_reasons_and_white_space_do_not_count(self):
        one = plan.Answer("Transition Summary:\n  * Stop  a   ( n1 )  due to x\n", None)
        two = plan.Answer("Transition Summary:\n  * Stop a  (   n1 )\n\nOther:\n", None)
        self.assertEqual(one.summary(), two.summary())


if __name__ == "__main__":
    unittest.main()
