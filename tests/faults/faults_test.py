#!/usr/bin/env python3
"""The pieces of the fault run: script, faults between namespaces, and that nothing stays."""

import ctypes
import glob
import os
import select
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import threading
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import run
from script import KINDS, make_script, split_pairs, steps
from switch import Switch, rules

RUN = os.path.join(os.path.dirname(os.path.abspath(__file__)), "run.py")
GROUP, PORT = "239.255.77.2", 7400
SO_RCVBUFFORCE = 33  # socket.h; room for all frames of the loss test
SOON = 2.0  # seconds in which a frame that comes at all has come

isolated = os.environ.get("FAULTS_TEST_ISOLATED") == "yes"
can_isolate = subprocess.run([*run.ISOLATED, "mount", "-t", "tmpfs", "none", "/run"],
                             capture_output=True).returncode == 0


class Script(unittest.TestCase):
    def test_same_seed_same_script(self):
        self.assertEqual(make_script(7, 50, run.NODES), make_script(7, 50, run.NODES))
        self.assertNotEqual(make_script(7, 50, run.NODES), make_script(8, 50, run.NODES))

    def test_two_hundred_faults_of_every_kind_in_minutes(self):
        for seed in range(20):
            script = make_script(seed, 200, run.NODES)
            self.assertEqual(len(script), 200)
            self.assertEqual({fault.kind for fault in script}, set(KINDS))
            self.assertLess(max(fault.end for fault in script), 300)

    def test_each_fault_begins_and_ends_once_and_in_order(self):
        script = make_script(3, 100, run.NODES)
        done = steps(script)
        self.assertEqual(sorted(done, key=lambda step: step[0]), done)
        for fault in script:
            self.assertEqual([begins for _, begins, each in done if each is fault], [True, False])

    def test_one_fault_at_a_time_for_the_programs_of_a_node(self):
        for seed in range(20):
            hit = set()
            for _, begins, fault in steps(make_script(seed, 200, run.NODES)):
                thing = (KINDS[fault.kind][1], fault.nodes)
                if thing[0] is None:
                    continue
                self.assertEqual(thing in hit, not begins)
                hit.add(thing) if begins else hit.remove(thing)

    def test_several_at_once(self):
        begins = [fault.begin for fault in make_script(1, 200, run.NODES)]
        self.assertLess(len(set(begins)), len(begins))


class Rules(unittest.TestCase):
    def test_cut_is_one_way(self):
        self.assertIn("iifname p1 oifname p2 drop", rules({(1, 2)}, set()))
        self.assertNotIn("iifname p2", rules({(1, 2)}, set()))

    def test_loss_is_both_ways(self):
        text = rules(set(), {3})
        self.assertIn("iifname p3 numgen random mod 100 < 5 drop", text)
        self.assertIn("oifname p3 numgen random mod 100 < 5 drop", text)

    def test_split_cuts_every_pair_across_both_ways(self):
        pairs = split_pairs((1, 3), [1, 2, 3, 4])
        self.assertEqual(set(pairs), {(a, b) for x in (1, 3) for y in (2, 4)
                                      for a, b in ((x, y), (y, x))})


def in_namespace(name, work):
    """What `work` returns, done in a namespace; a socket that it makes stays there."""
    result = []

    def enter():
        with open(f"/run/netns/{name}") as namespace:
            if ctypes.CDLL(None, use_errno=True).setns(namespace.fileno(), 0) != 0:
                raise OSError(ctypes.get_errno(), "setns")
        result.append(work())

    thread = threading.Thread(target=enter)
    thread.start()
    thread.join()
    return result[0]


class Station:
    """A socket on a node that hears the group."""

    def __init__(self, node):
        self.socket = in_namespace(Switch.namespace(node), lambda: self._open(node))

    @staticmethod
    def _open(node):
        made = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        own = socket.inet_aton(Switch.address(node))
        made.bind(("", PORT))
        made.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, 1 << 22)
        made.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_LOOP, 0)
        made.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, own)
        made.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP,
                        struct.pack("4s4s", socket.inet_aton(GROUP), own))
        return made

    def send(self, payload):
        self.socket.sendto(payload, (GROUP, PORT))

    def hears(self, seconds):
        if not select.select([self.socket], [], [], seconds)[0]:
            return None
        return self.socket.recv(100)


