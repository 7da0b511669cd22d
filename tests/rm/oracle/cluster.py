"""Turns the description of a small cluster into the document that crm_simulate reads.

A description is one statement a line, in words close to those of the crm shell; README.md lists
them. Ids are made up where the statement names none. Without a word on it there is quorum and
stonith-enabled=false, and the nodes n1 and n2 are online; a description that begins with nodes has
those nodes alone.
"""
import pathlib
import re
import shlex
import sys
import xml.etree.ElementTree as ElementTree

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
import constraints  # noqa: E402
import history  # noqa: E402
import rules  # noqa: E402

NODE_STATES = {  # in_ccm, crmd, join, expected
    "online": ("true", "online", "member", "member"),
    "lost": ("false", "offline", "down", "member"),
    "off": ("false", "offline", "down", "down"),
    "joining": ("true", "online", "pending", "member"),
    "welcomed": ("true", "online", "down", "down"),
    "crashed": ("true", "offline", "down", "member"),
    "banned": ("true", "online", "banned", "member"),
    "rumoured": (None, "online", "down", "down"),  # nobody has said whether it is there
}
DUMMY = "ocf:pacemaker:Dummy"
AGENTS = {"Stateful": "ocf:pacemaker:Stateful", "fence": "stonith:fence_ipmilan"}
SECTIONS = ("params", "meta", "op", "utilization")


class DescriptionError(Exception):
    """A statement that cannot be read."""


