#!/usr/bin/env python3
"""Which bugs do the simulators find?

usage: run.py [--build DIR] [--seeds N] [--seconds S] [--jobs J] [--only ID,...] [--json]
              [--resume FILE] [--page FILE]

Each mutant (list/*.toml) runs through seeds 1, 2 … of each simulator in --build until one is
killed: a violation, no convergence, a crash, a failed assertion, a hang. First all get a few seeds,
then those that are left more and more, up to N seeds or S seconds of a processor in each simulator.
What the first few seeds do not kill is tried on the scenarios and models, too, then on the tests of
each layer. A core that parts
for a while beside outsiders that come and go is no violation, as that happens without a mutant, but
where it does so much more often the mutant is killed. Before all that, everything without a mutant
must be clean; and the harmless ones (Z1 …) must survive, or a kill
means little: these do not count in the shares, nor does a scenario that fails with one of them.
Prints a table and the shares killed, or with --json all of it as one object. With --resume what is
known is kept in FILE as it comes, and a later run of the same commit goes on from there; with
--seconds 0 it only says what is known. --page writes the table as docs/mutants.md has it.
"""
import argparse
import concurrent.futures
import dataclasses
import datetime
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
import report  # noqa: E402
from report import Kill, Result  # noqa: E402

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
FIRST_ROUND = (64, 15)   # seeds, seconds; each further round has ROUND_GROWTH times as many
CHEAP = {"random-mutants": 16}  # seeds of it cost about as much as one of the others
ROUND_GROWTH = 4
BATCH_MAX = 256          # seeds in one process
HANG_SECONDS = 30        # of a processor for a batch, and as much again for every HANG_SEEDS seeds
HANG_SEEDS = 20
SLEEP_FACTOR = 60        # a process may wait for a processor that much longer than it needs it
MEMORY_MAX = 4 << 30     # bytes resident: a hang that writes down what it does
CANARY_SEEDS = 100
HARMLESS_SEEDS = 500     # what is no bug would otherwise run through all of them
PARTED_MIN = 10          # seeds in which the core parted; without a mutant four of a thousand
PARTED_SHARE = 0.01      # of the seeds run
# A simulator: its name, what it runs of the sources, and the command and environment for the
# seeds first..last.
SIMULATORS = {
    "random-mutants": ("totem/", ["--gtest_filter=Random.Every*"],
                       {"GYRE_SEEDS": "{first}..{last}"}),
    "sim-mutants": ("", ["--json", "--seeds", "{first}..{last}"], {}),
}
# A model that runs no more than this of the sources is asked about nothing else.
MODELS = {"models-quorum-mutants": "membership/quorum"}
CALLED = {"random-mutants": "ring", "sim-mutants": "sim"}
FINDING = re.compile(r"\bseed (\d+): ([^\n]*)")
FAILED_TEST = re.compile(r"\[  FAILED  \] (\w\S*\.[^\s,]+)")
STOP = threading.Event()  # whoever ends this program ends what it started
ASSERTION = re.compile(r"[^\n]*Assertion[^\n]*|terminate called[^\n]*|[^\n]*what\(\):[^\n]*")


def resident(pid):
    try:
        pages = int(pathlib.Path(f"/proc/{pid}/statm").read_text().split()[1])
    except (OSError, IndexError, ValueError):
        return 0
    return pages * resource.getpagesize()


def used(pid):
    """Seconds of a processor that a process has had."""
    try:
        fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    except (OSError, IndexError):
        return 0.0
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def run(command, environment, seconds):
    """(exit status or None for a hang, output, seconds of a processor). Ends only the process group
    that it started."""
    with tempfile.TemporaryFile("w+", errors="replace") as output:
        process = subprocess.Popen(command, env={**os.environ, **environment}, stdout=output,
                                   stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL,
                                   start_new_session=True)
        end = time.monotonic() + SLEEP_FACTOR * seconds
        status, spent = None, 0.0
        try:
            while (status is None and not STOP.is_set() and time.monotonic() < end
                   and spent < seconds and resident(process.pid) < MEMORY_MAX):
                spent = max(spent, used(process.pid))
                try:
                    status = process.wait(0.1)
                except subprocess.TimeoutExpired:
                    pass
        finally:
            if status is None:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()
        output.seek(0)
        return status, output.read(), spent


