"""What crm_simulate says of one input, and how two such answers compare.

An action is written "KEY NODE", as in "ip_start_0 n1", "cancel:ip_monitor_9000 n1" and
"fence:n2-reboot n2". Only what reaches a node is an action here; the pseudo events of a graph
carry order and nothing else.
"""
import difflib
import functools
import re
import xml.etree.ElementTree as ElementTree

LEVELS = {
    "L1": "the same places: lines of the revised cluster status",
    "L2": "the same summary: its lines without their reasons",
    "L3": "the same actions on the same nodes",
    "L4": "and in the same order",
    "L4s": "L3, and every order that is wanted is there",
    "L4w": "L3, and no order that is not wanted is there",
    "L5": "L4, and the same pseudo events and direct edges",
    "L6": "L5, and the same parameters, meta attributes and priorities",
    "text": "the same text, but for white space",
}


class Graph:
    """The actions of a plan, its pseudo events, and who waits for whom."""

    def __init__(self, edges, details=None):
        self.edges = edges  # name: the names that it waits for directly
        self.details = details  # name: what else a graph says of it, if this came from one
        self.actions = {name for name in edges if not is_pseudo(name)}

    @functools.cached_property
    def before(self):
        """For each action the actions that must be complete first, through pseudo events."""
        rank = {name: index for index, name in enumerate(self.edges)}
        mask = [0] * len(rank)
        order, knots = self.topological()
        changed = True
        while changed:  # twice and more where there is a cycle
            changed = False
            for name in order + knots:
                known = mask[rank[name]]
                for other in self.edges[name]:
                    known |= mask[rank[other]] | 1 << rank[other]
                if known != mask[rank[name]]:
                    mask[rank[name]], changed = known, True
            changed = changed and bool(knots)
        return {name: frozenset(other for other in self.actions
                                if mask[rank[name]] >> rank[other] & 1) for name in self.actions}

    def topological(self):
        """Names with predecessors first, and those that wait for a cycle or are in one."""
        order, left = [], {name: len(edges) for name, edges in self.edges.items()}
        followers = {name: [] for name in self.edges}
        for name, edges in self.edges.items():
            for other in edges:
                followers[other].append(name)
        ready = [name for name, count in left.items() if not count]
        while ready:
            order.append(ready.pop())
            for name in followers[order[-1]]:
                left[name] -= 1
                if not left[name]:
                    ready.append(name)
        return order, [name for name in self.edges if left[name]]


def cycle(graph):
    """Names of which each waits for the next, and the last is the first again; none at all."""
    knots = set(graph.topological()[1])
    walk = sorted(knots)[:1]
    while walk:
        walk.append(min(graph.edges[walk[-1]] & knots))
        if walk[-1] in walk[:-1]:
            return walk[walk.index(walk[-1]):]
    return []


def read_graph(text):
    """The graph of crm_simulate -G; ParseError where it is none."""
    names = {}  # by the graph's own numbers
    synapses = ElementTree.fromstring(text).findall("synapse")
    for synapse in synapses:
        for element in synapse.find("action_set"):
            names[element.get("id")] = name_of(element)
    edges = {name: set() for name in names.values()}
    details = {name: {} for name in edges}
    for synapse in synapses:
        waits_for = {names[trigger.get("id")] for trigger in synapse.findall("inputs/trigger/*")
                     if trigger.get("id") in names}
        for element in synapse.find("action_set"):
            name = names[element.get("id")]
            edges[name] |= waits_for - {name}
            details[name] = details_of(element) | {"priority": synapse.get("priority", "0")}
    return Graph(edges, details)


def details_of(element):
    """Every attribute of an action and what is in it, but for the graph's numbers and versions."""
    found = {f"{part.tag} {name}": value for part in element.iter()
             for name, value in part.items()}
    return {name: value for name, value in found.items()
            if name not in (f"{element.tag} id", "attributes crm_feature_set")}


def reduced(graph):
    """{action: the actions right before it}: what no action between them implies."""
    return {name: sorted(other for other in graph.before[name]
                         if not any(other in graph.before[middle] and name not in
                                    graph.before[middle] for middle in graph.before[name]))
            for name in sorted(graph.actions)}


def is_pseudo(name):
    return name.startswith("pseudo:")


def is_fence(name):
    return name.startswith("fence:")


def name_of(element):
    key = element.get("operation_key") or element.get("operation") or ""
    if element.tag == "pseudo_event":
        return "pseudo:" + key
    if element.tag == "crm_event" and element.get("operation") in ("stonith", "fence"):
        key = "fence:" + re.sub(r"^(stonith|fencing)-", "", key)
    if element.get("operation") == "cancel":
        key = "cancel:" + key  # the key is that of the monitor
    return f"{key} {element.get('on_node')}"


def section(text, heading):
    """The lines below a heading, up to the next heading."""
    found = re.search(rf"^{heading}:\n((?: .*\n|\n)*)", text, re.M)
    lines = found.group(1).splitlines() if found else []
    return [" ".join(line.split()) for line in lines if line.strip()]


