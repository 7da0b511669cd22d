"""usage: monitor_test.py GYRE_CRM    crm_mon: what it refuses, and when it shows again."""
import os
import pathlib
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


class Monitor(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        self.file = self.folder / "cib.xml"
        self.file.write_text(DOCUMENT, encoding="utf-8")
        self.environment = dict(os.environ, CIB_file=str(self.file), TZ="UTC")
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
        self.assertIn("cib.xml:2:", errors)
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
