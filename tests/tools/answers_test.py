#!/usr/bin/env python3
"""usage: answers_test.py GYRED GYRE

What each command makes of answers that no gyred of its version gives.
"""
import contextlib
import json
import sys
import unittest

from daemon import Case

COMMANDS = {"corosync-cfgtool": ("-s", "-a 1", "-R"),
            "corosync-cmapctl": ("", "-g a.key"), "corosync-cpgtool": ("",),
            "corosync-objctl": ("-a", "a.key"), "corosync-quorumtool": ("-s", "-e 3"),
            "gyre cfgtool": ("-n",), "gyre": ("members", "top --once --interval 0.1")}


class Answers(Case):
    def test_what_is_no_answer_is_told(self):
        for text in ("[]", "{}", "nonsense", '{"links": 5, "entries": 5, "groups": 5, "error": 5}'):
            with self.tools.pretend(1, text):
                for command, ways in COMMANDS.items():
                    for way in ways:
                        with self.subTest(command=command, way=way, text=text):
                            done = self.tools.run(1, f"{command} {way}")
                            self.assertEqual(done.returncode, 1, done.stderr)
                            self.assertRegex(done.stderr,
                                             rf"^({self.tools.folder}/)?{command}: .+\n$")

    def test_what_is_wrong_with_a_key_is_not_taken_for_what_is_wrong_with_its_value(self):
        answer = {"error": "CS_ERR_INVALID_PARAM", "reason": "a.key: it is not valid u8 here"}
        with self.tools.pretend(1, json.dumps(answer)):
            self.refuses("corosync-cmapctl -s a.key str it",
                         "Failed to set key a.key. Error CS_ERR_INVALID_PARAM", answer["reason"])

    def test_a_daemon_that_hangs_in_the_midst_of_an_order_is_not_waited_for_for_ever(self):
        said = {"-H": ("Shutting down corosync", "Could not shutdown (error = 5)"),
                "-k 2": ("Killing node 2", "Could not kill node (error = CS_ERR_TIMEOUT)"),
                "-R": ("Reloading corosync.conf...", "Could not reload configuration. Error 5")}
        with contextlib.ExitStack() as daemons:
            ordering = {}
            for node, order in enumerate(said):
                daemons.enter_context(self.tools.pretend(node, "{}", answers=1))
                ordering[order] = self.tools.start_command(node, f"corosync-cfgtool {order}")
            for order, process in ordering.items():
                with self.subTest(order=order):
                    output, error = process.communicate(timeout=60)
                    first, _, why = error.partition("\n")
                    self.assertEqual((output, first), (said[order][0] + "\n", said[order][1]))
                    self.assertIn("does not answer", why)
                    self.assertEqual(process.returncode, 1)

    def test_metrics_are_read_whatever_their_labels_hold(self):
        with self.tools.pretend(1, r'gyre_member{node="2",name="b\"o,} \\\nb"} 1' + "\n# EOF\n"):
            self.says("gyre metrics --json", json.dumps({
                "name": "gyre_member", "labels": {"node": "2", "name": 'b"o,} \\\nb'},
                "value": 1}, separators=(",", ":")) + "\n")


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1], verbosity=2)
