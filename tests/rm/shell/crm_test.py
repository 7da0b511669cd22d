"""usage: crm_test.py GYRE_CRM    crm: what it says, refuses, commits"""
import os
import pathlib
import subprocess
import sys
import tempfile
import unittest

GYRE_CRM = sys.argv.pop(1)
DOCUMENT = """<cib validate-with="pacemaker-3.9" admin_epoch="0" epoch="7" num_updates="3">
  <configuration>
    <crm_config>
      <cluster_property_set id="cib-bootstrap-options">
        <nvpair id="o" name="stonith-enabled" value="false"/>
      </cluster_property_set>
    </crm_config>
    <nodes>
      <node id="1" uname="n1"/>
      <node id="2" uname="n2"/>
    </nodes>
    <resources>
      <primitive id="a" class="ocf" provider="heartbeat" type="Dummy"/>
      <primitive id="b" class="ocf" provider="heartbeat" type="Dummy"/>
    </resources>
    <constraints/>
  </configuration>
  <status>
    <node_state id="1" uname="n1" in_ccm="true" crmd="online" join="member" expected="member">
      <lrm id="1"><lrm_resources>
        <lrm_resource id="a" class="ocf" provider="heartbeat" type="Dummy">
          <lrm_rsc_op id="a_last_0" operation="start" operation_key="a_start_0"
            call-id="5" rc-code="0" op-status="0" interval="0"
            transition-magic="0:0;1:1:0:a-b" transition-key="1:1:0:a-b"/>
        </lrm_resource>
      </lrm_resources></lrm>
    </node_state>
  </status>
</cib>
"""
SHOWN = """node 1: n1
node 2: n2
primitive a Dummy
primitive b Dummy
property cib-bootstrap-options: \\
\tstonith-enabled=false
"""
SEED = """property no-quorum-policy="ignore" \\ # <1>
  pe-warn-series-max="1000" \\        # <2>
  cluster-recheck-interval="5min"    # <3>
"""


class CrmTest(unittest.TestCase):
    maxDiff = None

    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)
        self.file = pathlib.Path(self.folder.name) / "cib.xml"
        self.file.write_text(DOCUMENT, encoding="utf-8")

    def crm(self, *words, given=""):
        done = subprocess.run([GYRE_CRM, "crm", *words], input=given, capture_output=True,
                              env={**os.environ, "CIB_file": str(self.file),
                                   "OCF_ROOT": self.folder.name}, text=True, check=False)
        return done.returncode, done.stdout, done.stderr

    def does(self, *words, given=""):
        status, printed, complaints = self.crm(*words, given=given)
        self.assertEqual(status, 0, complaints)
        return printed

    def refuses(self, what, *words, given=""):
        before = self.document()
        status, _, complaints = self.crm(*words, given=given)
        self.assertEqual(status, 1)
        self.assertIn(what, complaints)
        self.assertEqual(self.document(), before)

    def document(self):
        return self.file.read_text(encoding="utf-8")

    def shown(self, *words):
        return self.does("configure", "show", *words)


