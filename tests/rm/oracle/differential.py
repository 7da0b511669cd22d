#!/usr/bin/env python3
"""Sends random clusters through the oracle and through a crm_simulate, and shows where they differ.

Each disagreement is made smaller as long as it stays: statement by statement, then word by word.
What is left is shown smallest first, alike ones together, and written to --keep as NAME.txt (a
description, ready for cases/) and NAME.xml. Exit status 1 if there is any disagreement.
"""
import argparse
import collections
import dataclasses
import functools
import pathlib
import re
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
import cases  # noqa: E402
import cluster  # noqa: E402
import plan  # noqa: E402
import program  # noqa: E402
import random_cluster  # noqa: E402
import record  # noqa: E402

LEVELS = ("U", "L3", "L4", "L2", "L1", "text", "L5", "L6")


def disagreement(options, case):
    """(what kind, the difference) or None; the kind is refused where the oracle has no plan."""
    try:
        wanted = record.answer(options.oracle, case)
    except cluster.DescriptionError:
        return "refused", []
    if wanted.failure:
        return "refused", []
    got = record.answer(options.program, case)
    if got.failure:
        return "failed", [f"  {got.failure}"]
    result = plan.compare(wanted, got)
    for level in LEVELS[:LEVELS.index(options.level) + 1]:
        if result[level] == (level == "U"):
            lines = plan.difference(wanted, got, texts=level in ("L1", "L2", "text"),
                                    details=level == "L6")
            return level, lines or ["  pseudo events alone differ"]
    return None


def without_a_statement(lines, index):
    return [lines[:index] + lines[index + 1:]]


def without_a_word(lines, index):
    words = re.findall(r'(?:"[^"]*"|\S)+', lines[index])
    return [lines[:index] + [" ".join(words[:at] + words[at + 1:])] + lines[index + 1:]
            for at in reversed(range(1, len(words)))]


def shrink(case, still, seconds):
    """The case without all that can be left out so that still(case) goes on to hold."""
    deadline = time.monotonic() + seconds
    before = None
    while before != case:
        before = case
        for variants in (without_a_statement, without_a_word):
            for index in reversed(range(len(case.lines))):
                for lines in variants(case.lines, index):
                    smaller = dataclasses.replace(case, lines=lines)
                    if still(smaller):
                        case = smaller
                        break
                    if time.monotonic() > deadline:
                        return case
    return case


def shrunk(options, task):
    case, kind = task

    def still(smaller):
        there = disagreement(options, smaller)
        return there is not None and there[0] == kind

    case = shrink(case, still, options.shrink_seconds)
    return case, disagreement(options, case)[1]


def report(options, found):
    """Shows the disagreements smallest first, after those that matter most were made smaller."""
    order = {kind: index for index, kind in enumerate(("failed",) + LEVELS)}
    worst = sorted(found, key=lambda entry: (order[entry[1]] > order["U"], len(entry[0].lines)))
    worst = worst[:options.shrink]
    smaller = program.in_parallel(functools.partial(shrunk, options), worst, options.jobs)
    alike = collections.defaultdict(list)
    for (_, kind), (case, difference) in sorted(
            zip(worst, smaller), key=lambda entry: len(" ".join(entry[1][0].lines))):
        signature = sorted({re.sub(r"[gdr]?\d+", "0", line) for line in difference})
        alike[kind, *signature].append((case, difference))
    for (kind, *_), entries in alike.items():
        case, difference = entries[0]
        names = " ".join(other.name for other, _ in entries)
        print(f"\n{names} differ at {kind}   (- oracle, + program)")
        print("\n".join("    " + line for line in case.lines))
        print("\n".join(difference[:20]))
        if options.keep:
            keep(pathlib.Path(options.keep), case)


def keep(folder, case):
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{case.name}.txt").write_text("\n".join(case.lines) + "\n", encoding="utf-8")
    (folder / f"{case.name}.xml").write_text(case.document(), encoding="utf-8")


def seeds(text):
    """A..B, both included."""
    first, last = (int(word) for word in text.split(".."))
    return range(first, last + 1)


def random_case(seed):
    return cases.Case("random", f"seed-{seed}", "", random_cluster.describe(seed), [])


def arguments():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--program", required=True,
                        help="path of a crm_simulate or of gyre-crm, or a command")
    parser.add_argument("--oracle", default="/usr/sbin/crm_simulate")
    parser.add_argument("--seeds", metavar="A..B", default="1..100",
                        help="random clusters from A up to and with B (default 1..100)")
    parser.add_argument("--cases", metavar="TOPIC/CASE",
                        help="instead of random clusters our own cases whose id contains that")
    parser.add_argument("--level", choices=LEVELS[1:], default="L4",
                        help="how much must agree: U and the actions (L3), their order (L4), the "
                        "summary (L2), the places (L1), the text, the pseudo events (L5), the "
                        "graph's attributes (L6); each takes those before it along")
    parser.add_argument("--keep", metavar="FOLDER", help="where the inputs that differ are kept")
    parser.add_argument("--shrink", type=int, default=8, metavar="N",
                        help="make N of the disagreements smaller, failures and U first "
                        "(default 8)")
    parser.add_argument("--shrink-seconds", type=float, default=20, metavar="S",
                        help="spend about S seconds on each (default 20)")
    parser.add_argument("-j", "--jobs", type=int, default=2)
    return parser.parse_args()


def main():
    options = arguments()
    if options.cases is not None:
        chosen = cases.read(options.cases)
    else:
        chosen = [random_case(seed) for seed in seeds(options.seeds)]
    results = program.in_parallel(functools.partial(disagreement, options), chosen, options.jobs)
    kinds = collections.Counter(result[0] if result else "agree" for result in results)
    print(f"{len(chosen)} inputs: " + ", ".join(f"{count} {kind}" if kind in (
        "agree", "refused", "failed") else f"{count} differ at {kind}"
        for kind, count in kinds.most_common()))
    found = [(case, result[0]) for case, result in zip(chosen, results)
             if result and result[0] != "refused"]
    report(options, found)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
