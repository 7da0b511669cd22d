#!/usr/bin/env python3
"""usage: quorumtool_test.py GYRED GYRE

corosync-quorumtool, letter by letter, on two nodes of three.
"""
import json
import re
import sys
import unittest

from daemon import Case

LISTED = """totem {{
  version: 2
  cluster_name: votes
  secauth: off
  token: 300
  interface {{
    mcastport: {port}
  }}
}}
nodelist {{
  node {{
    nodeid: 17
    name: zoe
    ring0_addr: {network}.17
    quorum_votes: 2
  }}
  node {{
    nodeid: 18
    name: bob
    ring0_addr: {network}.18
  }}
  node {{
    nodeid: 19
    name: eve
    ring0_addr: {network}.19
  }}
}}
{quorum}
logging {{
  to_syslog: no
}}
"""
SECTION = "quorum {\n  provider: corosync_votequorum\n}\n"

DATE = r"(Mon|Tue|Wed|Thu|Fri|Sat|Sun) [A-Z][a-z]{2} [ 123]\d \d\d:\d\d:\d\d \d{4}"
STATUS = """\
Quorum information
------------------
Date:             {date}
Quorum provider:  {provider}
Nodes:            {count}
Node ID:          {node}
Ring ID:          {ring}
Quorate:          {answer}

Votequorum information
----------------------
Expected votes:   {expected}
Highest expected: {expected}
Total votes:      {votes}
Quorum:           {needed} {blocked}
Flags:            {flags}

Membership information
----------------------
    Nodeid      Votes Name
{nodes}"""
BOTH = "        17          2 zoe (local)\n        18          1 bob\n"


class Quorumtool(Case):
    def start(self, number, quorum=SECTION):
        text = LISTED.format(port=self.tools.port, network=self.tools.network, quorum=quorum)
        return self.tools.start(number, text, "--nodeid", str(16 + number))

    def quorum(self, node=1):
        return json.loads(self.tools.run(node, "corosync-quorumtool --json").stdout)

    def wait_until(self, rule, node=1):
        self.until(lambda: rule(self.quorum(node)), f"node {node} counts as it should")

    def status(self, words="corosync-quorumtool -s", **facts):
        """What it prints, with the date and the ring as they may be, and its status."""
        done = self.tools.run(1, words)
        found = re.search(rf"Date: +({DATE})\n", done.stdout)
        self.assertTrue(found, done.stdout)
        ring = self.quorum()["ring"]
        expected = {"date": found[1], "provider": "corosync_votequorum", "count": 2, "node": 17,
                    "ring": f"{ring['representative']:x}.{ring['seq']:x}", "answer": "Yes",
                    "expected": 4, "votes": 3, "needed": 3, "blocked": " ", "flags": "Quorate ",
                    "nodes": BOTH, **facts}
        self.assertEqual(done.stdout, STATUS.format(**expected))
        self.assertEqual(done.returncode, 0 if expected["answer"] == "Yes" else 2)
        return done.stderr

    def test_from_the_first_node_to_a_change_of_votes(self):
        first = self.start(1)
        self.wait_until(lambda answer: answer["quorum"]["votes"] == 2)
        error = self.status(count=1, answer="No", votes=2, blocked="Activity blocked", flags="",
                            nodes="        17          2 zoe (local)\n")
        self.assertEqual(error, "not quorate: 2 of 4 expected votes, 3 needed\n")

        monitor = self.tools.start_command(1, "corosync-quorumtool --json -m")
        self.addCleanup(monitor.stderr.close)
        self.addCleanup(monitor.stdin.close)
        self.addCleanup(monitor.stdout.close)
        self.addCleanup(monitor.wait)
        self.addCleanup(monitor.kill)
        self.assertFalse(json.loads(monitor.stdout.readline())["quorum"]["quorate"])
        second = self.start(2)
        self.line(monitor, '"quorate":true')
        self.assertEqual(self.status(), "")
        self.assertEqual(self.status("gyre quorumtool"), "")
        self.lists()
        self.refusals()

        self.says("corosync-quorumtool -e 5", "")
        error = self.status(expected=5)
        self.assertRegex(error, "^quorate: .* Fencing is needed: there are more votes than")
        self.says("corosync-quorumtool -v 3 -n 18", "")
        self.wait_until(lambda answer: answer["quorum"]["votes"] == 5, node=2)
        self.status(expected=5, votes=5, nodes=BOTH.replace("          1 bob", "          3 bob"))
        second.kill()
        self.wait_until(lambda answer: len(answer["members"]) == 1)
        self.assertEqual(self.tools.run(1, "corosync-quorumtool").returncode, 2)
        first.kill()
        first.wait()
        _, error = monitor.communicate(timeout=60)
        self.assertRegex(error, r"(?m)^Unable to dispatch quorum status: CS_ERR_LIBRARY\n.*gyred")
        self.assertEqual(monitor.returncode, 1)
        self.refuses("corosync-quorumtool -s", "Cannot initialize QUORUM service", "gyred")

    def lists(self):
        network = self.tools.network
        head = "\nMembership information\n----------------------\n"
        self.says("corosync-quorumtool -l", f"{head}    Nodeid      Votes Name\n{BOTH}")
        self.says("corosync-quorumtool -l -o n", f"{head}    Nodeid      Votes Name\n"
                  "        18          1 bob\n        17          2 zoe (local)\n")
        self.says("corosync-quorumtool -p -l -i", f"""\
{head}    Nodeid      Votes    Qdevice Name
        17          2         NR {network}.17 (local)
        18          1         NR {network}.18
""")
        self.says("corosync-quorumtool -H -l", f"{head}    Nodeid      Votes Name\n"
                  "0x00000011          2 zoe (local)\n0x00000012          1 bob\n")
        self.assertIn("Node ID:          0x00000011\n",
                      self.tools.run(1, "corosync-quorumtool -H").stdout)

    def refusals(self):
        for words, status, error in [
                ("-e 2", 1, "Unable to set expected votes: CS_ERR_INVALID_PARAM"),
                ("-e 9", 1, "Unable to set expected votes: CS_ERR_INVALID_PARAM"),
                ("-v 0", 1, "Unable to set votes 0 for nodeid: 17: CS_ERR_INVALID_PARAM"),
                ("-v 1 -n 19", 1, "Unable to set votes 1 for nodeid: 19: CS_ERR_NAME_NOT_FOUND"),
                ("-e 0", 1, "New expected votes value was not valid, try a positive number"),
                ("-e x", 1, "New expected votes value was not valid, try a positive number"),
                ("-v -1", 1, "New votes value was not valid, try a positive number or zero"),
                ("-n 5x -v 1", 1, "The nodeid was not valid, try a positive number"),
                ("-o b", 1, "Invalid ordering option. valid orders are a(address), "
                            "i(node ID) or n(name)"),
                ("-f", 1, "Unable to unregister quorum device: CS_ERR_ACCESS"),
                ("-s extra", 1, f'{self.tools.folder}/corosync-quorumtool: "extra" is no option'),
                ("-x", 1, f"{self.tools.folder}/corosync-quorumtool: invalid option -- 'x'")]:
            with self.subTest(words=words):
                self.says("corosync-quorumtool " + words, "", status, error)
        self.assertEqual(self.status(), "")


