#!/usr/bin/env python3
"""usage: live_test.py GYRED GYRE_RM GYRE_EXEC PACEMAKERD GYRE_CRM

The resource manager on whole nodes with Debian's agents: resources run, move when a node dies or
goes, and stay where they are when only a part of a node's stack dies.
"""
import os
import pathlib
import signal
import sys
import tempfile
import time
import unittest
import xml.etree.ElementTree as xml

import cluster
from cluster import until

PROGRAMS = ("gyred", "gyre-rm", "gyre-exec", "pacemakerd", "gyre-crm")
SKIP = 77
DUMMY = ('<primitive id="{0}" class="ocf" provider="{1}" type="Dummy"><operations>'
         '<op id="{0}-monitor" name="monitor" interval="1s"/></operations>{2}</primitive>')


def options(**given):
    pairs = "".join(f'<nvpair id="options-{name}" name="{name.replace("_", "-")}" value="{value}"/>'
                    for name, value in given.items())
    return f'<cluster_property_set id="options">{pairs}</cluster_property_set>'


def dummy(name, provider="heartbeat", **parameters):
    pairs = "".join(f'<nvpair id="{name}-{key}" name="{key}" value="{value}"/>'
                    for key, value in parameters.items())
    return DUMMY.format(name, provider, f'<instance_attributes id="{name}-attributes">{pairs}'
                        "</instance_attributes>" if pairs else "")


