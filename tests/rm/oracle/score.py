#!/usr/bin/env python3
"""Scores a crm_simulate against recorded cases: DIR/xml/NAME.xml is an input, DIR/exp/NAME.exp the
transition graph and DIR/summary/NAME.summary the text that are expected of it.

DIR is by default what the environment variable GYRE_CTS names; without either nothing is scored
(exit status 77). Levels:
"""
import argparse
import collections
import functools
import json
import os
import pathlib
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
import plan  # noqa: E402
import program  # noqa: E402

LEVELS = plan.LEVELS | {"U": "UNSAFE: a start lacks the fencing or stop that must precede it"}


def expected(folder, name):
    text = (folder / "summary" / f"{name}.summary").read_text(errors="replace")
    graph = (folder / "exp" / f"{name}.exp").read_text(errors="replace")
    return plan.Answer(text, plan.read_graph(graph))


def score(command, folder, name):
    wanted = expected(folder, name)
    got = program.simulate(command, folder / "xml" / f"{name}.xml")
    return plan.compare(wanted, got) | {"failure": got.failure}


def show_difference(command, folder, name):
    wanted = expected(folder, name)
    got = program.simulate(command, folder / "xml" / f"{name}.xml")
    result = plan.compare(wanted, got)
    print(f"{name}: " + " ".join(level for level in LEVELS if result[level]) +
          "   (- expected and absent, + there and not expected)")
    lines = plan.difference(wanted, got, details=result["L5"])
    print("\n".join(lines or ["  the same actions, order, places"]))


def missed(results, level, percent):
    """Says so if the cases do not reach that level as often as is asked for."""
    now = 100 * sum(result[level] for result in results.values()) / len(results)
    short = now > float(percent) if level == "U" else now < float(percent)
    if short:
        print(f"{level} is {now:.1f} %, asked for {percent}")
    return short


def table(results, seconds):
    total = len(results)
    lines = [f"{total} cases in {seconds:.1f} s"]
    for level, meaning in LEVELS.items():
        count = sum(result[level] for result in results.values())
        lines.append(f"  {level:5}{count:5} {100 * count / total:6.1f} %  {meaning}")
    lines.append(f"  mean Jaccard of the actions "
                 f"{sum(result['jaccard'] for result in results.values()) / total:.4f}")
    failures = collections.Counter(result["failure"].splitlines()[0]
                                   for result in results.values() if result["failure"])
    lines += [f"  {count:4} failed: {words}" for words, count in failures.most_common(10)]
    return "\n".join(lines)


def arguments():
    parser = argparse.ArgumentParser(
        description=__doc__ + "\n".join(f"  {name:5} {text}" for name, text in LEVELS.items()),
        formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--program", required=True,
                        help="path of a crm_simulate or of gyre-crm, or a command")
    parser.add_argument("folder", metavar="DIR", nargs="?", default=os.environ.get("GYRE_CTS"))
    parser.add_argument("--only", metavar="TEXT", default="", help="cases whose name has TEXT")
    parser.add_argument("--list", metavar="LEVEL", choices=LEVELS,
                        help="name the cases that fail LEVEL (with U: that are unsafe), worst last")
    parser.add_argument("--diff", metavar="NAME", help="what is missing and surplus in one case")
    parser.add_argument("--at-least", metavar="LEVEL=PERCENT", action="append", default=[],
                        help="exit status 1 if fewer cases agree; with U: if more are unsafe")
    parser.add_argument("--json", action="store_true", help="every case's result as JSON")
    parser.add_argument("-j", "--jobs", type=int, default=2)
    return parser.parse_args()


def main():
    options = arguments()
    if not options.folder:
        print("GYRE_CTS is not set and no folder is given: no recorded case is scored")
        return 77
    folder = pathlib.Path(options.folder)
    if options.diff:
        show_difference(options.program, folder, options.diff)
        return 0
    names = sorted(path.stem for path in folder.glob("xml/*.xml") if options.only in path.stem)
    if not names:
        print(f"{folder}: no such case")
        return 2
    begin = time.monotonic()
    scored = program.in_parallel(functools.partial(score, options.program, folder), names,
                                 options.jobs)
    results = dict(zip(names, scored))
    if options.json:
        print(json.dumps(results, indent=1))
    elif options.list:
        failing = [name for name in names if results[name][options.list] == (options.list == "U")]
        for name in sorted(failing, key=lambda name: -results[name]["jaccard"]):
            words = f"{results[name]['jaccard']:.3f} {name} {results[name]['failure'] or ''}"
            print(words.rstrip())
    else:
        print(table(results, time.monotonic() - begin))
    return 1 if any(missed(results, *wish.split("=")) for wish in options.at_least) else 0


if __name__ == "__main__":
    sys.exit(main())
