#!/usr/bin/env python3
"""usage: guide_test.py BUILD

The guide's chapter "Starting Corosync", command by command, on two machines of their own with an
installed gyre; what it prints beside what we print. Identifiers and addresses may differ, every
other word and blank may not.
"""
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import time
import unittest

import machine

BUILD = sys.argv[1]
NODES = {1: "192.168.42.82", 2: "192.168.42.87"}
# Two of the ways that the guide names; the services' test has the others.
STARTS = {1: "/etc/init.d/corosync start", 2: "service corosync start"}
# Of the two rings that the guide has; the blocks are cut accordingly.
RINGS = 1

# The guide's file, without what this version refuses: a second interface, and secauth.
CONFIGURATION = re.sub(r" *interface {\n *ringnumber: 1\n[^}]*}\n", "", (
    pathlib.Path(__file__).parent / "corosync.conf").read_text(encoding="ascii").replace(
        "secauth: on", "secauth: off"))

# What the guide prints.
RING_STATUS = """Printing ring status.
Local node ID 435324542
RING ID 0
	id	= 192.168.42.82
	status	= ring 0 active with no faults
RING ID 1
	id	= 10.0.42.100
	status	= ring 1 active with no faults
"""
MEMBERS = """\
runtime.totem.pg.mrp.srp.435324542.ip=r(0) ip(192.168.42.82) r(1) ip(10.0.42.100) \n\
runtime.totem.pg.mrp.srp.435324542.join_count=1
runtime.totem.pg.mrp.srp.435324542.status=joined
runtime.totem.pg.mrp.srp.983895584.ip=r(0) ip(192.168.42.87) r(1) ip(10.0.42.254) \n\
runtime.totem.pg.mrp.srp.983895584.join_count=1
runtime.totem.pg.mrp.srp.983895584.status=joined
"""


def of_our_rings(block):
    """Without what belongs to rings that are not there."""
    for ring in range(RINGS, 2):
        block = re.sub(rf"RING ID {ring}\n(\t.*\n)*", "", block)
        block = re.sub(rf"r\({ring}\) ip\([^)]*\) ", "", block)
    return block


def fixed_words(block):
    """A pattern that the block matches, and every other with other identifiers and addresses."""
    pattern = re.escape(block)
    pattern = re.sub(r"\d+(\\\.\d+){3}", r"\\d+(\\.\\d+){3}", pattern)
    pattern = re.sub(r"(?<=Local\\ node\\ ID\\ )\d+", r"\\d+", pattern)
    return re.sub(r"(?<=srp\\\.)\d+", r"\\d+", pattern)


def isolate():
    """Again, in a network of its own: the bridge and what is plugged into it are gone with it."""
    if os.geteuid() != 0:
        print("only root can make namespaces")
        sys.exit(77)
    if "GYRE_GUIDE_INSIDE" not in os.environ:
        tried = subprocess.run(["unshare", "--net", "true"], stderr=subprocess.PIPE, text=True,
                               check=False)
        if tried.returncode != 0:
            print("no network of its own: " + tried.stderr.strip())
            sys.exit(77)
        os.environ["GYRE_GUIDE_INSIDE"] = "1"
        os.execvp("unshare", ["unshare", "--net", sys.executable, *sys.argv])


def ip(*words):
    subprocess.run(["ip", *words], check=True)


