#!/usr/bin/env python3
"""Tests tree.py on small trees, each with one thing wrong (or right)."""
import pathlib
import sys
import tempfile
import unittest

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
import headers  # noqa: E402
import tree  # noqa: E402

HEADER = "#pragma once\n"


class TreeTest(unittest.TestCase):
    def violations(self, files):
        """What tree.py says about a project of these files, beside the headers all may name."""
        standing = ["transport/frame.hh", "transport/transport.hh", "transport/time.hh",
                    "transport/udp/udp.hh", "transport/udp/udp_check.hh", "transport/shm/ring.hh",
                    "totem/types.hh", "totem/ring.hh", "membership/view.hh", "node/node.hh",
                    "node/config.hh", "client/gyre/gyre.hh", "rm/bus.hh", "bench/ping.hh"]
        with tempfile.TemporaryDirectory() as folder:
            root = pathlib.Path(folder)
            for path, text in ({path: HEADER for path in standing} | files).items():
                (root / path).parent.mkdir(parents=True, exist_ok=True)
                (root / path).write_text(text, encoding="utf-8")
            return list(tree.violations(root))

    def assert_clean(self, files):
        self.assertEqual(self.violations(files), [])

    def assert_violation(self, files, words):
        found = self.violations(files)
        self.assertEqual(len(found), 1, found)
        self.assertIn(words, found[0])

    def include(self, path, target):
        return {path: f'#include "{target}"\n'}

    def test_arrows_that_point_down(self):
        for path, target in [
                ("totem/ring.cc", "transport/transport.hh"), ("totem/ring.cc", "totem/types.hh"),
                ("membership/view.cc", "totem/types.hh"), ("node/node.cc", "membership/view.hh"),
                ("node/main.cc", "transport/udp/udp.hh"), ("transport/open.cc",
                                                           "transport/udp/udp.hh"),
                ("transport/udp/udp_burst.cc", "transport/frame.hh"),
                ("client/gyre/connection.cc", "transport/shm/ring.hh"),
                ("client/inprocess/cluster.cc", "node/node.hh"),
                ("rm/control/step.cc", "rm/bus.hh"), ("rm/bus.cc", "client/gyre/gyre.hh"),
                ("tools/gyre.cc", "node/config.hh"), ("tools/gyre.cc", "bench/ping.hh"),
                ("tools/check.cc", "transport/udp/udp_check.hh"),
                ("bench/hop.cc", "totem/ring.hh"), ("bench/hop.cc", "transport/udp/udp.hh"),
                ("tests/totem/ring_test.cc", "totem/ring.hh")]:
            with self.subTest(path=path, target=target):
                self.assert_clean(self.include(path, target))

    def test_arrows_that_point_up_or_sideways(self):
        for path, target in [
                ("transport/frame.cc", "totem/types.hh"), ("transport/sealed.cc",
                                                           "transport/udp/udp.hh"),
                ("transport/udp/udp.cc", "transport/shm/ring.hh"),
                ("totem/ring.cc", "transport/udp/udp.hh"), ("totem/ring.cc", "membership/view.hh"),
                ("membership/view.cc", "totem/ring.hh"), ("node/node.cc", "client/gyre/gyre.hh"),
                ("membership/view.cc", "transport/transport.hh"),
                ("client/gyre/connection.cc", "totem/types.hh"),
                ("client/gyre/gyre.hh", "transport/shm/ring.hh"), ("rm/bus.cc", "totem/types.hh"),
                ("rm/bus.cc", "transport/shm/ring.hh"), ("tools/gyre.cc", "node/node.hh"),
                ("tools/gyre.cc", "transport/udp/udp.hh")]:
            with self.subTest(path=path, target=target):
                text = HEADER + f'#include "{target}"\n'
                self.assert_violation({path: text}, f"may not include {target}")

    def test_no_one_includes_tests(self):
        for path in ["bench/hop.cc", "node/node.cc"]:
            with self.subTest(path=path):
                files = self.include(path, "tests/fake.hh") | {"tests/fake.hh": HEADER}
                self.assert_violation(files, "may not include tests/fake.hh")
        self.assert_clean(self.include("tests/a.cc", "tests/fake.hh") | {"tests/fake.hh": HEADER})

    def test_only_some_of_transport_for_totem(self):
        files = self.include("totem/ring.cc", "transport/open.hh") | {"transport/open.hh": HEADER}
        self.assert_violation(files, "may not include transport/open.hh")

    def test_includes_are_written_from_the_root(self):
        self.assert_violation(self.include("totem/ring.cc", "types.hh"), "not a path from the root")
        self.assert_violation(self.include("totem/a.cc", "../totem/types.hh"), "not a path")
        self.assert_violation({"totem/a.cc": "#include <totem/types.hh>\n"}, "quotes")

    def test_line_number_is_that_of_the_include(self):
        text = 'int a;\n\n#include "node/node.hh"\n'
        self.assert_violation({"totem/ring.cc": text}, "totem/ring.cc:3:")

    def test_a_folder_without_a_rule(self):
        self.assert_violation({"extra/thing.cc": "int a;\n"}, "no include arrow begins")

    def test_pure_layers_touch_no_machine(self):
        self.assert_violation({"totem/a.cc": "#include <thread>\n"}, "pure layer")
        self.assert_violation({"membership/a.cc": "#include <sys/socket.h>\n"}, "pure layer")
        now = "auto t = std::chrono::steady_clock::now();\n"
        self.assert_violation({"totem/a.cc": now}, "pure layer")
        self.assert_clean({"totem/a.cc": "#include <chrono>\n", "node/main.cc": now})

    def test_sizes(self):
        self.assert_clean({"totem/a.cc": "int a;\n" * 500, "totem/b.cc": "/" * 100 + "\n"})
        self.assert_violation({"totem/a.cc": "int a;\n" * 501}, "501 lines")
        self.assert_violation({"totem/a.cc": "int a;\n" + "/" * 101 + "\n"}, "a.cc:2: 101 columns")
        self.assert_clean({"totem/a.cc": "//" + "→" * 98 + "\n"})  # columns, not bytes

    def test_unfinished_words(self):
        for word in ["TO" + "DO", "FIX" + "ME", "XX" + "X"]:
            self.assert_violation({"totem/a.cc": f"// {word}: later\n"}, word)
            self.assert_violation({"scripts/run": f"# {word}\n"}, word)
        self.assert_clean({"scripts/run": "mktemp -d gyre.XX" + "XXXX\n"})

    def test_headers_and_names(self):
        self.assert_violation({"totem/a.hh": "int a;\n"}, "no #pragma once")
        self.assert_violation({"totem/a.h": HEADER}, "named .cc and .hh")
        self.assert_violation({"totem/a.cpp": "int a;\n"}, "named .cc and .hh")
        self.assert_violation({"totem/RingStore.cc": "int a;\n"}, "snake_case")
        self.assert_clean({"client/corosync/cpg.h": HEADER})

    def test_build_folders_are_not_the_tree(self):
        self.assert_clean({"build-x/a.cpp": "int a;\n", ".git/a.cpp": "int a;\n"})


class HeadersTest(unittest.TestCase):
    def test_who_is_compiled_alone(self):
        with tempfile.TemporaryDirectory() as folder:
            root = pathlib.Path(folder)
            for path, text in {
                    "a/first.hh": HEADER, "a/first.cc": '// Says.\n#include "a/first.hh"\n',
                    "a/second.hh": HEADER,
                    "a/second.cc": '#include <set>\n#include "a/second.hh"\n',
                    "a/namesake.hh": HEADER, "a/namesake.cc": '#include "b/a/namesake.hh"\n',
                    "a/no_source.hh": HEADER, "build-x/a/made.hh": HEADER}.items():
                (root / path).parent.mkdir(parents=True, exist_ok=True)
                (root / path).write_text(text, encoding="utf-8")
            self.assertEqual(list(headers.compiled_alone(root)),
                             ["a/namesake.hh", "a/no_source.hh", "a/second.hh"])


if __name__ == "__main__":
    unittest.main()
