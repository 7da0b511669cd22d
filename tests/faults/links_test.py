#!/usr/bin/env python3
"""usage: links_test.py BUILD

Three real nodes on two networks, under load: whatever becomes of one network, nobody notices but
who looks at the links. No view changes, no message is lost or comes twice; the fault is marked on
the nodes that it hits, and ends by itself.
"""

import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import types
import unittest

import cluster
import run
from node import config
from switch import Switch

BUILD = sys.argv[1]
NODES = [1, 2, 3]
FAULT_MAX, MEND_MAX = 20.0, 60.0  # seconds, on a busy machine
MARKS = re.compile(r"Marking ringid (\d) interface (\S+) FAULTY|Automatically recovered ring (\d)")
# A token that is lost breaks the ring: then the other link did not stand in.
TIMERS = "  token: 3000\n  token_coefficient: 0\n  poll: wait\n"


class Links(cluster.Cluster):
    def __init__(self, switches, chosen, binaries):
        self._key = os.path.join(chosen.inside, "authkey")
        pathlib.Path(self._key).write_bytes(os.urandom(128))
        os.chmod(self._key, 0o400)
        self.switches = switches
        super().__init__(switches[0], chosen, binaries)

    def _configuration(self):
        return config(self._chosen.transport, NODES, len(self.switches),
                      f"{TIMERS}  {self._chosen.mode}\n  secauth: on\n  keyfile: {self._key}\n")

    def start(self):
        super().start()
        self.views = [node.view for node in self._nodes.values()]
        self.await_faulty({})

    def marked(self, node):
        """Its links that have a fault, by what its log says."""
        log = pathlib.Path(self._nodes[node].folder, "log").read_text(encoding="utf-8")
        marked = set()
        for down, address, up in MARKS.findall(log):
            if up:
                marked.discard(int(up))
            elif address == Switch.address(node, int(down)):
                marked.add(int(down))
        return marked

    def faulty(self, node):
        """The same, by what it answers."""
        told = subprocess.run(
            [self._binaries["gyre"], "cfgtool", "-s", "--json", "--run-dir",
             self._nodes[node].run_dir],
            capture_output=True, text=True, timeout=cluster.STOP_MAX)
        if told.returncode != 0:
            raise cluster.Broken(f"node {node}: gyre cfgtool -s: {told.stderr.strip()}")
        return {link["number"] for link in json.loads(told.stdout)["links"] if link["fault"]}

    def await_faulty(self, links):
        """`links`: of each node that has any."""
        wanted = {node: links.get(node, set()) for node in NODES}
        self._await(lambda: all({node: ask(node) for node in NODES} == wanted
                                for ask in (self.marked, self.faulty)),
                    FAULT_MAX if links else MEND_MAX, f"faulty links {links}")

    def mended(self):
        self.await_faulty({})
        now = [node.view for node in self._nodes.values()]
        if now != self.views:
            raise cluster.Broken(f"views {self.views} became {now}")

    def finish(self):
        for node in self._nodes.values():
            node.finish()
        self._await(self._drained, cluster.DRAIN_MAX, "the last messages everywhere")

    def end(self):
        self._kill()


switches = []


def setUpModule():
    switches.extend(Switch(NODES, number) for number in range(2))


class OneOfTwoLinks:
    """What happens to a link."""

    @classmethod
    def setUpClass(cls):
        folder = tempfile.TemporaryDirectory(prefix="gyre-links-")
        cls.addClassCleanup(folder.cleanup)
        chosen = types.SimpleNamespace(inside=folder.name, transport=cls.transport, mode=cls.mode,
                                       rate=25)
        cls.links = Links(switches, chosen, run.programs(BUILD))
        cls.addClassCleanup(cls.links.end)
        try:
            cls.links.start()
        except cluster.Broken:
            cls.links.tell_more()
            raise

    def during(self, link, nodes, fault):
        """fault(True) hits the link of those nodes, fault(False) ends it."""
        try:
            fault(True)
            self.links.await_faulty({node: {link} for node in nodes})
            fault(False)
            self.links.mended()
        except cluster.Broken as broken:
            self.links.tell_more()
            self.fail(str(broken))

    def test_a_network_is_gone(self):
        for link, switch in enumerate(switches):
            self.during(link, NODES, lambda begins, of=switch: of.power(not begins))

    def test_f_nothing_is_lost_or_comes_twice(self):
        self.links.finish()


class Active(OneOfTwoLinks, unittest.TestCase):
    transport, mode = "udp", "rrp_mode: active"

    def test_b_one_way_cut(self):
        self.during(0, [1, 2], lambda begins: switches[0].cut([(1, 2)], begins))

    def test_c_long_frames_vanish(self):
        self.during(1, NODES, lambda begins: switches[1].narrow(3, begins))

    def test_d_an_interface_is_down(self):
        self.during(0, NODES, lambda begins: switches[0].interface(2, not begins))

    def test_d_an_interface_is_deleted_and_made_again(self):
        def begin_or_end(begins):
            of = switches[1]
            of.delete_interface(2) if begins else of.make_interface(2)
        self.during(1, NODES, begin_or_end)

    def test_e_an_address_is_another(self):
        other = Switch.address(77, 1)

        def change(begins):
            old, new = Switch.address(1, 1), other
            old, new = (old, new) if begins else (new, old)
            switches[1].number_node(1, "del", old)
            switches[1].number_node(1, "add", new)
        self.during(1, NODES, change)


class Passive(OneOfTwoLinks, unittest.TestCase):
    transport, mode = "udpu", "link_mode: passive"


class RoundRobin(OneOfTwoLinks, unittest.TestCase):
    transport, mode = "udp", "rrp_mode: passive"


def isolate():
    """Again, in namespaces of its own; all that it makes is gone with them."""
    if "LINKS_TEST_INSIDE" in os.environ:
        return
    begin = 'mount -t tmpfs none /run && exec "$@"'
    if subprocess.run([*run.ISOLATED, "sh", "-c", begin, "sh", "true"],
                      capture_output=True).returncode != 0:
        print("namespaces are not available")
        sys.exit(run.NOT_AVAILABLE)
    os.environ["LINKS_TEST_INSIDE"] = "yes"
    os.execvp(run.ISOLATED[0], [*run.ISOLATED, "sh", "-c", begin, "sh", sys.executable, *sys.argv])


if __name__ == "__main__":
    isolate()
    unittest.main(argv=sys.argv[:1], verbosity=2, warnings="ignore")