def without_reason(line):
    """A line of the summary: what happens where, not why."""
    fence = re.match(r"\* Fence \(\S+\) \S+", line)
    return fence.group() if fence else re.sub(r"\) .*$", ")", line)


def started(name):
    """The resource that an action starts, or None."""
    key = name.split(" ")[0]
    return key[:-len("_start_0")] if key.endswith("_start_0") else None


def needed_before(graph):
    """(start, predecessor): fencing, and the stop of the same resource, before each start."""
    for action in graph.actions:
        resource = started(action)
        if resource is None or is_fence(action):
            continue
        for other in graph.before[action]:
            if is_fence(other) or other.split(" ")[0] == resource + "_stop_0":
                yield action, other


class Answer:
    """One run's text and graph; instead of a graph a word on why there is none."""

    def __init__(self, text, graph, failure=None):
        # The one thing in a text that depends on when it was written: an injected failure's time.
        self.text = re.sub(r"(Injecting attribute last-failure-\S+?=)\d+", r"\1NOW", text)
        self.graph, self.failure = graph, failure
        self.graph_text = ""  # the graph as the program wrote it
        self.complaints = ""  # what the program said on standard error

    def summary(self):
        return sorted(without_reason(line) for line in section(self.text, "Transition Summary"))

    def status(self):
        return sorted(section(self.text, "Revised Cluster Status"))


def compare(wanted, got):
    """{level: whether it holds}, with U (a start lacks what must come before it) and jaccard."""
    result = {level: False for level in LEVELS} | {"U": False, "jaccard": 0.0}
    if got.failure:
        return result
    result["L1"] = wanted.status() == got.status()
    result["L2"] = wanted.summary() == got.summary()
    result["text"] = wanted.text.split() == got.text.split()
    ours, theirs = got.graph, wanted.graph
    both = ours.actions | theirs.actions
    result["jaccard"] = len(ours.actions & theirs.actions) / len(both) if both else 1.0
    result["U"] = any(other not in ours.before[action] for action, other in needed_before(theirs)
                      if action in ours.actions)
    if ours.actions == theirs.actions:
        result["L3"] = True
        result["L4"] = ours.before == theirs.before
        result["L4s"] = all(theirs.before[name] <= ours.before[name] for name in ours.actions)
        result["L4w"] = all(ours.before[name] <= theirs.before[name] for name in ours.actions)
        result["L5"] = result["L4"] and ours.edges == theirs.edges
        result["L6"] = result["L5"] and ours.details == theirs.details
    return result


def first_only(pairs, graph):
    """Of missing or surplus pairs (action, predecessor) those that do not follow from another."""
    for action, other in sorted(pairs):
        if not any((action, middle) in pairs or (middle, other) in pairs
                   for middle in graph.before[action] if other in graph.before[middle]):
            yield action, other


def detail_difference(wanted, got):
    """What is said otherwise of the actions that both have, where both say more than the order."""
    for name in sorted(wanted.actions & got.actions):
        if wanted.details and got.details:
            one, two = wanted.details[name], got.details[name]
            for key in sorted(one.keys() | two.keys()):
                if one.get(key) != two.get(key):
                    yield f"  {name}: {key}: - {one.get(key)} + {two.get(key)}"


def pairs(graph, among):
    return {(name, other) for name in among for other in graph.before[name] if other in among}


def difference(wanted, got, texts=True, details=False):
    """Lines that say what one answer has and the other has not; none if they agree.

    Actions and their order always; attributes with details; with texts summary and status, and
    where those agree the whole text.
    """
    if got.failure:
        return [f"  the program failed: {got.failure}"]
    lines = []
    for mark, one, two in (("-", wanted, got), ("+", got, wanted)):
        lines += [f"  {mark} {name}" for name in sorted(one.graph.actions - two.graph.actions)]
    among = wanted.graph.actions & got.graph.actions
    one, two = pairs(wanted.graph, among), pairs(got.graph, among)
    lines += [f"  - {other}  before  {action}" for action, other in
              first_only(one - two, wanted.graph)]
    lines += [f"  + {other}  before  {action}" for action, other in
              first_only(two - one, got.graph)]
    if details:
        lines += detail_difference(wanted.graph, got.graph)
    for of in (Answer.summary, Answer.status) if texts else ():
        one, two = of(wanted), of(got)
        lines += [f"  - {line}" for line in one if line not in two]
        lines += [f"  + {line}" for line in two if line not in one]
    return lines or (text_difference(wanted, got) if texts else [])


def text_difference(wanted, got):
    """The lines of the text that stand in one only, or elsewhere."""
    one, two = ([" ".join(line.split()) for line in answer.text.splitlines() if line.strip()]
                for answer in (wanted, got))
    return [f"  {line[0]} {line[1:]}" for line in difflib.unified_diff(one, two, n=0, lineterm="")
            if not line.startswith(("---", "+++", "@@"))]
