#!/usr/bin/env python3
"""Checks on random clusters, with fencing and policy stop, what must hold of every plan.

  plan         there is one
  cycle        no action waits for itself
  again        the same input gives the same graph, byte for byte
  exclusive    in no order that the graph allows is a resource active twice: a start comes after
               the stop, or the fencing, of every other place where it is or may be active (but
               for fence devices and requires=nothing or quorum: they do not wait for fencing)
  colocation   what must run together does, what must not does not, once the plan is done; but
               for what is blocked, unmanaged or failed
  order        what comes first starts first
  fixpoint     after at most three plans that were carried out there is nothing more to do, but for
               notifications of what is planned and cannot be done
  in flight    a start under way of a resource that has to do with nothing changes no other action

Every breach is named by its seed. Exit status 1 if there is any, but for those of the properties
that --tolerate names.
"""
import argparse
import collections
import functools
import pathlib
import re
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
import aftermath  # noqa: E402
import cluster  # noqa: E402
import differential  # noqa: E402
import plan  # noqa: E402
import program  # noqa: E402

PROPERTIES = ("plan", "cycle", "again", "exclusive", "colocation", "order", "fixpoint", "in flight")
PLANS_MAX = 3


class Described:
    """What the statements say of the resources that run once."""

    def __init__(self, lines):
        self.lines = lines
        self.nodes, self.members, cloned = [], {}, set()
        self.free = {line.split()[1] for line in lines  # of fencing
                     if re.match(r"\w+ (\S+ fence|.* requires=(nothing|quorum))\b", line)}
        for line in lines:
            verb, _, rest = line.partition(" ")
            words = rest.split()
            if verb == "nodes":
                self.nodes = words
            elif verb == "primitive":
                self.members[words[0]] = [words[0]]
            elif verb == "group":
                inner = words[1:words.index("meta") if "meta" in words else None]
                self.members[words[0]] = inner
            elif verb == "clone":
                cloned |= {words[1], *self.members[words[1]]}
        self.free |= {inner for name in self.free for inner in self.members.get(name, ())}
        self.members = {name: inner for name, inner in self.members.items() if name not in cloned}

    def constraints(self, pattern):
        """The matches of those between two resources that run once."""
        for line in self.lines:
            found = re.fullmatch(pattern, line)
            if found and all(name in self.members for name in found.groups()[-2:]):
                yield found.groups()


def places(described, text, heading):
    """{resource: nodes where it is active}, and those that are blocked, unmanaged or failed."""
    active, troubled = collections.defaultdict(set), set()
    for line in plan.section(text, heading):
        found = re.match(r"\* (\S+) \(\S+\): (.*)$", line)
        if found:
            active[found.group(1)] |= set(found.group(2).split()) & set(described.nodes)
            if re.search(r"blocked|unmanaged|FAILED|maintenance|UNCLEAN", found.group(2)):
                troubled.add(found.group(1))
    for line in plan.section(text, "Transition Summary"):
        if "blocked" in line:
            troubled |= set(line.split()) & described.members.keys()
    return active, troubled


def left_before(graph, action, resource, node):
    """Whether the resource is surely gone from the node when the action begins."""
    return any(other == f"{resource}_stop_0 {node}" or
               plan.is_fence(other) and other.endswith(f" {node}") and "-on " not in other
               for other in graph.before[action])


def exclusive(described, graph, active):
    starts = collections.defaultdict(list)
    for action in graph.actions:
        resource = plan.started(action)
        if resource in described.members and resource not in described.free:
            starts[resource].append(action)
    for resource, actions in starts.items():
        for action in actions:
            target = action.split(" ")[1]
            for node in active[resource] - {target}:
                if not left_before(graph, action, resource, node):
                    yield f"{action} before {resource} is gone from {node}"
        if len(actions) > 1:
            yield f"{resource} starts twice: {', '.join(sorted(actions))}"


def colocated(described, active, troubled):
    for score, one, two in described.constraints(r"colocation (-?INFINITY): (\S+) (\S+)"):
        inner = described.members[one] + described.members[two]
        if troubled & set(inner):
            continue
        here, there = (set().union(*(active[name] for name in described.members[of]))
                       for of in (one, two))
        if score == "INFINITY" and here - there or score == "-INFINITY" and here & there:
            yield f"{one} on {sorted(here)}, {two} on {sorted(there)} at {score}"


def ordered(described, graph):
    for first, then in described.constraints(r"order Mandatory: (\w\S*?)(?::start)? (\w\S*?)"):
        for before, after in ((one, two) for one in starts_of(described, graph, first)
                              for two in starts_of(described, graph, then)):
            if before not in graph.before[after]:
                yield f"{after} does not wait for {before}"


def starts_of(described, graph, name):
    return [action for action in graph.actions if plan.started(action) in described.members[name]]


def to_do(graph):
    return sorted(name for name in graph.actions
                  if not re.search(r"_(pre|post)_notify_\w+ ", name))


