"""usage: verify_test.py GYRE_CRM    crm_verify: its words, and its exit statuses"""
import pathlib
import subprocess
import sys
import tempfile
import unittest

GYRE_CRM = sys.argv.pop(1)
CIB = '<cib validate-with="pacemaker-3.9" admin_epoch="0" epoch="1" num_updates="0">{}</cib>'

VALID = """<configuration><crm_config>
<cluster_property_set id="cib-bootstrap-options">
<nvpair id="o1" name="stonith-enabled" value="false"/>
</cluster_property_set></crm_config><nodes/><resources/><constraints/></configuration><status/>"""


def run(*words, given=None):
    done = subprocess.run([GYRE_CRM, *words], input=given, capture_output=True, text=True,
                          check=False)
    return done.returncode, done.stdout, done.stderr


def verify(*words, given=None):
    return run("crm_verify", *words, given=given)


class Program(unittest.TestCase):
    def test_lists_its_commands(self):
        status, told, _ = run("--help")
        self.assertEqual(status, 0)
        self.assertIn("  crm_verify    Says", told)
        self.assertEqual(run("--version")[0], 0)

    def test_refuses_what_is_no_command(self):
        status, _, errors = run("crm_nothing")
        self.assertEqual(status, 64)
        self.assertIn('no command "crm_nothing"', errors)
        self.assertEqual(run()[0], 64)

    def test_is_a_command_by_the_name_of_a_link(self):
        with tempfile.TemporaryDirectory() as folder:
            link = pathlib.Path(folder) / "crm_verify"
            link.symlink_to(pathlib.Path(GYRE_CRM).resolve())
            done = subprocess.run([link, "-$"], capture_output=True, text=True, check=False)
            self.assertEqual(done.returncode, 0)
            self.assertIn("crm_verify of gyre", done.stdout)


class Sources(unittest.TestCase):
    def test_none(self):
        status, _, errors = verify()
        self.assertEqual(status, 1)
        self.assertIn("crm_verify: No configuration source specified.", errors)

    def test_wrong_usage(self):
        for words in (["-q"], ["--foo"], ["-x"], ["-X", "<cib/>", "more"]):
            self.assertEqual(verify(*words)[0], 64, words)

    def test_no_cluster(self):
        status, _, errors = verify("--live-check")
        self.assertEqual(status, 66)
        self.assertIn("crm_verify: CIB query failed", errors)

    def test_missing_file(self):
        status, _, errors = verify("-x", "/nowhere/cib.xml")
        self.assertEqual(status, 1)
        self.assertEqual(errors, "crm_verify: Couldn't parse input file: /nowhere/cib.xml\n"
                                 "/nowhere/cib.xml: No such file or directory\n")

    def test_ill_formed(self):
        status, _, errors = verify("-p", given="garbage")
        self.assertEqual(status, 1)
        self.assertEqual(errors, "crm_verify: Couldn't parse input from STDIN.\n"
                                 "stdin:1: text outside of all elements\n")
        status, _, errors = verify("-p", given="<cib>\n</bic>")
        self.assertEqual(status, 78)
        self.assertEqual(errors, "stdin:2: </bic> where </cib> is due\n"
                                 "crm_verify: Errors found during check: config not valid\n")
        self.assertEqual(verify("-p", given="<bic>\n</cib>")[0], 76)

    def test_other_root(self):
        status, _, errors = verify("-X", "<foo/>")
        self.assertEqual(status, 76)
        self.assertIn("can only check complete configurations", errors)

    def test_save(self):
        with tempfile.TemporaryDirectory() as folder:
            saved = pathlib.Path(folder) / "saved.xml"
            self.assertEqual(verify("-X", CIB.format(VALID), "-S", str(saved))[0], 0)
            self.assertEqual(verify("-x", str(saved))[0], 0)
            status, _, errors = verify("-X", CIB.format(VALID), "-S", f"{folder}/none/saved.xml")
            self.assertEqual(status, 1)
            self.assertIn("No such file", errors)


