"""usage: simulate_test.py GYRE_CRM    crm_simulate: what it says, writes and refuses"""
import json
import pathlib
import subprocess
import sys
import tempfile
import unittest
import xml.etree.ElementTree as ET

GYRE_CRM = sys.argv.pop(1)
OPERATION = ('<lrm_rsc_op id="{0}_last_0" operation_key="{0}_start_0" operation="start" '
             'interval="0" call-id="2" rc-code="0" op-status="0" crm_feature_set="3.16.1" '
             'transition-key="5:1:0:u" transition-magic="0:0;5:1:0:u"/>')
STATE = ('<node_state id="{0}" uname="n{0}" in_ccm="true" crmd="online" join="member" '
         'expected="member"><lrm id="{0}"><lrm_resources>{1}</lrm_resources></lrm></node_state>')
RESOURCE = '<lrm_resource id="{0}" class="ocf" provider="pacemaker" type="Dummy">{1}</lrm_resource>'


def primitive(name, operations=""):
    return (f'<primitive id="{name}" class="ocf" provider="pacemaker" type="Dummy">'
            f'<operations>{operations}</operations></primitive>')


def cib(resources="", running=(), attributes="", options="", status=None):
    """Two nodes; all of `running` on the first."""
    ran = "".join(RESOURCE.format(name, OPERATION.format(name)) for name in running)
    states = STATE.format(1, ran) + STATE.format(2, "")
    return (f'<cib crm_feature_set="3.16.1" validate-with="pacemaker-3.9" admin_epoch="0" '
            f'epoch="1" num_updates="0" have-quorum="1" dc-uuid="1" {attributes}><configuration>'
            '<crm_config><cluster_property_set id="o"><nvpair id="o1" name="stonith-enabled" '
            f'value="false"/>{options}</cluster_property_set></crm_config>'
            '<nodes><node id="1" uname="n1"/><node id="2" uname="n2"/></nodes>'
            f'<resources>{resources}</resources><constraints/></configuration>'
            f'<status>{states if status is None else status}</status></cib>')


def run(*words, given=None):
    done = subprocess.run([GYRE_CRM, "crm_simulate", *words], input=given, capture_output=True,
                          text=True, check=False)
    return done.returncode, done.stdout, done.stderr


def simulate(document, *words):
    status, told, errors = run("-p", *words, given=document)
    if status != 0:
        raise AssertionError(f"{status}: {errors}")
    return told


class Files(unittest.TestCase):
    def setUp(self):
        temporary = tempfile.TemporaryDirectory()
        self.addCleanup(temporary.cleanup)
        self.folder = pathlib.Path(temporary.name)


STATUS = """Current cluster status:
  * Node List:
    * Online: [ n1 n2 ]

  * Full List of Resources:
    * a\t(ocf:pacemaker:Dummy):\t Stopped
"""


