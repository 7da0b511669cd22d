#!/usr/bin/env python3
"""The scripts of this folder say what is so: of programs, differences, scores and properties."""
import contextlib
import io
import os
import pathlib
import sys
import tempfile
import unittest
import xml.etree.ElementTree as ElementTree
from unittest import mock

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
import aftermath  # noqa: E402
import cases  # noqa: E402
import check  # noqa: E402
import cluster  # noqa: E402
import differential  # noqa: E402
import plan  # noqa: E402
import program  # noqa: E402
import properties  # noqa: E402
import score  # noqa: E402

GRAPH = """<transition_graph><synapse id="0"><action_set>
<rsc_op id="1" operation="start" operation_key="a_start_0" on_node="n1"/></action_set>
<inputs/></synapse></transition_graph>"""


class Scripts(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)

    def script(self, body):
        """A crm_simulate that does what the lines say; its graph goes to "$5"."""
        path = self.folder / "crm_simulate"
        path.write_text("#!/bin/sh\n" + body, encoding="utf-8")
        path.chmod(0o755)
        return str(path)

    def test_an_answer_has_text_and_graph(self):
        got = program.simulate(self.script(f"echo hello; echo '{GRAPH}' > $5"), "in.xml")
        self.assertEqual(("hello\n", {"a_start_0 n1"}, None),
                         (got.text, got.graph.actions, got.failure))

    def test_arguments_go_to_the_program(self):
        got = program.simulate(self.script(f"echo $*; echo '{GRAPH}' > $5"), "in.xml", ["-q", "0"])
        self.assertRegex(got.text, r"^-x in.xml -S -G /\S+ -q 0\n$")

    def test_a_failing_program_is_no_answer(self):
        for body, word in (("exit 3", "exit status 3"), ("echo no >&2; exit 65", "65: no"),
                           ("echo text", "no graph"), ("echo '<a>' > $5", "no graph")):
            self.assertIn(word, program.simulate(self.script(body), "in.xml").failure)
        self.assertIn("No such file", program.simulate(str(self.folder / "none"), "x").failure)
        with mock.patch.object(program, "SECONDS_MAX", 0.2):
            got = program.simulate(self.script("exec sleep 5"), "in.xml")
        self.assertIn("no answer", got.failure)

    def test_the_time_of_an_injected_failure_does_not_count(self):
        texts = [program.simulate(self.script(
            f"echo '* Injecting attribute last-failure-a#x={time} into'; echo '{GRAPH}' > $5"),
            "in.xml").text for time in (1, 2)]
        self.assertEqual(*texts)

    def test_gyre_crm_is_asked_for_its_crm_simulate(self):
        self.assertEqual(["b/gyre-crm", "crm_simulate"], program.command_of("b/gyre-crm"))
        self.assertEqual(["/usr/sbin/crm_simulate"], program.command_of("/usr/sbin/crm_simulate"))
        self.assertEqual(["gyre-crm", "x"], program.command_of("gyre-crm x"))

    def judged(self, known, failing, levels=("L3", "L4", "U")):
        case = cases.read("place/first_node")[0]
        path = self.folder / "known.txt"
        path.write_text(known, encoding="utf-8")
        with mock.patch.object(check, "KNOWN", path):
            return list(check.verdict([case], {case.id(): failing}, levels))

    def test_a_new_difference_is_named(self):
        self.assertRegex(self.judged("", ["L4"])[0], "^place/first_node: disagrees at L4: A resou")
        self.assertRegex(self.judged("place/first_node L4\n", ["L3", "L4"])[0], "at L3:")

    def test_a_known_difference_is_none(self):
        self.assertEqual([], self.judged("# why\nplace/first_node L3 L4\n", ["L3", "L4"]))
        self.assertEqual([], self.judged("", []))

    def test_what_agrees_by_now_is_named(self):
        self.assertRegex(self.judged("place/first_node L3 L4\n", ["L4"])[0], "agrees at L3 by now")

    def test_other_levels_do_not_count(self):
        self.assertEqual([], self.judged("", ["text"]))
        self.assertEqual([], self.judged("place/first_node L3 L4\n", ["L3"], levels=("L3", "U")))

    def test_a_known_difference_of_no_case_is_named(self):
        self.assertRegex(self.judged("place/gone L3\n", [])[0], "no such case")

    def test_known_differences_are_written_for_the_chosen_cases_only(self):
        case = cases.read("place/first_node")[0]
        path = self.folder / "known.txt"
        path.write_text("place/first_node L3\nstate/target_stopped L4\nplace/gone L3\n",
                        encoding="utf-8")
        with mock.patch.object(check, "KNOWN", path):
            check.write_known([case], {case.id(): ["text"]})
            self.assertEqual({"place/first_node": ["text"], "state/target_stopped": ["L4"]},
                             check.read_known())
            check.write_known([case], {case.id(): []})
            self.assertEqual({"state/target_stopped": ["L4"]}, check.read_known())
            check.write_known([case], {case.id(): ["L3", "L4", "text", "U"]}, ("L4", "U"))
            self.assertEqual(["L4", "U"], check.read_known()[case.id()])
            check.write_known([case], {case.id(): ["text"]}, ("text",))
            self.assertEqual(["text", "L4", "U"], check.read_known()[case.id()])

    def test_a_disagreement_is_made_smaller(self):
        def still(case):
            text = "\n".join(case.lines)
            return "primitive b" in text and "x=1" in text
        case = cases.Case("random", "seed-1", "", [
            "nodes n1 n2", "primitive a", "primitive b params x=1 y=2", "on n1: a.start"], [])
        self.assertEqual(["primitive b x=1"], differential.shrink(case, still, 60).lines)

    def test_without_recorded_cases_nothing_is_scored(self):
        with mock.patch.dict(os.environ), mock.patch.object(
                sys, "argv", ["score.py", "--program", "x"]):
            os.environ.pop("GYRE_CTS", None)
            with contextlib.redirect_stdout(io.StringIO()) as said:
                self.assertEqual(77, score.main())
        self.assertEqual(1, said.getvalue().count("\n"))

    def scored(self, *arguments, status=0):
        for name, text in (("xml/one.xml", "<cib/>"), ("exp/one.exp", GRAPH),
                           ("summary/one.summary", "Transition Summary:\n  * Start a ( n1 )\n")):
            path = self.folder / name
            path.parent.mkdir(exist_ok=True)
            path.write_text(text, encoding="utf-8")
        with mock.patch.object(sys, "argv", ["score.py", str(self.folder), "-j1", *arguments]):
            with contextlib.redirect_stdout(io.StringIO()) as said:
                self.assertEqual(status, score.main())
        return said.getvalue()

    def test_recorded_cases_are_scored(self):
        right = self.script(f"echo 'Transition Summary:\n * Start a ( n1 )'; echo '{GRAPH}' > $5")
        self.assertRegex(self.scored("--program", right), r"L4 +1 +100\.0 %")
        self.assertEqual("", self.scored("--program", right, "--list", "L4"))
        wrong = self.script(f"echo '{GRAPH}' | sed s/n1/n2/ > $5")
        self.assertRegex(self.scored("--program", wrong), r"L3 +0 +0\.0 %")
        self.assertEqual("0.000 one\n", self.scored("--program", wrong, "--list", "L3"))
        said = self.scored("--program", wrong, "--diff", "one")
        self.assertIn("  - a_start_0 n1\n  + a_start_0 n2\n", said)

    def test_a_floor_may_be_asked_for(self):
        wrong = self.script(f"echo '{GRAPH}' | sed s/n1/n2/ > $5")
        self.scored("--program", wrong, "--at-least", "L3=0", "--at-least", "U=0")
        said = self.scored("--program", wrong, "--at-least", "L3=0.1", status=1)
        self.assertIn("L3 is 0.0 %, asked for 0.1", said)


