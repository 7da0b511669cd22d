#!/usr/bin/env python3
"""usage: guide_test.py BUILD

The guide's chapter "Starting Corosync", command by command, on machines of their own with an
installed gyre, two networks between them; what it prints beside what we print. Identifiers and
addresses may differ, every other word and blank may not.
"""
import json
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
NODES = {1: ("192.168.42.82", "10.0.42.100"), 2: ("192.168.42.87", "10.0.42.254"),
         3: ("192.168.42.3", "10.0.42.3"), 4: ("192.168.42.4", "10.0.42.4"),
         5: ("192.168.42.5", "10.0.42.5")}
# Two of the ways that the guide names; the services' test has the others.
STARTS = {1: "/etc/init.d/corosync start", 2: "service corosync start"}
NETWORKS = range(2)
# As it is, sealed, with two interfaces.
CONFIGURATION = (pathlib.Path(__file__).parent / "corosync.conf").read_text(encoding="ascii")

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
        for network in NETWORKS:
            ip("link", "add", f"br{network}", "type", "bridge", "stp_state", "0",
               "mcast_snooping", "0")
            ip("link", "set", f"br{network}", "up")
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
        for network, address in enumerate(NODES[node]):
            port = f"p{node}.{network}"
            ip("link", "add", port, "type", "veth", "peer", "name", f"eth{network}", "netns",
               str(made.first()))
            ip("link", "set", port, "master", f"br{network}", "up")
            for words in (f"addr add {address}/24 dev eth{network}", f"link set eth{network} up"):
                done = made.run("ip", *words.split())
                assert done.returncode == 0, done.stdout

    def types(self, command, node=1, status=0):
        """As an operator at that machine; what is printed."""
        done = self.machines[node].run(*command.split())
        self.assertEqual(done.returncode, status, f"{command}\n{done.stdout}")
        return done.stdout

    def prints(self, block, command, node=1):
        output = self.types(command, node)
        self.assertRegex(output, "^" + fixed_words(block) + "$",
                         f"the guide's:\n{block}\nours:\n{output}")
        return output

    def until(self, holds, *command, node=1):
        """Asks again and again, as an operator does."""
        end = time.monotonic() + 60
        while time.monotonic() < end:
            told = self.machines[node].run(*command).stdout
            if holds(told):
                return told
        return self.fail(f"{' '.join(command)}:\n{told}")

    def await_members(self, states, node=1):
        return self.until(
            lambda told: sorted(re.findall(r"status=(\w+)", told)) == sorted(states),
            "corosync-objctl", "runtime.totem.pg.mrp.srp.members", node=node)

    def await_faults(self, rings, node):
        """The rings that are faulty there, and no other."""
        return self.until(
            lambda told: re.findall(r"Marking ringid (\d) interface \S+ FAULTY\n", told) == rings,
            "corosync-cfgtool", "-s", node=node)

    def test_1_a_key_and_the_file_on_all_nodes(self):
        self.assertEqual(self.types("corosync-keygen"), """\
Corosync Cluster Engine Authentication key generator.
Gathering 1024 bits for key from /dev/urandom.
Writing corosync key to /etc/corosync/authkey.
""")
        self.assertEqual(self.types("stat -c %s,%a /etc/corosync/authkey"), "128,400\n")
        key = self.types("base64 -w0 /etc/corosync/authkey")
        for node, made in self.machines.items():
            made.write("/etc/corosync/corosync.conf", CONFIGURATION)
            copied = made.run("sh", "-c", f"umask 077; echo {key} | base64 -d >/tmp/authkey && "
                              "mv -f /tmp/authkey /etc/corosync/authkey")
            self.assertEqual(copied.returncode, 0, copied.stdout)
        self.assertEqual(self.types("corosync -t"), "")

    def test_2_started_as_a_service(self):
        for node, command in STARTS.items():
            self.assertIn("[  OK  ]", self.types(command, node))
        self.await_members(["joined", "joined"])

    def test_3_the_health_of_the_rings(self):
        for node in STARTS:
            output = self.prints(RING_STATUS, "corosync-cfgtool -s", node)
            for address in NODES[node]:
                self.assertIn(f"= {address}\n", output)

    def test_4_the_list_of_members(self):
        for node in STARTS:
            # The address on a ring is known once a frame has come over it.
            self.until(lambda told: told.count("r(1) ip(") == 2, "corosync-objctl",
                       "runtime.totem.pg.mrp.srp.members", node=node)
            output = self.prints(MEMBERS, "corosync-objctl runtime.totem.pg.mrp.srp.members", node)
            for first, second in (NODES[1], NODES[2]):
                self.assertIn(f"ip=r(0) ip({first}) r(1) ip({second}) \n", output)

    def test_5_an_interface_that_is_down_is_a_fault_and_nothing_else(self):
        for network in NETWORKS:
            self.types(f"ip link set eth{network} down", 2)
            told = self.await_faults([str(network)], 2)
            self.assertIn(f"\tstatus\t= Marking ringid {network} interface "
                          f"{NODES[2][network]} FAULTY\n", told)
            self.types("corosync-cfgtool -s", 2, status=1)
            self.assertIn("FAULTY", self.types("gyre links --once", 2))
            self.types(f"ip link set eth{network} up", 2)
            self.await_faults([], 2)
            self.prints(RING_STATUS, "corosync-cfgtool -s", 2)
        self.assertEqual(self.types("corosync-cfgtool -r"), "Re-enabling all failed rings.\n")
        told = self.await_members(["joined", "joined"])
        self.assertEqual(re.findall(r"join_count=(\d+)", told), ["1", "1"])

    def test_6_who_leaves_is_listed_as_left(self):
        self.types("/etc/init.d/corosync stop", 2)
        told = self.await_members(["joined", "left"])
        self.assertRegex(told, r"\.ip=r\(0\) ip\(192\.168\.42\.87\) r\(1\) ip\(10\.0\.42\.254\) \n"
                               r".*\n.*\.status=left\n")
        self.assertIn("[  OK  ]", self.types("/etc/init.d/corosync start", 2))
        told = self.await_members(["joined", "joined"])
        self.assertIn("join_count=2\n", told)

    def test_7_five_nodes_and_a_network_that_is_gone(self):
        for node in set(NODES) - set(STARTS):
            self.assertIn("[  OK  ]", self.types("/etc/init.d/corosync start", node))
        for node in NODES:
            self.await_members(["joined"] * len(NODES), node)
            self.await_faults([], node)
        view = json.loads(self.types("gyre members --json"))["view"]
        ip("link", "set", "br0", "down")
        for node in NODES:
            self.await_faults(["0"], node)
        ip("link", "set", "br0", "up")
        for node in NODES:
            self.await_faults([], node)
        self.assertEqual(json.loads(self.types("gyre members --json"))["view"], view)


if __name__ == "__main__":
    isolate()
    outcome = unittest.main(argv=sys.argv[:1], verbosity=2, exit=False).result
    sys.exit(77 if outcome.skipped else 0 if outcome.wasSuccessful() else 1)
