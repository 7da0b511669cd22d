"""The cases of our own: cases/TOPIC.txt holds inputs, expected/TOPIC.txt what is expected of them.

A case begins with "== NAME: the sentence that says which rule it shows"; a description follows
(cluster.py). What stands before the first case belongs to every case of the file. "run ARGUMENTS"
adds to the command line. An expectation begins with "== NAME", then comes the text of the program,
then "-- order" and one line for each action, with the actions right before it.
"""
import dataclasses
import pathlib
import re
import shlex
import sys

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))
import cluster  # noqa: E402
import plan  # noqa: E402

ORDER = "-- order"


@dataclasses.dataclass
class Case:
    topic: str
    name: str
    sentence: str
    lines: list
    arguments: list

    def id(self):
        return f"{self.topic}/{self.name}"

    def document(self):
        try:
            return cluster.document(self.lines)
        except cluster.DescriptionError as error:
            raise cluster.DescriptionError(f"{self.id()}: {error}") from error


def blocks(path):
    """(what follows ==, the lines below it) for each block; first (None, what stands before)."""
    head, lines = None, []
    for line in path.read_text(encoding="utf-8").splitlines():
        if line.startswith("== "):
            yield head, lines
            head, lines = line[3:], []
        else:
            lines.append(line)
    yield head, lines


def read(only="", folder=HERE / "cases"):
    """All cases whose id contains only."""
    result = []
    for path in sorted(folder.glob("*.txt")):
        shared = []
        for head, lines in blocks(path):
            lines = [line for line in lines if line.strip() and not line.startswith("#")]
            if head is None:
                shared = lines
                continue
            name, _, sentence = head.partition(": ")
            lines = shared + lines
            arguments = [shlex.split(line[4:]) for line in lines if line.startswith("run ")]
            case = Case(path.stem, name, sentence,
                        [line for line in lines if not line.startswith("run ")],
                        sum(arguments, []))
            if only in case.id():
                result.append(case)
    return result


def malformed(cases):
    """One line for each case that does not say what it must, or says it twice."""
    seen = set()
    for case in cases:
        if not re.fullmatch(r"[a-z0-9_]+", case.name) or not case.sentence.endswith("."):
            yield f"{case.id()}: a case is headed == some_name: A sentence."
        if case.id() in seen:
            yield f"{case.id()} stands there twice"
        seen.add(case.id())
        try:
            case.document()
        except cluster.DescriptionError as error:
            yield str(error)


def expectation(answer):
    """An answer as the lines of a file: its text, then its order in short."""
    lines = [line.rstrip() for line in answer.text.splitlines()] + [ORDER]
    for name, waits_for in plan.reduced(answer.graph).items():
        lines.append(name + (" < " + ", ".join(waits_for) if waits_for else ""))
    return lines


def expected(topic, folder=HERE / "expected"):
    """{name: Answer} of one topic."""
    path = folder / f"{topic}.txt"
    result = {}
    for head, lines in blocks(path) if path.exists() else ():
        if head is None:
            continue
        at = lines.index(ORDER)
        edges = {}
        for line in lines[at + 1:]:
            if line:
                name, _, waits_for = line.partition(" < ")
                edges[name] = set(waits_for.split(", ")) if waits_for else set()
        result[head] = plan.Answer("\n".join(lines[:at]) + "\n", plan.Graph(edges))
    return result
