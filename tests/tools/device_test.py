#!/usr/bin/env python3
"""usage: device_test.py GYRED GYRE

A quorum device, asked by a script: one node of two has a quorum as long as it votes for its ring.
"""
import json
import sys
import unittest

from daemon import Case

CONF = """totem {{
  version: 2
  cluster_name: device
  secauth: off
  token: 300
  interface {{
    mcastport: {port}
  }}
}}
nodelist {{
  node {{
    nodeid: 17
    name: zoe
    ring0_addr: {network}.17
  }}
  node {{
    nodeid: 18
    name: bob
    ring0_addr: {network}.18
  }}
}}
quorum {{
  provider: corosync_votequorum
  device {{
    model: net
    timeout: 1500
  }}
}}
logging {{
  to_syslog: no
}}
"""
MEMBERS = """
Membership information
----------------------
    Nodeid      Votes    Qdevice Name
        17          1 {said:>10} zoe (local)
         0          {votes}            Qdevice
"""


class Device(Case):
    def quorum(self, node=1):
        return json.loads(self.tools.run(node, "corosync-quorumtool --json").stdout)

    def device(self):
        return json.loads(self.tools.run(1, "gyre device --json").stdout)

    def wait_until(self, what, rule):
        self.until(lambda: rule(self.quorum()), what)

    def while_polled(self, poll, rule):
        """What holds for a while after a poll, however slow this machine is."""
        def polled():
            self.says(poll, "")
            return rule()
        self.until(polled, poll)

    def test_votes_for_a_ring_and_for_a_time(self):
        text = CONF.format(port=self.tools.port, network=self.tools.network)
        self.tools.start(1, text, "--nodeid", "17")
        self.wait_until("grown up", lambda told: told["quorum"]["votes"] == 1)
        self.assertFalse(self.quorum()["quorum"]["quorate"])
        poll = f"gyre device poll tie yes {self.device()['ring']}"
        self.refuses(poll, "gyre: CS_ERR_NOT_EXIST: no quorum device is registered on this node")
        self.says("gyre device register tie", "")
        self.refuses("gyre device register knot",
                     "gyre: CS_ERR_EXIST: a quorum device is registered as tie")
        self.says("corosync-quorumtool -l", MEMBERS.format(said="NA,NV,NMW", votes=0))

        self.while_polled(poll, lambda: self.quorum()["quorum"]["quorate"])
        self.while_polled(poll, lambda: "Flags:            Quorate Qdevice \n"
                          in self.tools.run(1, "corosync-quorumtool").stdout)
        voting = MEMBERS.format(said="A,V,NMW", votes=1)
        self.while_polled(
            poll, lambda: self.tools.run(1, "corosync-quorumtool -l").stdout == voting)
        self.wait_until("not polled again", lambda told: not told["quorum"]["quorate"])
        self.says("corosync-quorumtool -l", MEMBERS.format(said="NA,NV,NMW", votes=0))
        against = MEMBERS.format(said="A,NV,NMW", votes=0)
        self.while_polled(poll.replace("yes", "no"),
                          lambda: self.tools.run(1, "corosync-quorumtool -l").stdout == against)

        self.tools.start(2, text, "--nodeid", "18")
        self.wait_until("both here", lambda told: len(told["members"]) == 2)
        self.refuses(poll, "gyre: CS_ERR_MESSAGE_ERROR: the members changed meanwhile")
        self.says("gyre device rename tie knot", "")
        self.refuses("gyre device master_wins knot yes", "gyre: CS_ERR_ACCESS: all nodes must know "
                     "that it may be: write quorum.device.master_wins: 1")
        self.says("gyre device master_wins knot no", "")
        self.assertEqual(self.device()["name"], "knot")
        self.says("corosync-quorumtool -f", "")
        self.assertEqual(self.device()["name"], "")
        self.says("corosync-quorumtool -f", "")


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