class Cluster:
    def __init__(self, lines):
        self.root = ElementTree.Element("cib", {
            "crm_feature_set": "3.16.1", "validate-with": "pacemaker-3.9", "admin_epoch": "0",
            "epoch": "1", "num_updates": "1", "have-quorum": "1"})
        self.configuration = ElementTree.SubElement(self.root, "configuration")
        self.status = ElementTree.SubElement(self.root, "status")
        self.parts = {name: ElementTree.SubElement(self.configuration, name)
                      for name in ("crm_config", "nodes", "resources", "constraints")}
        self.options = ElementTree.SubElement(self.parts["crm_config"], "cluster_property_set",
                                              id="options")
        self.states = {}   # node: one of NODE_STATES, or unseen
        self.remotes = {}  # remote node: the attributes of its state
        self.transient = {}  # node: {name: value}
        self.primitives = {}  # id: element, wherever it stands by now
        self.records = history.Records()
        self.now = None
        self.ids = 0
        if not lines or not lines[0].startswith("nodes "):
            lines = ["nodes n1 n2"] + lines
        for line in lines:
            self.read(line)
        try:
            self.finish()
        except (ValueError, KeyError) as error:
            raise DescriptionError(str(error)) from error

    def read(self, line):
        verb, _, rest = line.partition(" ")
        statement = getattr(self, "say_" + verb, None) or constraints.VERBS.get(verb)
        if statement is None:
            raise DescriptionError(f"no such statement: {line}")
        try:
            if verb in constraints.VERBS:
                statement(self, rest)
            else:
                statement(rest)
        except (ValueError, KeyError, IndexError, ElementTree.ParseError) as error:
            raise DescriptionError(f"{line}: {error!r}") from error

    def new_id(self, kind):
        self.ids += 1
        return f"{kind}-{self.ids}"

    def part(self, name):
        """A section of the configuration, made when it is first needed."""
        if name not in self.parts:
            self.parts[name] = ElementTree.SubElement(self.configuration, name)
        return self.parts[name]

    # The cluster and its nodes

    def say_option(self, rest):
        for name, value in assignments(shlex.split(rest)):
            for said in self.options.findall(f"nvpair[@name='{name}']"):
                self.options.remove(said)
            nvpair(self, self.options, name, value)

    def say_quorum(self, rest):
        self.root.set("have-quorum", {"yes": "1", "no": "0", "panic": "0"}[rest])
        if rest == "panic":  # there was a quorum, and it is lost
            self.root.set("no-quorum-panic", "1")

    def say_now(self, rest):
        self.now = int(rest)
        self.root.set("execution-date", rest)

    def say_nodes(self, rest):
        for name in rest.split():
            if name in self.states:
                continue
            self.states[name] = "online"
            self.transient[name] = {}
            ElementTree.SubElement(self.parts["nodes"], "node", id=self.node_id(name), uname=name)

    def say_remote(self, rest):
        """remote NAME [fenced]: a remote node of which the status says something."""
        name, *words = rest.split()
        self.remotes[name] = {"node_fenced": "1"} if words == ["fenced"] else {}
        self.transient[name] = {}

    def node_id(self, name):
        if name in self.remotes:
            return name
        return str(list(self.states).index(name) + 1)

    def say_node(self, rest):
        name, *words = shlex.split(rest)
        element = self.parts["nodes"].find(f"node[@uname='{name}']")
        if element is None:
            raise DescriptionError(f"node {name} is not among the nodes")
        for word in words:
            if word in NODE_STATES or word == "unseen":
                self.states[name] = word
            elif word == "shutdown":
                self.transient[name]["shutdown"] = "1700000000"
            elif word.startswith("utilization:"):
                held = child(self, element, "utilization")
                nvpair(self, held, *word.partition(":")[2].split("=", 1))
            else:
                nvpair(self, child(self, element, "instance_attributes"), *word.split("=", 1))

    def say_transient(self, rest):
        name, words = rest.split(":", 1)
        self.transient[name].update(assignments(shlex.split(words)))

    def say_tickets(self, rest):
        held = ElementTree.SubElement(self.status, "tickets")
        for name, state in assignments(rest.split()):
            ElementTree.SubElement(held, "ticket_state", {
                "id": name, "granted": str(state in ("granted", "standby")).lower(),
                "standby": str(state == "standby").lower(), "last-granted": "1700000000"})

    def say_topology(self, rest):
        target, levels = rest.split(": ", 1)
        for index, devices in enumerate(levels.split(), 1):
            level = ElementTree.SubElement(self.part("fencing-topology"), "fencing-level",
                                           id=self.new_id("level"), index=str(index),
                                           devices=devices)
            kind, _, value = target.rpartition("/")
            if kind.startswith("attribute="):
                level.set("target-attribute", kind.partition("=")[2])
                level.set("target-value", value)
            else:
                level.set("target-" + kind if kind else "target", value)

    def say_tag(self, rest):
        name, *members = rest.split()
        tag = ElementTree.SubElement(self.part("tags"), "tag", id=name)
        for member in members:
            ElementTree.SubElement(tag, "obj_ref", id=member)

    def say_xml(self, rest):
        """xml SECTION <ELEMENT/>: for what has no statement of its own."""
        section, text = rest.split(" ", 1)
        self.part(section).append(ElementTree.fromstring(text))

    # Resources

    def say_rsc_defaults(self, rest):
        held = ElementTree.SubElement(self.part("rsc_defaults"), "meta_attributes",
                                      id=self.new_id("defaults"))
        fill(self, held, shlex.split(rest))

    def say_op_defaults(self, rest):
        held = ElementTree.SubElement(self.part("op_defaults"), "meta_attributes",
                                      id=self.new_id("defaults"))
        fill(self, held, shlex.split(rest))

    def say_primitive(self, rest, tag="primitive"):
        name, *words = shlex.split(rest)
        element = ElementTree.SubElement(self.parts["resources"], tag, id=name)
        agent = words.pop(0) if words and words[0] not in SECTIONS else DUMMY
        if agent.startswith("@"):
            element.set("template", agent[1:])
        else:
            set_agent(element, AGENTS.get(agent, agent))
        self.describe(element, words)
        self.primitives[name] = element

    def say_template(self, rest):
        self.say_primitive(rest, "template")

    def say_group(self, rest):
        name, *words = shlex.split(rest)
        group = ElementTree.Element("group", id=name)
        while words and words[0] not in SECTIONS:
            group.append(self.take(words.pop(0)))
        self.describe(group, words)
        self.parts["resources"].append(group)

    def say_clone(self, rest):
        name, inner, *words = shlex.split(rest)
        clone = ElementTree.Element("clone", id=name)
        self.describe(clone, words)
        clone.append(self.take(inner))
        self.parts["resources"].append(clone)

    def take(self, name):
        element = self.parts["resources"].find(f"*[@id='{name}']")
        if element is None:
            raise ValueError(f"no resource {name} stands at the top")
        self.parts["resources"].remove(element)
        return element

    def describe(self, element, words):
        """params K=V.. meta K=V.. op NAME K=V..: sets of attributes, and operations."""
        operations = []
        while words:
            section, *words = words
            length = next((index for index, word in enumerate(words) if word in SECTIONS),
                          len(words))
            own, words = words[:length], words[length:]
            name = element.get("id")
            if section == "op":
                params = [word.partition(":")[2] for word in own if word.startswith("param:")]
                attributes = dict(assignments(
                    [word for word in own[1:] if not word.startswith("param:")]))
                operations.append(ElementTree.Element("op", {
                    "id": self.new_id(f"{name}-{own[0]}"), "name": own[0],
                    "interval": attributes.pop("interval", "0")} | attributes))
                for word in params:
                    nvpair(self, child(self, operations[-1], "instance_attributes"),
                           *word.split("=", 1))
            else:
                kind = {"params": "instance_attributes", "meta": "meta_attributes",
                        "utilization": "utilization"}[section]
                held = ElementTree.SubElement(element, kind, id=self.new_id(f"{name}-{section}"))
                fill(self, held, own)
        if operations:
            ElementTree.SubElement(element, "operations").extend(operations)

    # History

    def say_on(self, rest):
        node, tokens = rest.split(":", 1)
        self.node_id(node)
        self.records.add(node, tokens.split())

    def say_failcount(self, rest):
        node, tokens = rest.split(":", 1)
        for token in tokens.split():
            self.transient[node].update(history.failcount(token, self.now))

    def say_removed(self, rest):
        """removed ID AGENT: a resource of which only the history is left."""
        name, *agent = rest.split()
        element = ElementTree.Element("primitive", id=name)
        set_agent(element, AGENTS.get(agent[0], agent[0]) if agent else DUMMY)
        self.primitives[name] = element

    def say_probed(self, rest):
        """Each resource was found inactive wherever nothing else is said of it."""
        if rest:
            raise ValueError("probed stands alone")
        self.records.probed = True

    def finish(self):
        if self.options.find("nvpair[@name='stonith-enabled']") is None:
            nvpair(self, self.options, "stonith-enabled", "false")
        online = [name for name, state in self.states.items() if state == "online"]
        if online:
            self.root.set("dc-uuid", self.node_id(online[0]))
        if self.records.probed:
            for node in online:
                self.records.add_probes(node, self.resources_to_probe())
        for name, state in self.states.items():
            if state != "unseen":
                said = zip(("in_ccm", "crmd", "join", "expected"), NODE_STATES[state])
                self.finish_node(name, {key: value for key, value in said if value})
        for name, attributes in self.remotes.items():
            self.finish_node(name, {"remote_node": "true"} | attributes)

    def resources_to_probe(self):
        parents = {inner: outer for outer in self.root.iter() for inner in outer}
        for name, element in self.primitives.items():
            if element.tag == "template" or element not in parents:
                continue
            outer = parents[element]
            while outer.tag == "group":
                outer = parents[outer]
            copies = unique_instances(outer, len(self.states))
            yield from ([f"{name}:{index}" for index in range(copies)] if copies else [name])

    def finish_node(self, name, state):
        element = ElementTree.SubElement(self.status, "node_state", {
            "id": self.node_id(name), "uname": name} | state |
            {"crm-debug-origin": "post_cache_update"})
        if self.transient[name]:
            outer = ElementTree.SubElement(element, "transient_attributes", id=self.node_id(name))
            held = ElementTree.SubElement(outer, "instance_attributes", id=f"transient-{name}")
            for key, value in self.transient[name].items():
                nvpair(self, held, key, value)
        self.records.write(self, element, name)


