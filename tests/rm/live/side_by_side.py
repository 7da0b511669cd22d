"""Runs scenarios side by side, each in namespaces of its own: most of their time they wait for the
nodes' timers."""
import concurrent.futures
import os
import pathlib
import subprocess
import sys
import time
import unittest

import cluster
import scenario

PROGRAMS = ("gyred", "gyre-rm", "gyre-exec", "pacemakerd", "gyre-crm")
SKIP = 77
AT_ONCE = 2 * (os.cpu_count() or 1)
INSIDE = "LIVE_INSIDE"


def run_one(test):
    begun = time.monotonic()
    done = subprocess.run(
        cluster.UNSHARE + [sys.executable, *sys.argv[:len(PROGRAMS) + 1], test],
        env={**os.environ, INSIDE: "1"}, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT, text=True, errors="replace")
    fine = done.returncode == 0
    print(f"{'ok    ' if fine else 'FAILED'} {time.monotonic() - begun:6.1f} s  {test}",
          *([] if fine else [done.stdout]), sep="\n" if not fine else "", flush=True)
    return fine


def main(*classes):
    """Runs the scenarios of these, or those that are named behind the programs; exits."""
    if os.geteuid() != 0 or not pathlib.Path("/usr/lib/ocf/resource.d/heartbeat/Dummy").exists():
        print("skipped: needs root, for namespaces, and Debian's resource-agents")
        sys.exit(SKIP)
    chosen = sys.argv[len(PROGRAMS) + 1:]
    if os.environ.get(INSIDE):
        cluster.prepare()
        scenario.programs.update(
            {name: os.path.abspath(path) for name, path in zip(PROGRAMS, sys.argv[1:])})
        unittest.main(argv=[sys.argv[0], *chosen], verbosity=2)
    names = [f"{each.__name__}.{name}" for each in classes
             for name in unittest.defaultTestLoader.getTestCaseNames(each)]
    wanted = [name for name in names
              if not chosen or any(name.partition(".")[2].startswith(each) for each in chosen)]
    if not wanted:
        sys.exit(f"no scenario is called so; there are: {' '.join(names)}")
    begun = time.monotonic()
    with concurrent.futures.ThreadPoolExecutor(AT_ONCE) as pool:
        fine = list(pool.map(run_one, wanted))
    print(f"{sum(fine)} of {len(fine)} scenarios in {time.monotonic() - begun:.1f} s")
    sys.exit(not all(fine))
