#!/usr/bin/env python3
"""Checks a crm_mon against Pacemaker's, letter for letter but for the time of the last update.

By default against what was recorded of some of our own cases (monitor.xz); with --oracle against
the installed /usr/sbin/crm_mon over all of them, and over DIR/xml/*.xml if a DIR is given. Exit
status 1 if one differs that monitor_known.txt does not list, or one agrees by now that it does.
"""
import argparse
import collections
import difflib
import functools
import json
import lzma
import os
import pathlib
import re
import shlex
import subprocess
import sys
import tempfile
import zlib

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
import cases  # noqa: E402
import program  # noqa: E402

ORACLE = "/usr/sbin/crm_mon"
RECORDED = cases.HERE / "monitor.xz"
KNOWN = cases.HERE / "monitor_known.txt"
# Every so many cases one is recorded. What rules make of a date depends on today's.
RECORD_EVERY = 4
RECORD_NOT = ("rule/",)
# What is asked for: name and arguments.
SETS = {
    "plain": "-1",
    "inactive": "-1 -r",
    "all": "-1 -rfAocL",
    "by-node": "-1 -rn",
    "by-node-failcounts": "-1 -n -f -A",
    "detail": "-1 -t -R -r",
    "detail-by-node": "-1 -Rn",
    "brief": "-1 -b -r",
    "brief-by-node": "-1 -bnr",
    "no-headers": "-1 -D -r -f",
    "everything": "-1 --include=all",
    "text": "--output-as=text -nrfo",
    "simple": "-s",
    "xml": "--output-as=xml",
    "xml-by-node": "--output-as=xml -n -R",
    "old-xml": "-X",
}
SECONDS_MAX = 20


def without_times(text):
    """Nor the name that it was called by, nor the line of ours that says that nothing can start."""
    text = re.sub(r"(Last updated: ).*", r"\1NOW", text)
    text = re.sub(r"\nNothing can start: .*\n", "", text)
    text = re.sub(r'request="[^ ]*crm_mon', 'request="crm_mon', text)
    return re.sub(r'(<last_update time=)"[^"]*"', r'\1"NOW"', text)


def ask(command, task):
    """What a crm_mon says of one document, which is text or in a file."""
    document, name = task
    with tempfile.NamedTemporaryFile("w", suffix=".xml", encoding="utf-8") as file:
        if not isinstance(document, pathlib.Path):
            file.write(document)
            file.flush()
            document = file.name
        environment = dict(os.environ, CIB_file=str(document), TZ="UTC", LC_ALL="C.UTF-8")
        ran = subprocess.run(command + shlex.split(SETS[name]), env=environment, check=False,
                             stdin=subprocess.DEVNULL, capture_output=True, timeout=SECONDS_MAX)
    return without_times(ran.stdout.decode(errors="replace"))


def own_command(words):
    command = shlex.split(words)
    if pathlib.Path(command[-1]).name == "gyre-crm":
        command.append("crm_mon")
    return command


def inputs(options):
    """{name: document} of our own cases and of those in a folder."""
    found = {case.id(): case.document() for case in cases.read()}
    for path in sorted(pathlib.Path(options.folder or "/nonexistent").glob("xml/*.xml")):
        found["recorded/" + path.stem] = path
    return {name: document for name, document in found.items() if options.only in name}


def to_record():
    chosen = [case for case in cases.read() if not case.id().startswith(RECORD_NOT)
              and zlib.crc32(case.id().encode()) % RECORD_EVERY == 0]
    return {case.id(): case.document() for case in chosen}


def record(jobs):
    tasks = [(name, document, which) for name, document in to_record().items()
             for which in SETS]
    answers = program.in_parallel(functools.partial(ask, [ORACLE]),
                                  [(document, which) for _, document, which in tasks], jobs)
    found = collections.defaultdict(dict)
    for (name, _, which), answer in zip(tasks, answers):
        found[which][name] = answer
    RECORDED.write_bytes(lzma.compress(json.dumps(found, indent=0).encode(), preset=9))


def expectations(options):
    """[(set, case, document, expected text)]"""
    chosen = [which for which in SETS if not options.sets or which in options.sets.split(",")]
    if options.oracle:
        tasks = [(which, name, document) for which in chosen
                 for name, document in inputs(options).items()]
        answers = program.in_parallel(functools.partial(ask, [ORACLE]),
                                      [(task[2], task[0]) for task in tasks], options.jobs)
        return [(*task, answer) for task, answer in zip(tasks, answers)]
    recorded = json.loads(lzma.decompress(RECORDED.read_bytes()))
    documents = {case.id(): case.document() for case in cases.read()}
    return [(which, name, documents[name], answer) for which in chosen
            for name, answer in recorded[which].items()
            if options.only in name and name in documents]


def read_known():
    lines = KNOWN.read_text(encoding="utf-8").splitlines()
    return {tuple(line.split()) for line in lines if line and not line.startswith("#")}


def show(which, name, wanted, got):
    print(f"{which} {name}:")
    lines = difflib.unified_diff(wanted.splitlines(), got.splitlines(), lineterm="", n=1)
    print("\n".join(list(lines)[2:40]))


def arguments():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--program", help="path of a crm_mon or of gyre-crm, or a command")
    parser.add_argument("--record", action="store_true", help="ask the oracle, write monitor.xz")
    parser.add_argument("--oracle", action="store_true", help="ask the oracle, for all cases")
    parser.add_argument("folder", metavar="DIR", nargs="?", help="other documents, with --oracle")
    parser.add_argument("--sets", metavar="NAME,..", help=", ".join(SETS))
    parser.add_argument("--only", metavar="TEXT", default="", help="a part of the cases' ids")
    parser.add_argument("--diffs", type=int, default=0, help="show so many differences a set")
    parser.add_argument("--write-known", action="store_true",
                        help="make monitor_known.txt say what is so now")
    parser.add_argument("-j", "--jobs", type=int, default=2)
    return parser.parse_args()


def main():
    options = arguments()
    if options.record:
        return record(options.jobs)
    expected = expectations(options)
    command = own_command(options.program)
    answers = program.in_parallel(functools.partial(ask, command),
                                  [(document, which) for which, _, document, _ in expected],
                                  options.jobs)
    counts, differ = collections.Counter(), collections.defaultdict(list)
    for (which, name, _, wanted), got in zip(expected, answers):
        counts[which] += 1
        if wanted != got:
            differ[which].append((name, wanted, got))
    for which, count in counts.items():
        print(f"{which:20}{count - len(differ[which]):6} of {count} agree")
        for name, wanted, got in differ[which][:options.diffs]:
            show(which, name, wanted, got)
    if options.oracle:
        return 0
    return judge(options, expected, differ)


def judge(options, expected, differ):
    known = read_known()
    now = {(which, name) for which, found in differ.items() for name, _, _ in found}
    asked = {(which, name) for which, name, _, _ in expected}
    if options.write_known:
        known = (known - asked) | now
        KNOWN.write_text("# Where Gyre's crm_mon does not agree yet (mon.py --write-known).\n" +
                         "".join(f"{which} {name}\n" for which, name in sorted(known)),
                         encoding="utf-8")
    for which, name in sorted(now - known)[:50]:
        print(f"{which} {name}: differs (--diffs shows how)")
    for which, name in sorted(known & asked - now):
        print(f"{which} {name}: agrees by now: take it out of {KNOWN.name}")
    return 1 if now - known or known & asked - now else 0


if __name__ == "__main__":
    sys.exit(main())
