#!/usr/bin/env python3
"""Whole runs of "crm_simulate -x IN -G OUT" on large clusters, the oracle's and ours in turn.

The clusters: single resources, groups of three, resources that follow a group, and four clones, all
with monitors and stickiness, one fence device. Steady: all run where they should, all was probed.
Lost: one node is gone and has to be fenced. Fresh: nothing is known of any node yet. Says, too,
whether both planned the same actions.
"""
import argparse
import json
import os
import pathlib
import platform
import statistics
import subprocess
import sys
import tempfile
import time
import xml.etree.ElementTree as ElementTree

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
import cluster  # noqa: E402
import plan  # noqa: E402
import program  # noqa: E402

CASES = {  # name: nodes, resources, state, how many times faster we want to be
    "steady": (16, 1000, "steady", 20),
    "lost": (16, 1000, "lost", 20),
    "fresh": (16, 1000, "fresh", 20),
    "large": (32, 3000, "lost", 100),
}
CLONES = 4
MONITOR = "op monitor interval=10s timeout=20s op start interval=0 timeout=60s"


def description(nodes, resources, state):
    """Statements for a cluster of that size; a resource is a primitive of the document."""
    names = [f"n{number:02}" for number in range(1, nodes + 1)]
    lines = ["nodes " + " ".join(names), "option stonith-enabled=true",
             "rsc_defaults resource-stickiness=100",
             'primitive fd fence params pcmk_host_list="' + " ".join(names) + '"']
    running = {name: [] for name in names}
    running[names[-1]].append("fd.start")
    left, turn = resources - 1 - CLONES, 0
    while left:  # of ten resources four stand alone, three are a group, one follows that group
        home = running[names[turn % nodes]]
        if turn % 5 == 4 and left >= 4:
            members = [f"g{turn}-{index}" for index in range(3)]
            lines += [primitive(member) for member in members]
            lines += [f"group g{turn} " + " ".join(members), primitive(f"f{turn}"),
                      f"colocation INFINITY: f{turn} g{turn}", f"order Mandatory: g{turn} f{turn}"]
            home += [record(name) for name in members + [f"f{turn}"]]
            left -= 4
        else:
            lines += [primitive(f"r{turn}"), f"location r{turn} 50: {names[turn % nodes]}"]
            home.append(record(f"r{turn}"))
            left -= 1
        turn += 1
    for index in range(CLONES):
        lines += [primitive(f"d{index}"), f"clone c{index} d{index} meta interleave=true"]
        for name in names:
            running[name].append(record(f"d{index}"))
    if state != "fresh":
        lines += [f"on {name}: " + " ".join(words) for name, words in running.items()]
        lines.append("probed")
    if state == "lost":
        lines.append(f"node {names[0]} lost")
    return lines


def primitive(name):
    return f"primitive {name} params name={name} size=10 {MONITOR}"


def record(name):
    return f"{name}.start {name}.monitor/10s"


def run(command, input_path, graph_path, seconds_max):
    """(seconds of the whole process, seconds of CPU, the graph's text) or a word on what failed."""
    graph = pathlib.Path(graph_path)
    graph.unlink(missing_ok=True)
    before = os.times()
    begin = time.monotonic()
    try:
        ran = subprocess.run(command + ["-x", input_path, "-G", graph_path], check=False,
                             stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                             stderr=subprocess.PIPE, timeout=seconds_max)
    except subprocess.TimeoutExpired:
        return f"no answer within {seconds_max} s"
    except OSError as error:
        return str(error)
    seconds = time.monotonic() - begin
    after = os.times()
    if ran.returncode:
        return f"exit status {ran.returncode}: {ran.stderr.decode(errors='replace')[:200]}"
    cpu = after.children_user + after.children_system - (
        before.children_user + before.children_system)
    if not graph.exists():
        return "no graph"
    return seconds, cpu, graph.read_text(encoding="utf-8")


def actions(text):
    try:
        return plan.read_graph(text).actions
    except ElementTree.ParseError:
        return None


def measure(options, name):
    nodes, resources, state, wanted = CASES[name]
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder, "in.xml")
        path.write_text(cluster.document(description(nodes, resources, state)), encoding="utf-8")
        if options.keep:
            pathlib.Path(options.keep).mkdir(parents=True, exist_ok=True)
            pathlib.Path(options.keep, name + ".xml").write_bytes(path.read_bytes())
        result = {"case": name, "nodes": nodes, "resources": resources, "state": state,
                  "wanted": wanted, "megabytes": round(path.stat().st_size / 1e6, 1)}
        taken, graphs = {"oracle": [], "program": []}, {}
        for _ in range(options.runs):
            for who, command in (("oracle", options.oracle), ("program", options.program)):
                got = run(program.command_of(command), str(path), str(path) + ".graph",
                          options.seconds_max)
                if isinstance(got, str):
                    return result | {"failed": f"{who}: {got}"}
                taken[who].append(got[:2])
                graphs[who] = got[2]
        for who, runs in taken.items():
            result[who] = {kind: [statistics.median(values), min(values), max(values)]
                           for kind, values in zip(("seconds", "cpu"), zip(*runs))}
        both = {who: actions(text) for who, text in graphs.items()}
        result["actions"] = len(both["oracle"] or ())
        result["same"] = both["oracle"] == both["program"]
        result["faster"] = result["oracle"]["seconds"][0] / result["program"]["seconds"][0]
        return result


def line(result):
    head = (f"{result['case']:8}{result['nodes']:6}{result['resources']:10}"
            f"{result['megabytes']:8.1f}")
    if "failed" in result:
        return f"{head}  {result['failed']}"
    columns = [f"{1000 * median:9.1f} ({1000 * least:.1f}–{1000 * most:.1f})".ljust(30)
               for median, least, most in (result["oracle"]["seconds"],
                                           result["program"]["seconds"])]
    return (f"{head}{result['actions']:9}  {columns[0]}{columns[1]}{result['faster']:8.1f} ×"
            f"{result['wanted']:6} ×  {'yes' if result['same'] else 'no'}")


def arguments():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--program", required=True,
                        help="path of a crm_simulate or of gyre-crm, or a command")
    parser.add_argument("--oracle", default="/usr/sbin/crm_simulate")
    parser.add_argument("--case", action="append", choices=CASES,
                        help="this one alone; may be given several times")
    parser.add_argument("--runs", type=int, default=5, help="of each program (default 5)")
    parser.add_argument("--seconds-max", type=float, default=900, metavar="S",
                        help="give up on a run after S seconds (default 900)")
    parser.add_argument("--keep", metavar="FOLDER", help="keep the inputs there, as CASE.xml")
    parser.add_argument("--json", action="store_true")
    return parser.parse_args()


def main():
    options = arguments()
    results = []
    if not options.json:
        print(f"{platform.node()}, {os.cpu_count()} CPUs, {platform.machine()}; milliseconds of "
              f"the whole process: median (least–most) of {options.runs} runs in turn")
        print(f"{'case':8}{'nodes':>6}{'resources':>10}{'MB':>8}{'actions':>9}  "
              f"{'   oracle':30}{'  program':30}{'faster':>10}{'wanted':>8}  same plan")
    for name in options.case or CASES:
        results.append(measure(options, name))
        if not options.json:
            print(line(results[-1]), flush=True)
    if options.json:
        print(json.dumps(results, indent=1))
    return 1 if any("failed" in result for result in results) else 0


if __name__ == "__main__":
    sys.exit(main())
