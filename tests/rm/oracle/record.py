#!/usr/bin/env python3
"""Records what the oracle, Pacemaker's crm_simulate, makes of the cases: writes expected/TOPIC.txt.
And in verify.txt what its crm_verify does not let pass.

Whatever the oracle complains about on standard error is shown, so that no case is wrong by mistake.
"""
import argparse
import functools
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
import cases  # noqa: E402
import program  # noqa: E402
import verify  # noqa: E402


def answer(command, case):
    return program.simulate_text(command, case.document(), case.arguments)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--program", default="/usr/sbin/crm_simulate", help="the oracle")
    parser.add_argument("--only", metavar="TOPIC", default="", help="topics whose name has TOPIC")
    parser.add_argument("-j", "--jobs", type=int, default=2)
    options = parser.parse_args()
    chosen = [case for case in cases.read() if options.only in case.topic]
    answers = program.in_parallel(functools.partial(answer, options.program), chosen, options.jobs)
    (cases.HERE / "expected").mkdir(exist_ok=True)
    failed = 0
    for topic in sorted({case.topic for case in chosen}):
        lines = [f"# recorded by record.py with Pacemaker's crm_simulate: {topic}"]
        for case, got in zip(chosen, answers):
            if case.topic != topic:
                continue
            if got.complaints:
                print(f"{case.id()}: the oracle complains: {got.complaints}")
            if got.failure:
                print(f"{case.id()}: {got.failure}")
                failed += 1
                continue
            lines += [f"== {case.name}"] + cases.expectation(got)
        path = cases.HERE / "expected" / f"{topic}.txt"
        path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    verify.record(chosen, options.jobs)
    print(f"{len(chosen) - failed} of {len(chosen)} cases recorded")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
