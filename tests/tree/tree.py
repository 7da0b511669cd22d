#!/usr/bin/env python3
"""The tree is the architecture: checks what a compiler does not.

usage: tree.py [ROOT]    prints one line per violation, exit status 1 if there is any

Include arrows (who may include whom), pure layers that touch no machine, file names and sizes,
line lengths, headers that guard themselves, words that say something is unfinished.
"""
import fnmatch
import pathlib
import re
import sys

# Source prefix → what it may include, as patterns in which * stays inside one folder. The longest
# prefix that fits a file decides; a file in a folder without a rule is itself a violation.
DEVICE = ["transport/*"]
ARROWS = {
    "transport/": ["transport/*"],
    "transport/open.": ["transport/*", "transport/*/*"],
    "transport/udp/": DEVICE + ["transport/udp/*"],
    "transport/dpdk/": DEVICE + ["transport/dpdk/*"],
    "transport/ib/": DEVICE + ["transport/ib/*"],
    "transport/shm/": DEVICE + ["transport/shm/*"],
    "totem/": ["totem/*", "transport/frame.hh", "transport/transport.hh", "transport/time.hh"],
    "membership/": ["membership/*", "totem/types.hh", "transport/frame.hh"],
    "node/": ["node/*", "membership/*", "totem/*", "transport/*", "transport/*/*"],
    "client/gyre/": ["client/gyre/*", "transport/shm/*"],
    "client/gyre/gyre.hh": [],  # installed: stands alone
    "client/corosync/": ["client/corosync/*", "client/gyre/*", "transport/shm/*"],
    "client/inprocess/": ["client/inprocess/*", "node/*"],
    "rm/": ["rm/*", "rm/*/*", "client/gyre/*"],
    "tools/": ["tools/*", "client/gyre/*", "bench/*", "node/config*", "transport/*/*_check*"],
    "bench/": ["[!t]*", "t[!e]*"],  # anything but tests/
    "tests/": ["*"],
}
ANYTHING = ("bench/", "tests/")  # their patterns cross folders

# Layers that are functions of what they are handed: no clock, socket, thread, log or dice. (What
# mmap gives is memory.)
PURE = ("totem/", "membership/", "rm/cib/", "rm/configure/", "rm/schedule/", "rm/simulate/",
        "rm/show/", "rm/control/", "rm/execute/command", "rm/execute/fence_", "rm/execute/jobs",
        "rm/execute/output", "rm/execute/whole", "rm/execute/words", "rm/local/frame",
        "transport/seal", "transport/probe", "transport/link_health", "transport/redundant")
IMPURE = re.compile(
    r"#\s*include\s*<(thread|mutex|shared_mutex|condition_variable|future|iostream|fstream|random"
    r"|ctime|time\.h|unistd\.h|poll\.h|pthread\.h|sys/(?!mman\.h).*|netinet/.*"
    r"|arpa/.*|linux/.*|spdlog/.*)>"
    r"|\b(steady_clock|system_clock|high_resolution_clock)::now|\brandom_device\b")

SOURCES = (".cc", ".hh")
STRANGERS = (".cpp", ".cxx", ".C", ".hpp", ".hxx", ".h", ".c", ".inl")
C_INTERFACE = "client/corosync/"  # the headers that C programs include are named as they expect
LINES_MAX, COLUMNS_MAX = 500, 100
UNFINISHED = re.compile(r"\b(TO" r"DO|FIX" r"ME|XX" r"X)\b")
INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^">]+)[">]', re.M)
NAME = re.compile(r"[a-z0-9]+(_[a-z0-9]+)*$")
SKIPPED = re.compile(r"^(build|\.git$|\.cache$|__pycache__$)")


def files(root):
    """Every file of the project, as paths from its root."""
    pending = [root]
    while pending:
        for entry in sorted(pending.pop().iterdir()):
            if SKIPPED.match(entry.name):
                continue
            if entry.is_dir():
                pending.append(entry)
            elif entry.is_file():
                yield entry.relative_to(root).as_posix()


def matches(path, pattern, crosses):
    if crosses:
        return fnmatch.fnmatchcase(path, pattern)
    return path.count("/") == pattern.count("/") and fnmatch.fnmatchcase(path, pattern)


def rule_for(path):
    fitting = [prefix for prefix in ARROWS if path.startswith(prefix)]
    return max(fitting, key=len) if fitting else None


def include_violations(root, path, text):
    prefix = rule_for(path)
    if prefix is None:
        yield f"{path}: no include arrow begins in this folder"
        return
    crosses = prefix in ANYTHING
    for found in INCLUDE.finditer(text):
        line = text.count("\n", 0, found.start(1)) + 1
        quote, target = found.groups()
        ours = (root / target).is_file()
        if quote == "<" and ours:
            yield f"{path}:{line}: {target} is ours: quotes, not angle brackets"
        elif quote == '"' and not ours:
            yield f'{path}:{line}: "{target}" is not a path from the root of the project'
        elif ours and not any(matches(target, arrow, crosses) for arrow in ARROWS[prefix]):
            yield f"{path}:{line}: {prefix}* may not include {target}"


def source_violations(root, path, text):
    yield from include_violations(root, path, text)
    if path.endswith(".hh") and not re.search(r"^#pragma once$", text, re.M):
        yield f"{path}: no #pragma once"
    if path.startswith(PURE):
        for found in IMPURE.finditer(text):
            line = text.count("\n", 0, found.start()) + 1
            yield f"{path}:{line}: a pure layer does not use {found.group().strip()}"
    if not NAME.match(path.rsplit("/", 1)[-1].rsplit(".", 1)[0]):
        yield f"{path}: file names are snake_case"


def text_violations(path, text):
    lines = text.splitlines()
    if len(lines) > LINES_MAX:
        yield f"{path}: {len(lines)} lines, {LINES_MAX} at most: two rooms in one?"
    for number, line in enumerate(lines, 1):
        if len(line) > COLUMNS_MAX:
            yield f"{path}:{number}: {len(line)} columns, {COLUMNS_MAX} at most"
        if found := UNFINISHED.search(line):
            yield f"{path}:{number}: {found.group()}: finish it or take it out"


def violations(root):
    for path in files(root):
        suffix = pathlib.PurePosixPath(path).suffix
        if suffix in STRANGERS and not path.startswith(C_INTERFACE):
            yield f"{path}: sources are named .cc and .hh"
        is_source = suffix in SOURCES
        is_script = suffix == ".py" or path.startswith(("scripts/", ".ci/"))
        if not is_source and not is_script and not path.endswith("meson.build"):
            continue
        text = (root / path).read_text(encoding="utf-8")
        if is_source:
            yield from source_violations(root, path, text)
        yield from text_violations(path, text)


def main():
    root = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else __file__).resolve()
    root = root if root.is_dir() else root.parents[2]
    found = list(violations(root))
    print("\n".join(found) if found else "the tree is as it should be")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