def seeds_of(text):
    """What a simulator says of each seed that it came to the end of."""
    whole = [each for each in text.splitlines() if each.startswith("{") and each.endswith("}")]
    return [json.loads(each) for each in whole]


def count_parted(text):
    return sum(1 for each in seeds_of(text) if each.get("parted"))


def parts_often(program, seeds, parted):
    if parted < max(PARTED_MIN, PARTED_SHARE * seeds):
        return None
    return Kill(program, seeds, "violation", f"L2 often: parted in {parted} of {seeds} seeds")


def verdict(program, first, last, status, text):
    """What a run that did not end well says, as a Kill."""
    objects = seeds_of(text)
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
    failed = list(dict.fromkeys(FAILED_TEST.findall(text)))  # each once, in their order
    why = report.ALSO.join(failed) or f"exit status {status}"
    return Kill(program, last, "violation", why)


class Course:
    """One mutant's way through the programs."""

    def __init__(self, options, result):
        self.options, self.result = options, result
        self.environment = {"GYRE_MUTANT": result.mutant["id"]}

    def batch(self, program, first, last):
        """What a run of these seeds finds, and the seconds that it took."""
        _, arguments, extra = SIMULATORS[program]
        fill = {"first": first, "last": last}
        command = [str(self.options.build / program)] + [a.format(**fill) for a in arguments]
        environment = {**self.environment, **{k: v.format(**fill) for k, v in extra.items()}}
        limit = HANG_SECONDS * (1 + (last - first + 1) / HANG_SEEDS)
        status, text, spent = run(command, environment, limit)
        kill = self.judge(program, first, last, status, text)
        self.result.parted += count_parted(text)
        return kill or parts_often(program, last, self.result.parted), spent

    def judge(self, program, first, last, status, text):
        if STOP.is_set():
            return None
        if "is not a mutant" in text:
            sys.exit(f"mutants: {program} was built from another list")
        self.result.reached |= "mutant reached" in text or status is None or status < 0
        return verdict(program, first, last, status, text) if status != 0 else None

    def simulate(self, program, seeds, seconds):
        """Goes on from the last seed that was run."""
        done, spent = self.result.seeds, self.result.spent
        seeds = min(seeds * CHEAP.get(program, 1), self.options.seeds)
        seeds = min(seeds, HARMLESS_SEEDS) if self.result.harmless() else seeds
        first, size = done.get(program, 0) + 1, 2
        while first <= seeds and spent.get(program, 0) < seconds and not STOP.is_set():
            last = min(first + size - 1, seeds)
            kill, took = self.batch(program, first, last)
            if STOP.is_set():
                return
            spent[program] = round(spent.get(program, 0) + took, 2)
            done[program] = last
            self.result.kill = kill
            if kill:
                return
            first, size = last + 1, min(2 * size, BATCH_MAX)

    def try_scenarios(self):
        self.result.asked_scenarios = bool(self.options.scenarios)
        for program in self.options.scenarios:
            runs_it = self.result.mutant["file"].startswith(MODELS.get(program, ""))
            if runs_it and not self.result.scenario:
                status, text, _ = run([str(self.options.build / program)], self.environment,
                                      5 * HANG_SECONDS)
                self.result.scenario = self.judge(program, 0, 0, status, text)

    def go_on(self, seeds, seconds):
        for program in self.options.simulators:
            runs_it = self.result.mutant["file"].startswith(SIMULATORS[program][0])
            if runs_it and not self.result.kill:
                self.simulate(program, seeds, seconds)
        if not self.result.kill and not self.result.asked_scenarios:
            self.try_scenarios()


class Progress:
    """One line that tells how far it is."""

    def __init__(self, results):
        self.results, self.lock = results, threading.Lock()
        self.round, self.total, self.done = 0, 0, 0

    def begin(self, total):
        self.round, self.total, self.done = self.round + 1, total, 0

    def add(self):
        with self.lock:
            self.done += 1
            ending = "\r" if sys.stderr.isatty() and self.done < self.total else "\n"
            if ending == "\r" or self.done % 20 == 0 or self.done == self.total:
                killed = sum(1 for result in self.results if result.kill)
                print(f"round {self.round}: {self.done} of {self.total}; {killed} of "
                      f"{len(self.results)} mutants killed by seeds", end=ending, file=sys.stderr,
                      flush=True)


