#!/usr/bin/env python3
"""usage: two_nodes_test.py GYRED GYRE

The commands that operators know, letter by letter, at two nodes of the interface form; and what is
not there, or goes away.
"""
import concurrent.futures
import json
import os
import pathlib
import re
import sys
import unittest
import xml.etree.ElementTree

from daemon import Case

OPEN = """totem {{
  version: 2
  cluster_name: tools
  secauth: off
  token: 300
  nodeid: {nodeid}
  interface {{
    ringnumber: 0
    bindnetaddr: {network}.{nodeid}
    mcastaddr: 239.255.42.1
    mcastport: {port}
  }}
}}
logging {{
  to_syslog: no
}}
"""


class Open(Case):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.daemons = {}
        for node in (1, 2):
            cls.start(node)
        cls.await_members(1, 2)

    @classmethod
    def start(cls, node):
        text = OPEN.format(port=cls.tools.port, network=cls.tools.network, nodeid=node)
        cls.daemons[node] = cls.tools.start(node, text)

    @classmethod
    def await_members(cls, node, count):
        cls.until(lambda: len(json.loads(cls.tools.run(node, "gyre members --json").stdout)
                              ["members"]) == count, f"{count} members at node {node}")

    def test_a_status_is_that_of_the_guide(self):
        self.says("corosync-cfgtool -s", f"""\
Printing ring status.
Local node ID 1
RING ID 0
\tid\t= {self.tools.network}.1
\tstatus\t= ring 0 active with no faults
""")
        self.brief("n3")

    def brief(self, digits):
        self.says("corosync-cfgtool -s -b", f"""\
Local node ID 1, transport udp
LINK ID 0 \n\
\taddr\t= {self.tools.network}.1
\tstatus\t= {digits}
""")

    def test_b_members_are_those_of_the_guide(self):
        lines = self.tools.run(1, "corosync-objctl runtime.totem.pg.mrp.srp.members").stdout
        self.assertEqual(lines, "".join(f"""\
runtime.totem.pg.mrp.srp.{node}.ip=r(0) ip({self.tools.network}.{node}) \n\
runtime.totem.pg.mrp.srp.{node}.join_count=1
runtime.totem.pg.mrp.srp.{node}.status=joined
""" for node in (1, 2)))
        self.says("corosync-cfgtool -n", f"""\
Local node ID 1, transport udp
nodeid: 2 reachable
   LINK: 0  ({self.tools.network}.2) enabled connected mtu: 1472

""")

    def test_b_a_crowd_says_what_the_bench_counts_and_one_in_its_place_as_much(self):
        folder, rate = self.tools.folder, 500
        # What is said is read at once: gyred cuts off who takes nothing for long.
        readers = concurrent.futures.ThreadPoolExecutor()
        self.addCleanup(readers.shutdown)
        heard = {group: readers.submit(self.heard, self.subscriber(group))
                 for group in ("crowd", "one")}
        done = self.tools.run(1, f"gyre bench crowd --programs 200 --blocks 2 --rate {rate} --json "
                              f"--run-dir {folder}/node1 {folder}/node2")
        self.assertEqual(done.stderr, "")
        told = json.loads(done.stdout)
        self.assertEqual(told["programs"], 200)
        self.assertLessEqual(told["programs_per_s"], rate)
        self.assertGreater(told["busy_ns"], 0)
        self.assertGreater(told["resident_bytes"], 4096)  # it has a page of its own at least
        self.assertGreater(told["shared_bytes"], 4096)
        self.assertLessEqual(told["resident_bytes"], 64 << 10)
        # Each joins, says something and leaves; and one says as much in their place.
        for group in heard:
            self.says(f"gyre pub {group}", "", text="end\n")
        self.assertEqual({group: events.result() for group, events in heard.items()},
                         {"crowd": 600, "one": 600})

    def test_b_what_was_measured_is_drawn(self):
        for measure, curves in (("latency", ["64 bytes", "512 bytes"]),
                                ("throughput", ["messages/s", "MB/s"])):
            drawn = self.tools.folder / f"{measure}.svg"
            self.tools.run(1, f"gyre bench {measure} --bytes 64 512 --seconds 0.1 --plot {drawn}")
            texts = [one.text for one in xml.etree.ElementTree.parse(drawn).iter()
                     if one.tag.endswith("text")]
            self.assertEqual([text for text in texts if text in curves], curves)
        nowhere = self.tools.folder / "none" / "latency.svg"
        done = self.tools.run(1, f"gyre bench latency --plot {nowhere}")
        self.assertEqual((done.returncode, done.stdout), (1, ""))
        self.assertIn(f"{nowhere}: No such file or directory", done.stderr)

    def test_c_a_program_is_told_of_by_itself(self):
        listening = self.subscriber("crowd")
        keys = self.tools.run(1, "corosync-cmapctl -m stats stats.ipcs.service2.").stdout
        place = rf"stats\.ipcs\.service2\.{listening.pid}\.\d+\."
        self.assertRegex(keys, rf"(?m)^{place}dispatched \(u64\) = [1-9]\d*$")
        self.assertRegex(keys, rf"(?m)^{place}flow_control \(u32\) = 0$")
        self.assertRegex(keys, rf"(?m)^{place}procname \(str\) = gyre$")
        self.assertRegex(keys, rf"(?m)^{place}requests \(u64\) = 1$")  # its join
        listening.kill()
        listening.wait()
        self.until(lambda: not re.search(place, self.tools.run(
            1, "corosync-cmapctl -m stats stats.ipcs.").stdout), "it is gone")

    def subscriber(self, group):
        process = self.tools.start_command(1, f"gyre sub {group} --json")
        self.addCleanup(process.communicate)
        self.addCleanup(process.kill)
        self.line(process, '"event":"group"')  # it has joined
        return process

    def heard(self, process):
        """How much others said until the end, and how often they came and went."""
        events, line = [], ""
        while '"payload":"end"' not in line:
            line = self.line(process, "")
            events.append(json.loads(line)["event"])
        return events.count("message") + events.count("group") - 2  # who said that came, too

    def test_b_what_programs_share_with_the_daemon_has_no_name(self):
        program = self.subscriber("g")
        for process in (program, self.daemons[1]):
            maps = pathlib.Path(f"/proc/{process.pid}/maps").read_text(encoding="utf-8")
            shared = [line.split(None, 5)[5] for line in maps.splitlines() if " rw-s " in line]
            self.assertIn("/memfd:gyre-client (deleted)", shared)
            self.assertEqual({name for name in shared if not name.startswith("/memfd:")}, set())

    def test_c_who_leaves_stays_listed_and_its_return_is_counted(self):
        tracking = self.tools.start_command(1, "corosync-cmapctl -T runtime.members.2")
        tracking.stdout.readline()
        self.says("corosync-cfgtool -H", "Shutting down corosync\n", node=2)
        self.assertEqual(self.daemons[2].wait(60), 0)
        self.assertEqual(tracking.stdout.readline(),
                         "modify> runtime.members.2.status (str) = left\n")
        self.brief("n1")
        self.start(2)
        self.await_members(1, 2)
        told = {tracking.stdout.readline() for _ in range(2)}
        self.assertEqual(told, {"modify> runtime.members.2.status (str) = joined\n",
                                "modify> runtime.members.2.join_count (u32) = 2\n"})
        self.assertEqual(tracking.communicate("q\n", timeout=60), ("", ""))

    def test_d_a_node_is_killed(self):
        self.says("corosync-cfgtool -k 9", "Killing node 9\n", 1,
                  "Could not kill node (error = CS_ERR_NOT_EXIST)")
        self.says("corosync-cfgtool -k 2", "Killing node 2\n")
        self.assertEqual(self.daemons[2].wait(60), 0)
        log = (self.tools.folder / "node2" / "output").read_text(encoding="utf-8")
        self.assertIn("killed by node 1", log)
        self.start(2)
        self.await_members(1, 2)

    def test_d_the_bench_says_what_a_death_costs(self):
        done = self.tools.run(1, ["gyre", "bench", "failover", "--json", "--kill",
                                  f"kill -KILL {self.daemons[2].pid}"])
        self.assertEqual(done.stderr, "")
        told = json.loads(done.stdout)
        self.assertEqual((told["members_before"], told["members_after"]), (2, 1))
        self.assertGreater(told["view_ms"], 300)  # the token's timeout
        self.assertGreater(told["silent_ms"], 300)
        self.assertLess(told["command_ms"], told["view_ms"])
        self.assertGreater(told["usual_ms"], 0)
        self.daemons[2].wait()
        given = self.tools.folder / "given"
        self.refuses_to_kill(f"touch {given}", "no other node is in the view")
        self.assertFalse(given.exists())
        self.start(2)
        self.await_members(1, 2)
        self.refuses_to_kill("exit 3", "'exit 3' failed")

    def refuses_to_kill(self, command, error):
        done = self.tools.run(1, ["gyre", "bench", "failover", "--kill", command])
        self.assertEqual((done.returncode, done.stdout), (1, ""))
        self.assertIn(error, done.stderr)

    def test_e_a_daemon_that_goes_away_ends_who_listens(self):
        tracking = self.tools.start_command(2, "corosync-cmapctl -T runtime.members")
        tracking.stdout.readline()
        others = {words: self.tools.start_command(2, words) for words in (
            "gyre sub g --json", "gyre pub g --json", "gyre top --json --interval 0.1")}
        others["gyre pub g --json"].stdin.write("one\n")
        others["gyre pub g --json"].stdin.flush()
        for process in others.values():
            process.stdout.readline()  # it is connected, or has asked once
        self.daemons[2].kill()
        self.daemons[2].wait()
        _, error = tracking.communicate(timeout=60)
        self.assertRegex(error, r"^Lost the cmap API\. Error CS_ERR_LIBRARY\n.*gyred went away")
        self.assertEqual(tracking.returncode, 1)
        for words, process in others.items():
            with self.subTest(words=words):
                kept, process.stdin = process.stdin, None  # so that it does not end by itself
                _, error = process.communicate(timeout=60)
                self.assertRegex(error, r"^gyre: .*(gyred went away|gyred is not running)")
                self.assertEqual(process.returncode, 1)
                kept.close()

    def test_f_without_a_daemon_each_says_so(self):
        for words, error in [
                ("corosync-cmapctl", "Failed to initialize the cmap API. Error CS_ERR_LIBRARY"),
                *[(f"corosync-cfgtool {option}",
                   "Could not initialize corosync configuration API error 2")
                  for option in ("-s", "-H", "-k 2", "-R", "-r", "-L", "-a 1")],
                ("corosync-cpgtool", "Could not initialize corosync cpg API error 2"),
                ("corosync-objctl totem",
                 "Failed to initialize the objdb API. Error CS_ERR_LIBRARY")]:
            with self.subTest(words=words):
                self.refuses(words, error, "gyred is not running", node=3)

    def test_g_another_user_is_refused(self):
        if os.geteuid() != 0:
            self.skipTest("only root can become somebody else")
        os.chmod(self.tools.folder, 0o755)
        command, environment = self.tools.command(1, "corosync-cmapctl -g totem.version")
        done = self.tools.run_as(4242, command, environment)
        self.assertEqual(done.returncode, 1)
        self.assertRegex(done.stderr, "^Failed to initialize the cmap API. Error CS_ERR_ACCESS\n"
                         ".*uid 4242 with gid 4242 is not allowed")
        self.says("corosync-cmapctl -s uidgid.gid.4242 u8 1", "")
        done = self.tools.run_as(4242, command, environment)
        self.assertEqual(done.stdout, "totem.version (u32) = 2\n", done.stderr)
        self.says("corosync-cmapctl -d uidgid.gid.4242", "")


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1], verbosity=2)