class Configure(CrmTest):
    def test_shows(self):
        self.assertEqual(self.shown(), SHOWN)
        self.assertEqual(self.shown("b", "type:node"),
                         "node 1: n1\nnode 2: n2\nprimitive b Dummy\n")
        self.assertEqual(self.shown("xml", "b"), """<?xml version="1.0" ?>
<cib validate-with="pacemaker-3.9" admin_epoch="0" epoch="7" num_updates="3">
  <configuration>
    <crm_config/>
    <nodes/>
    <resources>
      <primitive id="b" class="ocf" provider="heartbeat" type="Dummy"/>
    </resources>
    <constraints/>
  </configuration>
</cib>

""")
        self.assertIn("<node_state", DOCUMENT)
        self.assertNotIn("<node_state", self.shown("xml"))
        self.refuses("object nosuch does not exist", "configure", "show", "nosuch")
        self.refuses("one of these types is expected: node", "configure", "show", "type:foo")
        self.refuses("there is no such tag", "configure", "show", "tag:a")

    def test_selects(self):
        self.does("configure", given="group g a\norder r g b\ntag t b\n"
                                     'xml <alert id="al" path="/x"/>')
        self.assertEqual(self.shown("related:b"), "primitive b Dummy\ntag t b\norder r g b\n")
        self.assertEqual(self.shown("tag:t"), "primitive b Dummy\n")
        self.assertEqual(self.shown("type:alert"), 'xml <alert id="al" path="/x"/>\n')
        xml = self.shown("xml", "a", "type:alert")
        self.assertIn('<group id="g">\n        <primitive id="a"', xml)
        self.assertIn('<alerts>\n      <alert id="al" path="/x"/>', xml)
        self.assertNotIn('id="b"', xml)

    def test_commits_a_command_at_once(self):
        self.does("configure", "primitive", "c", "ocf:pacemaker:Dummy", "params", "x=a b")
        self.assertEqual(self.shown("c"), 'primitive c ocf:pacemaker:Dummy \\\n\tparams x="a b"\n')
        self.assertIn('epoch="8" num_updates="0"', self.document())
        self.does("configure", "delete", "c")
        self.assertEqual(self.shown(), SHOWN)

    def test_reads_lines(self):
        lines = "# all\nprimitive c Dummy \\\n  params x=1\nclone d c\nshow changed\n"
        shown = "primitive c Dummy \\\n\tparams x=1\nclone d c\n"
        self.assertEqual(self.does("configure", given=lines), shown)
        self.assertEqual(self.shown("c", "d"), shown)
        script = pathlib.Path(self.folder.name) / "script"
        script.write_text("configure\ndelete d\ncommit\nup\nresource\nstop b\nup\nnode\n"
                          "standby n1\nconfigure show c\nquit\nfoo\n", encoding="utf-8")
        self.assertEqual(self.does("-f", str(script)), "primitive c Dummy \\\n\tparams x=1\n")
        self.assertEqual(self.shown("b"), "primitive b Dummy \\\n\tmeta target-role=Stopped\n")
        self.assertEqual(self.shown("type:node"),
                         "node 1: n1 \\\n\tattributes standby=on\nnode 2: n2\n")

    def test_commits_nothing_if_a_line_is_wrong(self):
        self.refuses('line 3: at "Dumy:a:b:"', "configure",
                     given="primitive c Dummy\n\nprimitive d Dumy:a:b:\ncommit\n")
        self.refuses('line 2: at "nosuch": there is no such resource', "configure",
                     given="primitive c Dummy\ngroup g nosuch\n")
        self.refuses('line 2: at "foo": no such command; in configure there is show', "configure",
                     given="primitive c Dummy\nfoo bar\n")
        self.refuses("line 1: a quote is open", "configure", given='primitive c "Dummy\n')

    def test_refuses_what_is_no_configuration(self):
        words = "configure", "location", "l", "nosuch", "1:", "n1"
        self.refuses('"nosuch" as rsc: no element has this id', *words)
        self.refuses("nothing was committed", "-F", *words)

    def test_refuses_what_goes_wrong_unless_forced(self):
        words = "configure", "property", "batch-limit=many"
        self.refuses("commit force does it all the same", *words)
        self.does("-F", *words)
        self.assertIn("batch-limit=many", self.shown())
        self.does("configure", given="property migration-limit=x\ncommit force\n")

    def test_says_that_nothing_will_start(self):
        said = "no resource will start: fencing is on, and there is no device that fences"
        status, _, told = self.crm("configure", "property", "stonith-enabled=true")
        self.assertEqual(status, 0)
        self.assertEqual(told.count(said), 1)
        self.assertIn("crm configure property stonith-enabled=false", told)
        self.assertNotIn("ERROR", told)
        self.assertIn(said, self.crm("configure", "verify")[2])
        _, _, told = self.crm("configure", "primitive", "f", "stonith:fence_xvm")
        self.assertNotIn(said, told)

    def test_seed_loads_with_its_callouts(self):
        options = ("\tno-quorum-policy=ignore \\\n\tpe-warn-series-max=1000 \\\n"
                   "\tcluster-recheck-interval=5min\n")
        self.does("configure", given=SEED)
        self.assertTrue(self.shown().endswith(options))
        seed = pathlib.Path(self.folder.name) / "seed.crm"
        seed.write_text(SEED, encoding="utf-8")
        self.file.write_text(DOCUMENT, encoding="utf-8")
        self.does("configure", "load", "update", str(seed))
        self.assertTrue(self.shown().endswith(options))

    def test_says_what_else_changed(self):
        self.does("configure", "location", "l", "a", "1:", "n1")
        _, _, told = self.crm("configure", "group", "g", "a", "b")
        self.assertIn("INFO: modified location:l from a to g\n", told)

    def test_saves_and_loads(self):
        saved = str(pathlib.Path(self.folder.name) / "saved")
        self.does("configure", "save", saved)
        self.assertEqual(pathlib.Path(saved).read_text(encoding="utf-8"), SHOWN)
        self.does("configure", "erase")
        self.assertEqual(self.shown(), "node 1: n1\nnode 2: n2\n")
        self.does("configure", "load", "replace", saved)
        self.assertEqual(self.shown(), SHOWN)
        self.does("configure", "save", "xml", saved)
        self.does("configure", "erase")
        self.does("configure", "load", "xml", "replace", saved)
        self.assertEqual(self.shown(), SHOWN)
        self.assertEqual(self.does("configure", "save", "b", "-"), "primitive b Dummy\n")
        self.does("configure", "load", "push", "-", given="primitive a Dummy\n")
        self.assertEqual(self.shown(), "node 1: n1\nnode 2: n2\nprimitive a Dummy\n")
        self.refuses("standard input: line 1: at \"foo\"", "configure", "load", "push", "-",
                     given="foo\n")
        self.refuses("/nowhere: No such file", "configure", "load", "update", "/nowhere")
        self.refuses("replace, update or push is expected", "configure", "load", "over", saved)

    def test_does_not_delete_what_runs(self):
        self.refuses("resource a is running: stop it before", "configure", "delete", "a")
        self.does("configure", "delete", "--force", "a")
        self.refuses('at "a": there is no such object', "configure", "delete", "a")

    def test_renames_and_refreshes(self):
        self.does("configure", "rename", "b", "c")
        self.assertEqual(self.shown("c"), "primitive c Dummy\n")
        self.does("configure", given="primitive d Dummy\nrefresh\ncommit\n")
        self.refuses("object d does not exist", "configure", "show", "d")

    def test_says_that_there_is_nothing_to_commit(self):
        self.assertIn("nothing to commit", self.crm("configure", "commit")[2])
        self.assertIn('epoch="7" num_updates="3"', self.document())

    def test_finds_the_provider_that_has_the_agent(self):
        for name in ("heartbeat/Dummy", "pacemaker/Dummy", "pacemaker/ping", "zz/other"):
            agent = pathlib.Path(self.folder.name) / "resource.d" / name
            agent.parent.mkdir(parents=True, exist_ok=True)
            agent.touch()
        self.does("configure", given="primitive c Dummy\nprimitive d ping\nprimitive e other\n"
                                     "primitive f none\n")
        self.assertEqual(self.shown("c", "d", "e", "f"),
                         "primitive c Dummy\nprimitive d ocf:pacemaker:ping\n"
                         "primitive e ocf:zz:other\nprimitive f none\n")

    def test_stale(self):
        # Once the pipe is open at its other end the document has been read.
        pipe = pathlib.Path(self.folder.name) / "pipe"
        os.mkfifo(pipe)
        with subprocess.Popen([GYRE_CRM, "crm", "configure", "load", "update", str(pipe)],
                              text=True, stderr=subprocess.PIPE,
                              env={**os.environ, "CIB_file": str(self.file)}) as slow:
            with pipe.open("w", encoding="utf-8") as late:
                self.does("configure", "property", "batch-limit=5")
                late.write("primitive c Dummy\n")
            _, told = slow.communicate()
        self.assertEqual(slow.returncode, 1)
        self.assertIn("changed the configuration since it was read:\n"
                      "  configuration/crm_config/cluster_property_set", told)
        self.assertIn("nothing was committed: try again with what there is now", told)
        self.assertNotIn("primitive c", self.shown())
        self.assertIn("batch-limit=5", self.shown())