class Texts(unittest.TestCase):
    def test_status_alone(self):
        self.assertEqual(simulate(cib(primitive("a"))), STATUS)

    def test_what_would_be_done(self):
        self.assertEqual(simulate(cib(primitive("a")), "-R"),
                         STATUS + "\nTransition Summary:\n  * Start      a       (    n1 )\n")

    def test_what_would_come_of_it(self):
        told = simulate(cib(primitive("a")), "-S")
        self.assertTrue(told.startswith(STATUS))
        executed = told.partition("Executing Cluster Transition:\n")[2]
        self.assertEqual(executed, """  * Resource action: a               monitor on n2
  * Resource action: a               monitor on n1
  * Resource action: a               start on n1

Revised Cluster Status:
  * Node List:
    * Online: [ n1 n2 ]

  * Full List of Resources:
    * a\t(ocf:pacemaker:Dummy):\t Started n1
""")

    def test_quiet(self):
        self.assertEqual(simulate(cib(primitive("a")), "-S", "-Q"), "")

    def test_scores_make_it_plain(self):
        told = simulate(cib(primitive("a")), "-S", "-s")
        self.assertTrue(told.startswith("[ n1 n2 ]\n\na\t(ocf:pacemaker:Dummy):\t Stopped\n\n"))
        self.assertIn("\npcmk__primitive_assign: a allocation score on n1: 0\n", told)
        self.assertIn("\n\nStart      a       (    n1 )\n", told)
        self.assertNotIn("*", told)

    def test_nothing_to_do(self):
        told = simulate(cib(), "-S")
        self.assertIn("    * No resources\n\nTransition Summary:\n\nExecuting Cluster Transition:\n"
                      "\nRevised Cluster Status:\n", told)

    def test_json(self):
        told = json.loads(simulate(cib(primitive("a")), "--json"))
        self.assertEqual([node["name"] for node in told["nodes"]], ["n1", "n2"])
        self.assertEqual(told["changes"],
                         [{"action": "Start", "subject": "a", "detail": "n1", "node": "n1"}])
        self.assertIn("a_start_0", {action["key"] for action in told["actions"]})


    def test_why(self):
        told = simulate(cib(primitive("a"), running=["a"]), "--explain", "a", "-S")
        self.assertIn("a: Started on n1; Restart ( n1 ) due to ", told)
        self.assertIn("\n  n1: 0, chosen\n", told)
        self.assertEqual(run("-p", "--explain", "b", given=cib())[0], 66)


class Time(unittest.TestCase):
    def test_of_the_document(self):
        told = simulate(cib(attributes='execution-date="1500022225"'), "-S")
        line = "Using the original execution date of: 2017-07-14 08:50:25Z\n"
        self.assertTrue(told.startswith(line + "Current cluster status:\n"))
        self.assertIn("Transition:\n" + line + "\nRevised Cluster Status:", told)

    def test_as_told(self):
        told = simulate(cib(attributes='execution-date="1500022225"'), "-R", "-t", "2020-01-01")
        self.assertTrue(told.startswith("Setting effective cluster time: 2020-01-01\nCurrent "))

    def test_that_is_none(self):
        self.assertEqual(run("-p", "-t", "soon", given=cib())[0], 64)


class WhatHappensFirst(Files):
    def test_a_node_goes(self):
        told = simulate(cib(primitive("a"), running=["a"]), "-R", "-d", "n1")
        self.assertIn("\nPerforming Requested Modifications:\n  * Taking node n1 offline\n\n"
                      "Transition Summary:\n  * Start      a       (    n2 )\n", told)

    def test_all_that_may(self):
        saved = self.folder / "in.xml"
        told = simulate(cib(primitive("a"), running=["a"]), "-q", "0", "-w", "1", "-u", "n3", "-f",
                        "n2", "-g", "t", "-r", "u", "-b", "v", "-e", "w", "-I", str(saved))
        self.assertEqual(told.partition("Modifications:\n")[2], """  * Setting quorum: 0
  * Setting watchdog: 1
  * Bringing node n3 online
  * Failing node n2
  * Granting ticket t
  * Revoking ticket u
  * Making ticket v standby
  * Activating ticket w
""")
        document = ET.parse(saved).getroot()
        self.assertEqual(document.get("have-quorum"), "0")
        self.assertEqual(len(document.findall("status/tickets/ticket_state")), 4)

    def test_nobody_goes(self):
        for option in ("-d", "-f"):
            status, _, errors = run("-p", option, "n7", given=cib())
            self.assertEqual(status, 66)
            self.assertIn("there is no node n7", errors)

    def test_an_operation_fails(self):
        document = cib(primitive("a", '<op id="m" name="monitor" interval="10s"/>'), ["a"])
        told = simulate(document, "-R", "-i", "a_monitor_10000@n1=7")
        self.assertIn("  * Injecting a_monitor_10000@n1=7 into the configuration\n  * Injecting "
                      "attribute fail-count-a#monitor_10000=value++ into /node_state '1'\n", told)
        self.assertIn("  * Recover    a       (", told)

    def test_an_operation_that_is_none(self):
        for text in ("foo", "b_stop_0@n1=1", "a_stop_0@n7=1"):
            self.assertEqual(run("-p", "-i", text, given=cib(primitive("a")))[0], 64, text)

    def test_an_operation_shall_fail(self):
        told = simulate(cib(primitive("a")), "-S", "-F", "a_start_0@n1=1")
        self.assertRegex(told, r"start on n1\nPretending action \d+ failed with rc=1\n")
        self.assertIn("a\t(ocf:pacemaker:Dummy):\t FAILED n1\n", told)


