#!/usr/bin/env python3
"""usage: live_test.py GYRED GYRE_RM GYRE_EXEC PACEMAKERD GYRE_CRM [SCENARIO...]

The resource manager on whole nodes with Debian's agents: resources run, move when a node dies or
goes, and stay where they are when only a part of a node's stack dies.
"""
import concurrent.futures
import os
import pathlib
import pwd
import signal

import cluster
import scenario
import side_by_side
from cluster import until
from faults import Faults
from fencing import Fencing
from scenario import Scenario, dummy


class Live(Scenario):
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
        self.monitored("d", at)  # so its start is over
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
        self.monitored("d", at)  # so its start is over
        since = self.cluster[at].state_changed("d")
        before, = self.cluster[at].processes("gyre-exec")
        os.kill(before, signal.SIGKILL)
        until(lambda: self.cluster[at].processes("gyre-exec") not in ([], [before]),
              "it is begun again")
        self.settled(1, 2)
        self.monitored("d", at)
        self.assertEqual(self.cluster[at].state_changed("d"), since)
        self.assertEqual(self.where("d"), at)

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
            self.configure(number, dummy(f"of{number}"))
        self.configure(2, dummy("more"))
        self.cluster.switch.cut(pairs, False)
        self.settled(1, 2)
        names = {each.get("id") for each in self.cluster[1].document().iter("primitive")}
        self.assertEqual(names, {"d", "of2", "more"})
        def lost():
            return list((self.cluster[1].folder / "rm").glob("cib-lost-*.xml"))
        until(lambda: len(lost()) == 1, "what gave way is kept")
        self.assertIn('id="of1"', lost()[0].read_text())
        self.where("d")  # the two copies of the split are one again

    def test_g_a_node_that_is_told_to_go_hands_over_first(self):
        self.begin(2, dummy("d"), no_quorum_policy="ignore")
        at = self.where("d")
        other, = self.others(at)
        self.cluster[at].signal("pacemakerd", signal.SIGTERM)
        until(lambda: not self.cluster[at].processes("pacemakerd"), "it ends")
        self.assertEqual(self.where("d"), other)
        self.assertEqual(self.online(other), [f"n{other}"])

    def test_h_an_address_answers_and_moves(self):
        address = cluster.Switch.address(100)
        self.begin(2, '<primitive id="ip" class="ocf" provider="heartbeat" type="IPaddr2">'
                   '<instance_attributes id="ip-a"><nvpair id="ip-ip" name="ip" '
                   f'value="{address}"/><nvpair id="ip-mask" name="cidr_netmask" '
                   'value="24"/></instance_attributes></primitive>', no_quorum_policy="ignore")
        interfaces = {node.interface(): node.number for node in self.cluster.nodes.values()}
        until(lambda: self.cluster.answers(address), "the address answers")
        at = interfaces[self.cluster.answers(address)]
        other, = self.others(at)
        self.cluster[at].kill()
        moved = self.cluster[other].interface()
        until(lambda: self.cluster.answers(address) == moved, "the address answers elsewhere")

    def test_n_who_decides_is_not_root(self):
        self.begin(1)
        def user(program):
            process, = self.cluster[1].processes(program)
            return os.stat(f"/proc/{process}").st_uid
        try:
            expected = pwd.getpwnam("hacluster").pw_uid
        except KeyError:
            expected = 0  # Pacemaker's packages make it
        until(lambda: user("gyre-rm") == expected, "it is hacluster")
        self.assertEqual(user("gyre-exec"), 0)
        written = self.cluster[1].folder / "rm/cib.xml"
        until(lambda: "stonith-enabled" in written.read_text(), "it still writes")

    def test_i_it_comes_back_with_what_was_configured(self):
        self.begin(2, dummy("d"), no_quorum_policy="ignore")
        self.where("d")
        for number in (1, 2):
            self.cluster[number].kill()
        for number in (1, 2):
            self.cluster[number].start()
        self.settled(1, 2)
        self.where("d")

    def test_k_an_operator_sees_and_leads_it(self):
        self.begin(2, no_quorum_policy="ignore")
        first, second = self.cluster[1], self.cluster[2]
        first.crm("crm", stdin="configure\nprimitive a ocf:heartbeat:Dummy op monitor "
                  "interval=1s\nprimitive b ocf:heartbeat:Dummy\ngroup g a b\ncommit\n")
        at = self.where("b")
        group = f"  * Resource Group: g:\n    * a\t(ocf:heartbeat:Dummy):\t Started n{at}\n"
        until(lambda: group in second.crm("crm_mon", "-1"), "its monitor is seen to recur")
        self.assertRegex(second.crm("crm_mon", "-1"), r"Last change:  \S.* by root via \S+ on n1\n")
        other, = self.others(at)
        second.crm("crm", "resource", "move", "g", f"n{other}")
        self.where("b", other)
        until(lambda: not self.cluster[at].runs("a"), "it has moved")
        second.crm("crm", "resource", "clear", "g")
        first.crm("crm", "node", "standby", f"n{other}")
        until(lambda: self.where("b") == at, "it has moved back")
        self.assertIn(f"  * Node n{other}: standby\n", first.crm("crm_mon", "-1"))
        self.assertEqual(second.crm("crm_resource", "-W", "-r", "a"),
                         f"resource a is running on: n{at}\n")

    def test_l_two_who_change_it_at_once_do_not_undo_each_other(self):
        self.begin(2, no_quorum_policy="ignore")
        writers = [(number, f"r{number}{index}") for index in range(10) for number in (1, 2)]
        with concurrent.futures.ThreadPoolExecutor(len(writers)) as pool:
            list(pool.map(lambda each: self.configure(each[0], dummy(each[1])), writers))
        names = {each.get("id") for each in self.cluster[2].document().iter("primitive")}
        self.assertEqual(names, {name for _, name in writers})
        self.settled(1, 2)

    def test_p_a_write_waits_for_as_long_as_it_is_told(self):
        self.begin(2, no_quorum_policy="ignore")
        self.cluster[2].pause("gyre-rm")  # so that it is not on all disks
        done = self.cluster[1].run(scenario.programs["gyre-crm"], "cibadmin", "-t", "200ms", "-C",
                                   "-o", "resources", "-X", dummy("d"))
        self.assertEqual(done.returncode, 124, done.stderr)
        self.assertIn("may yet come about", done.stderr)
        self.cluster[2].resume("gyre-rm")
        self.settled(1, 2)
        self.where("d")

    def test_m_with_fencing_on_and_no_device_nothing_starts_and_it_is_said(self):
        self.cluster = cluster.Cluster(self.folder.name, scenario.programs, 2)
        self.cluster.start()
        self.settled(1, 2)
        first = self.cluster[1]
        self.configure(1, dummy("d"))
        until(lambda: self.probed("d", 1) and self.probed("d", 2), "it is looked for")
        self.assertFalse(first.runs("d") or self.cluster[2].runs("d"))
        first.crm("crm_attribute", "-t", "crm_config", "-n", "stonith-enabled", "-v", "false")
        self.where("d")

    def test_o_where_fencing_is_on_a_person_says_that_a_node_is_down(self):
        self.begin(3)
        first = self.cluster[1]
        self.configure(1, '<primitive id="f" class="stonith" type="fence_absent"/>')
        first.crm("crm_attribute", "-t", "crm_config", "-n", "stonith-enabled", "-v", "true")
        self.configure(1, dummy("d"))
        at = self.where("d")
        self.cluster[at].kill()
        rest = self.others(at)
        until(lambda: f"n{at} has to be fenced" in "".join(
            self.cluster[each].log(500) for each in rest), "it is said that it waits")
        self.assertFalse(any(self.cluster[each].runs("d") for each in rest))
        one, another = (self.cluster[each] for each in rest)
        with self.assertRaises(cluster.Broken):
            one.crm("stonith_admin", "--confirm", another.name)  # which takes part
        one.crm("stonith_admin", "--confirm", f"n{at}")
        self.where("d", *rest)

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
    side_by_side.main(Live, Faults, Fencing)
