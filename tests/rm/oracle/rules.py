"""Rules in words: #uname eq n1 and defined ping, date gt 2023-01-01, date spec hours=9-16."""
import re
import xml.etree.ElementTree as ElementTree

OPERATIONS = ("lt", "gt", "lte", "gte", "eq", "ne")


def add(cluster, outer, words, **attributes):
    """Adds a rule with the expressions that and, or or (or neither) joins."""
    joins = {word for word in words if word in ("and", "or")}
    if len(joins) > 1:
        raise ValueError("a rule is joined by and, or by or")
    rule = ElementTree.SubElement(outer, "rule", {"id": cluster.new_id("rule")} | {
        name.replace("_", "-"): value for name, value in attributes.items()})
    if joins:
        rule.set("boolean-op", joins.pop())
    part = []
    for word in words + ["and"]:
        if word in ("and", "or"):
            expression(cluster, rule, part)
            part = []
        else:
            part.append(word)
    return rule


def expression(cluster, rule, words):
    own = {"id": cluster.new_id("expression")}
    if words[0] == "date":
        date(cluster, rule, own, words[1:])
    elif words[0] in ("rsc", "op"):  # rsc class=ocf type=Dummy, op name=monitor interval=10s
        tag = {"rsc": "rsc_expression", "op": "op_expression"}[words[0]]
        ElementTree.SubElement(rule, tag, own | dict(word.split("=", 1) for word in words[1:]))
    elif words[0] in ("defined", "not_defined"):
        ElementTree.SubElement(rule, "expression", own | {
            "attribute": words[1], "operation": words[0]})
    else:
        attribute, operation, value = words
        if operation not in OPERATIONS:
            raise ValueError(f"no such operation: {operation}")
        typed = re.match(r"(string|integer|number|version|param|meta):(.*)$", value)
        if typed and typed.group(1) in ("param", "meta"):
            own["value-source"], value = typed.groups()
        elif typed:
            own["type"], value = typed.groups()
        ElementTree.SubElement(rule, "expression", own | {
            "attribute": attribute, "operation": operation, "value": value})


def date(cluster, rule, own, words):
    """gt WHEN, lt WHEN, in START [END] [for hours=1..], spec hours=9-16.."""
    operation, *rest = words
    element = ElementTree.SubElement(rule, "date_expression", own | {"operation": {
        "in": "in_range", "spec": "date_spec"}.get(operation, operation)})
    if operation == "gt":
        element.set("start", rest[0])
    elif operation == "lt":
        element.set("end", rest[0])
    elif operation == "spec":
        ElementTree.SubElement(element, "date_spec", {"id": cluster.new_id("spec")} | dict(
            word.split("=", 1) for word in rest))
    elif operation == "in":
        times = rest[:rest.index("for")] if "for" in rest else rest
        for name, value in zip(("start", "end"), times):
            if value != "-":
                element.set(name, value)
        if "for" in rest:
            ElementTree.SubElement(element, "duration", {"id": cluster.new_id("duration")} | dict(
                word.split("=", 1) for word in rest[rest.index("for") + 1:]))
    else:
        raise ValueError(f"no such date expression: {operation}")
