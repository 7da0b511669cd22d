"""Nodes as network namespaces on one bridge, which has a namespace of its own, and the faults
between them. Everything is made below the caller's network and mount namespaces and is gone with
them."""

import subprocess
from collections import Counter

from script import LOSS_PERCENT

NETWORK = "10.77.0"
SWITCH = "switch"


def run(*command, stdin=None):
    done = subprocess.run(command, input=stdin, text=True, capture_output=True)
    if done.returncode != 0:
        raise OSError(f"{' '.join(command)}: {done.stderr.strip()}")


def rules(cuts, losses):
    """The nft program for directed pairs that are cut and ports that lose frames. Port N is pN."""
    lines = [f"iifname p{a} oifname p{b} drop" for a, b in sorted(cuts)]
    for node in sorted(losses):
        for side in ("iifname", "oifname"):
            lines.append(f"{side} p{node} numgen random mod 100 < {LOSS_PERCENT} drop")
    return "flush chain bridge faults forward\n" + "".join(
        f"add rule bridge faults forward {line}\n" for line in lines)


class Switch:
    def __init__(self, nodes):
        self.nodes = nodes
        self._cuts, self._losses = Counter(), Counter()
        run("ip", "netns", "add", SWITCH)
        bridge = ["ip", "-n", SWITCH, "link"]
        run(*bridge, "add", "br0", "type", "bridge", "stp_state", "0", "mcast_snooping", "0")
        run(*bridge, "set", "br0", "up")
        for node in nodes:
            name = self.namespace(node)
            run("ip", "netns", "add", name)
            run(*bridge, "add", f"p{node}", "type", "veth", "peer", "name", "eth0", "netns", name)
            run(*bridge, "set", f"p{node}", "master", "br0", "up")
            run("ip", "-n", name, "addr", "add", f"{self.address(node)}/24", "dev", "eth0")
            run("ip", "-n", name, "link", "set", "lo", "up")
            self.interface(node, True)
        self._nft("add table bridge faults\nadd chain bridge faults forward "
                  "{ type filter hook forward priority 0; }\n")

    def remove(self):
        for node in self.nodes:
            run("ip", "netns", "del", self.namespace(node))
        run("ip", "netns", "del", SWITCH)

    @staticmethod
    def namespace(node):
        return f"n{node}"

    @staticmethod
    def address(node):
        return f"{NETWORK}.{node}"

    def interface(self, node, up):
        name = self.namespace(node)
        run("ip", "-n", name, "link", "set", "eth0", "up" if up else "down")
        if up:  # the route went with the interface
            run("ip", "-n", name, "route", "replace", "224.0.0.0/4", "dev", "eth0")

    def port(self, node, up):
        run("ip", "-n", SWITCH, "link", "set", f"p{node}", "up" if up else "down")

    def cut(self, pairs, on):
        """Cuts add up: a pair is whole again when each of its cuts is off."""
        self._count(self._cuts, pairs, on)

    def loss(self, node, on):
        self._count(self._losses, [node], on)

    def _count(self, counter, keys, on):
        counter.update(keys) if on else counter.subtract(keys)
        self._nft(rules(+self._cuts, +self._losses))

    @staticmethod
    def _nft(program):
        run("ip", "netns", "exec", SWITCH, "nft", "-f", "-", stdin=program)