class Resource(CrmTest):
    def test_sets_options_of_the_whole(self):
        self.does("configure", given="clone c b\ngroup g a meta x=1\n")
        self.does("resource", "stop", "b", "g")
        self.assertEqual(self.shown("b", "c", "g"), "primitive b Dummy\ngroup g a \\\n\tmeta x=1 "
                         "target-role=Stopped\nclone c b \\\n\tmeta target-role=Stopped\n")
        self.does("resource", "start", "a")
        self.does("resource", "unmanage", "c")
        self.does("resource", "maintenance", "a", "off")
        self.assertEqual(self.shown("a", "c"),
                         "primitive a Dummy \\\n\tmeta target-role=Started maintenance=false\n"
                         "clone c b \\\n\tmeta target-role=Stopped is-managed=false\n")
        self.refuses("Resource not found: nosuch", "resource", "start", "a", "nosuch")
        self.refuses("c is not a promotable resource", "resource", "promote", "c")
        self.does("resource", "meta", "c", "set", "promotable", "true")
        self.does("resource", "promote", "c")
        self.assertIn("target-role=Master", self.shown("c"))

    def test_moves(self):
        self.does("resource", "move", "a", "n2")
        self.assertEqual(self.shown("type:location"),
                         "location cli-prefer-a a role=Started inf: n2\n")
        self.does("resource", "ban", "a")
        self.assertIn("location cli-ban-a-on-n1 a role=Started -inf: n1\n", self.shown())
        self.does("resource", "clear", "a")
        self.assertEqual(self.shown(), SHOWN)
        self.does("resource", "move", "a", "n2", "P1D")
        self.assertRegex(self.shown("type:location"), r'^location cli-prefer-a a role=Started '
                         r'\\\n\trule #uname string:eq n2 and date lt "20[-0-9: ]*Z"\n$')
        self.refuses("requires either a target node or 'force'", "resource", "move", "a")
        self.refuses("a is on n1", "resource", "move", "a", "n1")
        self.refuses("b", "resource", "ban", "b")
        self.refuses('at "P1X": a node, force, or how long', "resource", "ban", "a", "n1", "P1X")

    def test_says_where(self):
        status, printed, told = self.crm("resource", "locate", "a", "b")
        self.assertEqual((status, printed, told), (0, "resource a is running on: n1\n",
                                                   "resource b is NOT running\n"))
        self.assertEqual(self.does("resource", "status"), "Full List of Resources:\n"
                         "  * a\t(ocf:heartbeat:Dummy):\t Started n1\n"
                         "  * b\t(ocf:heartbeat:Dummy):\t Stopped\n")
        self.refuses("Resource not found: nosuch", "resource", "status", "nosuch")

    def test_attributes(self):
        self.assertEqual(self.does("resource", "param", "a", "set", "x", "1 2"),
                         "Set 'a' option: id=a-instance_attributes-x set=a-instance_attributes "
                         "name=x value=1 2\n")
        self.assertEqual(self.does("resource", "param", "a", "show", "x"), "1 2\n")
        self.assertEqual(self.does("resource", "param", "a", "set", "x", "3"),
                         "Set 'a' option: id=a-instance_attributes-x name=x value=3\n")
        self.assertEqual(self.does("resource", "param", "a", "delete", "x"),
                         "Deleted 'a' option: id=a-instance_attributes-x name=x\n")
        self.refuses("set, show or delete is expected", "resource", "meta", "a", "get", "x")

    def test_cleans_up(self):
        self.assertEqual(self.does("resource", "refresh", "a", "n1"), "Cleaned up a on n1\n")
        self.assertNotIn("lrm_rsc_op", self.document())
        self.refuses("nosuch", "resource", "cleanup", "nosuch")
        self.refuses("n9", "resource", "cleanup", "a", "n9")