class WithoutSection(Quorumtool):
    test_from_the_first_node_to_a_change_of_votes = None

    def test_counts_the_nodes(self):
        self.start(1, "")
        self.wait_until(lambda answer: answer["quorum"]["votes"] == 1)
        error = self.status(provider="Not configured", count=1, answer="No", expected=2, votes=1,
                            needed=2, blocked="Activity blocked", flags="",
                            nodes="        17          1 zoe (local)\n")
        self.assertIn("without a quorum section", error)
        self.refuses("corosync-quorumtool -e 3",
                     "You cannot change expected votes, corosync is not using votequorum")
        self.refuses("corosync-quorumtool -v 3",
                     "You cannot change node votes, corosync is not using votequorum")
        self.assertRegex(self.tools.run(1, "corosync-quorumtool -V").stdout,
                         r"^corosync-quorumtool version: \d")
        self.assertIn("corosync-quorumtool [-s]",
                      self.tools.run(1, "corosync-quorumtool --help").stdout)


class OverARestart(Quorumtool):
    test_from_the_first_node_to_a_change_of_votes = None

    def test_remembers_the_nodes_that_were_seen(self):
        daemons = [self.start(number, "") for number in (1, 2, 3)]
        for node in (1, 2, 3):
            self.wait_until(lambda answer: answer["quorum"]["expected"] == 3, node)
        self.wait_for_file(" 3 3 17 18 19 ")
        for daemon in daemons:
            daemon.kill()
            daemon.wait()
        self.start(1, "")
        self.wait_until(lambda answer: answer["quorum"]["votes"] == 1)
        answer = self.quorum()["quorum"]
        self.assertEqual((answer["expected"], answer["quorate"]), (3, False))

    def wait_for_file(self, words):
        file = self.tools.folder / "node1" / "state" / "votes"
        self.until(lambda: file.exists() and words in file.read_text(encoding="ascii"),
                   f"{words} in {file}")


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