class Aftermath(unittest.TestCase):
    def finished(self, lines, *actions, **before):
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder, "cib.xml")
            path.write_text(cluster.document(lines), encoding="utf-8")
            edges = {action: set() for action in actions}
            edges.update((name.replace("__", " "), set(others))
                         for name, others in before.items())
            aftermath.finish(path, plan.Graph(edges))
            return ElementTree.parse(path)

    def records(self, tree):
        return [(record.get("operation_key"), record.get("op-status"))
                for record in tree.iter("lrm_rsc_op")]

    def test_what_is_under_way_ends(self):
        tree = self.finished(["primitive a", "on n1: a.start a.monitor/10s!pending"])
        self.assertEqual([("a_start_0", "0"), ("a_monitor_10000", "0")], self.records(tree))
        self.assertEqual(["1", "2"], [record.get("call-id") for record in tree.iter("lrm_rsc_op")])

    def test_failures_are_forgotten(self):
        lines = ["primitive a", "on n1: a.start=1", "failcount n1: a.start=1"]
        tree = self.finished(lines, "a_clear_failcount_0 n1")
        self.assertEqual([("a_start_0", "4")], self.records(tree))  # which is its last operation
        self.assertFalse([pair for pair in tree.iter("nvpair") if "fail" in pair.get("name")])
        self.assertEqual(2, len(self.records(self.finished(lines, "a_clear_failcount_0 n2"))))

    def test_monitors_end_and_histories_go(self):
        lines = ["primitive a op monitor interval=10s", "on n1: a.start a.monitor/10s"]
        tree = self.finished(lines, "cancel:a_monitor_10000 n1")
        self.assertEqual([("a_start_0", "0")], self.records(tree))
        tree = self.finished(lines, "a_delete_0 n1")
        self.assertEqual([], list(tree.iter("lrm_resource")))
        tree = self.finished(lines, "a_delete_0 n1", a_start_0__n1=["a_delete_0 n1"])
        self.assertEqual([("a_start_0", "0")], self.records(tree))

    def test_a_node_leaves(self):
        tree = self.finished(["primitive a"], "do_shutdown-n1 n1")
        self.assertEqual(["false", "true"],
                         [state.get("in_ccm") for state in tree.iter("node_state")])


