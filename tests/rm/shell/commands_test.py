"""usage: commands_test.py GYRE_CRM    each command answers as Pacemaker's, which was recorded

Where Pacemaker's commands are installed they are asked as well whether that is still so.
"""
import pathlib
import shutil
import subprocess
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent / "commands"))
import commands  # noqa: E402

GYRE_CRM = sys.argv.pop(1)


def is_there():
    command = shutil.which("cibadmin")
    told = command and subprocess.run([command, "-$"], capture_output=True, text=True, check=False)
    return bool(told) and "Pacemaker 2.1.5" in told.stdout


class Commands(unittest.TestCase):
    maxDiff = None

    def each(self, program):
        for topic in commands.topics():
            expected = commands.expected(topic)
            self.assertEqual(list(expected), commands.cases(topic), "run record.py")
            for case, lines in expected.items():
                with self.subTest(case=case):
                    got = commands.answer(case, program)
                    self.assertEqual(commands.written(case, got), lines, got.complaints)

    def test_answer_as_recorded(self):
        self.each(GYRE_CRM)

    @unittest.skipUnless(is_there(), "Pacemaker's commands are not installed")
    def test_were_recorded_so(self):
        self.each(None)


if __name__ == "__main__":
    unittest.main()
