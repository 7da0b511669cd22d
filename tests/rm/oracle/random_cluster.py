"""Random clusters, as descriptions: the same seed gives the same cluster."""
import random

ROLES = {"plain": ("",), "promotable": ("", ":Promoted", ":Unpromoted")}
ACTIONS = {"plain": ("", ":start", ":stop"),
           "promotable": ("", ":start", ":stop", ":promote", ":demote")}


class Writer:
    """Writes one description; each part decides with the same dice."""

    def __init__(self, seed):
        self.dice = random.Random(seed)
        self.lines = []
        count = self.dice.choice([1, 2, 2, 3, 3, 4, 6])
        self.nodes = [f"n{number}" for number in range(1, count + 1)]
        self.online = list(self.nodes)
        self.tops = {}  # what constraints may name: plain or promotable
        self.plain = []  # primitives that run once: (id, monitor interval or None)
        self.copies = []  # primitives in anonymous clones: (id, interval, promotable)
        self.unique = []  # primitives in unique clones: (id, interval, instances)
        self.fencing = self.chance(0.5)
        self.dated = self.chance(0.15)

    def chance(self, probability):
        return self.dice.random() < probability

    def say(self, line):
        self.lines.append(line)

    def describe(self):
        self.say("nodes " + " ".join(self.nodes))
        if self.dated:
            self.say("now 1700000000")
        self.options()
        self.states()
        for number in range(self.dice.randint(1, 5)):
            self.resource(number)
        for _ in range(self.dice.choice([0, 0, 1, 1, 2, 3, 4])):
            self.constraint()
        self.history()
        if self.chance(0.8):
            self.say("probed")
        return self.lines

    # The cluster and its nodes

    def options(self):
        if self.fencing:
            self.say("option stonith-enabled=true")
            self.say('primitive fence-1 fence params pcmk_host_list="' + " ".join(self.nodes) + '"')
            self.plain.append(("fence-1", None))
        for option, probability in (
                ("symmetric-cluster=false", 0.05), ("stop-all-resources=true", 0.02),
                ("maintenance-mode=true", 0.04), ("start-failure-is-fatal=false", 0.1),
                ("concurrent-fencing=true", 0.1), ("startup-fencing=false", 0.05),
                ("stonith-action=off", 0.05), ("stop-orphan-resources=false", 0.03),
                ("enable-startup-probes=false", 0.03), ("remove-after-stop=true", 0.02)):
            if self.chance(probability):
                self.say("option " + option)
        if self.chance(0.2):
            self.say("option no-quorum-policy=" + self.dice.choice(
                ["stop", "freeze", "ignore", "demote"]))
        if self.chance(0.12):
            self.say("quorum no")
        if self.chance(0.06):
            self.say("option node-health-strategy=" + self.dice.choice(
                ["only-green", "migrate-on-red", "progressive"]) + " node-health-yellow=-20")
            self.say(f"transient {self.dice.choice(self.nodes)}: #health-disk="
                     + self.dice.choice(["red", "yellow", "green"]))
        if self.chance(0.3):
            self.say(f"rsc_defaults resource-stickiness={self.dice.choice([1, 50, 100])}")

    def states(self):
        for node in self.nodes:
            if self.chance(0.1):
                self.say(f"node {node} rack={self.dice.choice('xy')}")
            if self.chance(0.72):
                continue
            state = self.dice.choice(["lost", "lost", "off", "standby=on", "standby=on",
                                      "maintenance=true", "shutdown", "joining", "unseen"])
            self.say(f"node {node} {state}")
            if state in ("off", "unseen"):
                self.online.remove(node)

    # Resources

    def meta(self, *extra):
        words = [word for word, probability in extra if self.chance(probability)]
        for word, probability in (
                (f"resource-stickiness={self.dice.choice([0, 10, 100, 'INFINITY'])}", 0.12),
                (f"priority={self.dice.choice([1, 5, 10])}", 0.1),
                ("target-role=Stopped", 0.08), ("is-managed=false", 0.05),
                (f"migration-threshold={self.dice.choice([1, 2, 3])}", 0.15),
                ("multiple-active=" + self.dice.choice(["block", "stop_only"]), 0.05),
                ("failure-timeout=60s", 0.5 if self.dated else 0),
                ("requires=" + self.dice.choice(["nothing", "quorum"]), 0.05)):
            if self.chance(probability):
                words.append(word)
        return " meta " + " ".join(words) if words else ""

    def primitive(self, name, promotable=False, extra=()):
        interval = self.dice.choice([None, "10s", "20s"])
        line = f"primitive {name}" + (" Stateful" if promotable else "") + " params x=1 y=2"
        if interval:
            line += f" op monitor interval={interval}"
            if promotable:
                line += f" role=Promoted op monitor interval=1{interval} role=Unpromoted"
            elif self.chance(0.15):
                line += " on-fail=" + self.dice.choice(
                    ["ignore", "block", "stop", "fence", "standby"])
        if self.chance(0.06):
            line += " op monitor interval=33s role=Stopped"
        if self.chance(0.08):
            line += f" op {self.dice.choice(['start', 'stop'])} interval=0 on-fail=" + \
                self.dice.choice(["ignore", "block", "fence"])
        self.say(line + self.meta(*extra))
        return name, interval

    def resource(self, number):
        kind = self.dice.choice(["plain", "plain", "plain", "group", "group", "clone", "clone",
                                 "promotable", "promotable", "cloned group", "unique"])
        if kind == "plain":
            held = self.primitive(f"r{number}", extra=[("allow-migrate=true", 0.2)])
            self.plain.append(held)
            self.tops[held[0]] = "plain"
            return
        if kind in ("group", "cloned group"):
            members = [self.primitive(f"g{number}-{index}")
                       for index in range(self.dice.randint(1, 3))]
            self.say(f"group g{number} " + " ".join(name for name, _ in members) + self.meta())
            if kind == "group":
                self.plain += members
                self.tops[f"g{number}"] = "plain"
                return
            self.copies += [member + (False,) for member in members]
            inner = f"g{number}"
        elif kind == "unique":
            instances = self.dice.randint(1, 4)
            self.unique.append(self.primitive(f"d{number}") + (instances,))
            self.say(f"clone c{number} d{number}" + self.meta(
                ("globally-unique=true", 1), (f"clone-max={instances}", 1),
                ("clone-node-max=2", 0.6), ("interleave=true", 0.2), ("notify=true", 0.1)))
            self.tops[f"c{number}"] = "plain"
            return
        else:
            promotable = kind == "promotable"
            self.copies.append(self.primitive(f"d{number}", promotable) + (promotable,))
            inner = f"d{number}"
        extra = [("interleave=true", 0.4), ("notify=true", 0.25), ("ordered=true", 0.1),
                 (f"clone-max={self.dice.randint(1, 3)}", 0.25), ("clone-min=1", 0.08)]
        if kind == "promotable":
            extra.append(("promotable=true", 1))
            extra.append(("promoted-max=2", 0.15))
        self.say(f"clone c{number} {inner}" + self.meta(*extra))
        self.tops[f"c{number}"] = "promotable" if kind == "promotable" else "plain"

    # Constraints

    def score(self):
        return self.dice.choice(["INFINITY", "INFINITY", "INFINITY", "-INFINITY", "100", "10",
                                 "-10", "500"])

    def two(self):
        names = sorted(self.tops)
        return self.dice.sample(names, 2) if len(names) > 1 else None

    def constraint(self):
        kind = self.dice.choice(["location", "location", "colocation", "order", "both", "set",
                                 "ticket"])
        names = sorted(self.tops)
        if kind == "location":
            self.location(self.dice.choice(names))
        elif kind == "ticket" and self.chance(0.3):
            self.say("tickets T=" + self.dice.choice(["granted", "revoked", "standby"]))
            self.say(f"ticket T: {self.dice.choice(names)} loss-policy="
                     + self.dice.choice(["stop", "freeze", "demote"]))
        elif self.two() is not None:
            self.pair(kind, *self.two())

    def location(self, name):
        node = self.dice.choice(self.nodes)
        if self.chance(0.08):
            how = self.dice.choice(["never", "exclusive"])
            self.say(f"location {name} resource-discovery={how} "
                     f"{'-INFINITY' if how == 'never' else '0'}: {node}")
        elif self.chance(0.75):
            self.say(f"location {name} {self.score()}: {node}")
        elif self.tops[name] == "promotable" and self.chance(0.5):
            self.say(f"location {name} rule role=Promoted {self.score()}: #uname eq {node}")
        else:
            self.say(f"location {name} rule {self.score()}: rack eq x or #uname eq {node}")

    def pair(self, kind, one, two):
        if kind in ("colocation", "both"):
            role = self.dice.choice(ROLES[self.tops[two]])
            own = self.dice.choice(ROLES[self.tops[one]]) if self.chance(0.3) else ""
            score = "INFINITY" if kind == "both" else self.score()
            self.say(f"colocation {score}: {one}{own} {two}{role}")
        if kind in ("order", "both"):
            how = self.dice.choice(["Mandatory", "Mandatory", "Mandatory", "Optional", "Serialize"])
            first = self.dice.choice(ACTIONS[self.tops[two]])
            then = self.dice.choice(ACTIONS[self.tops[one]]) if first and self.chance(0.5) else ""
            plain = first in ("", ":start", ":promote") and then in ("", ":start", ":promote")
            self.say(f"order {how}: {two}{first} {one}{then}"
                     + ("" if plain and self.chance(0.85) else " symmetrical=false"))
        if kind == "set":
            names = self.dice.sample(sorted(self.tops), min(len(self.tops), 3))
            opening, closing = self.dice.choice(["{}", "()", "[]", "{}"])
            text = opening + " ".join(names[:2]) + closing
            text += "".join(" {" + name + "}" for name in names[2:])
            colocated = opening != "[" and self.chance(0.4)
            self.say(("colocation INFINITY: " if colocated else "order Mandatory: ") + text)

    # History

    def history(self):
        for node in self.nodes:
            for name, _, promotable in self.copies:
                if promotable and self.chance(0.6):
                    self.say(f"transient {node}: master-{name}={self.dice.choice([1, 5, 10, 100])}")
        if self.chance(0.12) or not self.online:
            return  # a fresh start
        home = self.dice.choice(self.online)
        for name, interval in self.plain:
            if self.chance(0.3):
                home = self.dice.choice(self.online)
            if self.chance(0.8):
                self.active(home, name, interval)
            if self.chance(0.03) and len(self.online) > 1:
                self.active(self.dice.choice(self.online), name, interval)
        for name, interval, instances in self.unique:
            for index in range(instances):
                if self.chance(0.8):
                    self.active(self.dice.choice(self.online), f"{name}:{index}", interval)
        for name, interval, promotable in self.copies:
            promoted = self.dice.choice(self.online) if promotable and self.chance(0.7) else None
            for node in self.online:
                if self.chance(0.85):
                    self.active(node, name, interval, promotable, node == promoted)
        if self.chance(0.05):
            self.say("removed gone")
            self.say(f"on {home}: gone.start")

    def active(self, node, name, interval, promotable=False, promoted=False):
        """A resource that runs on a node, or has failed there, or was stopped."""
        words = [f"{name}.start" + self.dice.choice([""] * 18 + ["#changed", "#reload"])]
        failed = None
        fate = self.dice.random()
        if fate < 0.02:
            words = [f"{name}.probe={self.dice.choice([0, 0, 1, 5])}"]
        elif fate < 0.03 and len(self.online) > 1 and ":" not in name and not promotable:
            self.migrated(node, name)
            return
        elif fate < 0.05:
            words = [f"{name}.start!pending"]
        elif fate < 0.08:
            words = [f"{name}.start=1"]
            failed = f"{name}.start=INFINITY"
        else:
            if promoted:
                words.append(f"{name}.promote")
            if interval:
                period = interval if promoted or not promotable else f"1{interval}"
                code = self.dice.choice([None] * 7 + ["7", "1"])
                mark = f"={code}(8)" if code and promoted else f"={code}" if code else \
                    "=8(8)" if promoted else ""
                words.append(f"{name}.monitor/{period}{mark}")
                if code and self.chance(0.9):
                    failed = f"{name}.monitor/{period}={self.dice.choice([1, 1, 2, 3])}"
            if self.chance(0.05):
                # Not one under way: until that has ended Gyre, unlike the oracle, begins nothing.
                words.append(f"{name}.stop" + self.dice.choice(["", "", "=1", ""]))
        age = f"^{self.dice.choice([10, 500])}" if self.dated else ""
        self.say(f"on {node}: " + " ".join(word + age for word in words))
        if failed:
            self.say(f"failcount {node}: {failed}{age}")

    def migrated(self, node, name):
        """A migration at some point of its way."""
        target = self.dice.choice([other for other in self.online if other != node])
        here, there = self.dice.choice([
            ("", f"{name}.migrate_from:{node}"), ("", ""), ("!pending", ""), ("=1", ""),
            ("", f"{name}.migrate_from:{node}=1"), ("", f"{name}.migrate_from:{node}!pending")])
        self.say(f"on {node}: {name}.start {name}.migrate_to:{target}{here}")
        if there:
            self.say(f"on {target}: {there}")


def describe(seed):
    return Writer(seed).describe()
