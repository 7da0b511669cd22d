#!/usr/bin/env python3
"""usage: links.py --build DIR [--kills N] [--rounds N] [--json FILE]

What two links are worth, and what the second one costs: three sealed gyred in network namespaces
with two networks, under load of 100 messages a second from each; needs root. They sleep while
nothing comes (poll: wait), or two cores would have no time for who looks at them.

For each link_mode one of the two links is killed N times (1000): by turns that chance draws, its
whole network, the cable or the interface of one node, or one way between two nodes (where there is
nft), for 20 to 150 ms. Then it is whole again, all nodes are told to use it (corosync-cfgtool -r,
or a link that fails over and over would be kept out for longer and longer), and it is waited for.
After each second kill comes a span as long in which nothing happens. Of each span: the longest
time between two messages of one node at another, which is its gap. Who has seen enough ends it
with SIGINT, and has the figures of as many kills as there were.

  beyond  the 99th percentile of the gaps of the spans with a kill, minus that of those without

A machine that is shared keeps its processors from everybody at times, for many milliseconds; a
process of the highest priority on each of them (bench/hiccups.py) notes when. All figures come
twice: as they were, and with the time in which a processor was kept away taken off each gap.

A second active link is measured beside one link, in turn, N rounds (10), between two nodes, which
have a processor each on a machine of two: the latency of `gyre bench latency` and how often the
devices of all nodes called the kernel for each of its messages, which says something on a busy
machine, too; and what is sent for each frame of the ring under the full load of `gyre bench
throughput`.
"""
import argparse
import bisect
import itertools
import json
import os
import pathlib
import random
import shutil
import signal
import statistics
import subprocess
import sys
import time

import lab

MODES = ("active", "rr", "passive")
RATE = 100
HOLD = (0.02, 0.15)  # seconds
GOOD_MAX = 30.0      # until links are good again
SETTLED = 0.2        # longer than a fault takes to be found


