"""usage: verify_test.py GYRE_CRM    crm_verify: its words, and its exit statuses"""
import pathlib
import subprocess
import sys
import tempfile
import unittest

GYRE_CRM = sys.argv.pop(1)
CIB = '<cib validate-with="pacemaker-3.9" admin_epoch="0" epoch="1" num_updates="0">{}</cib>'


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
        status, _, errors = verify("-p", given="<cib>\n</bic>")
        self.assertEqual(status, 1)
        self.assertEqual(errors, "crm_verify: Couldn't parse input from STDIN.\n"
                                 "stdin:2: </bic> where </cib> is due\n")

    def test_other_root(self):
        status, _, errors = verify("-X", "<foo/>")
        self.assertEqual(status, 76)
        self.assertIn("can only check complete configurations", errors)


if __name__ == "__main__":
    unittest.main()
