#!/usr/bin/env python3
"""Which bugs do the simulators find?

usage: run.py [--build DIR] [--seeds N] [--seconds S] [--jobs J] [--only ID,...] [--json]

Each mutant (list/*.toml) runs through seeds 1, 2 … of each simulator in --build until one is
killed: a violation, no convergence, a crash, a failed assertion, a hang. What N seeds or S seconds
do not kill is left to the scenarios. Before that, all of them without a mutant must be clean; and
the harmless ones (Z1 …) must survive, or a kill means little: these do not count in the shares.
Prints a table and the shares killed, or with --json all of it as one object.
"""
import argparse
import concurrent.futures
import dataclasses
import json
import os
import pathlib
import re
import resource
import signal
import subprocess
import sys
import tempfile
import threading
import time

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
import mutate  # noqa: E402

BATCH_MAX = 256          # seeds in one process
HANG_SECONDS = 60        # for a batch, and as much again for every HANG_SEEDS seeds in it
HANG_SEEDS = 60
MEMORY_MAX = 4 << 30     # bytes resident: a hang that writes down what it does
CANARY_SEEDS = 100
# A simulator: its name, what it runs of the sources, and the command and environment for the
# seeds first..last.
SIMULATORS = {
    "random-mutants": ("totem/", ["--gtest_filter=Random.Every*"],
                       {"GYRE_SEEDS": "{first}..{last}"}),
    "sim-mutants": ("", ["--json", "--seeds", "{first}..{last}"], {}),
}
FINDING = re.compile(r"\bseed (\d+): ([^\n]*)")
FAILED_TEST = re.compile(r"\[  FAILED  \] (\S+)")
STOP = threading.Event()  # whoever ends this program ends what it started
ASSERTION = re.compile(r"[^\n]*Assertion[^\n]*|terminate called[^\n]*|[^\n]*what\(\):[^\n]*")


@dataclasses.dataclass
class Kill:
    by: str        # the program
    seed: int      # the one that found it, or if it crashed the last of its batch
    how: str       # violation, crash, hang
    why: str


@dataclasses.dataclass
class Result:
    mutant: dict
    kill: Kill | None = None
    seeds: dict = dataclasses.field(default_factory=dict)  # program → seeds run
    reached: bool = False

    def harmless(self):
        return mutate.family(self.mutant["id"])[0] == "Z"

    def as_it_should(self):
        return (self.kill is None) == self.harmless()

    def by_chance(self):
        return self.kill is not None and self.kill.by in SIMULATORS


def resident(pid):
    try:
        pages = int(pathlib.Path(f"/proc/{pid}/statm").read_text().split()[1])
    except (OSError, IndexError, ValueError):
        return 0
    return pages * resource.getpagesize()


def run(command, environment, seconds):
    """(exit status or None for a hang, output). Ends only the process group that it started."""
    with tempfile.TemporaryFile("w+", errors="replace") as output:
        process = subprocess.Popen(command, env={**os.environ, **environment}, stdout=output,
                                   stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL,
                                   start_new_session=True)
        end = time.monotonic() + seconds
        status = None
        try:
            while (status is None and not STOP.is_set() and time.monotonic() < end
                   and resident(process.pid) < MEMORY_MAX):
                try:
                    status = process.wait(0.2)
                except subprocess.TimeoutExpired:
                    pass
        finally:
            if status is None:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()
        output.seek(0)
        return status, output.read()


def verdict(program, first, last, status, text):
    """What a run that did not end well says, as a Kill."""
    whole = [each for each in text.splitlines() if each.startswith("{") and each.endswith("}")]
    objects = [json.loads(each) for each in whole]
    if objects and objects[-1]["violations"]:
        found = objects[-1]["violations"][0]
        why = f"{found['clause']}: {found['text']}"
        return Kill(program, objects[-1]["seed"], "violation", why)
    if program == "sim-mutants":  # it says what came of each seed: the next one ended it
        last = objects[-1]["seed"] + 1 if objects else first
    finding = FINDING.search(text)
    assertion = ASSERTION.search(text)
    if status is None:
        return Kill(program, last, "hang", "no end in time, or in memory")
    if status < 0 or (assertion and not finding):
        how = assertion.group().strip() if assertion else signal.Signals(-status).name
        return Kill(program, last, "crash", how)
    if finding:
        return Kill(program, int(finding.group(1)), "violation", finding.group(2).strip())
    failed = FAILED_TEST.search(text)
    return Kill(program, last, "violation", failed.group(1) if failed else f"exit status {status}")


