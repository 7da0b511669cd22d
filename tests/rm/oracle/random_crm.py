"""Lines for `crm configure` at random, of what is allowed; the same for the same seed."""
import random

AGENTS = ("Dummy", "ocf:heartbeat:Dummy", "ocf:pacemaker:Dummy", "ocf:pacemaker:Stateful",
          "stonith:fence_ipmilan", "systemd:foo@bar", "lsb:foo")
VALUES = ("1", "abc", '"two words"', "10.0.0.1", "/dev/sda1", '"a;b"', "'x\"y'", '"it\'s"', "a=b",
          "#x", "$y", "10s", "-5", "a_b.c-d", "x:y")
SCORES = ("inf:", "-inf:", "100:", "0:", "-5:", "INFINITY:", "-INFINITY:", "pingd:")
ROLES = ("Started", "Master", "Slave", "Promoted", "Unpromoted")
ACTIONS = ("start", "stop", "promote", "demote")


class Lines:
    def __init__(self, seed):
        self.random = random.Random(seed)
        self.made, self.free, self.names = [], [], 0

    def some(self, chance=0.5):
        return self.random.random() < chance

    def one(self, things):
        return self.random.choice(things)

    def name(self, prefix):
        self.names += 1
        return f"{prefix}{self.names}"

    def pairs(self, names=("a", "b", "ip", "state", "x-y")):
        chosen = self.random.sample(names, self.random.randint(1, 3))
        return " ".join(f"{name}={self.one(VALUES)}" for name in chosen)

    def expression(self):
        kind = self.random.randrange(5)
        if kind == 0:
            return f"{self.one(('defined', 'not_defined'))} {self.one(('pingd', 'x'))}"
        if kind == 1:
            return f"date {self.one(('lt', 'gt'))} 20{self.random.randint(10, 30)}-01-02"
        if kind == 2:
            return self.one(("date in start=2009-05-26 end=2010-05-26",
                             "date in start=2009-05-26 months=2",
                             "date spec hours=9-16 weekdays=1-5"))
        operation = self.one(("", "number:", "version:")) + self.one(("lt", "gt", "eq", "ne"))
        return f"{self.one(('#uname', 'pingd', 'x'))} {operation} {self.one(('node1', '5', 'a.b'))}"

    def rule(self, scores=SCORES):
        joint = self.one((" and ", " or "))
        said = joint.join(self.expression() for _ in range(self.random.randint(1, 3)))
        role = f"$role={self.one(ROLES)} " if self.some(0.2) else ""
        return f"rule {role}{self.one(scores)} {said}"

    def attributes(self):
        score = f"{self.random.randint(1, 9)}: " if self.some(0.2) else ""
        rule = self.rule(("inf:", "100:")) + " " if self.some(0.2) else ""
        return f"{score}{rule}{self.pairs()}"

    def operation(self):
        text = "op " + self.one(("monitor", "start", "stop"))
        if text == "op monitor" or self.some(0.3):
            text += f" interval={self.one(('10s', '1m', '30'))}"
        if self.some():
            text += f" timeout={self.one(('20s', '60'))}"
        if self.some(0.2):
            text += f" role={self.one(ROLES)}"
        if "interval" in text and self.some(0.2):
            text += " OCF_CHECK_LEVEL=10"
        elif self.some(0.2):
            text += f" {self.one(('op_params', 'op_meta'))} {self.attributes()}"
        return text

    def primitive(self):
        name = self.name("p")
        parts = [f"primitive {name} {self.one(AGENTS)}"]
        for keyword in ("params", "meta", "utilization"):
            if self.some(0.4):
                parts.append(f"{keyword} {self.attributes()}")
        if self.some(0.6):
            parts.append(" ".join(self.operation() for _ in range(self.random.randint(1, 2))))
        first, rest = parts[0], parts[1:]
        self.random.shuffle(rest)
        self.made.append(name)
        self.free.append(name)
        return " ".join([first, *rest])

    def take(self, kinds="pg"):
        name = self.one([name for name in self.free if name[0] in kinds])
        self.free.remove(name)
        self.made.remove(name)
        return name

    def group(self):
        members = [self.take("p") for _ in range(self.random.randint(1, 3))]
        name = self.name("g")
        self.made.append(name)
        self.free.append(name)
        meta = f" meta {self.pairs()}" if self.some() else ""
        return f"group {name} {' '.join(members)}{meta}"

    def clone(self):
        member = self.take()
        name = self.name("c")
        self.made.append(name)
        return f"{self.one(('clone', 'ms'))} {name} {member}" + (
            f" meta {self.pairs()}" if self.some() else "")

    def references(self, words, count):
        chosen = self.random.sample(self.made, min(count, len(self.made)))
        return [one + (f":{self.one(words)}" if self.some(0.3) else "") for one in chosen]

    def sets(self, words):
        """At least two, with or without brackets."""
        count = self.random.randint(2, 5)
        names = self.references(words, count)
        if len(names) < 3 or self.some(0.4):
            return " ".join(names)
        cut = self.random.randint(1, len(names) - 1)
        opened, closed = self.one(("()", "[]"))
        if self.some():
            return f"{' '.join(names[:cut])} {opened} {' '.join(names[cut:])} {closed}"
        return f"{opened} {' '.join(names[:cut])} {closed} {' '.join(names[cut:])}"

    def location(self):
        what = self.one(self.made) if self.some(0.8) else "/p.*/"
        role = f" role={self.one(ROLES)}" if self.some(0.2) else ""
        text = f"location {self.name('l')} {what}{role}"
        if self.some():
            return f"{text} {self.one(SCORES)} node{self.random.randint(1, 2)}"
        return " ".join([text] + [self.rule() for _ in range(self.random.randint(1, 2))])

    def colocation(self):
        tail = " node-attribute=rack" if self.some(0.2) else ""
        return f"colocation {self.name('k')} {self.one(SCORES)} {self.sets(ROLES)}{tail}"

    def order(self):
        kind = self.one(("", "Mandatory: ", "Optional: ", "Serialize: ", "inf: ", "0: ", "10: "))
        tail = f" symmetrical={self.one(('true', 'false'))}" if self.some(0.3) else ""
        return f"order {self.name('o')} {kind}{self.sets(ACTIONS)}{tail}"

    def ticket(self):
        names = " ".join(self.references(ROLES, self.random.randint(1, 3)))
        tail = f" loss-policy={self.one(('stop', 'fence', 'freeze'))}" if self.some() else ""
        return f"rsc_ticket {self.name('t')} T: {names}{tail}"

    def tag(self):
        colon = self.one((":", ""))
        return f"tag {self.name('tag')}{colon} {' '.join(self.random.sample(self.made, 1))}"

    def options(self):
        names = ("stonith-action", "no-quorum-policy", "batch-limit", "x")
        return self.one((f"property {self.pairs(names)}",
                         f"property {self.name('set')}: {self.pairs(names)}",
                         f"rsc_defaults {self.pairs(names)}",
                         f"op_defaults {self.pairs(names)}"))

    def node(self):
        return f"node node{self.random.randint(1, 2)} attributes {self.pairs()}"


def lines(seed):
    made = Lines(seed)
    text = [made.primitive() for _ in range(made.random.randint(6, 12))]
    text += [made.group() for _ in range(made.random.randint(0, 1))]
    text += [made.clone() for _ in range(made.random.randint(0, 2)) if made.free]
    rest = (made.location, made.colocation, made.order, made.ticket, made.tag)
    text += [made.one(rest)() for _ in range(made.random.randint(5, 15))]
    text += [made.options() for _ in range(made.random.randint(0, 4))]
    if made.some(0.3):
        text.append("fencing_topology p1 p2")
    if made.some(0.3):
        text.append(made.node())
    return text
