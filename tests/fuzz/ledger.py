"""What the fuzz targets have stood: executions.jsonl beside this file, to which `scripts/fuzz
--record` adds, and docs/fuzz.md, which is made from it. A run that failed is not in it.

One line for each target, build, commit and state of the sources that went into the target.

usage: ledger.py    writes docs/fuzz.md
"""
import hashlib
import json
import pathlib
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
LEDGER, PAGE = ROOT / "tests/fuzz/executions.jsonl", ROOT / "docs/fuzz.md"
KEY, SUMS = ("target", "build", "commit", "sources"), ("executions", "seconds")
HEAD = """# How much the fuzz targets have stood

Made by `scripts/fuzz --record` from `tests/fuzz/executions.jsonl`; not written by hand. Runs that
ended without a crash, a hang or a leak. "Same sources": since the target, or anything that is
compiled into it, last changed between runs. Rates are per second of processor time.

| target | build | executions | same sources | per second | last run at |
|---|---|---:|---:|---:|---|
"""


def commit():
    """The commit that is checked out; nothing that counts may differ from it."""
    git = ["git", "-C", ROOT]
    changed = subprocess.run([*git, "status", "--porcelain", "--untracked-files=no", "--", ".",
                              f":!{LEDGER.relative_to(ROOT)}", f":!{PAGE.relative_to(ROOT)}"],
                             check=True, capture_output=True, text=True).stdout
    if changed:
        sys.exit(f"what is recorded needs a commit, and these files differ from it:\n{changed}")
    return subprocess.run([*git, "rev-parse", "--short=9", "HEAD"], check=True,
                          capture_output=True, text=True).stdout.strip()


def sources(folder, program):
    """A name for the state of all files of the tree that went into `program`."""
    ninja = ["ninja", "-C", folder, "-t"]
    ask = lambda *words: subprocess.run([*ninja, *words], check=True, capture_output=True,
                                        text=True).stdout.splitlines()
    inputs = ask("inputs", program.relative_to(folder))
    objects = [name for name in inputs if name.endswith(".o")]
    names = set(inputs) | {line.strip() for line in ask("deps", *objects)
                           if line.startswith("    ")}
    digest = hashlib.sha256()
    for path in sorted({(folder / name).resolve() for name in names}):
        if path.is_relative_to(ROOT) and not path.is_relative_to(folder):
            digest.update(str(path.relative_to(ROOT)).encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()[:12]


def read():
    return [json.loads(line) for line in LEDGER.read_text().splitlines()] if LEDGER.exists() else []


def add(row):
    rows = read()
    same = next((old for old in rows if all(old[key] == row[key] for key in KEY)), None)
    if same:
        rows.remove(same)
        row = {**row, **{name: round(same[name] + row[name], 1) for name in SUMS}}
    rows.append(row)
    LEDGER.write_text("".join(json.dumps(row) + "\n" for row in rows))
    PAGE.write_text(page(rows))


def page(rows):
    lines = []
    for target, build in sorted({(row["target"], row["build"]) for row in rows}):
        of_it = [row for row in rows if (row["target"], row["build"]) == (target, build)]
        last = of_it[-1]
        same = [row for row in of_it if row["sources"] == last["sources"]]
        total, lately, seconds = (sum(row[name] for row in some) for some, name in
                                  ((of_it, "executions"), (same, "executions"), (same, "seconds")))
        lines.append(f"| {target} | {build} | {total:,} | {lately:,} | "
                     f"{lately / max(seconds, 0.1):,.0f} | {last['commit']} |\n")
    return HEAD + "".join(lines)


if __name__ == "__main__":
    PAGE.write_text(page(read()))
