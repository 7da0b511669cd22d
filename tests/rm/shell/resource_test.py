"""usage: resource_test.py GYRE_CRM    crm_resource, where Pacemaker's cannot be asked: what depends
on the time and on the agents of this machine, and cleaning up in a file"""
import datetime
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

GYRE_CRM = sys.argv.pop(1)
DOCUMENTS = pathlib.Path(__file__).resolve().parent / "commands" / "documents"
MOMENT = r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\dZ"


class Resource(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.file = pathlib.Path(folder.name) / "cib.xml"
        self.use("small")

    def use(self, name):
        self.file.write_bytes((DOCUMENTS / f"{name}.xml").read_bytes())

    def text(self):
        return self.file.read_text(encoding="utf-8")

    def ask(self, *words, program=(GYRE_CRM, "crm_resource"), **environment):
        done = subprocess.run([*program, *words], capture_output=True, text=True, timeout=60,
                              env={**os.environ, "CIB_file": str(self.file), **environment},
                              check=False)
        return done.returncode, done.stdout, done.stderr

    def recorded(self):
        return set(re.findall('<lrm_resource id="([^"]*)"', self.text()))

    def test_a_move_with_a_lifetime_ends_by_itself(self):
        status, told, _ = self.ask("-M", "-r", "p_ip", "-N", "node2", "-u", "PT5M")
        self.assertEqual(status, 0)
        until = re.fullmatch(f"Migration will take effect until: ({MOMENT})\n", told).group(1)
        end = datetime.datetime.strptime(until, "%Y-%m-%d %H:%M:%SZ")
        now = datetime.datetime.now(datetime.timezone.utc).replace(tzinfo=None)
        self.assertLess(abs((end - now).total_seconds() - 300), 60)
        self.assertIn(f"""
      <rsc_location id="cli-prefer-p_ip" rsc="p_ip" role="Started">
        <rule id="cli-prefer-rule-p_ip" score="INFINITY" boolean-op="and">
          <expression id="cli-prefer-expr-p_ip" attribute="#uname" operation="eq" value="node2" \
type="string"/>
          <date_expression id="cli-prefer-lifetime-end-p_ip" operation="lt" end="{until}"/>
        </rule>
      </rsc_location>""", self.text())
        self.assertEqual(self.ask("-U", "-r", "p_ip", "--expired"), (0, "", ""))
        old = self.text().replace(until, "2012-10-07 20:46:00Z")
        self.file.write_text(old, encoding="utf-8")
        self.assertEqual(self.ask("-U", "-r", "p_ip", "--expired"),
                         (0, "Removing constraint: cli-prefer-p_ip\n", ""))

    def test_a_ban_with_a_lifetime(self):
        status, told, _ = self.ask("-B", "-r", "p_ip", "-N", "node2", "-u", "PT1H")
        self.assertEqual(status, 0)
        self.assertRegex(told, f"^Migration will take effect until: {MOMENT}\nWARNING: Creating")
        self.assertRegex(self.text(), f"""
      <rsc_location id="cli-ban-p_ip-on-node2" rsc="p_ip" role="Started">
        <rule id="cli-ban-p_ip-on-node2-rule" score="-INFINITY" boolean-op="and">
          <expression id="cli-ban-p_ip-on-node2-expr" attribute="#uname" operation="eq" \
value="node2" type="string"/>
          <date_expression id="cli-ban-p_ip-on-node2-lifetime" operation="lt" end="{MOMENT}"/>
        </rule>
      </rsc_location>""")

    def test_what_is_moved_again_is_moved_once(self):
        self.use("moved")
        self.assertEqual(self.ask("-B", "-r", "p_ip", "-N", "node2", "-Q"), (0, "", ""))
        self.assertEqual(self.text().count('id="cli-ban-p_ip-on-node2"'), 1)
        self.use("moved")
        self.assertEqual(self.ask("-M", "-r", "p_ip", "-N", "node2"), (0, "", ""))
        self.assertEqual(re.findall('rsc_location id="(cli-[^"]*)"', self.text()),
                         ["cli-ban-p_ip-on-node1", "cli-ban-s-on-node1", "cli-prefer-p_ip"])

    def test_all_that_was_moved_is_taken_back(self):
        self.use("moved")
        status, told, _ = self.ask("-U", "-r", "p_ip")
        self.assertEqual((status, told), (0, "Removing constraint: cli-ban-p_ip-on-node1\n"
                                             "Removing constraint: cli-ban-p_ip-on-node2\n"
                                             "Removing constraint: cli-prefer-p_ip\n"))
        self.use("moved")
        self.assertEqual(self.ask("-U", "-r", "p_ip", "-N", "node1", "-f")[1],
                         "Removing constraint: cli-ban-p_ip-on-node1\n"
                         "Removing constraint: cli-prefer-p_ip\n")
        self.use("moved")
        self.assertEqual(self.ask("-U", "-r", "p_ip", "--promoted"), (0, "", ""))

    def test_by_force_it_moves_and_does_not_come_back(self):
        status, told, _ = self.ask("-M", "-f", "-r", "p_ip", "-N", "node2")
        self.assertEqual(status, 0)
        self.assertIn("'cli-ban-p_ip-on-node1' with a score of -INFINITY", told)
        self.assertEqual(re.findall('rsc_location id="(cli-[^"]*)"', self.text()),
                         ["cli-prefer-p_ip", "cli-ban-p_ip-on-node1"])

    def test_what_failed_is_cleaned_up(self):
        self.assertEqual(self.ask("-C"), (0, "Cleaned up all resources on all nodes\n", ""))
        self.assertEqual(self.recorded(), {"s"})
        self.assertNotIn("fail-count", self.text())
        self.assertIn('num_updates="8"', self.text())
        self.use("small")
        self.assertEqual(self.ask("-C", "-r", "s", "-N", "node2"),
                         (0, "Cleaned up ms on node2\n", ""))
        self.assertEqual(self.recorded(), {"p_ip", "s"})
        self.assertEqual(self.ask("-C", "-r", "p_ip", "-n", "start")[0], 0)
        self.assertEqual(self.recorded(), {"p_ip", "s"})
        self.assertEqual(self.ask("-C", "-r", "p_ip", "-n", "monitor", "-I", "30s", "-Q"),
                         (0, "", ""))
        self.assertEqual(self.recorded(), {"s"})

    def test_what_is_refreshed_is_forgotten(self):
        self.use("running")
        self.assertEqual(self.ask("-R", "-r", "g1")[:2], (0, "Cleaned up g on all nodes\n"))
        self.assertEqual(self.recorded(), {"p_ip", "d", "s"})
        self.use("running")
        self.assertEqual(self.ask("-R", "-f", "-r", "g1")[0], 0)
        self.assertEqual(self.recorded(), {"p_ip", "g2", "d", "s"})
        self.assertEqual(self.ask("-R", "-r", "d:0")[0], 0)
        self.assertEqual(self.recorded(), {"p_ip", "g2", "s"})
        self.assertEqual(self.ask("--refresh", "-N", "node1")[0], 0)
        self.assertEqual(self.recorded(), {"s"})
        for words in (["-R", "-r", "nope"], ["-C", "-N", "nope"]):
            self.assertEqual(self.ask(*words)[0], 105)
        self.assertEqual(self.ask("-C", "-n", "monitor", "-I", "soon")[0], 64)

    def test_agents_are_found(self):
        root = self.file.parent / "ocf"
        for path in ("heartbeat/Dummy", "heartbeat/IPaddr2", "mine/Dummy", "mine/.hidden"):
            agent = root / "resource.d" / path
            agent.parent.mkdir(parents=True, exist_ok=True)
            agent.write_text("#!/bin/sh\n")
            agent.chmod(0o755)
        (root / "resource.d" / "mine" / "README").write_text("")

        def listed(*words):
            return self.ask(*words, OCF_ROOT=str(root))[:2]
        self.assertEqual(listed("--list-ocf-providers"), (0, "heartbeat\nmine\n"))
        self.assertEqual(listed("--list-agents", "ocf"), (0, "Dummy\nIPaddr2\nDummy\n"))
        self.assertEqual(listed("--list-agents=ocf:mine"), (0, "Dummy\n"))
        self.assertEqual(listed("--list-ocf-alternatives", "Dummy"), (0, "heartbeat\nmine\n"))
        self.assertEqual(listed("--list-ocf-alternatives", "nope"), (105, ""))
        self.assertEqual(listed("--list-agents", "ocf:nope"), (1, ""))
        self.assertEqual(listed("--list-agents", "nope"), (1, ""))
        self.assertEqual(listed("--list-standards"), (0, "ocf\nlsb\nservice\nstonith\n"))

    @unittest.skipUnless(shutil.which("crm_resource"), "Pacemaker's crm_resource is not installed")
    def test_agents_are_those_that_pacemaker_finds(self):
        told = subprocess.run(["crm_resource", "-$"], capture_output=True, text=True, check=False)
        if "Pacemaker 2.1.5" not in told.stdout:
            self.skipTest("crm_resource is another's")
        for words in (["--list-ocf-providers"], ["--list-agents", "ocf"], ["--list-agents", "lsb"],
                      ["--list-agents", "ocf:pacemaker"], ["--list-ocf-alternatives", "Dummy"]):
            self.assertEqual(self.ask(*words)[:2], self.ask(*words, program=["crm_resource"])[:2])

    def test_what_is_told_wrongly_is_refused(self):
        self.assertEqual(self.ask("more")[0], 64)
        self.assertEqual(self.ask("-D", "-r", "p_ip")[0], 64)
        self.assertEqual(self.ask("-D", "-r", "p_ip", "-t", "group")[0], 105)
        self.assertEqual(self.ask("-r", "p_ip", "-p", "x", "-v", "\x01")[0], 65)
        self.use("orphan")
        self.assertEqual(self.ask("-r", "orphan1", "-p", "x", "-v", "1")[0], 105)


if __name__ == "__main__":
    unittest.main()
