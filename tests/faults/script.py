"""The script of a fault run: what goes wrong when, drawn from a seed. Pure."""

import random
from dataclasses import dataclass

# kind: (weight, what exclusive thing of a node it takes: its processes, its cable, or nothing)
KINDS = {
    "kill": (4, "node"),    # SIGKILL of the daemon, started again at the end
    "crash": (2, "node"),   # the same for all programs of the node
    "leave": (2, "node"),   # orderly stop, started again at the end
    "pause": (4, "node"),   # SIGSTOP, SIGCONT
    "ifdown": (2, "node"),  # the interface is down: nothing can be started that binds to it
    "unplug": (3, "link"),  # its port of the bridge is down
    "loss": (3, "link"),    # 5 % of what its port carries is lost, both ways
    "split": (4, None),     # the bridge falls into two halves
    "cut": (4, None),       # some pairs hear each other in one direction only
}
LOSS_PERCENT = 5

# Seconds, against a token timeout of 0.3: below it, around it, and long enough to form new rings.
GAPS = [(0, 0), (0.02, 0.3), (0.3, 1.0), (1.0, 2.2)]
DURATIONS = [(0.03, 0.25), (0.25, 0.8), (0.8, 2.5)]


@dataclass(frozen=True)
class Fault:
    number: int
    kind: str
    begin: float
    end: float
    nodes: tuple = ()  # the node that it hits, or one half of a split
    pairs: tuple = ()  # directed (from, to): frames on this way are lost

    def __str__(self):
        what = " ".join(map(str, self.nodes))
        if self.kind == "cut":
            what = " ".join(f"{a}→{b}" for a, b in self.pairs)
        return f"{self.number:3} {self.kind:6} {what} for {self.end - self.begin:.2f} s"


def split_pairs(half, nodes):
    """The directed pairs that a split of `nodes` into `half` and the rest separates."""
    rest = [node for node in nodes if node not in half]
    return tuple((a, b) for x in half for y in rest for a, b in ((x, y), (y, x)))


def make_script(seed, count, nodes):
    """`count` faults on `nodes`, by time of begin; the same for the same arguments."""
    draw = random.Random(seed)
    busy_until = {}  # (thing, node) → time
    script = []
    now = 0.0
    while len(script) < count:
        now += draw.uniform(*draw.choice(GAPS))
        end = now + draw.uniform(*draw.choice(DURATIONS))
        kind = draw.choices(list(KINDS), [weight for weight, _ in KINDS.values()])[0]
        thing = KINDS[kind][1]
        hit, pairs = (), ()
        if thing:
            free = [node for node in nodes if busy_until.get((thing, node), -1) < now]
            if not free:
                continue
            hit = (draw.choice(free),)
            busy_until[thing, hit[0]] = end
        elif kind == "split":
            hit = tuple(sorted(draw.sample(nodes, draw.randint(1, len(nodes) // 2))))
            pairs = split_pairs(hit, nodes)
        else:
            ways = [(a, b) for a in nodes for b in nodes if a != b]
            pairs = tuple(sorted(draw.sample(ways, draw.choice([1, 1, 2, 4]))))
        script.append(Fault(len(script) + 1, kind, round(now, 3), round(end, 3), hit, pairs))
    return script


def steps(script):
    """(time, begins, fault) in the order in which they are to be done."""
    both = [(f.begin, True, f) for f in script] + [(f.end, False, f) for f in script]
    return sorted(both, key=lambda step: (step[0], step[1], step[2].number))
