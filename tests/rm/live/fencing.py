"""Nodes that are fenced: what they ran is started elsewhere once they are surely down."""
import signal

from cluster import Cluster, until
from power import DEVICE, PASSWORD, Power
import scenario
from scenario import Scenario, dummy

STUBBORN = """#!/bin/sh
[ "$1" = stop ] && [ -e {0}/stubborn ] && exit 1
exec /usr/lib/ocf/resource.d/heartbeat/Dummy "$@"
"""


class Fencing(Scenario):
    def tearDown(self):
        if self.cluster:
            self.power.end()
        super().tearDown()

    def begin_fencing(self, resource, failures=0):
        """Where the resource runs, on one of three nodes each of which can fence the others."""
        self.cluster = Cluster(self.folder.name, scenario.programs, 3)
        self.power = Power(self.cluster, failures)
        agent = self.cluster.folder / "ocf/test/Stubborn"
        agent.parent.mkdir(parents=True)
        agent.write_text(STUBBORN.format(self.cluster.folder))
        agent.chmod(0o755)
        self.cluster.start()
        self.settled(1, 2, 3)
        self.configure(1, DEVICE)
        self.configure(1, resource)
        at = self.where("d")
        self.settled(1, 2, 3)
        return at

    def starts(self, at):
        """When its start was begun elsewhere."""
        return [when for when, begins, number, task in self.deeds("d")
                if begins and task == "start" and number != at]

    def fenced(self, at):
        """It was, and only then was the resource started elsewhere, once."""
        self.where("d", *self.others(at))
        self.assertEqual({each.number for each in self.power.deeds}, {at})
        done = [each.when for each in self.power.deeds if each.done]
        self.assertEqual(len(done), 1, self.power.deeds)
        starts = self.starts(at)
        self.assertEqual(len(starts), 1, starts)
        self.assertLessEqual(done[0], starts[0])
        told = f"reboot of n{at} by power on n"
        rest = self.cluster[self.others(at)[0]]
        self.assertIn(told, rest.crm("stonith_admin", "--history", f"n{at}"))
        self.assertIn("power\n1 fence device found", rest.crm("stonith_admin", "-L"))
        for node in self.cluster.nodes.values():
            self.assertNotIn(PASSWORD, (node.folder / "log").read_text(errors="replace"))

    def lose(self, at):
        """Others do not see it any more, and it runs what it ran."""
        self.cluster[at].signal("gyred", signal.SIGKILL)

    def agents(self):
        """Of fencing, that run."""
        return [process for each in self.cluster.nodes.values() if each.is_begun()
                for process in each.processes("fence_power")]

    def test_a_what_a_lost_node_ran_is_started_once_it_is_fenced(self):
        at = self.begin_fencing(dummy("d"))
        self.lose(at)
        self.fenced(at)

    def test_b_a_fence_agent_that_fails_is_asked_until_it_succeeds(self):
        at = self.begin_fencing(dummy("d"), failures=5)
        self.lose(at)
        self.fenced(at)
        self.assertEqual([each.done for each in self.power.deeds], 5 * [False] + [True])

    def test_c_what_cannot_be_stopped_is_ended_with_its_node(self):
        at = self.begin_fencing(dummy("d", "test").replace("Dummy", "Stubborn"))
        (self.cluster.folder / "stubborn").touch()
        self.cluster[self.others(at)[0]].crm("crm", "node", "standby", f"n{at}")
        self.fenced(at)

    def test_d_what_a_node_ran_that_cannot_be_fenced_is_started_nowhere(self):
        at = self.begin_fencing(dummy("d"), failures=1000)
        self.lose(at)
        until(lambda: len(self.power.deeds) >= 5, "it is tried again")
        rest = self.others(at)
        self.settled(*rest)
        self.assertEqual(self.starts(at), [])
        self.assertTrue(self.cluster[at].runs("d"))
        until(lambda: "could not be" in "".join(self.cluster[each].log(500) for each in rest),
              "it is said")
        self.power.failures = 0
        self.fenced(at)

    def test_e_who_is_about_to_fence_dies_and_it_is_done_all_the_same(self):
        at = self.begin_fencing(dummy("d"))
        self.power.silent = 1
        self.lose(at)
        until(self.power.leaves_unanswered, "the agent waits")
        self.assertEqual(len(self.agents()), 1)
        for each in self.others(at):
            self.cluster[each].signal("gyre-exec", signal.SIGKILL)
        self.fenced(at)
        until(lambda: not self.agents(), "no agent is left")

    def test_f_a_node_whose_manager_does_not_come_back_is_fenced(self):
        at = self.begin_fencing(dummy("d"))
        for program in ("pacemakerd", "gyre-rm"):  # the ring goes on, and so does what runs
            self.cluster[at].signal(program, signal.SIGKILL)
        self.fenced(at)

    def test_g_who_coordinates_dies_while_a_fencing_is_under_way(self):
        at = self.begin_fencing(dummy("d"))
        rest = self.others(at)
        self.power.silent = 1
        self.lose(at)
        until(self.power.leaves_unanswered, "the agent waits")
        coordinator = self.coordinator(rest[0])
        before, = self.cluster[coordinator].processes("gyre-rm")
        self.cluster[coordinator].signal("gyre-rm", signal.SIGKILL)
        until(lambda: self.cluster[coordinator].processes("gyre-rm") not in ([], [before]),
              "it is begun again")
        self.settled(*rest)
        self.assertEqual(self.starts(at), [])
        self.power.answer()
        self.where("d", *rest)
        # Of what nobody heard the end nobody knows: it may have been asked for again.
        self.assertEqual({each.number for each in self.power.deeds}, {at})
        starts = self.starts(at)
        self.assertEqual(len(starts), 1, starts)
        self.assertLessEqual(self.power.deeds[0].when, starts[0])