class LinksLab(lab.SealedLab):
    """Nodes on some networks, in the form of the first Corosync."""

    def __init__(self, build, links, mode):
        super().__init__(build, "udp", ("poll: wait",))
        self.links, self.mode = range(links), mode

    def bridge(self, link):
        return f"{self.name}-{link}"

    def port(self, node, link):
        return f"{self.name}.{node}{link}"

    def address_on(self, link, node=0):
        return f"10.{70 + 60 * link + lab.Lab.count}.0.{node}"

    def build_network(self):
        for link in self.links:
            lab.run("ip", "link", "add", self.bridge(link), "type", "bridge", "stp_state", "0",
                    "mcast_snooping", "0")
            lab.run("ip", "link", "set", self.bridge(link), "up")
        for node in lab.NODES:
            net = f"{self.name}-n{node}"
            lab.run("ip", "netns", "add", net)
            lab.run("ip", "-n", net, "link", "set", "lo", "up")
            for link in self.links:
                lab.run("ip", "link", "add", self.port(node, link), "type", "veth", "peer", "name",
                        f"e{link}", "netns", net)
                lab.run("ip", "link", "set", self.port(node, link), "master", self.bridge(link),
                        "up")
                lab.run("ip", "-n", net, "addr", "add", f"{self.address_on(link, node)}/24", "dev",
                        f"e{link}")
                lab.run("ip", "-n", net, "link", "set", f"e{link}", "up")
        if shutil.which("nft"):
            self.nft(f"add table bridge {self.name}\nadd chain bridge {self.name} forward "
                     "{ type filter hook forward priority 0; }\n")

    def take_network_away(self):
        gone = [["ip", "netns", "delete", f"{self.name}-n{node}"] for node in lab.NODES]
        gone += [["ip", "link", "delete", self.port(node, link)]
                 for node in lab.NODES for link in self.links]
        gone += [["ip", "link", "delete", self.bridge(link)] for link in self.links]
        if shutil.which("nft"):
            gone.append(["nft", "delete", "table", "bridge", self.name])
        for command in gone:
            subprocess.run(command, stderr=subprocess.DEVNULL, check=False)

    def nft(self, program):
        lab.run("nft", "-f", "-", input=program)

    def inside(self, node, *command):
        return ["ip", "netns", "exec", f"{self.name}-n{node}", *map(str, command)]

    def configuration(self, _node):
        lines = ["totem {", " version: 2", " cluster_name: lab", " token: 1000",
                 *[f" {setting}" for setting in self.settings]]
        if len(self.links) > 1:
            lines.append(f" link_mode: {self.mode}")
        for link in self.links:
            lines += [" interface {", f"  ringnumber: {link}",
                      f"  bindnetaddr: {self.address_on(link)}",
                      f"  mcastaddr: 239.255.42.{1 + link}", " }"]
        return "\n".join([*lines, "}", *self.own_sections(0)]) + "\n"

    # Links.

    def ask(self, node, *words):
        return self.gyre(*words, "--run-dir", self.folder / f"{node}/run")

    def wait_until_good(self):
        """No link of any node has had a fault for as long as one takes to be found."""
        begin = since = time.monotonic()
        while time.monotonic() < since + SETTLED:
            try:
                for node in lab.NODES:
                    self.ask(node, "cfgtool", "-s")
            except lab.LabError as fault:
                since = time.monotonic()
                if since > begin + GOOD_MAX:
                    raise fault
            time.sleep(0.02)

    def reenable(self):
        asked = [subprocess.Popen([self.build / "tools/gyre", "cfgtool", "-r", "--run-dir",
                                   self.folder / f"{node}/run"], stdout=subprocess.DEVNULL)
                 for node in lab.NODES]
        if any(one.wait() for one in asked):
            raise lab.LabError("links are not used again")

    def counters(self):
        """Of all nodes together: what their devices sent, how much of it were probes, how many
        frames their rings had them send, and how often the devices called the kernel."""
        sent = probes = frames = calls = 0
        for node in lab.NODES:
            groups = json.loads(self.ask(node, "status", "--json"))["counters"]
            sent += groups["transport"]["sent"]
            probes += sum(groups.get(f"link{link}", {}).get("probes_sent", 0)
                          for link in self.links)
            frames += groups["ring"]["data_sent"] + groups["ring"]["tokens_sent"]
            calls += groups["transport"]["system_calls"]
        return sent, probes, frames, calls


class Killer:
    """What it did to a link, and how that ends."""

    def __init__(self, cluster, seed):
        self.cluster, self.draw = cluster, random.Random(seed)
        self.kinds = ["network", "cable", "interface"] + ["one way"] * bool(shutil.which("nft"))

    def kill(self):
        cluster, draw = self.cluster, self.draw
        link, (node, other) = draw.choice(cluster.links), draw.sample(lab.NODES, 2)
        kind = draw.choice(self.kinds)
        if kind == "one way":
            chain = f"bridge {cluster.name} forward"
            cluster.nft(f"add rule {chain} iifname {cluster.port(node, link)} "
                        f"oifname {cluster.port(other, link)} drop\n")
            return kind, lambda: cluster.nft(f"flush chain {chain}\n")
        what = {"network": ["link", "set", cluster.bridge(link)],
                "cable": ["link", "set", cluster.port(node, link)],
                "interface": ["-n", f"{cluster.name}-n{node}", "link", "set", f"e{link}"]}[kind]
        lab.run("ip", *what, "down")
        return kind, lambda: lab.run("ip", *what, "up")


def go_through(cluster, kills, seed):
    """The spans with a kill and of what kind each was, and the spans without."""
    killer, killed, kinds, calm = Killer(cluster, seed), [], [], []
    try:
        for number in range(kills):
            begin = time.monotonic_ns()
            kind, mend = killer.kill()
            time.sleep(killer.draw.uniform(*HOLD))
            mend()
            cluster.reenable()
            cluster.wait_until_good()
            end = time.monotonic_ns()
            killed.append((begin, end))
            kinds.append(kind)
            if number % 2 == 0:
                time.sleep((end - begin) / 1e9)
                calm.append((end, time.monotonic_ns()))
            if (number + 1) * 10 % kills < 10:
                print(f"  {number + 1} kills", flush=True)
    except KeyboardInterrupt:
        print(f"  ended after {len(killed)} kills", flush=True)
    return killed, kinds, calm


