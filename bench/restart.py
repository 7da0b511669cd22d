#!/usr/bin/env python3
"""usage: restart.py --build DIR [--rounds N] [--json FILE]

How long a resource that failed is down beyond what its agent takes: Gyre's stack and Debian's
(Corosync and Pacemaker, if they are installed), on two nodes in namespaces, with
ocf:heartbeat:Dummy and a monitor every 200 ms. Each round takes away what the agent keeps of the
resource. The agent is wrapped, and writes down when it begins and ends. Of each round:

  beyond  from the end of the monitor that finds it until the end of the start that follows,
          without the time in which an agent ran
  whole   the same with it
"""
import argparse
import json
import os
import pathlib
import shutil
import statistics
import sys
import tempfile

import failover
from failover import cluster

AGENT = pathlib.Path("/usr/lib/ocf/resource.d/heartbeat/Dummy")
WRAPPER = """#!/bin/bash
began=$EPOCHREALTIME
{folder}/Dummy "$@"
status=$?
echo "$1 $status $began $EPOCHREALTIME" >> {folder}/deeds
exit $status
"""
MONITORS_OF_REST = 6
INIT = 'mount --bind "$2/agent" ' + f"{AGENT}\n"


def wrap(stack):
    folder = stack.cluster.folder
    shutil.copy(AGENT, folder / "Dummy")
    (folder / "agent").write_text(WRAPPER.format(folder=folder))
    (folder / "agent").chmod(0o755)
    (folder / "deeds").touch()
    stack.cluster.init = INIT + stack.cluster.init


def deeds(stack):
    """What agents did: (task, status, when it began, when it ended), as they ended."""
    lines = [line.split() for line in (stack.cluster.folder / "deeds").read_text().splitlines()]
    return [(task, int(status), float(began), float(ended)) for task, status, began, ended in lines]


def rests(stack, after):
    """Nothing but monitors that find it well, for longer than the second in which both stacks tell
    when something was."""
    found = [deed[:2] for deed in deeds(stack)[after:]][-MONITORS_OF_REST:]
    return found == [("monitor", 0)] * MONITORS_OF_REST


def once(stack, node):
    before = len(deeds(stack))
    os.unlink(f"/proc/{node._init}/root/run/resource-agents/Dummy-d.state")
    cluster.until(lambda: any(deed[:2] == ("start", 0) for deed in deeds(stack)[before:]),
                  "the restart", 60)
    done = deeds(stack)[before:]
    found = next(deed for deed in done if deed[:2] == ("monitor", 7))
    started = next(deed for deed in done if deed[0] == "start")
    between = [deed for deed in done if found[3] <= deed[2] and deed[3] <= started[3]]
    whole = started[3] - found[3]
    after = len(deeds(stack))
    cluster.until(lambda: rests(stack, after), "rest", 60)
    return {"whole": whole * 1e3,
            "beyond": (whole - sum(ended - began for _, _, began, ended in between)) * 1e3}


def rounds(kind, programs, count):
    with tempfile.TemporaryDirectory(prefix="restart") as folder:
        stack = kind(folder, programs)
        wrap(stack)
        nodes = stack.cluster.nodes.values()
        try:
            stack.cluster.start()
            failover.configure(stack)
            cluster.until(lambda: any(node.runs("d") for node in nodes), "the first start", 60)
            cluster.until(lambda: rests(stack, 0), "rest", 60)
            figures = []
            for number in range(count):
                figures.append(once(stack, next(node for node in nodes if node.runs("d"))))
                last = figures[-1]
                print(f"{number + 1:3} {kind.name:10} beyond the agents {last['beyond']:8.1f} ms, "
                      f"whole {last['whole']:8.1f} ms", flush=True)
            return figures
        finally:
            stack.cluster.end()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--build", required=True, type=pathlib.Path)
    parser.add_argument("--rounds", type=int, default=20)
    parser.add_argument("--json", type=pathlib.Path)
    chosen = parser.parse_args()
    failover.go_inside()
    programs = failover.programs_of(chosen.build)
    failover.CIB = failover.CIB.replace('interval="10s"', 'interval="200ms"')
    figures = {kind.name: rounds(kind, programs, chosen.rounds) for kind in failover.kinds()}
    result = {name: {key: {**failover.summary(values), "spread": statistics.pstdev(values)}
                     for key in ("beyond", "whole") for values in [[each[key] for each in all_of]]}
              for name, all_of in figures.items()}
    print(f"\n{'ms':10} {'':7} {'median':>8} {'least':>8} {'most':>8} {'spread':>8}")
    for name, each in result.items():
        for key, value in each.items():
            print(f"{name:10} {key:7} " + " ".join(
                f"{value[what]:8.1f}" for what in ("median", "least", "most", "spread")))
    if chosen.json:
        chosen.json.write_text(json.dumps({"rounds": figures, "summary": result}, indent=1) + "\n")


if __name__ == "__main__":
    main()
