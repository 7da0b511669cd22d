#!/usr/bin/env python3
"""usage: manuals_test.py BUILD    Every command that is installed has --help and a manual page, and
the two know of the same options."""
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

BUILD = sys.argv[1]
DOCS = pathlib.Path(__file__).resolve().parents[2] / "docs"
SECTIONS = {"bin": 1, "sbin": 8, "gyre": 8}
# In --help, an option stands at the beginning of its line: "  -c,--config FILE".
OPTIONS = re.compile(r"^\s+((?:--?[\w-]+)(?:(?:,| / |, )--?[\w-]+)*)", re.M)


class Manuals(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        temporary = tempfile.TemporaryDirectory()
        cls.addClassCleanup(temporary.cleanup)
        top = pathlib.Path(temporary.name).resolve()
        subprocess.run(["meson", "install", "-C", BUILD, "--no-rebuild", "--quiet", "--destdir",
                        top], check=True, stdout=subprocess.DEVNULL)
        cls.pages = {path.name: path for path in top.rglob("man/man?/*")}
        cls.commands = {path: f"{path.name}.{SECTIONS[path.parent.name]}"
                        for pattern in ("*bin/*", "libexec/gyre/*")
                        for path in sorted(top.rglob(pattern))}

    def test_they_are_there(self):
        self.assertGreaterEqual({path.name for path in self.commands},
                                {"gyre", "gyred", "corosync", "corosync-cfgtool", "gyre-crm",
                                 "crm_verify", "gyre-exec"})
        for path, page in self.commands.items():
            with self.subTest(command=path.name):
                self.assertIn(page, self.pages)
                names = self.plain(page).partition(".SH NAME\n")[2].partition(" - ")[0].split(", ")
                self.assertIn(path.name, names)

    def test_they_tell_of_the_same_options(self):
        for path, page in self.commands.items():
            for words in [[], *self.subcommands(path)]:
                with self.subTest(command=path.name, subcommand=words):
                    options = self.options(self.help(path, *words)) - {"-h", "--help"}
                    untold = {option for option in options
                              if not re.search(rf"(?<![\w-]){option}\b", self.plain(page))}
                    self.assertEqual(untold, set())

    def test_each_measurement_has_help(self):
        gyre = next(path for path in self.commands if path.name == "gyre")
        listed = self.help(gyre, "bench").partition("Subcommands:")[2]
        names = re.findall(r"(?m)^  ([a-z]+) ", listed)
        self.assertIn("latency", names)
        for name in names:
            self.help(gyre, "bench", name)
            self.assertIn(name, self.plain("gyre.1"))

    def test_two_tell_what_the_documentation_does(self):
        for page, documentation in (("corosync.conf.5", "configuration"), ("cmap_keys.8", "keys")):
            with self.subTest(page=page):
                text = (DOCS / f"{documentation}.md").read_text(encoding="utf-8")
                terms = set(re.findall(r"^\| `?([\w.*{},]+)", text, re.M))
                self.assertGreater(len(terms), 10)
                untold = {term for term in terms
                          if f"\n.TP\n{term}" not in self.plain(page).replace("\\&", "")}
                self.assertEqual(untold - {"key", "keys", "section", "changes"}, set())
                self.assertNotRegex(self.plain(page), r"(?m)`|\*\*|^\|")

    def test_they_are_laid_out_without_a_complaint(self):
        if shutil.which("groff") is None:
            self.skipTest("no groff here: apt-get install groff-base")
        for page, path in self.pages.items():
            with self.subTest(page=page):
                done = subprocess.run(["groff", "-man", "-ww", "-K", "utf8", "-T", "utf8", "-z",
                                       path], capture_output=True, text=True, check=False)
                self.assertEqual((done.returncode, done.stderr), (0, ""))

    @staticmethod
    def help(path, *words):
        done = subprocess.run([path, *words, "--help"], capture_output=True, text=True, check=False,
                              timeout=60)
        if done.returncode != 0 or "Example" not in done.stdout or done.stderr:
            raise AssertionError(f"{path.name} {words} --help: {done.returncode}\n{done.stdout}")
        return done.stdout

    @staticmethod
    def options(told):
        return {option for group in OPTIONS.findall(told)
                for option in re.findall(r"--?[\w-]+", group)}

    def subcommands(self, path):
        """Of gyre, those that have no page of their own, nor subcommands."""
        listed = self.help(path).partition("Subcommands:")[2].partition("\n\n")[0]
        return [[name] for name in re.findall(r"^  ([a-z]+) ", listed, re.M)
                if f"corosync-{name}.8" not in self.pages and name != "bench"]

    def plain(self, page):
        text = self.pages[page].read_text(encoding="utf-8")
        return re.sub(r"\\f.|\\:", "", text).replace("\\-", "-")


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1], verbosity=2)
