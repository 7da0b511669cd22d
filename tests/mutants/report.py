"""What came of each mutant: kept as it comes, so that nothing is lost, and said at the end."""
import dataclasses
import json
import pathlib
import re
import subprocess
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
import mutate  # noqa: E402


@dataclasses.dataclass
class Kill:
    by: str        # the program
    seed: int      # the one that found it, or if it crashed the last of its batch
    how: str       # violation, crash, hang
    why: str


ALSO = "; "  # between the scenarios that failed
LAYERS = "tests-"  # so begin the programs with the tests of the layers


@dataclasses.dataclass
class Result:
    mutant: dict
    kill: Kill | None = None      # by a seed
    scenario: Kill | None = None  # asked for where the first round of seeds found nothing
    asked_scenarios: bool = False
    seeds: dict = dataclasses.field(default_factory=dict)  # program → seeds run
    spent: dict = dataclasses.field(default_factory=dict)  # program → seconds of a processor
    parted: int = 0  # seeds in which the core did so for a while
    reached: bool = False
    luck: str = ""  # the scenarios that failed, where these fail with a harmless change too

    def harmless(self):
        return mutate.family(self.mutant["id"])[0] == "Z"

    def was_tried(self):
        return bool(self.seeds)

    def found(self):
        return self.kill is not None or self.scenario is not None

    def found_by_scenarios(self):
        tested = self.scenario is not None and self.scenario.by.startswith(LAYERS)
        return self.found() and (self.kill is not None or not tested)

    def as_it_should(self):
        return self.found() != self.harmless()


def commit_of(root):
    """What the results are of: the commit, and what differs from it if anything does."""
    def git(*words):
        return subprocess.run(["git", "-C", root, *words], stdout=subprocess.PIPE,
                              check=False).stdout
    head = git("rev-parse", "--short=10", "HEAD").decode().strip()
    changes = git("diff", "HEAD")
    if not changes:
        return head
    blob = subprocess.run(["git", "hash-object", "--stdin"], input=changes,
                          stdout=subprocess.PIPE, check=False).stdout.decode()
    return f"{head}+{blob[:6]}"


def discount(results):
    """What fails with a harmless change leans on an instant, and a bug that it found it found by
    luck."""
    leaning = {name for each in results if each.harmless() and each.scenario
               for name in each.scenario.why.split(ALSO)}
    for result in results:
        result.luck = ""
        if result.harmless() or not result.scenario:
            continue
        failed = result.scenario.why.split(ALSO)
        trusted = [name for name in failed if name not in leaning]
        if trusted:
            result.scenario.why = ALSO.join(trusted)
        else:
            result.luck, result.scenario = result.scenario.why, None


class Record:
    """A file with one line of JSON for each step of a mutant; the last one counts. What it says of
    another commit is left alone."""

    def __init__(self, path, commit):
        self.path, self.commit, self.known = path, commit, {}
        if not path or not path.exists():
            return
        for text in path.read_text(encoding="utf-8").splitlines():
            try:
                step = json.loads(text)
            except json.JSONDecodeError:  # the end of a run that was interrupted
                continue
            if step.pop("commit") == commit:
                self.known[step.pop("id")] = step

    def result_of(self, mutant):
        known = dict(self.known.get(mutant["id"], {}))
        for key in ("kill", "scenario"):
            known[key] = Kill(**known[key]) if known.get(key) else None
        return Result(mutant, **known)

    def keep(self, result):
        if not self.path:
            return
        step = dataclasses.asdict(result)
        step["id"] = step.pop("mutant")["id"]
        with self.path.open("a", encoding="utf-8") as file:
            file.write(json.dumps({"commit": self.commit, **step}) + "\n")


def share(part, results):
    count = sum(1 for result in results if part(result))
    return f"{count} of {len(results)}, {100 * count / max(1, len(results)):.1f} %"


def summary(results):
    bugs = [result for result in results if not result.harmless()]
    return {"random": share(lambda result: result.kill is not None, bugs),
            "scenarios": share(Result.found_by_scenarios, bugs),
            "tests": share(Result.found, bugs),
            "harmless": share(Result.found, [each for each in results if each.harmless()])}


def place(kill, programs):
    return f"seed {kill.seed} of {programs[kill.by]}" if kill.by in programs else kill.why


def ran(result, programs):
    words = [f"{count} seeds of {programs[name]}" for name, count in result.seeds.items()]
    unasked = "" if result.asked_scenarios or result.kill else "; scenarios were not asked"
    luck = f"; only by luck {result.luck}" if result.luck else ""
    place_reached = "" if result.reached else "; its place never reached"
    return ", ".join(words) + place_reached + unasked + luck


def line(result, programs):
    name, what, kill = result.mutant["id"], result.mutant["what"], result.kill or result.scenario
    if not kill:
        word = "harmless" if result.harmless() else "SURVIVED"
        return f"{name:<5} {word}  {what} ({ran(result, programs)})"
    return f"{name:<5} {kill.how:<9} {what} ({place(kill, programs)}: {kill.why[:90]})"


def why(kill):
    """One cell of a table: the clause or the failed assertion, without what differs per run."""
    if kill.how == "violation":
        return kill.why.split(ALSO)[0].split(":")[0]
    return kill.how if kill.how == "hang" else "crash: " + kill.why.split("Assertion ")[-1][:60]


def by_class(result):
    letter, number, rest = re.fullmatch(r"([A-Z])(\d+)(.*)", result.mutant["id"]).groups()
    return letter, int(number), rest


def early(results):
    untried = sum(1 for result in results if not result.was_tried() and not result.harmless())
    words = ""
    if untried > 0:
        words += f" The run was ended early: {untried} more bugs were not tried, and do not count."
    if not any(result.harmless() and result.was_tried() for result in results):
        words += " No harmless change was tried, so a kill means less than it should."
    return words


def page(results, programs, commit, command, today):
    """docs/mutants.md."""
    all_results, results = results, [result for result in results if result.was_tried()]
    shares = summary(results)
    bugs = sum(1 for result in results if not result.harmless())
    lines = ["# Which built-in bugs are found", "",
             f"Made by `{command}` at commit {commit}, {today}; not written by hand. Each of "
             f"{bugs} bugs (`tests/mutants/list`) ran through the seeds 1, 2 … of "
             "`tests/totem/random_test.cc` (ring; only bugs in `totem/`) and `tests/sim` (sim), "
             "until one found it." + early(all_results), "",
             "| | bugs found |", "|---|---|",
             f"| by random seeds alone | {shares['random']} |",
             f"| by seeds or scenarios | {shares['scenarios']} |",
             f"| by these or the tests of a layer | {shares['tests']} |",
             f"| harmless changes taken for bugs | {shares['harmless']} |", "",
             "| id | bug | found by | clause |", "|---|---|---|---|"]
    for result in sorted(results, key=by_class):
        kill = result.kill or result.scenario
        word = "test" if kill and kill.by.startswith(LAYERS) else "scenario"
        found = (word if kill is result.scenario else place(kill, programs)) if kill else (
            ("nothing, as it should be" if result.harmless() else "**nothing**")
            + f" ({ran(result, programs)})")
        if kill and kill is result.scenario:
            found += f" ({ran(result, programs)} did not)"
        clause = why(kill) if kill else ""
        cells = [result.mutant["id"], result.mutant["what"], found, clause]
        lines.append("| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |")
    return "\n".join(lines) + "\n"