class StartingCorosync(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        installed = tempfile.mkdtemp(prefix="gyre-installed-")
        cls.addClassCleanup(shutil.rmtree, installed)
        machine.install(BUILD, installed)
        ip("link", "add", "br0", "type", "bridge", "stp_state", "0", "mcast_snooping", "0")
        ip("link", "set", "br0", "up")
        cls.machines = {}
        for node in NODES:
            try:
                made = machine.Machine(installed, {"/etc/corosync/.keep": ""},
                                       ["sleep", "infinity"])
            except machine.Unavailable as why:
                raise unittest.SkipTest(str(why)) from None
            cls.addClassCleanup(made.close)
            cls.machines[node] = made
            cls.plug(node)

    @classmethod
    def plug(cls, node):
        made = cls.machines[node]
        ip("link", "add", f"p{node}", "type", "veth", "peer", "name", "eth0", "netns",
           str(made.first()))
        ip("link", "set", f"p{node}", "master", "br0", "up")
        for words in (f"addr add {NODES[node]}/24 dev eth0", "link set eth0 up",
                      "route add 224.0.0.0/4 dev eth0"):
            done = made.run("ip", *words.split())
            assert done.returncode == 0, done.stdout

    def types(self, command, node=1, status=0):
        """As an operator at that machine; what is printed."""
        done = self.machines[node].run(*command.split())
        self.assertEqual(done.returncode, status, f"{command}\n{done.stdout}")
        return done.stdout

    def prints(self, block, command, node=1):
        output = self.types(command, node)
        self.assertRegex(output, "^" + fixed_words(of_our_rings(block)) + "$",
                         f"the guide's:\n{of_our_rings(block)}\nours:\n{output}")
        return output

    def await_members(self, states, node=1):
        """Asks again and again, as an operator does."""
        end = time.monotonic() + 60
        while time.monotonic() < end:
            told = self.machines[node].run("corosync-objctl",
                                           "runtime.totem.pg.mrp.srp.members").stdout
            if sorted(re.findall(r"status=(\w+)", told)) == sorted(states):
                return told
        return self.fail(f"not {states}:\n{told}")

    def test_1_a_key_and_the_file_on_all_nodes(self):
        self.assertEqual(self.types("corosync-keygen"), """\
Corosync Cluster Engine Authentication key generator.
Gathering 1024 bits for key from /dev/urandom.
Writing corosync key to /etc/corosync/authkey.
""")
        self.assertEqual(self.types("stat -c %s,%a /etc/corosync/authkey"), "128,400\n")
        for made in self.machines.values():
            made.write("/etc/corosync/corosync.conf", CONFIGURATION)
        self.assertEqual(self.types("corosync -t"), "")

    def test_2_started_as_a_service(self):
        for node, command in STARTS.items():
            self.assertIn("[  OK  ]", self.types(command, node))
        self.await_members(["joined", "joined"])

    def test_3_the_health_of_the_rings(self):
        output = self.prints(RING_STATUS, "corosync-cfgtool -s")
        self.assertIn(f"= {NODES[1]}\n", output)
        self.assertIn(f"= {NODES[2]}\n", self.prints(RING_STATUS, "corosync-cfgtool -s", 2))

    def test_4_the_list_of_members(self):
        for node in NODES:
            output = self.prints(MEMBERS, "corosync-objctl runtime.totem.pg.mrp.srp.members", node)
            for address in NODES.values():
                self.assertIn(f"ip=r(0) ip({address}) \n", output)

    def test_5_an_interface_that_is_down_is_a_fault(self):
        self.types("ip link set eth0 down", 2)
        self.assertIn("\tstatus\t= Marking ringid 0 interface 192.168.42.87 FAULTY\n",
                      self.types("corosync-cfgtool -s", 2, status=1))
        self.types("ip link set eth0 up", 2)
        self.types("ip route add 224.0.0.0/4 dev eth0", 2)
        self.prints(RING_STATUS, "corosync-cfgtool -s", 2)

    def test_6_who_leaves_is_listed_as_left(self):
        self.types("/etc/init.d/corosync stop", 2)
        told = self.await_members(["joined", "left"])
        self.assertRegex(told, r"\.ip=r\(0\) ip\(192\.168\.42\.87\) \n.*\n.*\.status=left\n")
        self.assertIn("[  OK  ]", self.types("/etc/init.d/corosync start", 2))
        told = self.await_members(["joined", "joined"])
        self.assertIn("join_count=2\n", told)


if __name__ == "__main__":
    isolate()
    outcome = unittest.main(argv=sys.argv[:1], verbosity=2, exit=False).result
    sys.exit(77 if outcome.skipped else 0 if outcome.wasSuccessful() else 1)
