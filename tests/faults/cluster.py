"""The nodes of a fault run as one: started, led through the script, brought to rest, stopped."""

import json
import os
import selectors
import signal
import subprocess
import time

from node import Node, config, node_id
from script import steps
from switch import Switch

FORM_MAX = 30.0   # seconds until all nodes share a view, from a start or after the last fault
DRAIN_MAX = 30.0  # until all have all last messages
RESTS_MAX = 3     # attempts to stop all nodes while no ring is being formed
STOP_MAX = 10.0   # for an orderly stop, also when nobody hears it


class Broken(Exception):
    """The cluster did what it must not do."""


class Cluster:
    def __init__(self, switch, chosen, binaries):
        self._switch, self._chosen, self._binaries = switch, chosen, binaries
        folder = chosen.inside
        with open(os.path.join(folder, "conf"), "w") as conf:
            conf.write(self._configuration())
        self._nodes = {number: Node(number, folder, binaries, chosen.rate)
                       for number in switch.nodes}
        self._ids = sorted(node_id(chosen.transport, number) for number in switch.nodes)
        self._selector = selectors.DefaultSelector()
        self._recent = []  # faults, for whoever asks why

    def _configuration(self):
        return config(self._chosen.transport, self._switch.nodes)

    def start(self):
        for node in self._nodes.values():
            node.start_daemon()
            self._start_load(node)
        taken = self._await(self._whole, FORM_MAX, "the first view of all")
        print(f"all share a view after {taken:.2f} s")

    def go_through(self, script):
        begun = time.monotonic()
        count = len(script)
        for at, begins, fault in steps(script):
            self._listen(begun + at)
            step = f"{at:8.3f} {'begin' if begins else 'end  '} {fault}"
            self._recent = [*self._recent[-11:], step]
            (self._begin if begins else self._end)(fault, self._nodes.get((*fault.nodes, 0)[0]))
            if begins and (fault.number * 10) % count < 10:
                print(f"{fault.number:5} faults after {time.monotonic() - begun:6.1f} s, views: "
                      + ", ".join(str(len(members)) for members in self._views()))

    def come_to_rest(self):
        taken = self._await(self._whole, FORM_MAX, "one view after the last fault")
        print(f"all share a view {taken:.2f} s after the last fault")
        for node in self._nodes.values():
            node.finish()
        self._await(self._drained, DRAIN_MAX, "the last messages everywhere")
        self._await(self._told, FORM_MAX, "one view at the end, told alike by stream and tool")

    def verdict(self):
        """What the checker finds, at an instant at which all nodes stand still. On a busy machine
        the token may just have been lost again: then the recordings keep every guarantee, but do
        not end at rest, and the nodes get another chance to."""
        for chances_left in reversed(range(RESTS_MAX)):
            self._pause(True)
            at_rest = self._check("--quiescent")
            if at_rest.returncode == 0 or chances_left == 0 or self._check().returncode != 0:
                break
            print("a ring was being formed when the nodes were stopped; they go on")
            self._pause(False)
            self._await(self._told, FORM_MAX, "one view at the end")
        self._kill()
        print(at_rest.stdout + at_rest.stderr, end="")
        return at_rest.returncode

    def _pause(self, on):
        for node in self._nodes.values():
            node.pause(on)

    def _kill(self):
        for node in self._nodes.values():
            node.kill_daemon()
            node.daemon_ended(STOP_MAX)
            self._selector.unregister(node.load.stdout)
            node.kill_load()

    def _check(self, *options):
        return subprocess.run(
            [self._binaries["check-recordings"], *options, *self._recordings()],
            capture_output=True, text=True)

    def _recordings(self):
        return [path for node in self._nodes.values() for path in node.recordings()]

    def tell_more(self):
        print("the last steps:", *self._recent, sep="\n  ")
        for number, node in self._nodes.items():
            print(f"node {number}: view {node.view}; its log ends:", *node.log_tail(), sep="\n  ")

    def _begin(self, fault, node):
        match fault.kind:
            case "kill": node.kill_daemon()
            case "crash":
                self._selector.unregister(node.load.stdout)
                node.kill_load()
                node.kill_daemon()
            case "leave": node.stop_daemon()
            case "pause": node.pause(True)
            case "ifdown": self._switch.interface(node.number, False)
            case "unplug": self._switch.port(node.number, False)
            case "loss": self._switch.loss(node.number, True)
            case "split" | "cut": self._switch.cut(fault.pairs, True)

    def _end(self, fault, node):
        match fault.kind:
            case "kill" | "crash" | "leave": self._start_again(fault, node)
            case "pause": node.pause(False)
            case "ifdown": self._switch.interface(node.number, True)
            case "unplug": self._switch.port(node.number, True)
            case "loss": self._switch.loss(node.number, False)
            case "split" | "cut": self._switch.cut(fault.pairs, False)

    def _start_again(self, fault, node):
        try:
            status = node.daemon_ended(STOP_MAX)
        except subprocess.TimeoutExpired:
            raise Broken(f"node {node.number} does not stop within {STOP_MAX:.0f} s") from None
        # Before its first view a daemon may not have got as far as to take the signal.
        if fault.kind == "leave" and status != 0 and (node.view or status != -signal.SIGTERM):
            raise Broken(f"node {node.number} stops with status {status}")
        node.view = None
        node.start_daemon()
        if fault.kind == "crash":
            self._start_load(node)

    def _start_load(self, node):
        node.start_load()
        self._selector.register(node.load.stdout, selectors.EVENT_READ, node)

    def _listen(self, until):
        """Takes what the programs say until that time, or once if it has passed."""
        while True:
            left = until - time.monotonic()
            for key, _ in self._selector.select(max(left, 0)):
                for what in key.data.read_load():
                    raise Broken(f"node {key.data.number}: {what}")
            for node in self._nodes.values():
                if trouble := node.trouble():
                    raise Broken(f"node {node.number}: {trouble}")
            if left <= 0:
                return

    def _await(self, done, seconds, what):
        begun = time.monotonic()
        while not done():
            now = time.monotonic()
            if now > begun + seconds:
                raise Broken(f"{what}: not within {seconds:.0f} s; views " +
                             ", ".join(str(node.view) for node in self._nodes.values()))
            self._listen(min(now + 0.1, begun + seconds))
        return time.monotonic() - begun

    def _views(self):
        return [node.view.split()[1].split(",") if node.view else []
                for node in self._nodes.values()]

    def _whole(self):
        views = {node.view for node in self._nodes.values()}
        return len(views) == 1 and sorted(map(int, self._views()[0])) == self._ids

    def _drained(self):
        return all(sorted(node.lasts) == self._ids for node in self._nodes.values())

    def _told(self):
        """All share a view, and the tool tells of the same one as the stream."""
        return self._whole() and all(self._members(node) == node.view
                                     for node in self._nodes.values())

    def _members(self, node):
        told = subprocess.run(
            ["ip", "netns", "exec", Switch.namespace(node.number), self._binaries["gyre"],
             "members", "--json", "--run-dir", node.run_dir],
            capture_output=True, text=True, timeout=STOP_MAX)
        if told.returncode != 0:
            raise Broken(f"node {node.number}: gyre members: {told.stderr.strip()}")
        answer = json.loads(told.stdout)
        ids = ",".join(str(member["nodeid"]) for member in answer["members"])
        return f"{answer['view']} {ids}"