def assignments(words):
    """NAME=VALUE words as pairs."""
    for word in words:
        if "=" not in word:
            raise ValueError(f"{word} is not NAME=VALUE")
        name, value = word.split("=", 1)
        yield name, value


def set_agent(element, agent):
    parts = agent.split(":")
    element.set("class", parts[0])
    if len(parts) == 3:
        element.set("provider", parts[1])
    element.set("type", parts[-1])


def child(cluster, element, tag):
    found = element.find(tag)
    if found is None:
        name = element.get("uname") or element.get("id")
        found = ElementTree.SubElement(element, tag, id=cluster.new_id(name))
    return found


def nvpair(cluster, held, name, value):
    ElementTree.SubElement(held, "nvpair", id=cluster.new_id(re.sub(r"\W", "_", name)),
                           name=name, value=value)


def fill(cluster, held, words):
    """[rule: "EXPRESSION"] [score: N] NAME=VALUE.. into a set of attributes."""
    while words and words[0] in ("rule:", "score:"):
        if words[0] == "rule:":
            rules.add(cluster, held, shlex.split(words[1]), score="INFINITY")
        else:
            held.set("score", words[1])
        words = words[2:]
    for name, value in assignments(words):
        nvpair(cluster, held, name, value)


def unique_instances(clone, nodes):
    """How many instances a globally unique clone has; 0 for all else."""
    if clone.tag != "clone":
        return 0
    meta = {pair.get("name"): pair.get("value") for pair in clone.findall("meta_attributes/nvpair")}
    return int(meta.get("clone-max", nodes)) if meta.get("globally-unique") == "true" else 0


def document(lines):
    """The text of the document that a description stands for."""
    root = Cluster([line for line in lines if line]).root
    ElementTree.indent(root)
    return ElementTree.tostring(root, encoding="unicode") + "\n"
