"""Nodes as network namespaces on a bridge, which has a namespace of its own, and the faults between
them; or on several bridges, each a network that joins all of them. Everything is made below the
caller's network and mount namespaces and is gone with them."""

import subprocess
from collections import Counter

from script import LOSS_PERCENT

SWITCH = "switch"
NARROW = 700  # bytes of a packet that a narrow port still lets through


def run(*command, stdin=None):
    done = subprocess.run(command, input=stdin, text=True, capture_output=True)
    if done.returncode != 0:
        raise OSError(f"{' '.join(command)}: {done.stderr.strip()}")


def rules(cuts, losses, narrow=()):
    """The nft program for directed pairs that are cut, ports that lose frames, and ports that lose
    all long ones that come from there. Port N is pN."""
    lines = [f"iifname p{a} oifname p{b} drop" for a, b in sorted(cuts)]
    for node in sorted(losses):
        for side in ("iifname", "oifname"):
            lines.append(f"{side} p{node} numgen random mod 100 < {LOSS_PERCENT} drop")
    lines += [f"iifname p{node} meta length > {NARROW} drop" for node in sorted(narrow)]
    return "flush chain bridge faults forward\n" + "".join(
        f"add rule bridge faults forward {line}\n" for line in lines)


class Switch:
    def __init__(self, nodes, number=0):
        """The first one, whose number is 0, makes the nodes."""
        self.nodes, self._number = nodes, number
        self._name, self._interface = f"{SWITCH}{number}", f"eth{number}"
        self._cuts, self._losses, self._narrow = Counter(), Counter(), Counter()
        run("ip", "netns", "add", self._name)
        bridge = ["ip", "-n", self._name, "link"]
        run(*bridge, "add", "br0", "type", "bridge", "stp_state", "0", "mcast_snooping", "0")
        run(*bridge, "set", "br0", "up")
        for node in nodes:
            name = self.namespace(node)
            if number == 0:
                run("ip", "netns", "add", name)
                run("ip", "-n", name, "link", "set", "lo", "up")
            self.make_interface(node)
        self._nft("add table bridge faults\nadd chain bridge faults forward "
                  "{ type filter hook forward priority 0; }\n")

    def make_interface(self, node):
        bridge = ["ip", "-n", self._name, "link"]
        run(*bridge, "add", f"p{node}", "type", "veth", "peer", "name", self._interface,
            "netns", self.namespace(node))
        run(*bridge, "set", f"p{node}", "master", "br0", "up")
        self.number_node(node, "add", self.address(node, self._number))
        self.interface(node, True)

    def delete_interface(self, node):
        run("ip", "-n", self.namespace(node), "link", "del", self._interface)

    def remove(self):
        for node in self.nodes if self._number == 0 else ():
            run("ip", "netns", "del", self.namespace(node))
        run("ip", "netns", "del", self._name)

    @staticmethod
    def namespace(node):
        return f"n{node}"

    @staticmethod
    def address(node, number=0):
        return f"10.{77 + number}.0.{node}"

    def number_node(self, node, how, address):
        """Adds an address to the node's interface, or takes it away ("del")."""
        run("ip", "-n", self.namespace(node), "addr", how, f"{address}/24", "dev", self._interface)

    def interface(self, node, up):
        name = self.namespace(node)
        run("ip", "-n", name, "link", "set", self._interface, "up" if up else "down")
        if up and self._number == 0:  # the route went with the interface
            run("ip", "-n", name, "route", "replace", "224.0.0.0/4", "dev", self._interface)

    def port(self, node, up):
        run("ip", "-n", self._name, "link", "set", f"p{node}", "up" if up else "down")

    def power(self, on):
        run("ip", "-n", self._name, "link", "set", "br0", "up" if on else "down")

    def cut(self, pairs, on):
        """Cuts add up: a pair is whole again when each of its cuts is off."""
        self._count(self._cuts, pairs, on)

    def loss(self, node, on):
        self._count(self._losses, [node], on)

    def narrow(self, node, on):
        """Long frames of the node get no further than its port."""
        self._count(self._narrow, [node], on)

    def _count(self, counter, keys, on):
        counter.update(keys) if on else counter.subtract(keys)
        self._nft(rules(+self._cuts, +self._losses, +self._narrow))

    def _nft(self, program):
        run("ip", "netns", "exec", self._name, "nft", "-f", "-", stdin=program)
