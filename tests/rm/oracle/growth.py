#!/usr/bin/env python3
"""User instructions of whole runs of "crm_simulate -x IN -G OUT" by callgrind, on the clusters of
speed.py: how they grow, beside (resources x nodes + constraints + actions) x log of that.
"""
import argparse
import math
import pathlib
import re
import subprocess
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
import cluster  # noqa: E402
import plan  # noqa: E402
import program  # noqa: E402
import speed  # noqa: E402

SIZES = [(4, 250), (4, 500), (4, 1000), (4, 2000), (8, 1000), (16, 1000), (32, 1000), (32, 2000)]
STATES = ("steady", "lost", "fresh")


def measure(command, nodes, resources, state):
    """Instructions, and the units that they are set against."""
    with tempfile.TemporaryDirectory() as folder:
        path, graph, out = (pathlib.Path(folder, name) for name in ("in.xml", "graph.xml", "out"))
        document = cluster.document(speed.description(nodes, resources, state))
        path.write_text(document, encoding="utf-8")
        subprocess.run(["valgrind", "--tool=callgrind", f"--callgrind-out-file={out}"] + command +
                       ["-x", str(path), "-G", str(graph)], check=True, capture_output=True)
        total = re.search(r"^(?:summary|totals): (\d+)", out.read_text(errors="replace"), re.M)
        actions = len(plan.read_graph(graph.read_text(encoding="utf-8")).actions)
    constraints = sum(document.count("<" + kind) for kind in ("rsc_location", "rsc_colocation",
                                                              "rsc_order"))
    return int(total.group(1)), nodes * resources + constraints + actions, actions


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--program", required=True, help="path of gyre-crm, or a command")
    parser.add_argument("--state", action="append", choices=STATES)
    options = parser.parse_args()
    print(f"{'state':8}{'nodes':>6}{'resources':>10}{'actions':>9}{'units':>9}{'instructions':>15}"
          f"{'per unit x log2(units)':>24}")
    for state in options.state or STATES:
        for nodes, resources in SIZES:
            total, units, actions = measure(program.command_of(options.program), nodes, resources,
                                            state)
            print(f"{state:8}{nodes:6}{resources:10}{actions:9}{units:9}{total:15}"
                  f"{total / units / math.log2(units):24.1f}", flush=True)


if __name__ == "__main__":
    main()