def started(commands, word):
    """Processes of real time that have said that they run; each ends with its input."""
    processes = [subprocess.Popen(["chrt", "--rr", "1", *map(str, command)],
                                  stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
                                  start_new_session=True)
                 for command in commands]
    for process, command in zip(processes, commands):
        if process.stdout.readline() != word + "\n":
            raise lab.LabError(f"{command[0]} does not start")
    return processes


def start_loads(cluster):
    return started([(cluster.build / "bench/gaps", cluster.folder / f"{node}/run", RATE,
                     len(lab.NODES), cluster.folder / f"came{node}") for node in lab.NODES],
                   "sending")


def watch_processors(cluster):
    return started([(sys.executable, pathlib.Path(__file__).with_name("hiccups.py"), processor,
                     cluster.folder / f"hiccups{processor}")
                    for processor in sorted(os.sched_getaffinity(0))], "watching")


def end_loads(loads):
    for load in loads:
        load.stdin.close()
    for load in loads:
        if load.wait(timeout=60) != 0:
            raise lab.LabError("a program of the load failed")


class Hiccups:
    """When a processor was kept from everybody, as intervals that do not touch."""

    def __init__(self, paths):
        self.begins, self.ends = [], []
        for begin, end in sorted(tuple(map(int, line.split())) for path in paths
                                 for line in open(path, encoding="ascii")):
            if self.ends and begin <= self.ends[-1]:
                self.ends[-1] = max(self.ends[-1], end)
            else:
                self.begins.append(begin)
                self.ends.append(end)

    def within(self, begin, end):
        first, last = bisect.bisect_right(self.ends, begin), bisect.bisect_left(self.begins, end)
        return sum(min(self.ends[at], end) - max(self.begins[at], begin)
                   for at in range(first, last))


class Came:
    """What one program was given."""

    def __init__(self, path):
        self.views, self.times, self.lost, self.doubled = 0, {}, 0, 0
        last = {}
        with open(path, encoding="ascii") as lines:
            for line in lines:
                word, *numbers = line.split()
                if word == "v":
                    self.views += 1
                    continue
                node, number, came = map(int, numbers)
                step = number - last.get(node, 0)
                self.lost += max(step - 1, 0)
                self.doubled += step < 1
                last[node] = max(number, last.get(node, 0))
                self.times.setdefault(node, []).append(came)
        self.messages = sum(map(len, self.times.values()))

    def gaps(self, spans, hiccups):
        """The longest one of each span as (it, the longest without hiccups), in ms. Spans are in
        order and touch no other."""
        longest, without = [0] * len(spans), [0] * len(spans)
        for times in self.times.values():
            which = 0
            for before, after in itertools.pairwise(times):
                while which < len(spans) and spans[which][1] < before:
                    which += 1
                if which == len(spans):
                    break
                if after > spans[which][0]:
                    gap = after - before
                    longest[which] = max(longest[which], gap)
                    if gap > without[which]:
                        gap -= hiccups.within(before, after)
                        without[which] = max(without[which], gap)
        return [(gap / 1e6, net / 1e6) for gap, net in zip(longest, without)]


def percentile(values, share):
    ordered = sorted(values)
    return ordered[min(int(share * len(ordered)), len(ordered) - 1)]


def summary(gaps):
    return {key: {"p50": percentile(some, 0.5), "p99": percentile(some, 0.99), "most": max(some)}
            for key, some in zip(("ms", "own_ms"), zip(*gaps))}