class Live(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory(prefix="live")
        self.cluster = None

    def tearDown(self):
        failed = self._outcome.result.errors or self._outcome.result.failures
        if self.cluster:
            if failed:
                self.cluster.tell()
            self.cluster.end()
        self.folder.cleanup()

    def begin(self, count, *resources, **properties):
        self.cluster = cluster.Cluster(self.folder.name, programs, count)
        self.cluster.start()
        self.settled(*self.cluster.nodes)
        first = self.cluster[1]
        first.create("crm_config", options(**{"stonith_enabled": "false", **properties}))
        for resource in resources:
            first.create("resources", resource)

    def settled(self, *numbers):
        """These nodes share a document in which all of them take part."""
        def same():
            told = [self.cluster[number].document() for number in numbers]
            texts = {xml.tostring(document) for document in told}
            states = {state.get("uname"): state.get("join")
                      for state in told[0].iter("node_state") if state.get("crmd") == "online"}
            return len(texts) == 1 and states == {f"n{number}": "member" for number in numbers}
        return until(same, f"nodes {numbers} agree")

    def where(self, resource, *numbers):
        """The one node of these on which it runs."""
        def running():
            return [number for number in numbers or self.cluster.nodes
                    if self.cluster[number].runs(resource)]
        until(lambda: len(running()) == 1, f"{resource} runs once")
        return running()[0]

    def others(self, number):
        return [each for each in self.cluster.nodes if each != number]

    def test_a_node_dies_and_its_resource_moves(self):
        self.begin(2, dummy("d"), no_quorum_policy="ignore")
        at = self.where("d")
        self.cluster[at].kill()
        other, = self.others(at)
        self.where("d", other)
        self.cluster[at].start()
        self.settled(1, 2)
        self.assertEqual(self.where("d"), other)  # it does not move back

    def test_b_without_quorum_nothing_is_begun_and_what_runs_is_stopped(self):
        self.begin(3, dummy("d"))
        at = self.where("d")
        first, second = self.others(at)
        self.cluster.switch.cut([(at, first), (first, at), (at, second), (second, at)], True)
        self.where("d", first, second)
        until(lambda: not self.cluster[at].runs("d"), "the minority stops it")
        self.cluster.switch.cut([(at, first), (first, at), (at, second), (second, at)], False)
        self.settled(1, 2, 3)
        self.where("d")

    def test_c_the_manager_dies_and_nothing_else_happens(self):
        self.begin(2, dummy("d"), no_quorum_policy="ignore")
        at = self.where("d")
        since = self.cluster[at].state_changed("d")
        for number in (at, *self.others(at)):
            before, = self.cluster[number].processes("gyre-rm")
            os.kill(before, signal.SIGKILL)
            until(lambda: self.cluster[number].processes("gyre-rm") not in ([], [before]),
                  "it is begun again")
            self.settled(1, 2)
        self.assertEqual(self.where("d"), at)
        self.assertEqual(self.cluster[at].state_changed("d"), since)

    def test_d_the_executor_dies_and_what_ran_is_found(self):
        self.begin(2, dummy("d"), no_quorum_policy="ignore")
        at = self.where("d")
        since = self.cluster[at].state_changed("d")
        before, = self.cluster[at].processes("gyre-exec")
        os.kill(before, signal.SIGKILL)
        until(lambda: self.cluster[at].processes("gyre-exec") not in ([], [before]),
              "it is begun again")
        self.settled(1, 2)
        self.monitored("d", at)
        self.assertEqual(self.cluster[at].state_changed("d"), since)
        self.assertEqual(self.where("d"), at)

    def monitored(self, resource, number):
        """The document has a result of its recurring monitor there."""
        path = (f"./status/node_state[@uname='n{number}']/lrm/lrm_resources/"
                f"lrm_resource[@id='{resource}']/lrm_rsc_op[@interval='1000'][@rc-code='0']")
        until(lambda: self.cluster[number].document().find(path) is not None,
              f"{resource} is monitored")

    def test_e_the_coordinator_dies_while_an_operation_is_under_way(self):
        self.begin(3, dummy("slow", "pacemaker", op_sleep="2"))
        path = ("./status/node_state/lrm/lrm_resources/lrm_resource[@id='slow']/"
                "lrm_rsc_op[@operation='start']")
        def begun():
            return self.cluster[1].document().find(path)
        until(lambda: begun() is not None, "its start is under way")
        at = int(begun().get("on_node")[1:])
        coordinator = int(self.cluster[1].document().get("dc-uuid"))
        self.cluster[coordinator].kill()
        rest = self.others(coordinator)
        self.settled(*rest)
        def started():
            found = self.cluster[rest[0]].document().findall(path + "[@rc-code='0']")
            return [each.get("on_node") for each in found]
        until(lambda: len(started()) == 1, "it is started")
        if at != coordinator:
            self.assertEqual(started(), [f"n{at}"])

    def test_f_both_sides_write_and_the_loser_is_kept_beside(self):
        self.begin(2, dummy("d"), no_quorum_policy="ignore")
        self.where("d")
        pairs = [(1, 2), (2, 1)]
        self.cluster.switch.cut(pairs, True)
        for number in (1, 2):
            until(lambda: self.online(number) == [f"n{number}"], "it is alone")
            self.cluster[number].create("resources", dummy(f"of{number}"))
        self.cluster[2].create("resources", dummy("more"))
        self.cluster.switch.cut(pairs, False)
        self.settled(1, 2)
        names = {each.get("id") for each in self.cluster[1].document().iter("primitive")}
        self.assertEqual(names, {"d", "of2", "more"})
        lost = list((self.cluster[1].folder / "rm").glob("cib-lost-*.xml"))
        self.assertEqual(len(lost), 1)
        self.assertIn('id="of1"', lost[0].read_text())
        self.where("d")  # the two copies of the split are one again

    def online(self, number):
        return [state.get("uname") for state in self.cluster[number].document().iter("node_state")
                if state.get("crmd") == "online"]

    def test_g_a_node_that_is_told_to_go_hands_over_first(self):
        self.begin(2, dummy("d"), no_quorum_policy="ignore")
        at = self.where("d")
        other, = self.others(at)
        self.cluster[at].signal("pacemakerd", signal.SIGTERM)
        until(lambda: not self.cluster[at].processes("pacemakerd"), "it ends")
        self.assertEqual(self.where("d"), other)
        self.assertEqual(self.online(other), [f"n{other}"])

    def test_h_an_address_moves(self):
        self.begin(2, '<primitive id="ip" class="ocf" provider="heartbeat" type="IPaddr2">'
                   '<instance_attributes id="ip-a"><nvpair id="ip-ip" name="ip" '
                   f'value="{cluster.NETWORK}.100"/><nvpair id="ip-mask" name="cidr_netmask" '
                   'value="24"/></instance_attributes></primitive>', no_quorum_policy="ignore")
        def has(number):
            return f"{cluster.NETWORK}.100/24" in self.cluster[number].run(
                "ip", "-4", "addr", "show", "eth0").stdout
        until(lambda: has(1) != has(2), "the address is on one of them")
        at = 1 if has(1) else 2
        other, = self.others(at)
        self.cluster[at].kill()
        until(lambda: has(other), "the address moves")

    def test_i_it_comes_back_with_what_was_configured(self):
        self.begin(2, dummy("d"), no_quorum_policy="ignore")
        self.where("d")
        for number in (1, 2):
            self.cluster[number].kill()
        for number in (1, 2):
            self.cluster[number].start()
        self.settled(1, 2)
        self.where("d")

    def test_j_a_failure_is_noticed_and_mended(self):
        self.begin(2, dummy("d"), no_quorum_policy="ignore")
        at = self.where("d")
        self.monitored("d", at)
        self.cluster[at].run("rm", "/run/resource-agents/Dummy-d.state")
        self.assertEqual(self.where("d"), at)
        counted = ("./status/node_state/transient_attributes/instance_attributes/"
                   "nvpair[@name='fail-count-d#monitor_1000'][@value='1']")
        self.assertIsNotNone(self.cluster[1].document().find(counted))


if __name__ == "__main__":
    if os.geteuid() != 0 or not pathlib.Path("/usr/lib/ocf/resource.d/heartbeat/Dummy").exists():
        print("skipped: needs root, for namespaces, and Debian's resource-agents")
        sys.exit(SKIP)
    if not os.environ.get("LIVE_INSIDE"):
        os.environ["LIVE_INSIDE"] = "1"
        os.execvp("unshare", cluster.UNSHARE + [sys.executable, *sys.argv])
    cluster.prepare()
    programs = {name: os.path.abspath(path) for name, path in zip(PROGRAMS, sys.argv[1:])}
    unittest.main(argv=[sys.argv[0], *sys.argv[len(PROGRAMS) + 1:]], verbosity=2)
