#!/usr/bin/env python3
"""Lists the headers that have yet to be compiled on their own, as paths from the given root:
all but those that the file of the same name includes before anything else."""

import pathlib
import sys


def own_is_first(root, header):
    source = (root / header).with_suffix(".cc")
    lines = source.read_text().splitlines() if source.exists() else []
    first = next((line for line in lines if line.startswith("#include")), "")
    return first == f'#include "{header}"'


def compiled_alone(root):
    for path in sorted(root.rglob("*.hh")):
        header = path.relative_to(root)
        hidden = any(part.startswith((".", "build")) for part in header.parts)
        if not hidden and not own_is_first(root, header.as_posix()):
            yield header.as_posix()


if __name__ == "__main__":
    print(*compiled_alone(pathlib.Path(sys.argv[1])), sep="\n")
