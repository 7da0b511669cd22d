"""usage: file_test.py GYRE_CRM    CIB_file: a file as the cluster, whole whatever happens"""
import concurrent.futures
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import unittest

GYRE_CRM = sys.argv.pop(1)
SMALL = pathlib.Path(__file__).resolve().parent / "commands" / "documents" / "small.xml"


class File(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        self.file = self.folder / "cib.xml"
        self.file.write_bytes(SMALL.read_bytes())

    def run_with(self, file, *words, given=""):
        environment = {**os.environ, "CIB_file": str(file)}
        if file is None:
            del environment["CIB_file"]
        done = subprocess.run([GYRE_CRM, *words], input=given, capture_output=True, text=True,
                              env=environment, timeout=60, check=False)
        return done.returncode, done.stdout, done.stderr

    def run_on_file(self, *words, given=""):
        return self.run_with(self.file, *words, given=given)

    def test_without_one_there_has_to_be_a_resource_manager(self):
        for words in (["cibadmin", "-Q"], ["crm_attribute", "-G"], ["crm_standby", "-G"],
                      ["crm_master", "-G", "-r", "s"], ["crm_failcount", "-G", "-r", "s"]):
            status, told, errors = self.run_with(None, *words)
            self.assertEqual((status, told), (102, ""), words)
            self.assertIn("no resource manager runs on this node", errors)

    def test_no_time_is_none_to_wait_for(self):
        for words in (["cibadmin", "-Q", "-t"], ["crm_resource", "-l", "-T"],
                      ["crm_node", "-l", "--timeout"], ["crm_standby", "-G", "--timeout"]):
            for time in ("never", "0", "-1"):
                status, told, errors = self.run_on_file(*words, time)
                self.assertEqual((status, told), (64, ""), (words, time))
                self.assertIn("--timeout takes a time", errors)
        self.assertEqual(self.run_on_file("cibadmin", "-Q", "-t", "9" * 20)[0], 0)  # for ever

    def test_what_cannot_be_read_is_told(self):
        self.assertEqual(self.run_with(self.folder / "none", "cibadmin", "-Q")[0], 105)
        self.assertIn("No such file", self.run_with(self.folder / "none", "cibadmin", "-Q")[2])
        self.file.write_text("<cib>\n<a></cib>")
        status, _, errors = self.run_on_file("cibadmin", "-B")
        self.assertEqual(status, 78)
        self.assertIn("cib.xml: line 2: </cib> where </a> is due", errors)
        self.assertEqual(self.run_with(self.folder, "cibadmin", "-Q")[0], 74)

    def test_what_can_fence_and_was_fenced_is_shown(self):
        self.assertEqual(self.run_on_file("stonith_admin", "-L"),
                         (0, "0 fence devices found\n", ""))
        self.assertEqual(self.run_on_file("stonith_admin", "-H", "*"), (0, "0 events found\n", ""))
        self.file.write_text("""<cib validate-with="pacemaker-3.9" epoch="1" num_updates="0"
          admin_epoch="0"><configuration><crm_config/><nodes/><resources>
          <template id="t" class="stonith" type="fence_x"/><group id="g">
          <primitive id="one" template="t"/></group><primitive id="two" class="stonith"
          type="fence_y"/><primitive id="d" class="ocf" provider="heartbeat" type="Dummy"/>
          </resources><constraints/></configuration><status><fence_history>
          <fence_event target="n2" action="reboot" client="gyre-rm" origin="n1" status="success"
          device="one" delegate="n3" since="1000000000" completed="1000000005"/>
          <fence_event target="n3" action="off" client="gyre-rm" origin="n1" status="failed"
          since="1000000000" completed="1000000006" exit-reason="no device can"/>
          <fence_event target="n2" action="off" client="gyre-rm" origin="n1" status="pending"
          device="two" delegate="n1" since="1000000007"/>
          <fence_event target="n4" action="off" client="a person" origin="n2" status="success"
          since="1000000007" completed="1000000008"/></fence_history></status></cib>""")
        self.assertEqual(self.run_on_file("stonith_admin", "--list-registered")[:2],
                         (0, "one\ntwo\n2 fence devices found\n"))
        status, told, _ = self.run_on_file("stonith_admin", "--history", "n2")
        moment = r"2001-09-0\d \d\d:\d\d:\d\d [+-]\d{4}"
        self.assertEqual(status, 0)
        self.assertRegex(told, r"\Aoff of n2 by two on n1 for gyre-rm on n1: under way since "
                         rf"{moment}\nreboot of n2 by one on n3 for gyre-rm on n1: done at "
                         rf"{moment}\n2 events found\n\Z")
        self.assertRegex(self.run_on_file("stonith_admin", "-H", "*")[1],
                         rf"\noff of n3 for gyre-rm on n1: failed at {moment}: no device can\n")
        self.assertRegex(self.run_on_file("stonith_admin", "-H", "n4")[1],
                         rf"\An4 is down, said a person on n2 at {moment}\n1 event found\n\Z")
        self.assertEqual(self.run_on_file("stonith_admin", "-H", "n9")[1], "0 events found\n")
        for words in ([], ["-L", "-H", "n2"], ["-L", "-C", "n2"], ["-H", ""]):
            self.assertEqual(self.run_on_file("stonith_admin", *words)[0], 64, words)

    def test_nothing_is_lost_where_many_write(self):
        words = ["crm_attribute", "-l", "reboot", "-N", "node1", "-n", "count", "-v", "value++"]
        with concurrent.futures.ThreadPoolExecutor(8) as pool:
            done = list(pool.map(lambda _: self.run_on_file(*words), range(40)))
            done += pool.map(lambda _: self.run_on_file("crm_attribute", "-n", "count", "-v",
                                                        "value++"), range(20))
        self.assertEqual({status for status, _, _ in done}, {0}, done)
        self.assertEqual(sorted(re.findall('name="count" value="([0-9]+)"', self.file.read_text())),
                         ["20", "40"])
        self.assertEqual([path.name for path in self.folder.iterdir()], ["cib.xml"])

    def test_another_file_takes_its_place_with_its_mode_where_a_link_leads(self):
        link = self.folder / "link"
        link.symlink_to(self.file)
        self.file.chmod(0o640)
        before = self.file.stat()
        reader = self.file.open(encoding="utf-8")
        self.addCleanup(reader.close)
        self.assertEqual(self.run_with(link, "cibadmin", "-B")[0], 0)
        after = self.file.stat()
        self.assertNotEqual(before.st_ino, after.st_ino)
        self.assertEqual(before.st_mode, after.st_mode)
        self.assertTrue(link.is_symlink())
        self.assertEqual(reader.read(), SMALL.read_text(encoding="utf-8"))

    def test_what_changes_nothing_writes_nothing(self):
        before = self.file.stat()
        self.assertEqual(self.run_on_file("crm_standby", "-D", "-N", "node1")[0], 0)
        self.assertEqual(self.run_on_file("cibadmin", "-R", "-x", str(SMALL))[0], 0)
        self.assertEqual(before, self.file.stat())

    def test_what_could_not_be_read_again_is_not_written(self):
        before = self.file.read_bytes()
        for words in (["crm_attribute", "-n", "a", "-v", "\x01"],
                      ["crm_attribute", "-l", "reboot", "-N", "node1", "-n", "a", "-v", "\x02"],
                      ["crm_standby", "-N", "node1", "-v", "\x03"],
                      ["cibadmin", "-C", "-o", "resources", "-X", "<primitive id='x'"],
                      ["cibadmin", "-P", "-X", "<diff format='2'><change/></diff>"]):
            self.assertNotEqual(self.run_on_file(*words)[0], 0, words)
        self.assertEqual(self.file.read_bytes(), before)

    def test_what_would_be_no_configuration_is_refused_with_its_reason(self):
        status, _, errors = self.run_on_file("cibadmin", "-C", "-o", "resources", "-X",
                                             '<primitive id="bad" foo="1"/>')
        self.assertEqual(status, 78)
        self.assertIn("primitive[@id='bad']", errors)
        self.assertIn("Call failed: Update does not conform to the configured schema", errors)

    def test_a_section_is_made_where_pacemaker_has_none(self):
        self.assertEqual(self.run_on_file("crm_attribute", "-t", "rsc_defaults", "-n", "x", "-v",
                                          "5")[0], 0)
        self.assertEqual(self.run_on_file("crm_attribute", "-t", "rsc_defaults", "-G", "-n", "x",
                                          "-q")[1], "5\n")
        self.assertEqual(self.run_on_file("cibadmin", "-C", "-o", "tags", "-X",
                                          '<tag id="t"><obj_ref id="p_ip"/></tag>')[0], 0)

    def test_a_patch_comes_on_standard_input(self):
        patch = (SMALL.parent / "unversioned.xml").read_text(encoding="utf-8")
        self.assertEqual(self.run_on_file("cibadmin", "-p", "-P", given=patch)[0], 0)
        self.assertIn('epoch="13" num_updates="0"', self.file.read_text(encoding="utf-8"))
        self.assertEqual(self.run_on_file("cibadmin", "-p", "-P", given="<cib/>")[0], 78)

    def test_several_are_told_and_none_is_removed(self):
        self.file.write_bytes((SMALL.parent / "defaults.xml").read_bytes())
        status, told, _ = self.run_on_file("crm_attribute", "-t", "rsc_defaults", "-n", "x", "-D")
        self.assertEqual(status, 109)
        self.assertIn("Value: 4 \t(id=rd-x)", told)

    def test_a_score_is_of_the_resource_whose_agent_asks(self):
        os.environ["OCF_RESOURCE_INSTANCE"] = "s:0"
        self.addCleanup(os.environ.pop, "OCF_RESOURCE_INSTANCE")
        for words in (["crm_attribute", "-p", "-N", "node1"], ["crm_master", "-N", "node1"]):
            self.assertEqual(self.run_on_file(*words, "-l", "reboot", "-v", "7")[0], 0)
            self.assertEqual(self.run_on_file(*words, "-l", "reboot", "-G")[1],
                             "scope=status  name=master-s:0 value=7\n")

    def test_failures_are_forgotten(self):
        self.assertEqual(self.run_on_file("crm_failcount", "-D", "-r", "p_ip", "-N", "node1")[0], 0)
        text = self.file.read_text(encoding="utf-8")
        self.assertNotIn("fail-count-p_ip", text)
        self.assertNotIn('<lrm_resource id="p_ip"', text)
        self.assertIn('<lrm_resource id="s"', text)
        for words in (["-r", "p_ip"], ["-G"], ["-G", "-r", "p_ip", "-n", "x", "-I", "soon"]):
            self.assertEqual(self.run_on_file("crm_failcount", *words)[0], 64)

    def test_all_that_an_expression_finds_is_removed_within_each_other_too(self):
        self.assertEqual(self.run_on_file("cibadmin", "-d", "-f", "--xpath",
                                          "//group | //group/primitive | //clone")[0], 0)
        self.assertNotIn("<group", self.file.read_text(encoding="utf-8"))
        self.assertEqual(self.run_on_file("cibadmin", "-D", "-f", "--xpath", "/cib")[0], 70)
        self.assertEqual(self.run_on_file("cibadmin", "-d", "-f")[0], 64)

    def test_a_difference_is_for_one_document(self):
        folder = SMALL.parent
        status, told, errors = self.run_with(None, "crm_diff", "-o", str(folder / "older.xml"),
                                             "-p", str(folder / "to_newer.xml"))
        self.assertEqual((status, told), (65, ""))
        self.assertIn("made for version 0.12.7, and this is 0.11.7", errors)
        for words in (["-O", "<a", "-N", "<cib/>"], ["-O", "<cib/>", "-N", "<a/>"],
                      ["-O", "<cib/>", "-p", str(SMALL)]):
            self.assertEqual(self.run_with(None, "crm_diff", *words)[0], 65)

    def test_attributes_of_agents(self):
        def updater(*words):
            return self.run_on_file("attrd_updater", "-n", "pingd", "-N", "node1", *words)
        self.assertEqual(updater("-Q")[:2], (105, ""))
        for words in (["-U", "100"], ["--update", "101", "-d", "5s"], ["-v", "value++"],
                      ["-B", "103", "-d", "0"]):
            self.assertEqual(updater(*words), (0, "", ""))
        self.assertEqual(updater("-Q")[1], 'name="pingd" host="node1" value="103"\n')
        self.run_on_file("attrd_updater", "-n", "pingd", "-N", "node2", "-U", "7")
        self.assertEqual(updater("-Q", "-A")[1], 'name="pingd" host="node1" value="103"\n'
                                                 'name="pingd" host="node2" value="7"\n')
        self.assertEqual(updater("-D")[0], 0)
        self.assertEqual(updater("-Q")[0], 105)
        for words in (["-n", "a"], ["-U", "1"], ["-n", "a", "-B", "1"]):
            self.assertEqual(self.run_on_file("attrd_updater", *words)[0], 64)
        self.assertEqual(self.run_on_file("attrd_updater", "-n", "a", "-U", "1", "-N", "x")[0], 105)

    def test_each_says_what_it_does(self):
        for command in ("attrd_updater", "cibadmin", "crm_attribute", "crm_diff", "crm_failcount",
                        "crm_master", "crm_node", "crm_resource", "crm_standby"):
            status, told, _ = self.run_with(None, command, "--help")
            self.assertEqual(status, 0)
            self.assertTrue(told.startswith(f"usage: {command} [OPTION...]\n\n"))
            self.assertIn("\n  -V, --verbose                 accepted and of no effect\n", told)
            self.assertIn(f"\nExample: {command} ", told)
            self.assertLessEqual(max(map(len, told.splitlines())), 100)
            self.assertRegex(self.run_with(None, command, "-$")[1], f"^{command} of gyre ")
            self.assertEqual(self.run_with(None, command, "--no-such-option")[0], 64)
            self.assertEqual(self.run_with(None, command, "-V", "-$")[0], 0)

    def test_who_is_a_node(self):
        text = self.file.read_text(encoding="utf-8")
        self.file.write_text(text.replace("node1", os.uname().nodename).replace(
            'in_ccm="true" crmd="online" join="member"', 'in_ccm="false" crmd="offline"', 1))
        here = os.uname().nodename
        for words, told in ((["-n"], f"{here}\n"), (["-i"], "1\n"), (["-q"], "1\n"),
                            (["-l"], f"1 {here} lost\n2 node2 member\n"), (["-p"], "node2 \n"),
                            (["-l", "-p"], "node2 \n"), (["-N", "2"], "node2\n")):
            self.assertEqual(self.run_on_file("crm_node", *words), (0, told, ""), words)
        self.assertEqual(self.run_on_file("crm_node", "-N", "7")[0], 105)
        self.assertEqual(self.run_on_file("crm_node")[0], 64)
        self.assertEqual(self.run_on_file("crm_node", "-R", here)[0], 107)
        self.assertEqual(self.run_on_file("crm_node", "-f", "-R", "node2")[0], 113)
        self.assertEqual(self.run_on_file("crm_node", "-f", "-R", here)[0], 0)
        self.assertEqual(self.run_on_file("crm_node", "-l")[1], "2 node2 member\n")


if __name__ == "__main__":
    unittest.main()
