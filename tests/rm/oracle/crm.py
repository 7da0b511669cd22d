#!/usr/bin/env python3
"""crm against the crm shell of Pacemaker (crmsh 4.4.1): what it shows, and what document it makes.

usage: crm.py --program GYRE_CRM [--diffs] [TOPIC...]     ours against what was recorded
       crm.py --program GYRE_CRM --record [TOPIC...]      asks the installed crmsh again
       crm.py --program GYRE_CRM --seeds A..B [--diffs]   random configurations through both

crm/cases/TOPIC.txt: "== TITLE", below it lines for `crm configure`, or "$ crm WORD..." for a
command by itself; "in NAME" is about crm/documents/NAME.xml instead of two.xml. A title that ends
in "[ours: REASON]" is of something that crmsh does otherwise: what is recorded of it is ours.
"""
import argparse
import collections
import difflib
import os
import pathlib
import re
import shlex
import subprocess
import sys
import tempfile
import xml.etree.ElementTree as ElementTree

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
import random_crm  # noqa: E402

HERE = pathlib.Path(__file__).resolve().parent / "crm"
Case = collections.namedtuple("Case", "title document lines")
HEADER = ("epoch", "num_updates", "cib-last-written", "update-origin", "update-client",
          "update-user")
# What crmsh says beside what was asked for.
ASIDES = re.compile(r"(\x1b\[\d+m)?(INFO|WARNING|ERROR)|\tThis will ")


def topics():
    return sorted(path.stem for path in (HERE / "cases").glob("*.txt"))


def cases(topic):
    found = []
    for line in (HERE / "cases" / f"{topic}.txt").read_text(encoding="utf-8").splitlines():
        if line.startswith("== "):
            found.append(Case(line[3:], ["two"], []))
        elif line.startswith("in "):
            found[-1].document[0] = line[3:]
        elif line and not line.startswith("#"):
            found[-1].lines.append(line)
    return found


def written_document(text):
    """A line for each element; that of attributes, sections and resources is no order."""
    root = ElementTree.fromstring(text)
    for name in HEADER:
        root.attrib.pop(name, None)
    configuration = root.find("configuration")
    configuration[:] = sorted(configuration, key=lambda section: section.tag)
    for resources in configuration.findall("resources"):
        resources[:] = sorted(resources, key=lambda resource: resource.get("id"))
    lines = []

    def write(element, depth):
        said = "".join(f" {name}={value!r}" for name, value in sorted(element.attrib.items()))
        lines.append("  " * depth + element.tag + said)
        for child in element:
            write(child, depth + 1)

    for section in configuration:
        write(section, 0)
    for section in root.findall("status"):
        write(section, 0)
    return lines


def run(program, words, text, document):
    with tempfile.TemporaryDirectory() as folder:
        file = pathlib.Path(folder) / "cib.xml"
        file.write_text(document, encoding="utf-8")
        done = subprocess.run(program + words, input=text, text=True, capture_output=True,
                              env={**os.environ, "CIB_file": str(file), "TZ": "UTC"},
                              timeout=60, check=False)
        now = file.read_text(encoding="utf-8")
    printed = [line for line in done.stdout.splitlines() if not ASIDES.match(line)]
    return done, printed, written_document(now)


def configure(program, lines, document):
    """What is shown of it, and the document that it makes."""
    script = "\n".join(["configure", *lines, "show", "show xml"]) + "\n"
    done, printed, _ = run(program, ["-D", "plain", "-F", "-f", "-"], script, document)
    if '<?xml version="1.0" ?>' not in printed:
        return printed, done.stderr
    begin = printed.index('<?xml version="1.0" ?>')
    end = printed.index("</cib>")
    now = written_document("\n".join(printed[begin:end + 1]))
    return printed[:begin] + ["-- document"] + now, done.stderr


def command(program, line, document):
    """Its exit status, what it prints, and what it changes."""
    done, printed, now = run(program, shlex.split(line)[1:], "", document)
    before = written_document(document)
    change = [one for one in difflib.unified_diff(before, now, n=0, lineterm="")
              if one[:1] in "+-" and one[:3] not in ("+++", "---")]
    return [f"$ {line[2:]}", f"exit status {done.returncode}", *printed, *change], done.stderr


def answer(program, case):
    document = (HERE / "documents" / f"{case.document[0]}.xml").read_text(encoding="utf-8")
    if not case.lines or not case.lines[0].startswith("$ "):
        return configure(program, case.lines, document)
    answers = [command(program, line, document) for line in case.lines]
    return sum((lines for lines, _ in answers), []), "".join(words for _, words in answers)


def expected(topic):
    found, title = {}, None
    text = (HERE / "expected" / f"{topic}.txt").read_text(encoding="utf-8")
    for line in text.splitlines():
        if line.startswith("== "):
            title = line[3:]
            found[title] = []
        else:
            found[title].append(line)
    return found


def differs(title, wanted, got, complaints, diffs):
    if wanted == got:
        return False
    print(f"differs: {title}")
    if diffs:
        print("\n".join(difflib.unified_diff(wanted, got, "theirs", "ours", lineterm="", n=1)))
        print(complaints, end="")
    return True


def check(program, chosen, diffs):
    wrong = count = 0
    for topic in chosen:
        recorded = expected(topic)
        if list(recorded) != [case.title for case in cases(topic)]:
            print(f"{topic}: cases and what was recorded of them are not the same: --record")
            wrong += 1
        for case in cases(topic):
            got, complaints = answer(program, case)
            got = [line.rstrip() for line in got]
            count += 1
            wrong += differs(f"{topic}: {case.title}", recorded.get(case.title, []), got,
                             complaints, diffs)
    print(f"{count} cases, {wrong} differ")
    return wrong


def record(program, chosen):
    for topic in chosen:
        lines = []
        for case in cases(topic):
            got, _ = answer(program if "[ours: " in case.title else ["crm"], case)
            lines += [f"== {case.title}", *(line.rstrip() for line in got)]
        path = HERE / "expected" / f"{topic}.txt"
        path.write_text("\n".join(lines) + "\n", encoding="utf-8")
        print(f"{topic}: {len(cases(topic))} cases")


def random_ones(program, seeds, diffs):
    wrong = 0
    document = (HERE / "documents" / "two.xml").read_text(encoding="utf-8")
    first, _, last = seeds.partition("..")
    for seed in range(int(first), int(last or first) + 1):
        lines = random_crm.lines(seed)
        try:
            theirs, _ = configure(["crm"], lines, document)
        except subprocess.TimeoutExpired:
            print(f"seed {seed}: crmsh does not come back")
            continue
        ours, complaints = configure(program, lines, document)
        if differs(f"seed {seed}", theirs, ours, complaints, diffs):
            wrong += 1
    print(f"{wrong} differ")
    return wrong


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--program", required=True)
    parser.add_argument("--record", action="store_true")
    parser.add_argument("--diffs", action="store_true")
    parser.add_argument("--seeds")
    parser.add_argument("topics", nargs="*")
    asked = parser.parse_args()
    program = [str(pathlib.Path(asked.program).resolve()), "crm"]
    if asked.seeds:
        return random_ones(program, asked.seeds, asked.diffs) > 0
    chosen = asked.topics or topics()
    if asked.record:
        return record(program, chosen)
    return check(program, chosen, asked.diffs) > 0


if __name__ == "__main__":
    sys.exit(main())