class Findings(unittest.TestCase):
    def test_nothing_is_said_of_a_valid_document(self):
        self.assertEqual(verify("-X", CIB.format(VALID), "-V"), (0, "", ""))

    def test_errors_are_said_with_file_and_line(self):
        broken = CIB.format(VALID.replace("<nodes/>", "\n<nodes><foo/></nodes>"))
        line = ("text:5: element foo: error: /cib/configuration/nodes/foo: is not known here; in "
                "<nodes> there may be <node>\n")
        self.assertEqual(verify("-X", broken), (78, "", line + """\
crm_verify: Errors found during check: config not valid
-V may provide more details
"""))
        self.assertEqual(verify("-X", broken, "--verbose"), (78, "", line + """\
error: CIB did not pass schema validation
crm_verify: Errors found during check: config not valid
"""))

    def test_what_goes_wrong_is_said_with_what_to_do(self):
        no_device = CIB.format(VALID.replace('value="false"', 'value="true"'))
        self.assertEqual(verify("-X", no_device), (78, "", """\
crm_verify: Errors found during check: config not valid
-V may provide more details
"""))
        status, _, errors = verify("-VX", no_device)
        self.assertEqual(status, 78)
        lines = errors.splitlines()
        self.assertEqual(lines[:3] + lines[4:], [
            "error: Resource start-up disabled since no STONITH resources have been defined",
            "error: Either configure some or disable STONITH with the stonith-enabled option",
            "error: NOTE: Clusters with shared data need STONITH to ensure data integrity",
            "crm_verify: Errors found during check: config not valid"])
        self.assertRegex(lines[3], "  text:1: /cib/configuration/crm_config: add a device .*")

    def test_warnings_and_notes(self):
        warned = CIB.format(VALID.replace("stonith-enabled", "stonith-action").replace(
            "false", "poweroff").replace("<resources/>", '<resources><primitive id="f" '
                                         'class="stonith" type="fence_xvm"/></resources>'))
        status, _, errors = verify("-X", warned)
        self.assertEqual(status, 78)
        self.assertIn("crm_verify: Warnings found during check: config may not be valid", errors)
        self.assertIn("warning: Support for stonith-action of", verify("-VX", warned)[2])
        noted = CIB.format(VALID.replace("stonith-enabled", "dc-deadtime").replace(
            "</cluster", '<nvpair id="o2" name="stonith-enabled" value="0"/></cluster'))
        self.assertEqual(verify("-X", noted), (0, "", ""))
        status, _, errors = verify("-VX", noted)
        self.assertEqual(status, 0)
        self.assertIn("notice: Using default value for cluster option 'dc-deadtime'", errors)

    def test_what_comes_of_it_is_looked_at(self):
        lost = CIB.format(VALID.replace('value="false"', 'value="true"').replace(
            "<nodes/>", '<nodes><node id="1" uname="n1"/></nodes>').replace(
            "<resources/>", '<resources><primitive id="f" class="stonith" type="fence_xvm"/>'
            "</resources>").replace("<status/>", '\n<status><node_state id="1" uname="n1" '
                                    'in_ccm="false" expected="member"/></status>')).replace(
            "admin_epoch", 'have-quorum="1" admin_epoch')
        status, _, errors = verify("-X", lost)
        self.assertEqual(status, 78)
        self.assertIn("Warnings found during check: config may not be valid", errors)
        self.assertNotIn("n1 is to be fenced", errors)
        status, _, errors = verify("-VX", lost)
        self.assertEqual(status, 78)
        self.assertIn("warning: n1 is to be fenced: peer is no longer part of the cluster\n"
                      "  text:5: /cib/status/node_state[@id='1']: until a fence device", errors)
        noted = lost.replace('"false" expected', '"true" crmd="online" join="member" expected')
        self.assertEqual(verify("-X", noted), (0, "", ""))

    def test_validation_can_be_off(self):
        off = CIB.format(VALID.replace("<nodes/>", "<foo/>")).replace("pacemaker-3.9", "none")
        status, _, errors = verify("-X", off)
        self.assertEqual(status, 0)
        self.assertIn("Schema validation of configuration is disabled", errors)


if __name__ == "__main__":
    unittest.main()