class Node(CrmTest):
    def test_attributes(self):
        self.does("node", "standby", "n1")
        self.does("node", "maintenance", "n2")
        self.does("node", "attribute", "n2", "set", "x", "a b")
        self.assertEqual(self.does("node", "show"), "n1(1): member\n\tstandby=on\nn2(2): member\n\t"
                         'maintenance=true x="a b"\n')
        self.assertEqual(self.does("node", "attribute", "n2", "show", "x"),
                         "scope=nodes  name=x value=a b\n")
        self.does("node", "attribute", "n2", "delete", "x")
        self.does("node", "ready", "n2")
        self.does("node", "online", "n1")
        self.assertEqual(self.does("node", "show", "n2"), "n2(2): member\n\tmaintenance=off\n")
        self.does("node", "status-attr", "n1", "set", "y", "7")
        self.assertEqual(self.does("node", "status-attr", "n1", "show", "y"),
                         "scope=status  name=y value=7\n")
        self.does("node", "standby", "n1", "reboot")
        self.assertIn('<nvpair id="status-1-standby" name="standby" value="on"/>', self.document())
        self.refuses('Node "n9" is not a cluster node', "node", "standby", "n9")
        self.refuses("n1 has no attribute z", "node", "attribute", "n1", "show", "z")
        self.refuses("no such command; in node there is standby", "node", "fence", "n1")


class Program(CrmTest):
    def test_usage(self):
        self.assertIn("usage: crm", self.does("--help"))
        self.assertIn("crm of gyre", self.does("--version"))
        self.refuses('at "foo": no such command; in crm there is configure', "foo")
        self.refuses("invalid option", "-x")
        self.refuses("only plain text is displayed", "-D", "color", "configure", "show")
        self.refuses("/nowhere: No such file", "-f", "/nowhere")

    def test_status_is_that_of_crm_mon(self):
        told = self.does("status", "quiet")
        self.assertIn("  * Online: [ n1 ]\n", told)
        self.assertNotIn("Last updated", told)
        self.assertIn("Full List of Resources:\n", self.does("status"))
        self.assertNotIn("Full List", self.does("status", "bynode"))
        self.refuses('at "foo": full, bynode, inactive', "status", "foo")

    def test_reads_all_lines_before_the_first_is_done(self):
        self.refuses("line 2: a quote is open", given="resource stop a\nresource stop 'b\n")

    def test_no_cluster(self):
        done = subprocess.run([GYRE_CRM, "crm", "configure", "show"], capture_output=True,
                              env={**os.environ, "CIB_file": "/nowhere/cib.xml"}, text=True,
                              check=False)
        self.assertEqual(done.returncode, 1)
        self.assertIn("ERROR: /nowhere/cib.xml", done.stderr)


if __name__ == "__main__":
    unittest.main()
