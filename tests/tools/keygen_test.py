#!/usr/bin/env python3
"""usage: keygen_test.py GYRED GYRE"""
import json
import re
import stat
import sys
import unittest

from daemon import Case


class Keygen(Case):
    def test_makes_a_key_that_only_its_owner_reads(self):
        key = self.tools.folder / "key"
        self.says(f"corosync-keygen -k {key}", f"""\
Corosync Cluster Engine Authentication key generator.
Gathering 1024 bits for key from /dev/urandom.
Writing corosync key to {key}.
""")
        self.assertEqual((key.stat().st_size, stat.S_IMODE(key.stat().st_mode)), (128, 0o400))
        first = key.read_bytes()
        self.assertGreater(len(set(first)), 64)
        done = self.tools.run(1, f"corosync-keygen -k {key} -l")
        self.assertEqual(done.returncode, 2)
        self.assertEqual(done.stderr, f"corosync-keygen: Could not create {key}: File exists\n")
        self.assertEqual(key.read_bytes(), first)
        larger = self.tools.folder / "larger"
        done = self.tools.run(1, f"gyre keygen --json -s 4096 -k {larger}")
        self.assertEqual(json.loads(done.stdout), {"file": str(larger), "bits": 32768})
        self.assertEqual(larger.stat().st_size, 4096)

    def test_is_gyre_keys_generate_too(self):
        key = self.tools.folder / "generated"
        self.assertEqual(self.tools.run(1, f"gyre keys generate -k {key} -s 256 -l").stdout, f"""\
Corosync Cluster Engine Authentication key generator.
Gathering 2048 bits for key from /dev/urandom.
Writing corosync key to {key}.
""")
        self.assertEqual((key.stat().st_size, stat.S_IMODE(key.stat().st_mode)), (256, 0o400))
        self.assertIn("gyre keys generate", self.tools.run(1, "gyre keys generate -h").stdout)
        self.assertIn("generate", self.tools.run(1, "gyre keys --help").stdout)
        self.assertEqual(self.tools.run(1, "gyre keys").returncode, 2)

    def test_follows_no_link(self):
        link, victim = self.tools.folder / "link", self.tools.folder / "victim"
        link.symlink_to(victim)
        self.assertEqual(self.tools.run(1, f"corosync-keygen -k {link}").returncode, 2)
        self.assertFalse(victim.exists())

    def test_refuses(self):
        key = self.tools.folder / "none"
        for words, status, error in [
                (f"-k {key} -s 127", 1, "corosync-keygen: Unsupported key size (supported "
                 "<128,4096>)"),
                (f"-k {key} -s 4097", 1, "corosync-keygen: Unsupported key size (supported "
                 "<128,4096>)"),
                (f"-k {key} -s 128x", 1, "corosync-keygen: Unsupported key size (supported "
                 "<128,4096>)"),
                ("-k /nonexistent/key", 2,
                 "corosync-keygen: Could not create /nonexistent/key: No such file or directory"),
                (f"-k {key} -r /nonexistent", 1,
                 "corosync-keygen: Failed to open random source: No such file or directory"),
                (f"-k {key} -r /dev/null", 1, "corosync-keygen: Could not read from random source "
                 "/dev/null: No data available")]:
            with self.subTest(words=words):
                done = self.tools.run(1, "corosync-keygen " + words)
                self.assertEqual((done.returncode, done.stderr.split("\n")[0]), (status, error))
                self.assertFalse(key.exists())
                last = words.split()[-1]
                if " -s " in words or " -r " in words:
                    self.assertIn(last, done.stderr)
        self.assertTrue(re.search(r"invalid option -- 'x'\nError parsing command line options.\n$",
                                  self.tools.run(1, "corosync-keygen -x").stderr))


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1], verbosity=2)