def measure_kills(build, mode, kills, seed):
    with LinksLab(build, 2, mode) as cluster:
        cluster.wait_until_good()
        loads, watches = start_loads(cluster), watch_processors(cluster)
        killed, kinds, calm = go_through(cluster, kills, seed)
        end_loads(loads + watches)
        came = [Came(cluster.folder / f"came{node}") for node in lab.NODES]
        hiccups = Hiccups(cluster.folder.glob("hiccups*"))

    def of_all(spans):
        return [tuple(map(max, zip(*each)))
                for each in zip(*(one.gaps(spans, hiccups) for one in came))]
    gaps = of_all(killed)
    found = {"mode": mode, "kills": len(killed), "seed": seed,
             "views": sum(one.views - 1 for one in came),
             "messages": sum(one.messages for one in came),
             "lost": sum(one.lost for one in came), "doubled": sum(one.doubled for one in came),
             "killed": summary(gaps), "calm": summary(of_all(calm)),
             "kinds": {kind: summary([gap for gap, which in zip(gaps, kinds) if which == kind])
                       for kind in sorted(set(kinds))}}
    found["beyond"] = {key: found["killed"][key]["p99"] - found["calm"][key]["p99"]
                       for key in found["calm"]}
    return found


def measure_costs(build, rounds):
    """One link and two active ones, in turn."""
    lab.NODES = (1, 2)
    found = {1: [], 2: []}
    for _ in range(rounds):
        for links in found:
            with LinksLab(build, links, "active") as cluster:
                cluster.wait_until_good()
                at_first = cluster.counters()
                latency = cluster.latency(64, 2)
                before = cluster.counters()
                cluster.throughput(1024, 2, len(lab.NODES))
                after = cluster.counters()
                sent, probes, frames, _ = (late - early for late, early in zip(after, before))
                found[links].append({"latency_us": latency["p50_us"],
                                     "calls": (before[3] - at_first[3]) / latency["messages"],
                                     "sent": sent / frames,
                                     "sent_without_probes": (sent - probes) / frames})
    return {"rounds": found, **{
        key: statistics.median(two[key] / one[key] for one, two in zip(found[1], found[2]))
        for key in ("latency_us", "calls", "sent", "sent_without_probes")}}


def print_kills(all_of):
    for one in all_of:
        print(f"\n{one['mode']}: {one['kills']} kills, {one['views']} views, {one['messages']} "
              f"messages, {one['lost']} lost, {one['doubled']} doubled\n"
              f"{'gaps, ms':12} {'p50':>6} {'p99':>6} {'most':>6}   own {'p50':>6} {'p99':>6} "
              f"{'most':>6}")
        for name, gaps in [*one["kinds"].items(), ("all kills", one["killed"]),
                           ("calm", one["calm"])]:
            print(f"{name:12} " + "       ".join(
                " ".join(f"{gaps[key][share]:6.1f}" for share in ("p50", "p99", "most"))
                for key in ("ms", "own_ms")))
        print(f"{'beyond':19} {one['beyond']['ms']:6.1f} {one['beyond']['own_ms']:27.1f}")


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", required=True, type=pathlib.Path)
    parser.add_argument("--kills", type=int, default=1000)
    parser.add_argument("--modes", nargs="*", choices=MODES, default=MODES)
    parser.add_argument("--rounds", type=int, default=10)
    parser.add_argument("--seed", type=int, default=random.randrange(1_000_000))
    parser.add_argument("--json", type=pathlib.Path)
    chosen = parser.parse_args()
    if why := lab.why_not_namespaces():
        sys.exit(f"links: {why}")
    signal.signal(signal.SIGINT, signal.default_int_handler)  # also in the background
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("links: ended"))  # and take all away
    build, found = chosen.build.resolve(), {"kills": []}
    for mode in chosen.modes:
        print(f"{mode}, seed {chosen.seed}", flush=True)
        found["kills"].append(measure_kills(build, mode, chosen.kills, chosen.seed))
    print_kills(found["kills"])
    if chosen.rounds:
        found["cost"] = measure_costs(build, chosen.rounds)
        print(f"\na second active link: latency {found['cost']['latency_us']:.2f} x, calls of "
              f"the kernel per message {found['cost']['calls']:.2f} x, sent per "
              f"frame {found['cost']['sent']:.2f} x, without probes "
              f"{found['cost']['sent_without_probes']:.2f} x")
    if chosen.json:
        chosen.json.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
