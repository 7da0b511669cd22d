#!/usr/bin/env python3
"""Checks a crm_simulate against the cases of our own and what the oracle made of them.

Exit status 1 if a case disagrees that known.txt does not list, if a listed one agrees by now, or if
a case has no expectation. known.txt has one line for each case that disagrees: its id and the
levels at which it does.
"""
import argparse
import collections
import functools
import json
import pathlib
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
import cases  # noqa: E402
import plan  # noqa: E402
import program  # noqa: E402
import record  # noqa: E402

LEVELS = ("L3", "L4", "L2", "L1", "text")
KNOWN = cases.HERE / "known.txt"


def judge(command, task):
    """(levels that fail, U among them, and the difference in short)"""
    case, wanted = task
    got = record.answer(command, case)
    result = plan.compare(wanted, got)
    failing = [level for level in LEVELS if not result[level]] + ["U"] * result["U"]
    return failing, plan.difference(wanted, got) if failing else []


def read_known():
    lines = KNOWN.read_text(encoding="utf-8").splitlines() if KNOWN.exists() else []
    words = [line.split() for line in lines if line and not line.startswith("#")]
    return {name: levels for name, *levels in words}


def write_known(chosen, failing, judged=LEVELS + ("U",)):
    """Replaces what stands there of the chosen cases at the levels that are judged."""
    exists = {case.id() for case in cases.read()}
    known = {name: levels for name, levels in read_known().items() if name in exists}
    for name in (case.id() for case in chosen):
        others = [level for level in known.pop(name, []) if level not in judged]
        now = [level for level in failing[name] if level in judged]
        if now + others:
            known[name] = now + others
    text = "# Where Gyre does not agree with the oracle yet (check.py --write-known).\n"
    KNOWN.write_text(text + "".join(f"{name} {' '.join(levels)}\n"
                                    for name, levels in sorted(known.items())), encoding="utf-8")


def table(chosen, failing):
    """How many cases of each topic agree at each level."""
    columns = LEVELS + ("U",)
    lines = [f"{'topic':24}{'cases':>6}" + "".join(f"{level:>6}" for level in columns)]
    topics = collections.defaultdict(list)
    for case in chosen:
        topics[case.topic].append(failing[case.id()])
        topics["all"].append(failing[case.id()])
    for topic, results in sorted(topics.items(), key=lambda item: (item[0] == "all", item[0])):
        counts = [sum((level in levels) == (level == "U") for levels in results)
                  for level in columns]
        lines.append(f"{topic:24}{len(results):6}" + "".join(f"{count:6}" for count in counts))
    return "\n".join(lines)


def verdict(chosen, failing, levels):
    """One line for each case that is not as known.txt says, at the given levels."""
    known = read_known()
    for case in chosen:
        now = {level for level in failing[case.id()] if level in levels}
        before = {level for level in known.get(case.id(), []) if level in levels}
        if now - before:
            yield f"{case.id()}: disagrees at {' '.join(sorted(now - before))}: {case.sentence}"
        if before - now:
            yield (f"{case.id()}: agrees at {' '.join(sorted(before - now))} by now: "
                   "take it out of known.txt (--write-known)")
    for name in set(known) - {case.id() for case in cases.read()}:
        yield f"{name}: known.txt lists it and no such case exists"


def arguments():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--program", required=True,
                        help="path of a crm_simulate or of gyre-crm, or a command")
    parser.add_argument("--only", metavar="TOPIC/CASE", default="", help="a part of the cases' ids")
    parser.add_argument("--level", choices=("L3", "L4", "text"),
                        help="judge by this level (and U) alone: L3 the same actions, L4 and their "
                        "order, text the whole text; all by default")
    parser.add_argument("--diffs", action="store_true",
                        help="show what differs, also of the cases that known.txt lists")
    parser.add_argument("--inputs", metavar="FOLDER", help="write the inputs there, run nothing")
    parser.add_argument("--json", action="store_true", help="the failing levels of each case")
    parser.add_argument("--write-known", action="store_true",
                        help="make known.txt say what is so now, at the levels that are judged")
    parser.add_argument("-j", "--jobs", type=int, default=2)
    return parser.parse_args()


def write_inputs(chosen, folder):
    for case in chosen:
        path = pathlib.Path(folder, case.topic, case.name + ".xml")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(case.document(), encoding="utf-8")


def main():
    options = arguments()
    chosen = cases.read(options.only)
    if options.inputs:
        write_inputs(chosen, options.inputs)
        return 0
    wanted = {f"{topic}/{name}": answer for topic in {case.topic for case in chosen}
              for name, answer in cases.expected(topic).items()}
    complaints = [f"{case.id()}: nothing is expected of it (record.py)" for case in chosen
                  if case.id() not in wanted]
    chosen = [case for case in chosen if case.id() in wanted]
    begin = time.monotonic()
    judged = program.in_parallel(functools.partial(judge, options.program),
                                 [(case, wanted[case.id()]) for case in chosen], options.jobs)
    failing = {case.id(): levels for case, (levels, _) in zip(chosen, judged)}
    levels = (options.level, "U") if options.level else LEVELS + ("U",)
    if options.write_known:
        write_known(chosen, failing, levels)
    complaints += verdict(chosen, failing, levels)
    if options.json:
        print(json.dumps({"failing": failing, "complaints": complaints}, indent=1))
        return 1 if complaints else 0
    print(table(chosen, failing))
    print(f"{len(chosen)} cases in {time.monotonic() - begin:.1f} s")
    for case, (now, lines) in zip(chosen, judged):
        if set(now) & set(levels) and (options.diffs or any(
                line.startswith(case.id() + ":") for line in complaints)):
            print(f"{case.id()}: {case.sentence}")
            print("\n".join(lines[:40]))
    print("\n".join(complaints))
    return 1 if complaints else 0


if __name__ == "__main__":
    sys.exit(main())
