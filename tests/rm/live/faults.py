"""Nodes that die one after the other, that pause, that come while all is moving, and sides that
both write."""
import concurrent.futures

from cluster import Broken, until
from scenario import Scenario, dummy


class Faults(Scenario):
    def test_a_five_nodes_die_until_there_is_no_quorum(self):
        self.begin(5, dummy("a"), dummy("b"))
        dead = []
        for _ in range(2):
            dead.append(self.where("a"))
            self.cluster[dead[-1]].kill()
            for resource in "ab":
                self.where(resource, *self.others(*dead))
        dead.append(self.where("a"))
        self.cluster[dead[-1]].kill()
        rest = self.others(*dead)
        for resource in "ab":
            self.nowhere(resource, *rest)
        until(lambda: "partition WITHOUT quorum" in self.cluster[rest[0]].crm("crm_mon", "-1"),
              "it is said")
        back = dead.pop()
        self.cluster[back].start()
        self.settled(*self.others(*dead))
        for resource in "ab":
            self.where(resource, *self.others(*dead))

    def test_b_the_ring_of_a_node_pauses(self):
        self.pause_and_go_on("gyred")

    def test_c_a_whole_node_pauses(self):
        self.pause_and_go_on()

    def pause_and_go_on(self, *names):
        """Nothing is fenced, so what ran there runs on while the others begin it. Once the node
        goes on nothing is begun there or elsewhere while a copy runs, and one of them is left."""
        self.begin(3, dummy("d"))
        at = self.where("d")
        self.monitored("d", at)
        self.cluster[at].pause(*names)
        rest = self.others(at)
        self.settled(*rest)
        self.where("d", *rest)
        before = len(self.deeds("d"))
        self.cluster[at].resume(*names)
        self.settled(1, 2, 3)
        until(lambda: len(self.copies("d", before)) == 1, "one copy is left")
        started = [deed for deed in self.deeds("d")[before:] if deed[1] and deed[3] == "start"]
        self.assertLessEqual(len(started), 2, started)  # one for each of two plans

    def copies(self, resource, before):
        """Where it runs by its agents' word; behind the first deeds it is begun nowhere while it
        runs."""
        runs = set()
        for place, (_, begins, node, task) in enumerate(self.deeds(resource)):
            if task == "start" and begins:
                self.assertFalse(place >= before and runs, self.deeds(resource))
                runs.add(node)
            elif task == "stop" and not begins:
                runs.discard(node)
        return runs

    def test_d_what_is_begun_waits_for_no_lease_that_is_over(self):
        """A begin is delivered, but who has to carry it out gets to it when others may have carried
        it out already."""
        self.begin(3, dummy("d"), absent=())
        at = next(iter(self.others(self.coordinator(1))))
        node, asked = self.cluster[at], self.cluster[self.others(at)[0]]
        asked.crm("crm", "configure", "location", "there", "d", "100:", node.name)
        until(lambda: self.where("d") == at, "it is where it is to be")
        asked.crm("crm", "node", "standby", node.name)
        rest = self.others(at)
        self.where("d", *rest)
        self.settled(1, 2, 3)
        node.pause("gyre-rm")
        asked.crm("crm", "node", "online", node.name)
        until(lambda: self.under_way("d", "start", asked.number) == at, "it is to start there")
        node.pause("gyred")
        self.where("d", *rest)
        node.resume("gyre-rm")
        until(lambda: "start of d is not begun" in node.log(500), "its lease is over")
        self.assertFalse(node.runs("d"))
        node.resume("gyred")
        self.settled(1, 2, 3)
        until(lambda: self.where("d") == at, "it is where it is to be")

    def test_e_a_node_comes_while_all_is_moving(self):
        self.begin(3, absent=[3])
        self.configure(1, dummy("slow", "pacemaker", op_sleep="1"))
        until(lambda: self.under_way("slow", "start", 1), "its start is under way")
        names = {number: [f"r{number}{index}" for index in range(5)] for number in (1, 2)}

        def write(number):
            for name in names[number]:
                until(lambda: self.commit(number, name), "nobody else was faster")
        with concurrent.futures.ThreadPoolExecutor(2) as pool:
            writes = [pool.submit(write, number) for number in names]
            self.cluster[3].start()
            for each in writes:
                each.result()
        self.settled(1, 2, 3)
        known = {each.get("id") for each in self.cluster[3].document().iter("primitive")}
        self.assertEqual(known, {"slow", *names[1], *names[2]})
        for name in (*names[1], *names[2]):
            self.where(name)
        self.settled(1, 2, 3)

    def commit(self, number, name):
        """False: somebody else changed the configuration meanwhile."""
        try:
            self.cluster[number].crm("crm", "configure", "primitive", name, "ocf:heartbeat:Dummy",
                                     "op", "monitor", "interval=1s")
        except Broken as error:
            if "since it was read" not in str(error):
                raise
            return False
        return True

    def test_f_of_two_sides_that_write_the_greater_one_counts(self):
        self.begin(5, dummy("d"))
        few, many = (1, 2), (3, 4, 5)
        self.cut(few, many, True)
        for side in (few, many):
            names = [f"n{each}" for each in side]
            until(lambda: sorted(self.online(side[0])) == names, "it is parted")
        self.where("d", *many)
        self.configure(3, dummy("of3"))
        for name in ("of1", "another"):
            self.configure(1, dummy(name))
        self.cut(few, many, False)
        self.settled(*few, *many)
        names = {each.get("id") for each in self.cluster[1].document().iter("primitive")}
        self.assertEqual(names, {"d", "of3"})
        for number in few:
            node = self.cluster[number]
            def lost():  # a ring that broke on a busy machine may have left another
                return list((node.folder / "rm").glob("cib-lost-*.xml"))
            def ours():
                return [each for each in lost() if 'id="of1"' in each.read_text()]
            until(ours, "what gave way is kept")
            until(lambda: f"the configuration of this side is in {ours()[0]}" in node.log(500),
                  "the log says where")
            self.assertIn(f"is kept in {ours()[0]}", node.crm("crm_mon", "-1"))
            for each in lost():
                each.unlink()
            self.assertNotIn("is kept in", node.crm("crm_mon", "-1"))
        self.where("d")