class Course:
    """One mutant's way through the programs."""

    def __init__(self, options, mutant):
        self.options, self.result = options, Result(mutant)
        self.environment = {"GYRE_MUTANT": mutant["id"]}

    def batch(self, program, first, last):
        _, arguments, extra = SIMULATORS[program]
        fill = {"first": first, "last": last}
        command = [str(self.options.build / program)] + [a.format(**fill) for a in arguments]
        environment = {**self.environment, **{k: v.format(**fill) for k, v in extra.items()}}
        limit = HANG_SECONDS * (1 + (last - first + 1) / HANG_SEEDS)
        return self.judge(program, first, last, *run(command, environment, limit))

    def judge(self, program, first, last, status, text):
        if STOP.is_set():
            return False
        if "is not a mutant" in text:
            sys.exit(f"mutants: {program} was built from another list")
        self.result.reached |= "mutant reached" in text or status is None or status < 0
        if status != 0:
            self.result.kill = verdict(program, first, last, status, text)
        return status == 0

    def simulate(self, program):
        first, size = 1, 2
        end = time.monotonic() + self.options.seconds
        while first <= self.options.seeds and time.monotonic() < end:
            last = min(first + size - 1, self.options.seeds)
            self.result.seeds[program] = last
            if not self.batch(program, first, last):
                return
            first, size = last + 1, min(2 * size, BATCH_MAX)

    def take(self):
        for program in self.options.simulators:
            runs_it = self.result.mutant["file"].startswith(SIMULATORS[program][0])
            if runs_it and not self.result.kill:
                self.simulate(program)
        for program in self.options.scenarios:
            if not self.result.kill:
                command = [str(self.options.build / program)]
                self.judge(program, 0, 0, *run(command, self.environment, 5 * HANG_SECONDS))
        return self.result


class Progress:
    """One line that tells how far it is."""

    def __init__(self, total):
        self.total, self.done, self.killed, self.lock = total, 0, 0, threading.Lock()

    def add(self, result):
        with self.lock:
            self.done += 1
            self.killed += result.kill is not None
            ending = "\r" if sys.stderr.isatty() and self.done < self.total else "\n"
            if ending == "\r" or self.done % 20 == 0 or self.done == self.total:
                print(f"{self.done}/{self.total} mutants, {self.killed} killed",
                      end=ending, file=sys.stderr, flush=True)


def canary(options):
    """Without a mutant every program must be clean, or a kill means nothing."""
    course = Course(options, {"id": ""})
    clean = all(course.batch(program, 1, min(CANARY_SEEDS, options.seeds))
                for program in options.simulators)
    for program in options.scenarios:
        command = [str(options.build / program)]
        clean = clean and course.judge(program, 0, 0, *run(command, {}, 5 * HANG_SECONDS))
    if not clean:
        sys.exit(f"mutants: not clean without a mutant: {course.result.kill}")


def run_all(options, mutants):
    progress = Progress(len(mutants))
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(128 + number))

    def course(mutant):
        if STOP.is_set():
            return None
        result = Course(options, mutant).take()
        progress.add(result)
        return result

    with concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
        try:
            return list(pool.map(course, mutants))
        except BaseException:
            STOP.set()
            raise


def share(part, results):
    count = sum(1 for result in results if part(result))
    return f"{count} of {len(results)}, {100 * count / max(1, len(results)):.1f} %"


def summary(results):
    bugs = [result for result in results if not result.harmless()]
    return {"random": share(Result.by_chance, bugs),
            "scenarios": share(lambda result: result.kill is not None, bugs),
            "harmless": share(lambda result: result.kill is not None,
                              [result for result in results if result.harmless()])}


def line(result):
    name, what = result.mutant["id"], result.mutant["what"]
    if not result.kill:
        ran = ", ".join(f"{count} seeds of {program}" for program, count in result.seeds.items())
        place = "" if result.reached else ", its place never reached"
        word = "harmless" if result.harmless() else "SURVIVED"
        return f"{name:<5} {word}  {what} ({ran}{place})"
    kill = result.kill
    where = f"seed {kill.seed} of {kill.by}" if kill.by in SIMULATORS else kill.by
    return f"{name:<5} {kill.how:<9} {what} ({where}: {kill.why[:90]})"


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", type=pathlib.Path, default=pathlib.Path("build/tests/mutants"))
    parser.add_argument("--seeds", type=int, default=10_000)
    parser.add_argument("--seconds", type=float, default=600, help="per mutant and simulator")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--only", help="ids, or classes, with commas between them")
    parser.add_argument("--programs", help="simulators and scenarios, with commas between them")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    known = [*SIMULATORS, *sorted(path.name for path in options.build.glob("scenarios*-mutants"))]
    programs = options.programs.split(",") if options.programs else known
    programs = [name for name in programs if (options.build / name).exists()]
    options.simulators = [name for name in programs if name in SIMULATORS]
    options.scenarios = [name for name in programs if name not in SIMULATORS]
    if not programs:
        sys.exit(f"mutants: no program in {options.build}")
    wanted = set(options.only.split(",")) if options.only else None
    mutants = [each for each in mutate.load()
               if not wanted or {each["id"], mutate.family(each["id"])} & wanted]
    canary(options)
    results = run_all(options, mutants)
    shares = summary(results)
    if options.json:
        print(json.dumps({"shares": shares,
                          "mutants": [dataclasses.asdict(result) for result in results]}, indent=1))
    else:
        print("\n".join(line(result) for result in results))
        print(f"killed by random seeds alone: {shares['random']}")
        print(f"killed with scenarios: {shares['scenarios']}")
        print(f"taken for bugs though harmless: {shares['harmless']}")
    return 0 if all(result.as_it_should() for result in results) else 1


if __name__ == "__main__":
    sys.exit(main())