class Written(Files):
    def test_graph_dot_and_documents(self):
        given = self.folder / "cib.xml"
        given.write_text(cib(primitive("a")), encoding="utf-8")
        names = {option: self.folder / option for option in "GDIO"}
        status, told, _ = run("-x", str(given), "-Q", "-S",
                              *(word for option, path in names.items()
                                for word in (f"-{option}", str(path))))
        self.assertEqual((status, told), (0, ""))
        graph = ET.parse(names["G"]).getroot()
        self.assertIn("a_start_0", {a.get("operation_key") for a in graph.iter("rsc_op")})
        dot = names["D"].read_text(encoding="utf-8")
        self.assertIn('"a_monitor_0 n1" -> "a_start_0 n1" [ style = bold]\n', dot)
        self.assertEqual(list(ET.parse(names["I"]).getroot().iter("lrm_rsc_op")), [])
        done = ET.parse(names["O"]).getroot().iter("lrm_rsc_op")
        after = {operation.get("operation_key") for operation in done}
        self.assertEqual(after, {"a_start_0", "a_monitor_0"})

    def test_in_place_and_then_at_rest(self):
        given = self.folder / "cib.xml"
        given.write_text(cib(primitive("a")), encoding="utf-8")
        self.assertEqual(run("-x", str(given), "-X", "-Q")[0], 0)
        self.assertTrue(run("-x", str(given), "-R")[1].endswith("\nTransition Summary:\n"))

    def test_where_it_cannot_be(self):
        for option in "GDIO":
            status, _, errors = run("-p", "-Q", "-S", f"-{option}", "/nowhere/x", given=cib())
            self.assertEqual(status, 105)
            self.assertIn("/nowhere/x", errors)


class Refusals(unittest.TestCase):
    def test_usage(self):
        for words in (["--foo"], ["-x"], [], ["-p", "more"], ["-p", "-X"]):
            self.assertEqual(run(*words, given="")[0], 64, words)

    def test_what_is_not_built(self):
        for words in (["-A"], ["-c"], ["-U"], ["-P", "/"], ["-N", "2"], ["--output-to", "x"],
                      ["--output-as=xml"], ["--text-fancy"]):
            status, told, errors = run("-p", *words, given=cib())
            self.assertEqual((status, told), (64, ""), words)
            self.assertRegex(errors, r"^crm_simulate: --\S+ is not built: .+\n$")
        self.assertEqual(run("-p", "--output-as=text", given=cib()), run("-p", given=cib()))

    def test_no_cluster(self):
        self.assertEqual(run("-L")[0], 66)

    def test_what_is_no_document(self):
        status, told, errors = run("-p", given="<cib>\n<")
        self.assertEqual((status, told), (1, ""))
        self.assertIn("stdin:2:", errors)
        self.assertEqual(run("-p", given="<foo/>")[0], 76)
        self.assertEqual(run("-x", "/nowhere/cib.xml")[0], 1)

    def test_what_is_no_configuration(self):
        status, told, errors = run("-p", "-S", given=cib('<primitive id="a"/>'))
        self.assertEqual((status, told), (78, ""))
        self.assertIn("primitive[@id='a']", errors)

    def test_help(self):
        self.assertIn("usage: crm_simulate", run("--help")[1])
        self.assertIn("gyre", run("--version")[1])


if __name__ == "__main__":
    unittest.main()
