"""What the scenarios on whole nodes have in common."""
import re
import tempfile
import unittest
import xml.etree.ElementTree as xml

import cluster
from cluster import until

# By name: gyred, gyre-rm, gyre-exec, pacemakerd and gyre-crm.
programs = {}

DUMMY = ('<primitive id="{0}" class="ocf" provider="{1}" type="Dummy"><operations>'
         '<op id="{0}-monitor" name="monitor" interval="1s"/></operations>{2}</primitive>')


def dummy(name, provider="heartbeat", **parameters):
    pairs = "".join(f'<nvpair id="{name}-{key}" name="{key}" value="{value}"/>'
                    for key, value in parameters.items())
    return DUMMY.format(name, provider, f'<instance_attributes id="{name}-attributes">{pairs}'
                        "</instance_attributes>" if pairs else "")


class Scenario(unittest.TestCase):
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

    def begin(self, count, *resources, absent=(), **properties):
        self.cluster = cluster.Cluster(self.folder.name, programs, count)
        there = [number for number in self.cluster.nodes if number not in absent]
        self.cluster.start(there)
        self.settled(*there)
        first = self.cluster[1]
        first.crm("crm", "configure", "property", "stonith-enabled=false",
                  *(f"{name.replace('_', '-')}={value}" for name, value in properties.items()))
        for resource in resources:
            self.configure(1, resource)

    def configure(self, number, resource):
        self.cluster[number].crm("cibadmin", "-C", "-o", "resources", "-X", resource)

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

    def nowhere(self, resource, *numbers):
        until(lambda: not any(self.cluster[number].runs(resource) for number in numbers),
              f"{resource} stops")

    def others(self, *numbers):
        return [each for each in self.cluster.nodes if each not in numbers]

    def coordinator(self, number):
        """As that node knows it."""
        return int(self.cluster[number].document().get("dc-uuid"))

    def under_way(self, resource, task, number):
        """On which node a task of it is under way, as that node knows; None: it is not."""
        path = (f"./status/node_state/lrm/lrm_resources/lrm_resource[@id='{resource}']/"
                f"lrm_rsc_op[@operation='{task}'][@op-status='-1']")
        found = self.cluster[number].document().find(path)
        return None if found is None else int(found.get("on_node")[1:])

    def cut(self, one, other, on):
        """Every node of one side from every node of the other."""
        pairs = [(a, b) for a in one for b in other]
        self.cluster.switch.cut(pairs + [(b, a) for a, b in pairs], on)

    def deeds(self, resource):
        """What the agents were asked to do with it: (when, begins or ends, node, task)."""
        line = re.compile(rf"^(\S+ \S+) gyre-exec\S* \w+: {resource}: (start|stop) (begins|is )")
        found = []
        for number, node in self.cluster.nodes.items():
            for each in (node.folder / "log").read_text(errors="replace").splitlines():
                if told := line.match(each):
                    found.append((told[1], told[3] == "begins", number, told[2]))
        return sorted(found)

    def online(self, number):
        return [state.get("uname") for state in self.cluster[number].document().iter("node_state")
                if state.get("crmd") == "online"]

    def monitored(self, resource, number):
        """The document has a result of its recurring monitor there."""
        path = (f"./status/node_state[@uname='n{number}']/lrm/lrm_resources/"
                f"lrm_resource[@id='{resource}']/lrm_rsc_op[@interval='1000'][@rc-code='0']")
        until(lambda: self.cluster[number].document().find(path) is not None,
              f"{resource} is monitored")

    def probed(self, resource, number):
        path = (f"./status/node_state[@uname='n{number}']/lrm/lrm_resources/"
                f"lrm_resource[@id='{resource}']/lrm_rsc_op[@rc-code='7']")
        return self.cluster[number].document().find(path) is not None
