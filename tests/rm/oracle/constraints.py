"""Constraints in words.

  location RSC|/PATTERN/|SET [NAME=VALUE..] SCORE: NODE
  location RSC [NAME=VALUE..] rule [role=R] SCORE|ATTRIBUTE: EXPRESSION
  colocation SCORE: A[:ROLE] B[:ROLE] [NAME=VALUE..]      or sets
  order KIND|SCORE: A[:ACTION] B[:ACTION] [NAME=VALUE..]  or sets
  ticket TICKET: A[:ROLE] [loss-policy=..]                or sets

A set is {a b} in sequence, (a b) side by side, [a b] side by side of which one is enough; a role or
an action follows it after a colon.
"""
import re
import xml.etree.ElementTree as ElementTree

import rules

SET = re.compile(r"([{(\[])([^])}]*)[])}](?::(\w+))?\s*|(\S+)\s*")
SCORE = re.compile(r"[+-]?(\d+|INFINITY)$")
BRACKETS = {"{": {"sequential": "true"}, "(": {"sequential": "false"},
            "[": {"sequential": "false", "require-all": "false"}}


def tokens(text):
    """The words and sets of a constraint; its trailing NAME=VALUE words as a dictionary."""
    members, attributes = [], {}
    for bracket, inside, suffix, word in SET.findall(text):
        if bracket:
            members.append((bracket, inside.split(), suffix))
        elif re.match(r"[\w-]+=", word):
            name, value = word.split("=", 1)
            attributes[name] = value
        else:
            members.append(word)
    return members, attributes


def add_set(cluster, outer, token, kind):
    bracket, names, suffix = token
    element = ElementTree.SubElement(outer, "resource_set",
                                     {"id": cluster.new_id("set")} | BRACKETS[bracket])
    if suffix:
        element.set(kind, suffix)
    for name in names:
        ElementTree.SubElement(element, "resource_ref", id=name)


def new(cluster, tag, attributes):
    return ElementTree.SubElement(cluster.parts["constraints"], tag,
                                  {"id": cluster.new_id(tag)} | attributes)


def location(cluster, text):
    head, value = text.split(": ", 1)
    words, attributes = tokens(head)
    constraint = new(cluster, "rsc_location", {})
    target, score = words[0], words[-1]
    if isinstance(target, tuple):
        add_set(cluster, constraint, target, "role")
    elif target.startswith("/"):
        constraint.set("rsc-pattern", target.strip("/"))
    else:
        constraint.set("rsc", target)
    if "rule" in words:
        how = {"score" if SCORE.match(score) else "score_attribute": score}
        if "role" in attributes:
            how["role"] = attributes.pop("role")
        rules.add(cluster, constraint, value.split(), **how)
    else:
        constraint.set("node", value)
        constraint.set("score", score)
    for name, value in attributes.items():
        constraint.set(name, value)


def colocation(cluster, text):
    score, rest = text.split(": ", 1)
    members, attributes = tokens(rest)
    constraint = new(cluster, "rsc_colocation", {"score": score} | attributes)
    if any(isinstance(member, tuple) for member in members):
        for member in members:
            add_set(cluster, constraint, as_set(member), "role")
        return
    for prefix, member in zip(("", "with-"), members):
        name, _, role = member.partition(":")
        constraint.set(prefix + "rsc", name)
        if role:
            constraint.set("rsc-role" if not prefix else "with-rsc-role", role)


def as_set(member):
    """A word among sets is a set of one."""
    if isinstance(member, tuple):
        return member
    name, _, suffix = member.partition(":")
    return "{", [name], suffix


def order(cluster, text):
    kind, rest = text.split(": ", 1)
    members, attributes = tokens(rest)
    constraint = new(cluster, "rsc_order", {
        "score" if SCORE.match(kind) else "kind": kind} | attributes)
    if any(isinstance(member, tuple) for member in members):
        for member in members:
            add_set(cluster, constraint, as_set(member), "action")
        return
    for prefix, member in zip(("first", "then"), members):
        name, _, action = member.partition(":")
        constraint.set(prefix, name)
        if action:
            constraint.set(prefix + "-action", action)


def ticket(cluster, text):
    name, rest = text.split(": ", 1)
    members, attributes = tokens(rest)
    constraint = new(cluster, "rsc_ticket", {"ticket": name} | attributes)
    if isinstance(members[0], tuple):
        for member in members:
            add_set(cluster, constraint, as_set(member), "role")
        return
    resource, _, role = members[0].partition(":")
    constraint.set("rsc", resource)
    if role:
        constraint.set("rsc-role", role)


VERBS = {"location": location, "colocation": colocation, "order": order, "ticket": ticket}