class Properties(unittest.TestCase):
    described = properties.Described([
        "nodes n1 n2", "primitive a", "primitive b meta priority=1", "primitive d", "clone c d",
        "group g b meta priority=2", "colocation INFINITY: a g", "order Mandatory: g a",
        "order Mandatory: c a"])

    def graph(self, **edges):
        names = {"start": "a_start_0 n2", "stop": "a_stop_0 n1", "fence": "fence:n1-off n1",
                 "elsewhere": "a_stop_0 n2", "first": "b_start_0 n2", "x": "pseudo:x"}
        return plan.Graph({names[name]: {names[other] for other in others.split()}
                           for name, others in edges.items()})

    def test_what_runs_once_is_known(self):
        self.assertEqual({"a": ["a"], "b": ["b"], "g": ["b"]}, self.described.members)

    def test_a_start_waits_for_stop_or_fencing(self):
        def breached(active="n1", **edges):
            return list(properties.exclusive(self.described, self.graph(**edges), {"a": {active}}))
        self.assertEqual([], breached(start="stop", stop=""))
        self.assertEqual([], breached(start="x", x="fence", fence=""))
        self.assertEqual(1, len(breached(start="", stop="")))
        self.assertEqual(1, len(breached(start="elsewhere", elsewhere="")))
        self.assertEqual([], breached(active="n2", start=""))

    def test_what_does_not_wait_for_fencing_is_free(self):
        free = properties.Described(["primitive a fence", "primitive b meta requires=nothing",
                                     "primitive c", "group g c meta requires=quorum",
                                     "primitive d meta requires=fencing"]).free
        self.assertEqual({"a", "b", "c", "g"}, free)

    def test_what_is_first_starts_first(self):
        def breached(**edges):
            return list(properties.ordered(self.described, self.graph(**edges)))
        self.assertEqual([], breached(start="first", first=""))
        self.assertEqual(["a_start_0 n2 does not wait for b_start_0 n2"],
                         breached(start="", first=""))

    def test_what_belongs_together_is_together(self):
        def breached(here, there, troubled=()):
            return list(properties.colocated(self.described, {"a": here, "b": there},
                                             set(troubled)))
        self.assertEqual([], breached({"n1"}, {"n1"}) + breached(set(), {"n1"}))
        self.assertEqual(1, len(breached({"n1"}, {"n2"})))
        self.assertEqual([], breached({"n1"}, {"n2"}, ["b"]))

    def test_places_are_read_from_the_text(self):
        text = ("Now:\n  * a (ocf:x:y):\t Started [ n1 n2 ]\n    * b\t(ocf:x:y):\t Stopped\n"
                "\nTransition Summary:\n  * Stop b ( n2 ) blocked\n")
        active, troubled = properties.places(self.described, text, "Now")
        self.assertEqual(({"a": {"n1", "n2"}, "b": set()}, {"b"}), (dict(active), troubled))


if __name__ == "__main__":
    unittest.main()