def fixpoint(options, path, graph, folder):
    for number in range(PLANS_MAX):
        if not to_do(graph):
            return
        output = folder / f"{number}.xml"
        program.simulate(options.program, path, ["-O", str(output)])
        aftermath.finish(output, graph)
        path = output
        got = program.simulate(options.program, path)
        if got.failure:
            yield f"plan {number + 2}: {got.failure}"
            return
        graph = got.graph
    if to_do(graph):
        yield f"plan {PLANS_MAX + 1} still has {', '.join(to_do(graph)[:3])}"


def in_flight(options, lines, described):
    """Two documents that differ in whether the start of a stranger is done or under way."""
    home = described.nodes[0]
    graphs = []
    for status in ("", "!pending"):
        text = cluster.document(lines + [
            "primitive stranger", f"location stranger INFINITY: {home}",
            f"on {home}: stranger.start{status}"])
        got = program.simulate_text(options.program, text)
        if got.failure:
            yield got.failure
            return
        graphs.append({name: {other for other in waits_for if "stranger" not in other}
                       for name, waits_for in got.graph.before.items() if "stranger" not in name})
    for name in sorted(graphs[0].keys() ^ graphs[1].keys()):
        yield f"{name} only with the start {'done' if name in graphs[0] else 'under way'}"
    for name in sorted(graphs[0].keys() & graphs[1].keys()):
        if graphs[0][name] != graphs[1][name]:
            yield f"{name} waits for others"


def breaches(options, case):
    """[(property, what broke it)] of a case; None if it is not of the kind."""
    lines = case.lines
    if "option stonith-enabled=true" not in lines or any("no-quorum-policy" in line or
                                                         "quorum no" in line for line in lines):
        return None
    described = Described(lines)
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        path = folder / "in.xml"
        path.write_text(case.document(), encoding="utf-8")
        got = program.simulate(options.program, path)
        if got.failure:
            return [("plan", got.failure)]
        active, _ = places(described, got.text, "Current cluster status")
        after, troubled = places(described, got.text, "Revised Cluster Status")
        again = program.simulate(options.program, path)
        found = {
            "cycle": [" < ".join(plan.cycle(got.graph))] if plan.cycle(got.graph) else [],
            "again": [] if (again.text, again.graph_text) == (got.text, got.graph_text)
            else ["another graph or text"],
            "exclusive": exclusive(described, got.graph, active),
            "colocation": colocated(described, after, troubled),
            "order": ordered(described, got.graph),
            "fixpoint": fixpoint(options, path, got.graph, folder),
            "in flight": in_flight(options, lines, described)}
        return [(kind, what) for kind in found for what in found[kind]]


def shrunk(options, task):
    """The case with what its first breach needs, and the breaches that are left."""
    case, kind = task

    def still(smaller):
        try:
            return kind in {there for there, _ in breaches(options, smaller) or ()}
        except (cluster.DescriptionError, ValueError, LookupError):
            return False  # less than a description

    case = differential.shrink(case, still, options.shrink_seconds)
    return case, breaches(options, case)


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--program", required=True,
                        help="path of a crm_simulate or of gyre-crm, or a command")
    parser.add_argument("--seeds", metavar="A..B", default="1..100",
                        help="from A up to and with B (default 1..100)")
    parser.add_argument("--tolerate", action="append", choices=PROPERTIES, default=[],
                        help="show breaches of this property, and do not fail for them")
    parser.add_argument("--shrink", type=int, default=2, metavar="N",
                        help="make N of the clusters smaller as long as they breach (default 2)")
    parser.add_argument("--shrink-seconds", type=float, default=20, metavar="S",
                        help="spend about S seconds on each (default 20)")
    parser.add_argument("-j", "--jobs", type=int, default=2)
    options = parser.parse_args()
    chosen = [differential.random_case(seed) for seed in differential.seeds(options.seeds)]
    results = program.in_parallel(functools.partial(breaches, options), chosen, options.jobs)
    counts = collections.Counter()
    worst = []
    for case, found in zip(chosen, results):
        counts.update({kind for kind, _ in found or ()})
        worst += [(case, kind) for kind, _ in (found or ())[:1] if kind not in options.tolerate]
        for kind, what in (found or ())[:4]:
            print(f"{case.name}: {kind}: {what}")
    for case, found in program.in_parallel(functools.partial(shrunk, options),
                                           worst[:options.shrink], options.jobs):
        print(f"\n{case.name} in short")
        print("\n".join("    " + line for line in case.lines))
        print("\n".join(f"  {kind}: {what}" for kind, what in found[:10]))
    print(f"{sum(found is not None for found in results)} clusters; breached in: " + (", ".join(
        f"{kind} {counts[kind]}" for kind in PROPERTIES if counts[kind]) or "none"))
    return 1 if set(counts) - set(options.tolerate) else 0


if __name__ == "__main__":
    sys.exit(main())
