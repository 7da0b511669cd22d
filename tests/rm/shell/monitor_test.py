"""usage: monitor_test.py GYRE_CRM    crm_mon: what it refuses, and when it shows again."""
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import unittest

GYRE_CRM = sys.argv.pop(1)
DOCUMENT = """<cib validate-with="pacemaker-3.9" admin_epoch="0" epoch="1" num_updates="1"
 have-quorum="1" dc-uuid="1"><configuration><crm_config>
 <cluster_property_set id="o"><nvpair id="s" name="stonith-enabled" value="false"/>
 </cluster_property_set></crm_config><nodes><node id="1" uname="n1"/></nodes><resources>
 <primitive id="a" class="ocf" provider="pacemaker" type="Dummy"/></resources><constraints/>
</configuration><status><node_state id="1" uname="n1" in_ccm="true" crmd="online" join="member"
 expected="member"/></status></cib>"""

# What the guide shows of a cluster without resources.
SEED = """<cib validate-with="pacemaker-1.2" admin_epoch="0" epoch="5" num_updates="9"
 have-quorum="1" dc-uuid="node2" cib-last-written="Sun Oct  7 20:46:00 2012"
 update-client="cibadmin" update-origin="node2"><configuration><crm_config>
 <cluster_property_set id="o"><nvpair id="a" name="dc-version"
 value="1.1.6-9971ebba4494012a93c03b40a2c58ec0eb60f50c"/><nvpair id="b"
 name="cluster-infrastructure" value="openais"/><nvpair id="c" name="expected-quorum-votes"
 value="2"/></cluster_property_set></crm_config><nodes><node id="node2" uname="node2"/>
 <node id="node1" uname="node1"/></nodes><resources/><constraints/></configuration><status>
 <node_state id="node1" uname="node1" in_ccm="true" crmd="online" join="member"
 expected="member"/><node_state id="node2" uname="node2" in_ccm="true" crmd="online" join="member"
 expected="member"/></status></cib>"""
SEED_TEXT = """============
Last updated: NOW
Last change: Sun Oct  7 20:46:00 2012 via cibadmin on node2
Stack: openais
Current DC: node2 - partition with quorum
Version: 1.1.6-9971ebba4494012a93c03b40a2c58ec0eb60f50c
2 Nodes configured, 2 expected votes
0 Resources configured.
============

Online: [ node2 node1 ]
"""


def record(resource, operation, interval, call, code, moment=""):
    return (f'<lrm_rsc_op id="{resource}_{operation}_{interval}" operation="{operation}" '
            f'operation_key="{resource}_{operation}_{interval}" interval="{interval}" '
            f'call-id="{call}" rc-code="{code}" op-status="0" transition-key="1:1:0:u" '
            f'transition-magic="0:{code};1:1:0:u" {moment}/>')


BUSY = (DOCUMENT
        .replace("</nodes>", '<node id="2" uname="n2"/></nodes>')
        .replace("</resources>", """<clone id="ms"><meta_attributes id="mm">
 <nvpair id="mp" name="promotable" value="true"/></meta_attributes><primitive id="m" class="ocf"
 provider="pacemaker" type="Stateful"/></clone></resources>""")
        .replace('expected="member"/>', """expected="member"><lrm id="1"><lrm_resources>
 <lrm_resource id="a" class="ocf" provider="pacemaker" type="Dummy">""" +
                 record("a", "start", 0, 1, 0) +
                 record("a", "monitor", 10000, 2, 7, 'last-rc-change="1700000000" '
                        'exec-time="20" queue-time="0"') + """</lrm_resource>
 <lrm_resource id="m" class="ocf" provider="pacemaker" type="Stateful">""" +
                 record("m", "start", 0, 3, 0) + record("m", "promote", 0, 4, 0) + """
 </lrm_resource></lrm_resources></lrm><transient_attributes id="1"><instance_attributes id="t">
 <nvpair id="t1" name="fail-count-a#monitor_10000" value="2"/></instance_attributes>
 </transient_attributes></node_state>"""))
BUSY_TEXT = """Online: [ n1 ]
OFFLINE: [ n2 ]

Full list of resources:

 a\t(ocf::pacemaker:Dummy):\tStarted n1 FAILED
 Master/Slave Set: ms [m]
     Masters: [ n1 ]
     Stopped: [ m:1 ]

Operations:
* Node n1: 
   a: migration-threshold=1000000 fail-count=2
    + (1) start: rc=0 (ok)
    + (2) monitor: interval=10000ms rc=7 (not running)
   m: migration-threshold=1000000
    + (3) start: rc=0 (ok)
    + (4) promote: rc=0 (ok)

Failed actions:
    a_monitor_10000 (node=n1, call=2, rc=7, status=complete): not running
"""


