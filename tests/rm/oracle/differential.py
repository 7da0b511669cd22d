#!/usr/bin/env python3
"""Sends random clusters through the oracle and through a crm_simulate, and shows where they differ.

Each disagreement is made smaller as long as it stays: statement by statement, then word by word.
What is left is shown smallest first, and written to --keep as SEED.txt (a description, ready for
cases/) and SEED.xml. Exit status 1 if there is any disagreement.
"""
import argparse
import collections
import functools
import pathlib
import re
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
import cluster  # noqa: E402
import plan  # noqa: E402
import program  # noqa: E402
import random_cluster  # noqa: E402

LEVELS = ("U", "L3", "L4", "L2", "L1", "text")


def run(command, text):
    with tempfile.NamedTemporaryFile("w", suffix=".xml", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        return program.simulate(command, file.name)


def disagreement(options, lines):
    """(what kind, the difference) or None; the kind is refused where the oracle has no plan."""
    try:
        text = cluster.document(lines)
    except cluster.DescriptionError:
        return "refused", []
    wanted = run(options.oracle, text)
    if wanted.failure:
        return "refused", []
    got = run(options.program, text)
    if got.failure:
        return "failed", [f"  {got.failure}"]
    result = plan.compare(wanted, got)
    for level in LEVELS[:LEVELS.index(options.level) + 1]:
        if result[level] == (level == "U"):
            return level, plan.difference(wanted, got) or ["  only the text differs"]
    return None


def smaller(lines):
    """Descriptions with one statement less, from the end, then with one word less."""
    for index in reversed(range(len(lines))):
        yield lines[:index] + lines[index + 1:]
    for index in reversed(range(len(lines))):
        words = re.findall(r'(?:"[^"]*"|\S)+', lines[index])
        for at in reversed(range(1, len(words))):
            yield lines[:index] + [" ".join(words[:at] + words[at + 1:])] + lines[index + 1:]


def shrink(options, lines, kind, deadline):
    found = True
    while found and time.monotonic() < deadline:
        found = False
        for candidate in smaller(lines):
            if time.monotonic() > deadline:
                break
            there = disagreement(options, candidate)
            if there and there[0] == kind:
                lines, found = candidate, True
                break
    return lines


def attempt(options, seed):
    return disagreement(options, random_cluster.describe(seed))


def shrunk(options, seed):
    lines = random_cluster.describe(seed)
    kind, _ = disagreement(options, lines)
    lines = shrink(options, lines, kind, time.monotonic() + options.shrink_seconds)
    return kind, lines, disagreement(options, lines)[1]


def arguments():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--program", default="build/rm/shell/gyre-crm",
                        help="path of a crm_simulate or of gyre-crm, or a command")
    parser.add_argument("--oracle", default="/usr/sbin/crm_simulate")
    parser.add_argument("--seeds", metavar="A..B", default="1..100",
                        help="from A up to and with B (default 1..100)")
    parser.add_argument("--level", choices=LEVELS[1:], default="L4",
                        help="how much must agree: U and the actions (L3), their order (L4), the "
                        "summary (L2), the places (L1), the text; each takes those before it along")
    parser.add_argument("--keep", metavar="FOLDER", help="where the inputs that differ are kept")
    parser.add_argument("--shrink", type=int, default=8, metavar="N",
                        help="make N of the disagreements smaller, the shortest first (default 8)")
    parser.add_argument("--shrink-seconds", type=float, default=20, metavar="S",
                        help="spend at most S seconds on each (default 20)")
    parser.add_argument("--show", type=int, metavar="SEED",
                        help="print one description and run nothing")
    parser.add_argument("-j", "--jobs", type=int, default=2)
    return parser.parse_args()


def main():
    options = arguments()
    if options.show is not None:
        print("\n".join(random_cluster.describe(options.show)))
        return 0
    first, last = (int(word) for word in options.seeds.split(".."))
    seeds = list(range(first, last + 1))
    results = program.in_parallel(functools.partial(attempt, options), seeds, options.jobs)
    refused = sum(bool(result) and result[0] == "refused" for result in results)
    found = {seed: result for seed, result in zip(seeds, results)
             if result and result[0] != "refused"}
    kinds = collections.Counter(kind for kind, _ in found.values())
    print(f"{len(seeds) - len(found) - refused} of {len(seeds)} seeds agree, {refused} the oracle "
          "refuses; " + (", ".join(f"{count} differ at {kind}"
                                   for kind, count in kinds.most_common()) or "none differs"))
    order = {kind: index for index, kind in enumerate(("failed",) + LEVELS)}
    worst = sorted(found, key=lambda seed: (order[found[seed][0]] > 1, len(
        random_cluster.describe(seed))))[:options.shrink]
    report = program.in_parallel(functools.partial(shrunk, options), worst, options.jobs)
    for seed, (kind, lines, difference) in sorted(
            zip(worst, report), key=lambda entry: len(" ".join(entry[1][1]))):
        print(f"\nseed {seed} differs at {kind}   (- oracle, + program)")
        print("\n".join("    " + line for line in lines))
        print("\n".join(difference[:20]))
        if options.keep:
            keep(pathlib.Path(options.keep), seed, lines)
    return 1 if found else 0


def keep(folder, seed, lines):
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{seed}.txt").write_text("\n".join(lines) + "\n", encoding="utf-8")
    (folder / f"{seed}.xml").write_text(cluster.document(lines), encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
