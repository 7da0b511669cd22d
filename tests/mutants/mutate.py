#!/usr/bin/env python3
"""Writes the production sources once more, with every mutant of list/*.toml built in and switched
off: one build, and GYRE_MUTANT=ID chooses at start which bug there is.

usage: mutate.py --root ROOT --out DIR --depfile FILE SOURCE...
       mutate.py --root ROOT --names SOURCE...     only says what it would write from the sources

Sources are those that a build names, and all headers. Headers go to DIR/tree under their own paths,
so that DIR/tree first among the include directories puts them in place of the real ones; a/b.cc
goes to DIR/a_b.cc, which a build can name. DIR also gets mutants.hh, which all of them include, and
mutants.cc, the ids.

An entry of the list is

    [C2b]                                  class, and a letter if the class has more than one
    what = "A ring seq is used before it is on disk"
    file = "totem/commit.cc"
    original = '''ring_seq > reserved_'''  stands exactly once in that file, or nothing is written;
                                           of «…» in it only that part is replaced
    mutant = '''false'''                   an expression, or a statement where original is one

Sites may be equal or lie within each other; where they cross, they are refused.
"""
import argparse
import pathlib
import re
import sys
import tomllib

HERE = pathlib.Path(__file__).resolve().parent
KEYS = {"what", "file", "original", "mutant"}


class Refused(Exception):
    """An entry that does not fit the sources."""


def load(folder=HERE / "list"):
    """All mutants, as dictionaries with their id and number, in the order of the files."""
    mutants = {}
    for path in sorted(folder.glob("*.toml")):
        for name, entry in tomllib.loads(path.read_text(encoding="utf-8")).items():
            if not re.fullmatch(r"[A-Z]\d+[a-z]?", name) or name in mutants:
                raise Refused(f"{name}: not an id, or there twice")
            if set(entry) != KEYS:
                raise Refused(f"{name}: has {', '.join(entry)}; needs {', '.join(sorted(KEYS))}")
            mutants[name] = {"id": name, "number": len(mutants) + 1, **entry}
    return list(mutants.values())


def family(name):
    """The class of bugs that a mutant stands for."""
    return name.rstrip("abcdefghijklmnopqrstuvwxyz")


def switched(mutants, original):
    """One site: `original` (with what lies within it already done) unless a mutant is on."""
    one_line = [(each["number"], " ".join(each["mutant"].split())) for each in mutants]
    if original.rstrip().endswith((";", "}")):
        chain = "".join(f"if (::gyre::mutant::on({n})) {{ {text} }} else " for n, text in one_line)
        return f"{{ {chain}{{ {original} }} }}"
    chain = "".join(f"::gyre::mutant::on({n}) ? ({text}) : " for n, text in one_line)
    return f"({chain}({original}))"


def sites_of(text, mutants):
    """(begin, end) → mutants there, the outermost first."""
    sites = {}
    for each in mutants:
        before, opening, rest = each["original"].partition("«")
        part, _, behind = rest.partition("»") if opening else (before, "", "")
        whole = before + part + behind if opening else part
        if (count := text.count(whole)) != 1:
            raise Refused(f"{each['id']}: its original stands {count} times in {each['file']}")
        begin = text.index(whole) + (len(before) if opening else 0)
        sites.setdefault((begin, begin + len(part)), []).append(each)
    return dict(sorted(sites.items(), key=lambda site: (site[0][0], -site[0][1])))


def mutated(text, mutants):
    """The text with all of these mutants in it; its lines stay where they are."""
    def render(begin, end, inside):
        parts, at = [], begin
        while inside:
            (first, last), here = inside.pop(0)
            within = []
            while inside and inside[0][0][0] < last:
                within.append(inside.pop(0))
                if within[-1][0][1] > last:
                    raise Refused(f"{within[-1][1][0]['id']}: its site crosses {here[0]['id']}'s")
            parts += [text[at:first], switched(here, render(first, last, within))]
            at = last
        return "".join(parts) + text[at:end]
    return render(0, len(text), list(sites_of(text, mutants).items()))


def target(path):
    return "tree/" + path if path.endswith(".hh") else path.replace("/", "_")


def generate(root, out, sources, mutants):
    """Path under `out` → text, for all sources."""
    files = {}
    strangers = {each["file"] for each in mutants} - set(sources)
    if strangers:
        raise Refused(f"not among the sources: {', '.join(sorted(strangers))}")
    for path in sources:
        text = mutated((root / path).read_text(encoding="utf-8"),
                       [each for each in mutants if each["file"] == path])
        files[target(path)] = f'#include "mutants.hh"\n#line 1 "{path}"\n{text}'
    ids = "".join(f'    "{each["id"]}",\n' for each in mutants)
    files["mutants.hh"] = '#pragma once\n#include "tests/mutants/mutant.hh"\n'
    files["mutants.cc"] = (
        '#include "mutants.hh"\nnamespace gyre::mutant {\n'
        f"constinit const std::string_view ids[] = {{\n{ids}}};\n"
        f"const int count = {len(mutants)};\n}}  // namespace gyre::mutant\n")
    return {out / name: text for name, text in files.items()}


def main():
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--root", type=pathlib.Path, required=True)
    options.add_argument("--out", type=pathlib.Path)
    options.add_argument("--depfile", type=pathlib.Path)
    options.add_argument("--names", action="store_true")
    options.add_argument("sources", nargs="+", type=pathlib.Path)
    arguments = options.parse_args()
    root = arguments.root.resolve()
    sources = [path.resolve().relative_to(root).as_posix() for path in arguments.sources]
    if arguments.names:
        print("\n".join(target(path) for path in sources))
        return
    for layer in ("transport", "totem", "membership", "node", "client"):
        sources += [path.relative_to(root).as_posix() for path in (root / layer).rglob("*.hh")]
    try:
        files = generate(root, arguments.out, sources, load())
    except (Refused, tomllib.TOMLDecodeError) as error:
        sys.exit(f"mutants: {error}")
    for path, text in files.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    inputs = [str(root / path) for path in sources] + [str(HERE / "mutate.py")]
    inputs += [str(path) for path in sorted((HERE / "list").glob("*.toml"))]
    arguments.depfile.write_text(f"{arguments.out / 'mutants.hh'}: {' '.join(inputs)}\n")


if __name__ == "__main__":
    main()
