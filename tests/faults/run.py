#!/usr/bin/env python3
"""Five nodes in namespaces go through a seeded script of faults; afterwards the checker must find
every guarantee kept in what they recorded.

  scripts/faults                            200 faults, a seed of its own
  scripts/faults --faults 20 --seed 7       a short run that can be repeated
"""

import argparse
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile

from cluster import Broken, Cluster
from script import make_script
from switch import Switch

NODES = [1, 2, 3, 4, 5]
NOT_AVAILABLE = 77
ISOLATED = ["unshare", "--mount", "--net", "--pid", "--fork", "--mount-proc", "--kill-child"]


def arguments():
    parser = argparse.ArgumentParser(
        prog="faults", description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--faults", type=int, default=200, metavar="N")
    parser.add_argument("--seed", type=int, default=None, metavar="S")
    parser.add_argument("--transport", choices=["udp", "udpu"], default="udp")
    parser.add_argument("--rate", type=int, default=150, help="messages per node and second")
    parser.add_argument("--build", default=os.path.join(os.path.dirname(__file__), "../../build"),
                        help="where the programs were built")
    parser.add_argument("--keep", action="store_true", help="keep recordings and logs")
    parser.add_argument("--script", action="store_true", help="print the script and do nothing")
    parser.add_argument("--inside", help=argparse.SUPPRESS)  # the folder of an isolated run
    chosen = parser.parse_args()
    if chosen.seed is None:
        chosen.seed = random.randrange(1_000_000)
    return chosen


def programs(build):
    found = {"gyred": "node/gyred", "gyre": "tools/gyre", "load": "tests/faults/load",
             "check-recordings": "tests/check/check-recordings"}
    return {name: os.path.join(os.path.abspath(build), path) for name, path in found.items()}


def run_inside(chosen):
    """As the first process of namespaces of its own: when it ends, all that it made is gone."""
    try:
        subprocess.run(["mount", "-t", "tmpfs", "none", "/run"], check=True)
        switch = Switch(NODES)
    except (OSError, subprocess.CalledProcessError) as error:
        print(f"faults: namespaces are not available here: {error}")
        return NOT_AVAILABLE
    cluster = Cluster(switch, chosen, programs(chosen.build))
    try:
        cluster.start()
        cluster.go_through(make_script(chosen.seed, chosen.faults, NODES))
        cluster.come_to_rest()
        return cluster.verdict()
    except Broken as broken:
        print(f"broken: {broken}")
        cluster.tell_more()
        return 1


def first_child(process):
    with open(f"/proc/{process.pid}/task/{process.pid}/children") as children:
        return int(children.read().split()[0])


def isolate(chosen, folder):
    """Runs this program again in namespaces of its own, which end with it whatever happens."""
    as_root = [] if os.geteuid() == 0 else ["--user", "--map-root-user"]
    if subprocess.run([*ISOLATED, *as_root, "true"], capture_output=True).returncode != 0:
        print("faults: namespaces are not available here: unshare is not permitted")
        return NOT_AVAILABLE
    command = [sys.executable, __file__, *sys.argv[1:], "--seed", str(chosen.seed),
               "--inside", folder]
    inner = subprocess.Popen(["setpriv", "--pdeathsig", "KILL", *ISOLATED, *as_root, *command],
                             start_new_session=True)
    try:
        return inner.wait()
    except KeyboardInterrupt:
        # unshare ends once its child, and with it every process in there, is gone.
        os.kill(first_child(inner), signal.SIGKILL)
        inner.wait()
        return 130


def interrupt(*_):
    raise KeyboardInterrupt


def main():
    chosen = arguments()
    sys.stdout.reconfigure(line_buffering=True)
    if chosen.inside:
        return run_inside(chosen)
    if chosen.script:
        for fault in make_script(chosen.seed, chosen.faults, NODES):
            print(f"{fault.begin:8.3f} {fault}")
        return 0
    missing = [path for path in programs(chosen.build).values() if not os.access(path, os.X_OK)]
    if missing:
        print(f"faults: not built: {missing[0]}", file=sys.stderr)
        return 2
    print(f"{chosen.faults} faults on five nodes over {chosen.transport}, seed {chosen.seed}")
    signal.signal(signal.SIGTERM, interrupt)
    folder = tempfile.mkdtemp(prefix="gyre-faults-")
    try:
        status = isolate(chosen, folder)
    finally:
        if chosen.keep:
            print(f"recordings and logs: {folder}")
        else:
            shutil.rmtree(folder, ignore_errors=True)
    if status not in (0, NOT_AVAILABLE):
        print(f"again: scripts/faults --faults {chosen.faults} --seed {chosen.seed} "
              f"--transport {chosen.transport} --keep")
    return status


if __name__ == "__main__":
    sys.exit(main())