class Monitor(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        self.file = self.folder / "cib.xml"
        self.file.write_text(DOCUMENT, encoding="utf-8")
        self.environment = dict(os.environ, CIB_file=str(self.file), TZ="UTC")
        self.environment["GYRE_RUN_DIR"] = folder.name
        self.environment.pop("GYRE_CRM_MON_FORM", None)

    def run_with(self, *arguments, **environment):
        done = subprocess.run([GYRE_CRM, "crm_mon", *arguments], capture_output=True, text=True,
                              env=self.environment | environment, timeout=20, check=False)
        return done.returncode, done.stdout, done.stderr

    def test_the_document_is_of_the_option_or_of_cib_file(self):
        status, text, _ = self.run_with("-1")
        self.assertEqual(status, 0)
        self.assertIn("  * Online: [ n1 ]\n", text)
        self.assertIn("  * No active resources\n", text)
        status, text, _ = self.run_with("-1", "-x", str(self.file), CIB_file="/nonexistent")
        self.assertIn("  * Online: [ n1 ]\n", text)

    def test_what_cannot_be_read_is_named(self):
        status, text, errors = self.run_with("-1", CIB_file="/nonexistent")
        self.assertEqual((status, text), (102, ""))
        self.assertIn("/nonexistent: No such file or directory", errors)
        self.file.write_text("<cib>\n<a", encoding="utf-8")
        status, text, errors = self.run_with("-1")
        self.assertEqual((status, text), (102, ""))
        self.assertIn("cib.xml: line 2:", errors)
        self.file.write_text(DOCUMENT.replace('uname="n1"/></nodes', '/></nodes'))
        status, text, errors = self.run_with("-1")
        self.assertEqual((status, text), (78, ""))
        self.assertIn("there is no uname", errors)

    def test_without_a_cluster_it_says_so(self):
        status, text, errors = self.run_with("-1", CIB_file="")
        self.assertEqual((status, text), (102, ""))
        self.assertIn("no resource manager runs on this node", errors)
        status, text, _ = self.run_with("-s", CIB_file="")
        self.assertEqual(status, 2)
        self.assertIn("CLUSTER CRIT: ", text)

    def test_wrong_options_are_refused(self):
        for arguments, what in ((["--include=bogus"], "--include options: all,"),
                                (["--exclude=default"], "--exclude options: all,"),
                                (["--bogus"], "--bogus"), (["-1", "word"], '"word"'),
                                (["--form=3"], "1.1 or 2.1"), (["--output-as=html"], "html"),
                                (["-d"], "background"), (["-E", "x"], "external agent"),
                                (["-h", "x"], "HTML"), (["-x"], "-x")):
            status, text, errors = self.run_with(*arguments)
            self.assertEqual((status, text), (64, ""), arguments)
            self.assertIn(what, errors)

    def test_sections_are_chosen_from_left_to_right(self):
        def shown(*arguments):
            return self.run_with("-1", *arguments)[1]
        self.assertEqual(shown("--include=none"), "")
        self.assertEqual(shown("-A", "--include=none,nodes"), "Node List:\n  * Online: [ n1 ]\n")
        self.assertEqual(shown("--exclude=all", "--include=stack"),
                         "Cluster Summary:\n  * Stack: unknown\n")
        self.assertNotIn("Last updated", shown("-Q"))
        self.assertNotIn("Cluster Summary", shown("--include=stack", "-D"))
        self.assertIn("STONITH of failed nodes disabled", shown("--include=options"))

    def test_one_line_says_if_something_is_wrong(self):
        status, text, _ = self.run_with("-s")
        self.assertEqual((status, text), (0, "CLUSTER OK: 1 node online, 1 resource instance "
                                             "configured\n"))
        self.file.write_text(DOCUMENT.replace(' dc-uuid="1"', ""), encoding="utf-8")
        status, text, _ = self.run_with("-s")
        self.assertEqual((status, text), (1, "CLUSTER WARN: No DC\n"))

    def test_the_form_of_1_1_is_that_of_the_seed(self):
        self.file.write_text(SEED, encoding="utf-8")
        status, text, _ = self.run_with("-1", "--form", "1.1")
        self.assertEqual((status, re.sub("Last updated: .*", "Last updated: NOW", text)),
                         (0, SEED_TEXT))
        self.assertEqual(self.run_with("-s", "--form=1.1")[1],
                         "Ok: 2 nodes online, 0 resources configured\n")
        for option in ("-R", "-b", "-L"):
            self.assertEqual(self.run_with("-1", "--form=1.1", option)[0], 64)

    def test_a_file_may_say_which_form(self):
        form = self.folder / "form"
        form.write_text("1.1\n", encoding="utf-8")
        self.assertIn("1 Nodes configured, unknown expected votes\n",
                      self.run_with("-1", GYRE_CRM_MON_FORM=str(form))[1])
        self.assertIn("Cluster Summary",
                      self.run_with("-1", "--form=2.1", GYRE_CRM_MON_FORM=str(form))[1])
        form.write_text("1.0\n", encoding="utf-8")
        status, text, errors = self.run_with("-1", GYRE_CRM_MON_FORM=str(form))
        self.assertEqual((status, text), (78, ""))
        self.assertIn('the form is 1.1 or 2.1, not "1.0"', errors)
        self.assertEqual(self.run_with("-1", GYRE_CRM_MON_FORM="/nonexistent")[0], 78)

    def test_the_form_of_1_1_has_its_own_words(self):
        self.file.write_text(BUSY, encoding="utf-8")
        text = self.run_with("-1", "--form=1.1", "-rfo", "--exclude=summary")[1]
        self.assertEqual(text, BUSY_TEXT)
        text = self.run_with("-1", "--form=1.1", "-n", "--include=none,nodes")[1]
        self.assertEqual(text, "Node n1: online\n\ta\t(ocf::pacemaker:Dummy):\tStarted  FAILED\n"
                               "\tm\t(ocf::pacemaker:Stateful):\tMaster \nNode n2: OFFLINE\n")

    def test_that_nothing_can_start_is_said_with_the_remedy(self):
        notice = "\nNothing can start: stonith-enabled is true, and there is no fence device. "
        self.assertNotIn(notice, self.run_with("-1")[1])
        self.file.write_text(DOCUMENT.replace('value="false"', 'value="true"'), encoding="utf-8")
        for form in ("--form=1.1", "--form=2.1"):
            self.assertIn(notice, self.run_with("-1", form)[1])
        self.assertIn("Configure one", json.loads(self.run_with("--json")[1])["notice"])

    def test_json_tells_what_the_text_does(self):
        self.file.write_text(BUSY, encoding="utf-8")
        told = json.loads(self.run_with("--json")[1])
        self.assertEqual((told["summary"]["dc"], told["summary"]["resource_instances"]), ("n1", 3))
        self.assertEqual([node["online"] for node in told["nodes"]], [True, False])
        single, clone = told["resources"]
        self.assertEqual((single["id"], single["failed"], single["nodes"]), ("a", True, ["n1"]))
        self.assertEqual([child["role"] for child in clone["children"]], ["Promoted", "Stopped"])
        self.assertEqual((told["failures"][0]["operation"], told["failures"][0]["rc_text"]),
                         ("a_monitor_10000", "not running"))
        self.assertEqual(told["history"][0]["fail_count"], 2)
        self.assertEqual(list(json.loads(self.run_with("--json", "--include=none,nodes")[1])),
                         ["nodes"])

    def test_xml_names_moments_as_they_are_here(self):
        self.file.write_text(BUSY, encoding="utf-8")
        for zone, moment in (("UTC", "2023-11-14 22:13:20Z"),
                             ("Europe/Berlin", "2023-11-14 23:13:20 +01:00")):
            text = self.run_with("--output-as=xml", TZ=zone)[1]
            self.assertIn(f'last-rc-change="{moment}"', text)

    def test_a_file_that_is_half_written_is_shown_once_it_is_whole(self):
        watcher = subprocess.Popen([GYRE_CRM, "crm_mon", "--include=none,nodes"], text=True,
                                   stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                   env=self.environment)
        with watcher:
            self.assertEqual(watcher.stdout.readline(), "Node List:\n")
            self.file.write_text(DOCUMENT[:200], encoding="utf-8")
            self.assertIn("cib.xml: line", watcher.stderr.readline())
            self.file.write_text(DOCUMENT, encoding="utf-8")
            self.assertEqual(watcher.stdout.readline(), "  * Online: [ n1 ]\n")
            self.assertEqual(watcher.stdout.readline(), "Node List:\n")
            watcher.kill()

    def test_it_writes_to_a_file(self):
        out = self.folder / "out"
        self.assertEqual(self.run_with("-1", f"--output-to={out}")[:2], (0, ""))
        self.assertIn("Online: [ n1 ]", out.read_text(encoding="utf-8"))
        status, _, errors = self.run_with("-1", "--output-to=/nonexistent/out")
        self.assertEqual(status, 105)
        self.assertIn("/nonexistent/out", errors)

    def test_it_shows_again_with_each_change(self):
        watcher = subprocess.Popen([GYRE_CRM, "crm_mon", "--include=none,nodes"],
                                   stdout=subprocess.PIPE, text=True, env=self.environment)
        with watcher:
            self.assertEqual(watcher.stdout.readline(), "Node List:\n")
            self.assertEqual(watcher.stdout.readline(), "  * Online: [ n1 ]\n")
            (self.folder / "other").write_text("nothing", encoding="utf-8")
            self.file.write_text(DOCUMENT.replace('join="member"', 'join="down"'))
            self.assertEqual(watcher.stdout.readline(), "Node List:\n")
            self.assertEqual(watcher.stdout.readline(), "  * OFFLINE: [ n1 ]\n")
            new = self.folder / "new"
            new.write_text(DOCUMENT, encoding="utf-8")
            new.rename(self.file)
            self.assertEqual(watcher.stdout.readline(), "Node List:\n")
            self.assertEqual(watcher.stdout.readline(), "  * Online: [ n1 ]\n")
            watcher.kill()


if __name__ == "__main__":
    unittest.main()
