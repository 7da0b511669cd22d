"""What a command of the resource manager prints, its exit status, and what it makes of a document.

cases/TOPIC.txt has a command on each line, quoted as for a shell; after "in NAME:" comes the
command for documents/NAME.xml, else it is small.xml. FOLDER is the folder of the documents.
"""
import collections
import difflib
import os
import pathlib
import re
import shlex
import subprocess
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
DOCUMENTS = HERE / "documents"
Answer = collections.namedtuple("Answer", "status printed change complaints")


def cases(topic):
    lines = (HERE / "cases" / f"{topic}.txt").read_text(encoding="utf-8").splitlines()
    return [line for line in lines if line and not line.startswith("#")]


def topics():
    return sorted(path.stem for path in (HERE / "cases").glob("*.txt"))


def lines_of(text):
    """The attributes of <cib> in one order: theirs says nothing."""
    return ["<cib " + " ".join(sorted(re.findall(r'[\w-]+="[^"]*"', line)))
            if line.startswith("<cib ") else line for line in text.splitlines()]


def answer(case, program=None):
    """The answer of `program`, gyre-crm, to a case; without it that of Pacemaker's command."""
    name, command = "small", case
    if case.startswith("in "):
        name, _, command = case[3:].partition(": ")
    words = shlex.split(command.replace("FOLDER", str(DOCUMENTS)))
    document = DOCUMENTS / f"{name}.xml"
    with tempfile.TemporaryDirectory() as folder:
        file = pathlib.Path(folder) / "cib.xml"
        file.write_bytes(document.read_bytes())
        file.chmod(0o600)
        done = subprocess.run(([program] if program else []) + words, input="", text=True,
                              env={**os.environ, "CIB_file": str(file), "TZ": "UTC"},
                              capture_output=True, timeout=60, check=False)
        now = file.read_text(encoding="utf-8")
    was = document.read_text(encoding="utf-8")
    change = [line for line in difflib.unified_diff(lines_of(was), lines_of(now), n=0, lineterm="")
              if line[:1] in "+-" and line[:3] not in ("+++", "---")]
    return Answer(done.returncode, done.stdout.splitlines(), change, done.stderr)


def written(case, got):
    return ([f"== {case}", f"exit status {got.status}"] + [f"  {line}".rstrip()
                                                          for line in got.printed] + got.change)


def expected(topic):
    """By case: the lines of the oracle's answer."""
    found, case = {}, None
    text = (HERE / "expected" / f"{topic}.txt").read_text(encoding="utf-8")
    for line in text.splitlines():
        if line.startswith("== "):
            case = line[3:]
            found[case] = [line]
        elif case:
            found[case].append(line)
    return found
