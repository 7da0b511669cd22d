#!/usr/bin/env python3
"""usage: manual.py PAGE.SECTION WHAT FILE.md    A page of the documentation as a manual page.

Knows as much of Markdown as docs/ uses: headings, paragraphs, lists, tables, code.
"""
import re
import sys

ITEM = re.compile(r"(-|\d+\.) (.*)")
INLINE = re.compile(r"`([^`]+)`|\*\*([^*]+)\*\*|\[([^\]]+)\]\([^)]*\)")


def escaped(text):
    return text.replace("\\", "\\e")


def inline(text):
    """Code and what is stressed are bold; of a link its text stays. A long list may be broken."""
    def one(found):
        code, bold, link = found.groups()
        if link:
            return escaped(link)
        text = escaped(code or bold).replace("-", "\\-").replace(",", ",\\:")
        return "\\fB" + text + "\\fR"
    parts, end = [], 0
    for found in INLINE.finditer(text):
        parts += [escaped(text[end:found.start()]), one(found)]
        end = found.end()
    return line("".join(parts) + escaped(text[end:]))


def line(text):
    """A line of text that is no request."""
    return "\\&" + text if text[:1] in (".", "'") else text


def cells(row):
    return [cell.strip() for cell in row.strip().strip("|").split("|")]


def row_of(head, row):
    """The first cell is a term, the others tell of it, each under its heading if it has one."""
    told = [f"{title}: {cell}" if title else cell
            for title, cell in zip(head[1:], row[1:]) if cell]
    return [".TP", inline(row[0]) or "\\&", inline(". ".join(told).rstrip(".") + ".")]


def table(rows):
    head, *body = (cells(row) for row in rows)
    return [text for row in body[1:] for text in row_of(head, row)]  # behind the rule


def whole(lines):
    """Lines that go on in the next ones become one each; code stays as it is."""
    block = []
    for text in lines:
        if block and (not text or text.startswith(("#", "|", "```")) or ITEM.match(text)):
            yield " ".join(block)
            block = []
        if text.startswith("```"):
            yield from [text, *iter(lines.__next__, "```"), "```"]
        elif not text or text.startswith(("#", "|")):
            yield text
        else:
            block.append(text.strip())
    yield " ".join(block)


def page(markdown):
    lines, out = whole(iter(markdown.split("\n"))), []
    for text in lines:
        if text.startswith("# "):
            continue
        if text.startswith("## "):
            out += [".SH " + escaped(text[3:])]
        elif text.startswith("### "):
            out += [".SS " + escaped(text[4:])]
        elif text.startswith("```"):
            out += [".PP", ".RS 4", ".nf"]
            out += [line(escaped(code)) for code in iter(lines.__next__, "```")]
            out += [".fi", ".RE"]
        elif text.startswith("|"):
            out += [*table([text, *iter(lambda: next(lines, ""), "")]), ".PP"]
        elif found := ITEM.match(text):
            out += [f".IP {'*' if found[1] == '-' else found[1]} 4", inline(found[2])]
        else:
            out += [inline(text) if text else ".PP"]
    return tidy(out)


def tidy(out):
    """A paragraph is not begun where something else begins anyway."""
    begins = (".PP", ".SH", ".SS", ".TP", ".IP")
    kept = [text for text, after in zip(out, [*out[1:], ".PP"])
            if text != ".PP" or not after.startswith(begins)]
    return [text for text, before in zip(kept, ["", *kept])
            if text != ".PP" or not before.startswith((".SH", ".SS"))]


def main():
    if len(sys.argv) != 4:
        sys.exit(__doc__.split("\n", maxsplit=1)[0])
    name, what, path = sys.argv[1:]
    title, section = name.rsplit(".", 1)
    with open(path, encoding="utf-8") as file:
        body = page(file.read())
    head = [f'.TH {title.upper()} {section} "" "gyre" "Gyre"', ".SH NAME", f"{title} \\- {what}",
            ".\\\" Keys are long, and are not to be torn apart.", ".ad l", ".nh", ".SH DESCRIPTION"]
    print("\n".join([*head, *body]))


if __name__ == "__main__":
    main()
