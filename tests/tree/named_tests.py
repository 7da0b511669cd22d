"""Every test that docs/SECURITY.md names beside a published fault is one.

usage: named_tests.py [ROOT]    prints each that is not, exit status 1 if there is any
"""
import pathlib
import re
import sys

# Suite.Name, or Suite.Beginning*, and more names of the same suite behind commas.
NAMED = re.compile(r"\b([A-Z]\w+)\.([A-Z]\w*\*?|\*)((?:, [A-Z]\w*\*?(?![\w.]))*)")
TEST = re.compile(r"^TEST(?:_F|_P)?\((\w+),\s*(\w+)\)", re.M)


def known(root):
    for path in (root / "tests").rglob("*.cc"):
        yield from TEST.findall(path.read_text(encoding="utf-8"))


def named(text):
    """(suite, name) of each; a name that ends in * stands for all that begin so."""
    for line in text.splitlines():
        if not line.startswith("|"):
            continue
        for suite, first, more in NAMED.findall(line):
            yield from ((suite, name) for name in (first, *filter(None, more.split(", "))))


def missing(text, tests):
    for suite, name in named(text):
        fits = re.compile(re.escape(name).replace(r"\*", ".*"))
        if not any(suite == own and fits.fullmatch(each) for own, each in tests):
            yield f"docs/SECURITY.md: there is no test {suite}.{name}"


def main():
    root = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else __file__).resolve()
    root = root if root.is_dir() else root.parents[2]
    text = (root / "docs/SECURITY.md").read_text(encoding="utf-8")
    found = sorted(set(missing(text, set(known(root)))))
    print("\n".join(found) if found else f"{len(list(named(text)))} names, and all are tests")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