@unittest.skipUnless(isolated, "runs in namespaces of its own")
class Between(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.switch = Switch([1, 2, 3])
        cls.stations = {node: Station(node) for node in (1, 2, 3)}
        cls.count = 0

    def heard(self, sender, others):
        """Which of the others hear the sender. Frames keep their order on a bridge, so that one
        who hears a later frame has missed the earlier."""
        Between.count += 1
        payload = b"%d" % Between.count
        try:
            self.stations[sender].send(payload)
        except OSError:
            return set()
        hearing = set()
        for other in others:
            patience = 0.3
            while (got := self.stations[other].hears(patience)) is not None:
                if got == payload:
                    hearing.add(other)
                    break
        return hearing

    def until_heard(self, sender, others):
        """An interface takes a moment to come up."""
        for _ in range(int(SOON / 0.3)):
            if self.heard(sender, others) == others:
                return
        self.fail(f"{sender} is not heard by {others}")

    def test_all_hear_all(self):
        self.until_heard(1, {2, 3})
        self.until_heard(2, {1, 3})

    def test_one_way_cut(self):
        self.until_heard(1, {2, 3})
        self.switch.cut([(1, 2)], True)
        self.assertEqual(self.heard(1, {2, 3}), {3})
        self.assertEqual(self.heard(2, {1, 3}), {1, 3})
        self.switch.cut([(1, 2)], False)
        self.assertEqual(self.heard(1, {2, 3}), {2, 3})

    def test_cuts_that_overlap(self):
        self.until_heard(1, {2, 3})
        self.switch.cut([(1, 2)], True)
        self.switch.cut(split_pairs((2,), [1, 2, 3]), True)
        self.switch.cut([(1, 2)], False)
        self.assertEqual(self.heard(1, {2, 3}), {3})
        self.assertEqual(self.heard(2, {1, 3}), set())
        self.switch.cut(split_pairs((2,), [1, 2, 3]), False)
        self.assertEqual(self.heard(1, {2, 3}), {2, 3})

    def test_unplugged_and_back(self):
        self.until_heard(1, {2, 3})
        self.switch.port(2, False)
        self.assertEqual(self.heard(1, {2, 3}), {3})
        self.switch.port(2, True)
        self.until_heard(1, {2, 3})
        self.until_heard(2, {1, 3})

    def test_interface_down_and_back(self):
        self.until_heard(1, {2, 3})
        self.switch.interface(2, False)
        self.assertEqual(self.heard(1, {2, 3}), {3})
        self.assertEqual(self.heard(2, {1, 3}), set())
        self.switch.interface(2, True)
        self.until_heard(1, {2, 3})
        self.until_heard(2, {1, 3})

    def test_loss(self):
        self.until_heard(1, {2, 3})
        self.switch.loss(2, True)
        for _ in range(1000):
            self.stations[1].send(b"x")
        self.switch.loss(2, False)
        self.stations[1].send(b"end")
        came = {}
        for node in (2, 3):
            came[node] = 0
            while (got := self.stations[node].hears(SOON)) != b"end":
                self.assertIsNotNone(got, "the frame after the loss is lost")
                came[node] += 1
        self.assertEqual(came[3], 1000)
        self.assertTrue(900 <= came[2] < 1000, came[2])


@unittest.skipUnless(can_isolate and not isolated, "namespaces are not available")
class Whole(unittest.TestCase):
    """The run with stand-ins for the programs."""

    def setUp(self):
        self.build = tempfile.TemporaryDirectory()
        self.scratch = tempfile.TemporaryDirectory()
        ids = [str(node_id) for node_id in range(0x0A4D0001, 0x0A4D0006)]
        members = ", ".join('{"nodeid": %s}' % node_id for node_id in ids)
        self.program("node/gyred", 'while [ $# -gt 1 ]; do shift; done; : >"$1"; exec sleep 1000')
        self.program("tools/gyre", f"echo '{{\"view\": 4, \"members\": [{members}]}}'")
        self.program("tests/faults/load", f"echo view 4 {','.join(ids)}; read words; "
                     f"for id in {' '.join(ids)}; do echo last $id; done; exec sleep 1000")
        self.program("tests/check/check-recordings", 'shift; echo "$# recordings"; exit 1')

    def tearDown(self):
        self.assertEqual(glob.glob(self.scratch.name + "/*"), [])
        self.build.cleanup()
        self.scratch.cleanup()

    def program(self, path, text):
        path = os.path.join(self.build.name, path)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w") as made:
            made.write(f"#!/bin/sh\n{text}\n")
        os.chmod(path, 0o755)

    def start(self, *options):
        return subprocess.Popen(
            [sys.executable, RUN, "--build", self.build.name, *options], text=True,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            env={**os.environ, "TMPDIR": self.scratch.name})

    def test_goes_through_the_script_and_hands_on_the_verdict(self):
        process = self.start("--faults", "3", "--seed", "5")
        said, _ = process.communicate(timeout=50)
        self.assertEqual(process.returncode, 1, said)
        self.assertIn("seed 5", said)
        self.assertIn("5 recordings", said)
        self.assertIn("scripts/faults --faults 3 --seed 5", said)

    def test_tells_of_a_daemon_that_ends(self):
        self.program("node/gyred", "echo port taken >&2; exit 3")
        process = self.start("--faults", "3", "--seed", "5")
        said, _ = process.communicate(timeout=50)
        self.assertEqual(process.returncode, 1)
        self.assertIn("ended by itself, status 3", said)
        self.assertIn("port taken", said)

    def test_nothing_stays_when_interrupted(self):
        for how in (signal.SIGINT, signal.SIGTERM):
            process = self.start("--faults", "100", "--seed", "5")
            while "share a view" not in process.stdout.readline():
                self.assertIsNone(process.poll())
            process.send_signal(how)
            process.communicate(timeout=20)
            self.assertEqual(process.returncode, 130)
            self.assertEqual(glob.glob(self.scratch.name + "/*"), [])
            left = subprocess.run(["pgrep", "-f", self.scratch.name], capture_output=True)
            self.assertEqual(left.stdout, b"")


def load_tests(loader, tests, _):
    """Runs what needs namespaces in a process that has its own."""
    if can_isolate and not isolated:
        tests.addTest(unittest.FunctionTestCase(between_in_isolation))
    return tests


def between_in_isolation():
    inside = 'mount -t tmpfs none /run && exec "$@"'
    done = subprocess.run(
        [*run.ISOLATED, "sh", "-c", inside, "sh", sys.executable, __file__, "Between"],
        env={**os.environ, "FAULTS_TEST_ISOLATED": "yes"}, capture_output=True, text=True)
    if done.returncode != 0:
        raise AssertionError(done.stderr)


if __name__ == "__main__":
    unittest.main()
