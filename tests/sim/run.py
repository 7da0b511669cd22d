#!/usr/bin/env python3
"""Runs whole nodes in virtual time, under faults that a seed draws, and checks all they do.

usage: scripts/sim --seed S [--minutes M] [--nodes N] [--trace [--frames]]
       scripts/sim --seeds A..B [--jobs J] [--minutes M] [--nodes N] [--seconds T]
       scripts/sim --mutant ID [--seeds A..B]   with that bug built in
       scripts/sim --mutants [--seeds N] ...    which bugs are found, and after how many seeds

The same build and seed do the same, and print the same trace hash. Exit status 1 and the seeds if
a guarantee was violated, a process died, or nothing came of a seed in a minute of computing.
--json: a summary as one object; --list FILE: one line of JSON for every seed as well.
"""
import argparse
import collections
import json
import os
import pathlib
import select
import signal
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
PATIENCE = 60   # seconds of processor time for one seed, and ten times that by the clock
BATCH = 50      # seeds of one process
SHOWN = 10      # findings


def arguments():
    parser = argparse.ArgumentParser(usage=__doc__.split("\n\n")[1].replace("usage: ", ""),
                                     description=__doc__.split("\n\n")[0])
    parser.add_argument("--seeds", "--seed", default="1", help="A or A..B")
    parser.add_argument("--minutes", default="1", help="of simulated time")
    parser.add_argument("--nodes", help="how many; otherwise the seed says, 2 to 9")
    parser.add_argument("--seconds", type=float, default=float("inf"),
                        help="begin no more seeds after that time")
    parser.add_argument("--jobs", type=int, default=os.cpu_count(), help="processes at a time")
    parser.add_argument("--trace", action="store_true", help="of one seed: what happens")
    parser.add_argument("--frames", action="store_true", help="with --trace: every frame, too")
    parser.add_argument("--mutant", help="one of the bugs of tests/mutants/list")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--list", type=pathlib.Path, metavar="FILE")
    parser.add_argument("--build", type=pathlib.Path, default=ROOT / "build", metavar="DIR")
    return parser.parse_args()


def program(options):
    """The simulator, built if need be."""
    name = "tests/mutants/sim-mutants" if options.mutant else "tests/sim/sim"
    built = subprocess.run(["ninja", "-C", options.build, name], stdout=subprocess.PIPE, text=True,
                           check=False)
    if built.returncode:
        sys.exit(built.stdout + f"sim: {options.build} cannot be built (scripts/setup makes it)")
    command = [options.build / name, "--minutes", options.minutes]
    return command + (["--nodes", options.nodes] if options.nodes else [])


