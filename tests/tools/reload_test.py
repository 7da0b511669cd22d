#!/usr/bin/env python3
"""usage: reload_test.py GYRED GYRE

corosync-cfgtool -R on three nodes, each with its own file.
"""
import json
import os
import sys
import unittest

from daemon import Case

CONFIGURATION = """totem {{
  version: 2
  cluster_name: reload
  secauth: off
  token: {token}
  merge: {merge}
  interface {{
    mcastport: {port}
  }}
}}
nodelist {{
{nodes}
}}
logging {{
  to_syslog: no
  debug: {debug}
}}
system {{
  sched_rr: no
}}
{more}
"""
NODE = """  node {{
    nodeid: {node}
    name: n{node}
    ring0_addr: {network}.{node}
  }}"""
NODES = (1, 2, 3)
FIXED = "Modified entry '{}' in corosync.conf cannot be changed at run-time"


class Reload(Case):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.daemons = {node: cls.tools.start(node, cls.text(), "--nodeid", str(node))
                       for node in NODES}
        cls.await_members()

    @classmethod
    def await_members(cls):
        cls.until(lambda: len(json.loads(cls.tools.run(1, "gyre members --json").stdout)["members"])
                  == len(NODES), f"{len(NODES)} members")

    def setUp(self):
        """Every test begins with files that are in force."""
        for node in NODES:
            self.write(node)
        self.reloads()

    @classmethod
    def text(cls, token=3000, merge=200, debug="off", more=""):
        nodes = "\n".join(NODE.format(node=node, network=cls.tools.network) for node in NODES)
        return CONFIGURATION.format(token=token, merge=merge, debug=debug, port=cls.tools.port,
                                    nodes=nodes, more=more)

    def write(self, node, **changes):
        (self.tools.folder / f"node{node}" / "conf").write_text(self.text(**changes),
                                                                encoding="utf-8")

    def reloads(self, node=1, error=None):
        return self.says("corosync-cfgtool -R", "Reloading corosync.conf...\nDone\n", node=node,
                         error=error)

    def key(self, node, key):
        return self.tools.run(node, f"corosync-cmapctl -q -g {key}").stdout.rstrip("\n")

    def await_key(self, node, key, value):
        """The other nodes come to that place of the order a little later or earlier."""
        self.until(lambda: self.key(node, key) == value, f"{key} of node {node} is {value}")

    def log(self, node):
        return (self.tools.folder / f"node{node}" / "output").read_text(encoding="utf-8")

    def test_what_can_change_changes_on_all_nodes(self):
        for node in NODES:
            self.write(node, merge=300 + node, debug="on", more=f"mine {{\n  key: {node}\n}}")
        self.reloads(node=2)
        for node in NODES:
            self.await_key(node, "mine.key", str(node))
            self.assertEqual(self.key(node, "totem.merge"), str(300 + node))
            self.assertEqual(self.key(node, "runtime.config.totem.merge"), str(300 + node))
            self.assertEqual(self.key(node, "logging.debug"), "on")
        for node in NODES:
            self.write(node)
        self.reloads()
        for node in NODES:
            self.await_key(node, "mine.key", "")
            self.assertEqual(self.key(node, "totem.merge"), "200")

    def test_what_cannot_change_is_named_and_stays(self):
        self.write(1, token=4000, merge=400, debug="on")
        done = self.reloads(error=FIXED.format("totem.merge"))
        self.assertEqual(done.stderr.splitlines()[1:], [FIXED.format("totem.token")])
        self.assertIn(FIXED.format("totem.token"), self.log(1))
        self.assertEqual(self.key(1, "totem.token"), "3000")
        self.assertEqual(self.key(1, "runtime.config.totem.merge"), "200")
        self.assertEqual(self.key(1, "logging.debug"), "on")
        answer = json.loads(self.tools.run(1, "corosync-cfgtool -R --json").stdout)
        self.assertEqual(answer, {"fixed": ["totem.merge", "totem.token"]})
        self.reloads(node=2)  # of its own file it has nothing to say

    def test_one_bad_file_changes_nothing_anywhere(self):
        for node in (1, 2):
            self.write(node, merge=500)
        self.write(3, merge=500, more="totem {\n  join: soon\n}")
        for asked in NODES:
            done = self.says("corosync-cfgtool -R", "Reloading corosync.conf...\n", 1,
                             "Could not reload configuration. Error 21", asked)
            self.assertRegex(done.stderr, r"\n.*: node 3: .*/node3/conf:\d+: .*totem\.join")
        for node in NODES:
            self.assertEqual(self.key(node, "totem.merge"), "200")
            self.assertIn("reload: nothing changes: node 3: ", self.log(node))
        self.assertRegex(self.log(3), r"node3/conf:\d+: .*totem\.join.*soon")

    def test_a_file_that_is_gone_changes_nothing(self):
        (self.tools.folder / "node2" / "conf").unlink()
        done = self.says("corosync-cfgtool -R", "Reloading corosync.conf...\n", 1,
                         "Could not reload configuration. Error 21")
        self.assertRegex(done.stderr, r"\n.*: node 2: .*/node2/conf: .*No such file")

    def test_a_log_that_cannot_be_opened_is_refused(self):
        self.write(3, more="logging {\n  to_logfile: yes\n  logfile: /nonexistent/log\n}")
        done = self.says("corosync-cfgtool -R", "Reloading corosync.conf...\n", 1,
                         "Could not reload configuration. Error 21")
        self.assertIn("/nonexistent/log: No such file or directory", done.stderr)
        file = self.tools.folder / "node3" / "log"
        self.write(3, more=f"logging {{\n  to_logfile: yes\n  logfile: {file}\n}}")
        self.reloads()
        self.until(lambda: file.exists() and
                   "counts from now on" in file.read_text(encoding="utf-8"), f"words in {file}")

    def test_who_tracks_a_key_elsewhere_hears_of_it(self):
        tracking = self.tools.start_command(3, "corosync-cmapctl -T totem.merge")
        tracking.stdout.readline()
        self.write(3, merge=600)
        self.reloads(node=1)
        self.assertEqual(tracking.stdout.readline(), "modify> totem.merge (u32) = 600\n")
        self.assertEqual(tracking.communicate("q\n", timeout=60), ("", ""))

    def test_whom_programs_set_debug_for(self):
        self.says("corosync-cmapctl -s logging.debug str on", "")
        self.reloads()
        self.assertEqual(self.key(1, "logging.debug"), "off")

    @unittest.skipIf(os.geteuid() != 0, "only root can become somebody else")
    def test_who_may_connect(self):
        os.chmod(self.tools.folder, 0o755)
        command, environment = self.tools.command(2, "corosync-cmapctl -q -g totem.version")
        self.assertEqual(self.tools.run_as(4242, command, environment).returncode, 1)
        self.write(2, more="uidgid {\n  uid: 4242\n}")
        self.reloads(node=1)
        self.await_key(2, "uidgid.config.uid.4242", "1")
        self.assertEqual(self.tools.run_as(4242, command, environment).stdout, "2\n")
        self.write(2)
        self.reloads(node=1)
        self.await_key(2, "uidgid.config.uid.4242", "")
        self.assertEqual(self.tools.run_as(4242, command, environment).returncode, 1)

    def test_without_a_daemon(self):
        self.refuses("corosync-cfgtool -R",
                     "Could not initialize corosync configuration API error 2",
                     "gyred is not running", node=4)

    def test_the_ring_stays_the_ring(self):
        view = json.loads(self.tools.run(1, "gyre members --json").stdout)["view"]
        self.reloads()
        self.assertEqual(json.loads(self.tools.run(1, "gyre members --json").stdout)["view"], view)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1], verbosity=2)