def canary(options):
    """Without a mutant every program must be clean, or a kill means nothing."""
    course = Course(options, Result({"id": "", "file": "membership/quorum"}))
    kills = [course.batch(program, 1, min(CANARY_SEEDS, options.seeds))[0]
             for program in options.simulators]
    course.try_scenarios()
    for kill in [*kills, course.result.scenario]:
        if kill:
            sys.exit(f"mutants: not clean without a mutant: {kill}")


def rounds(seeds, seconds):
    most_seeds, most_seconds = FIRST_ROUND
    while most_seeds < seeds or most_seconds < seconds:
        yield min(most_seeds, seeds), min(most_seconds, seconds)
        most_seeds, most_seconds = most_seeds * ROUND_GROWTH, most_seconds * ROUND_GROWTH
    yield seeds, seconds


def run_all(options, results, record):
    progress = Progress(results)
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(128 + number))

    def course(result, seeds, seconds):
        if STOP.is_set():
            return
        before = dataclasses.asdict(result)
        Course(options, result).go_on(seeds, seconds)
        if STOP.is_set():
            return
        if dataclasses.asdict(result) != before:
            record.keep(result)
        progress.add()

    with concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
        try:
            for seeds, seconds in rounds(options.seeds, options.seconds):
                left = [result for result in results if not result.kill]
                progress.begin(len(left))
                list(pool.map(lambda each: course(each, seeds, seconds), left))
        except BaseException:
            STOP.set()
            raise


def arguments():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", type=pathlib.Path, default=pathlib.Path("build/tests/mutants"))
    parser.add_argument("--seeds", type=int, default=10_000)
    parser.add_argument("--seconds", type=float, default=600, help="per mutant and simulator")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--only", help="ids, or classes, with commas between them")
    parser.add_argument("--programs", help="simulators and scenarios, with commas between them")
    parser.add_argument("--resume", type=pathlib.Path, metavar="FILE")
    parser.add_argument("--page", type=pathlib.Path, metavar="FILE")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    others = [path.name for pattern in ("scenarios*", "models*", report.LAYERS + "*")
              for path in sorted(options.build.glob(pattern + "-mutants"))]
    known = [*SIMULATORS, *others]
    programs = options.programs.split(",") if options.programs else known
    programs = [name for name in programs if (options.build / name).exists()]
    options.simulators = [name for name in programs if name in SIMULATORS]
    options.scenarios = [name for name in programs if name not in SIMULATORS]
    if not programs:
        sys.exit(f"mutants: no program in {options.build}")
    return options


def command_of(options):
    """All that decides what a page says; folders are of no interest to others."""
    words = ["scripts/sim", "--mutants", "--seeds", str(options.seeds),
             "--seconds", f"{options.seconds:g}"]
    for name in ("only", "programs"):
        if getattr(options, name):
            words += ["--" + name, getattr(options, name)]
    for name in ("resume", "page"):
        if getattr(options, name):
            words += ["--" + name, getattr(options, name).name]
    return " ".join(words)


def main():
    options = arguments()
    commit = report.commit_of(ROOT)
    record = report.Record(options.resume, commit)
    wanted = set(options.only.split(",")) if options.only else None
    results = [record.result_of(each) for each in mutate.load()
               if not wanted or {each["id"], mutate.family(each["id"])} & wanted]
    if options.seconds > 0:
        canary(options)
        run_all(options, results, record)
    report.discount(results)
    shares = report.summary(results)
    if options.page:
        command = command_of(options)
        options.page.write_text(report.page(results, CALLED, commit, command,
                                            datetime.date.today().isoformat()), encoding="utf-8")
    if options.json:
        print(json.dumps({"shares": shares, "commit": commit,
                          "mutants": [dataclasses.asdict(result) for result in results]}, indent=1))
    else:
        print("\n".join(report.line(result, CALLED) for result in results))
        print(f"killed by random seeds alone: {shares['random']}")
        print(f"killed with scenarios: {shares['scenarios']}")
        print(f"killed with the tests of the layers, too: {shares['tests']}")
        print(f"taken for bugs though harmless: {shares['harmless']}")
    return 0 if all(result.as_it_should() for result in results) else 1


if __name__ == "__main__":
    sys.exit(main())