class Worker:
    """One process with the seeds first..last, which tells of each when it is through."""

    def __init__(self, command, first, last):
        self.next, self.last, self.since, self.text = first, last, (0.0, time.monotonic()), b""
        self.process = subprocess.Popen(
            command + ["--json", "--keep-going", "--seeds", f"{first}..{last}"],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE)

    def results(self):
        """What came since the last call. A death or a hang is a result of the seed it was at."""
        self.text += os.read(self.process.stdout.fileno(), 1 << 20)
        *lines, self.text = self.text.split(b"\n")
        for line in lines:
            self.next, self.since = self.next + 1, (self.computed(), time.monotonic())
            yield json.loads(line)

    def ended(self):
        """None while it runs; otherwise a finding about the seed that it was at, or nothing."""
        if self.process.poll() is None and self.hangs():
            self.process.kill()
            self.process.wait()
            return [self.finding("hang", f"no result in {PATIENCE} s of processor time")]
        if self.process.poll() is None or self.next <= self.last and self.waiting():
            return None
        if self.next > self.last:
            return []
        words = self.process.stderr.read().decode(errors="replace").strip().split("\n")[-1]
        return [self.finding("death", f"exit status {self.process.returncode}: {words}")]

    def computed(self):
        """Its processor time; where other work is waited for, the clock says nothing."""
        try:
            fields = pathlib.Path(f"/proc/{self.process.pid}/stat").read_text(encoding="ascii")
        except OSError:
            return 0.0
        user, system = fields.rpartition(")")[2].split()[11:13]
        return (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")

    def hangs(self):
        computed, when = self.since
        return (self.computed() - computed > PATIENCE or
                time.monotonic() - when > 10 * PATIENCE)

    def waiting(self):
        readable = select.select([self.process.stdout], [], [], 0)[0]
        return bool(readable) and self.process.poll() is None

    def finding(self, clause, text):
        return {"seed": self.next, "violations": [{"clause": clause, "text": text}]}


class Summary:
    def __init__(self):
        self.seeds, self.wall, self.node_seconds, self.begun = 0, 0.0, 0.0, time.monotonic()
        self.bad, self.parted, self.convergence = [], [], []
        self.reached = collections.Counter()
        self.sums = collections.Counter()

    def add(self, result):
        self.seeds += 1
        if result["violations"]:
            self.bad.append(result)
        if "wall" not in result:
            return
        self.wall += result["wall"]
        self.node_seconds += result["seconds"] * result["machines"]
        self.convergence.append(result["convergence"])
        self.reached.update(result["reached"].keys())
        if result["parted"]:
            self.parted.append(result["seed"])
        for key in ("faults", "rings", "messages", "frames"):
            self.sums[key] += result[key]

    def share(self, part):
        ordered = sorted(self.convergence) or [0.0]
        return ordered[min(len(ordered) - 1, int(part * len(ordered)))]

    def progress(self, total):
        elapsed = time.monotonic() - self.begun
        print(f"\r{self.seeds} of {total} seeds, {len(self.bad)} bad, {elapsed:.0f} s ",
              end="", file=sys.stderr, flush=True)

    def as_json(self):
        return {"seeds": self.seeds, "bad": [r["seed"] for r in self.bad],
                "findings": self.bad[:SHOWN], "parted": self.parted, **self.sums,
                "elapsed": time.monotonic() - self.begun,
                "node_seconds_per_second": self.node_seconds / max(self.wall, 1e-9),
                "convergence": {"median": self.share(0.5), "p99": self.share(0.99),
                                "max": self.share(1)},
                "reached": {word: count / max(self.seeds, 1)
                            for word, count in sorted(self.reached.items())}}

    def print(self):
        for result in self.bad[:SHOWN]:
            print(f"seed {result['seed']}:")
            for violation in result["violations"][:3]:
                print(f"  {violation['clause']}: {violation['text'][:300]}")
        print(f"{self.sums['faults']} faults, {self.sums['rings']} rings, "
              f"{self.sums['messages']} deliveries, {self.sums['frames']} frames; together after "
              f"{self.share(0.5):.2f} (median), {self.share(0.99):.2f} (p99), {self.share(1):.2f} "
              "(most) times token + consensus")
        if self.parted:
            some = ", ".join(map(str, self.parted[:SHOWN]))
            print(f"the core parted while outsiders came and went for ever in "
                  f"{len(self.parted)} seeds ({some}); none is the goal")
        rare = [word for word, count in self.reached.items() if count * 100 < self.seeds]
        if rare and self.seeds >= 100:
            print("reached by less than 1 % of the seeds: " + "; ".join(sorted(rare)))
        print(f"{self.seeds} seeds, {len(self.bad)} with a violation, "
              f"{time.monotonic() - self.begun:.0f} s, "
              f"{self.node_seconds / max(self.wall, 1e-9):.0f} node-seconds per second and process")


def run(options, command, first, last):
    summary, workers, following = Summary(), [], first
    listed = options.list.open("w") if options.list else None
    shown = 0.0
    while workers or following <= last:
        if time.monotonic() - summary.begun > options.seconds:
            following = last + 1
        while len(workers) < options.jobs and following <= last:
            workers.append(Worker(command, following, min(following + BATCH - 1, last)))
            following = workers[-1].last + 1
        select.select([worker.process.stdout for worker in workers], [], [], 1)
        for worker in list(workers):
            readable = select.select([worker.process.stdout], [], [], 0)[0]
            results = list(worker.results()) if readable else []
            end = worker.ended()
            for result in results + (end or []):
                summary.add(result)
                if listed:
                    print(json.dumps(result), file=listed, flush=True)
            if end is None:
                continue
            workers.remove(worker)
            if end and worker.next < worker.last:  # the seeds behind the one that it died of
                workers.append(Worker(command, worker.next + 1, worker.last))
        if sys.stderr.isatty() and time.monotonic() - shown > 1:
            shown = time.monotonic()
            summary.progress(last - first + 1)
    if sys.stderr.isatty():
        print("\r\033[K", end="", file=sys.stderr)
    return summary


def measure_mutants(arguments):
    """Builds what tests/mutants/run.py runs, and becomes that."""
    parser = argparse.ArgumentParser(add_help=False)
    parser.add_argument("--build", type=pathlib.Path, default=ROOT / "build")
    options, rest = parser.parse_known_args(arguments)
    programs = ["sim-mutants", "random-mutants", "scenarios-totem-mutants",
                "scenarios-node-mutants", "models-quorum-mutants",
                *(f"tests-{layer}-mutants" for layer in ("totem", "membership", "node"))]
    built = subprocess.run(["ninja", "-C", options.build,
                            *[f"tests/mutants/{name}" for name in programs]],
                           stdout=subprocess.PIPE, text=True, check=False)
    if built.returncode:
        sys.exit(built.stdout)
    os.execv(sys.executable, [sys.executable, str(ROOT / "tests/mutants/run.py"), "--build",
                              str(options.build / "tests/mutants"), *rest])


def main():
    if "--mutants" in sys.argv:
        rest = [word for word in sys.argv[1:] if word != "--mutants"]
        measure_mutants(rest)
    options = arguments()
    command = program(options)
    if options.mutant:
        os.environ["GYRE_MUTANT"] = options.mutant
    first, _, last = options.seeds.partition("..")
    try:
        first, last = int(first), int(last or first)
    except ValueError:
        sys.exit(f"sim: --seeds wants A or A..B, not '{options.seeds}'")
    if options.trace or first == last:
        extra = ["--trace"] * options.trace + ["--frames"] * options.frames
        os.execv(command[0], [*map(str, command), "--seeds", options.seeds, *extra,
                              *["--json"] * options.json])
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    summary = run(options, [str(word) for word in command], first, last)
    if options.json:
        print(json.dumps(summary.as_json()))
    else:
        summary.print()
    sys.exit(1 if summary.bad else 0)


if __name__ == "__main__":
    main()
