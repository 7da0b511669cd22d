#!/usr/bin/env python3
"""Checks a crm_verify against the oracle's: which documents it lets pass.

Of the cases of our own, or with --inputs of the documents in a folder, where the oracle itself is
asked. verify.txt names the cases that it does not let pass, and whether for errors or warnings;
record.py writes it. Exit status 1 where they disagree.
"""
import argparse
import functools
import pathlib
import shlex
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
import cases  # noqa: E402
import program  # noqa: E402

EXPECTED = cases.HERE / "verify.txt"
ORACLE = "/usr/sbin/crm_verify"


def verdict(command, text):
    """"", "warnings" or "errors"; anything else says what went wrong."""
    words = shlex.split(command)
    if len(words) == 1 and pathlib.Path(words[0]).name == "gyre-crm":
        words.append("crm_verify")
    quiet, told = (subprocess.run(words + arguments, input=text.encode(), capture_output=True,
                                  timeout=program.SECONDS_MAX, check=False)
                   for arguments in (["-p"], ["-p", "-V"]))
    if quiet.returncode != told.returncode or quiet.returncode not in (0, 78):
        return f"gave {quiet.returncode}, with -V {told.returncode}"
    if quiet.returncode == 0:
        return ""
    # What the oracle calls a bug of its own is none of the document.
    errors = [line for line in told.stderr.splitlines() if b"error:" in line and
              b"(bug?)" not in line]
    return "errors" if errors else "warnings"


def verdicts(command, documents, jobs):
    judge = functools.partial(verdict, command)
    return dict(zip(documents, program.in_parallel(judge, list(documents.values()), jobs)))


def read_expected():
    lines = EXPECTED.read_text(encoding="utf-8").splitlines()
    return dict(line.split() for line in lines if line and not line.startswith("#"))


def record(chosen, jobs):
    """Asks the oracle anew about the cases that are chosen."""
    exists = {case.id() for case in cases.read()}
    expected = {name: verdict for name, verdict in read_expected().items() if name in exists}
    expected.update(verdicts(ORACLE, {case.id(): case.document() for case in chosen}, jobs))
    text = "# What Pacemaker's crm_verify does not let pass, and for what (record.py).\n"
    EXPECTED.write_text(text + "".join(f"{name} {verdict}\n" for name, verdict in
                                       sorted(expected.items()) if verdict), encoding="utf-8")


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--program", required=True,
                        help="path of a crm_verify or gyre-crm, or a command")
    parser.add_argument("--inputs", metavar="FOLDER", help="documents to ask both about")
    parser.add_argument("-j", "--jobs", type=int, default=2)
    options = parser.parse_args()
    if options.inputs:
        documents = {path.name: path.read_text(encoding="utf-8", errors="replace")
                     for path in sorted(pathlib.Path(options.inputs).rglob("*.xml"))}
        expected = verdicts(ORACLE, documents, options.jobs)
    else:
        documents = {case.id(): case.document() for case in cases.read()}
        expected = read_expected()
    got = verdicts(options.program, documents, options.jobs)
    wrong = [name for name in documents if got[name] != expected.get(name, "")]
    for name in wrong:
        print(f"{name}: \"{got[name]}\", not \"{expected.get(name, '')}\"")
    print(f"{len(documents) - len(wrong)} of {len(documents)} documents pass, or not, as they "
          "should")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
