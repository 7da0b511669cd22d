#!/usr/bin/env python3
"""Records what Pacemaker's commands make of the cases: writes expected/TOPIC.txt.

usage: record.py [TOPIC...]
"""
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
import commands  # noqa: E402

for topic in sys.argv[1:] or commands.topics():
    lines = [f"# recorded by record.py with Pacemaker's commands: {topic}"]
    for case in commands.cases(topic):
        lines += commands.written(case, commands.answer(case))
    (commands.HERE / "expected").mkdir(exist_ok=True)
    path = commands.HERE / "expected" / f"{topic}.txt"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    print(f"{topic}: {len(commands.cases(topic))} cases")
