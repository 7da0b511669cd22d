"""Operation histories in words: RSC.OP[/INTERVAL][:PEER][=RC[(EXPECTED)]][!STATUS][#DIGEST][^AGE].

  a.start            it was started                a.monitor/10s=7   a monitor found it stopped
  a.probe            it was found inactive         a.probe=0         and here active
  a.start!pending    it is being started           a.stop!timeout    its stop never came back
  a.migrate_to:n2    it has left for n2            m.monitor/9s=8(8) a promoted one is fine
  a.start#changed    with other parameters than today's; #none leaves the digest out
  a.start#reload     with other reloadable parameters    a.start^60 it ended 60 s ago
"""
import hashlib
import re
import xml.etree.ElementTree as ElementTree

TOKEN = re.compile(r"(?P<rsc>[\w:-]+)\.(?P<op>\w+)(/(?P<interval>\w+))?(:(?P<peer>[\w-]+))?"
                   r"(=(?P<rc>\d+)(\((?P<expected>\d+)\))?)?(!(?P<status>\w+))?"
                   r"(#(?P<digest>\w+))?(\^(?P<age>-?\d+))?$")
STATUSES = {"pending": -1, "done": 0, "cancelled": 1, "timeout": 2, "unsupported": 3, "error": 4,
            "hard": 5, "fatal": 6, "missing": 7, "invalid": 9}
UUID = "00000000-0000-4000-8000-000000000000"
UNITS = {"": 1000, "s": 1000, "ms": 1, "m": 60000, "min": 60000, "h": 3600000}


def milliseconds(text):
    number, unit = re.fullmatch(r"(\d+)(\w*)", text).groups()
    return int(number) * UNITS[unit]


def parse(token):
    found = TOKEN.match(token)
    if not found:
        raise ValueError(f"{token} is no record of a history")
    record = found.groupdict()
    probe = record["op"] == "probe"
    record["op"] = "monitor" if probe else record["op"]
    record["interval"] = milliseconds(record["interval"] or "0")
    record["expected"] = int(record["expected"] or (7 if probe else 0))
    record["rc"] = record["expected"] if record["rc"] is None else int(record["rc"])
    failed = record["rc"] != record["expected"]
    status = STATUSES[record["status"]] if record["status"] else 4 if failed and not probe else 0
    if status == -1:
        record["rc"] = 193
    elif record["status"] == "timeout" and not failed:
        record["rc"] = 1
    record["status"] = status
    record["failed"] = not probe and status != -1 and record["rc"] != record["expected"]
    return record


def failcount(token, now):
    """RSC.OP[/INTERVAL]=COUNT[^AGE] as the transient attributes that hold it."""
    what, count = token.split("=", 1)
    count, _, age = count.partition("^")
    resource, operation = what.rsplit(".", 1)
    operation, _, interval = operation.partition("/")
    key = f"{resource}#{operation}_{milliseconds(interval or '0')}"
    attributes = {f"fail-count-{key}": count}
    if age:
        if now is None:
            raise ValueError(f"{token} has an age, and there is no now before it")
        attributes[f"last-failure-{key}"] = str(now - int(age))
    return attributes


class Records:
    """Every node's history, in the order in which things happened."""

    def __init__(self):
        self.held = {}  # (node, resource): [record]
        self.calls = {}  # node: the last call's number
        self.probed = False

    def add(self, node, tokens):
        for token in tokens:
            record = parse(token)
            self.calls[node] = self.calls.get(node, 0) + 1
            record["call"] = self.calls[node]
            self.held.setdefault((node, record["rsc"]), []).append(record)

    def add_probes(self, node, resources):
        for name in resources:
            if (node, name) not in self.held and (node, name.split(":")[0]) not in self.held:
                self.add(node, [f"{name}.probe"])

    def write(self, cluster, node_state, node):
        lrm = ElementTree.SubElement(node_state, "lrm", id=cluster.node_id(node))
        outer = ElementTree.SubElement(lrm, "lrm_resources")
        for (where, name), records in self.held.items():
            if where != node:
                continue
            primitive = cluster.primitives.get(name, cluster.primitives.get(name.split(":")[0]))
            if primitive is None:
                raise ValueError(f"on {node}: there is no resource {name}")
            agent = primitive
            if primitive.get("template"):
                agent = cluster.primitives[primitive.get("template")]
            element = ElementTree.SubElement(outer, "lrm_resource", {"id": name} | {
                key: agent.get(key) for key in ("type", "class", "provider") if agent.get(key)})
            entries = {}  # what is newer takes the place of what is older
            for record in records:
                for entry in entry_ids(record):
                    entries.pop(entry, None)
                    entries[entry] = record
            for entry, record in entries.items():
                ElementTree.SubElement(element, "lrm_rsc_op", attributes(
                    cluster, node, entry, record, primitive))


def entry_ids(record):
    key = f"{record['rsc']}_{record['op']}_{record['interval']}"
    migration = record["op"] in ("migrate_to", "migrate_from")
    if record["interval"] or migration:
        yield key
    else:
        yield f"{record['rsc']}_last_0"
    if record["failed"]:
        yield f"{record['rsc']}_last_failure_0"


def attributes(cluster, node, entry, record, primitive):
    key = f"{record['rsc']}_{record['op']}_{record['interval']}"
    transition = f"{record['call']}:1:{record['expected']}:{UUID}"
    result = {
        "id": entry, "operation_key": key, "operation": record["op"],
        "interval": str(record["interval"]), "crm_feature_set": "3.16.1",
        "transition-key": transition,
        "transition-magic": f"{record['status']}:{record['rc']};{transition}",
        "call-id": str(-1 if record["status"] == -1 else record["call"]),
        "rc-code": str(record["rc"]), "op-status": str(record["status"]), "on_node": node}
    if cluster.now is not None:
        result["last-rc-change"] = str(cluster.now - int(record["age"] or 3600))
    if record["op"] == "migrate_to":
        result |= {"migrate_source": node, "migrate_target": record["peer"]}
    elif record["op"] == "migrate_from":
        result |= {"migrate_source": record["peer"], "migrate_target": node}
    return result | digests(record, cluster, primitive)


def digest(parameters, interval=0, timeout_ms="20000"):
    """MD5 of the parameters as one element with sorted attributes, a space before, a line's end."""
    known = dict(parameters)
    if interval:
        known["CRM_meta_timeout"] = timeout_ms
    element = ElementTree.Element("parameters", dict(sorted(known.items())))
    text = " " + ElementTree.tostring(element, encoding="unicode").replace(" />", "/>") + "\n"
    return hashlib.md5(text.encode()).hexdigest()


def digests(record, cluster, primitive):
    """What the record says of the parameters it ran with; same as today's by default."""
    said = record["digest"] or "same"
    template = cluster.primitives.get(primitive.get("template"))
    parameters = {pair.get("name"): pair.get("value") for source in (template, primitive)
                  if source is not None for pair in source.findall("instance_attributes/nvpair")}
    if said == "same":
        return {"op-digest": digest(parameters, record["interval"], timeout(record, primitive))}
    if said == "changed":
        return {"op-digest": "0" * 32}
    if said == "reload":  # the first parameter, by name, is the one that restarts
        first = dict(sorted(parameters.items())[:1])
        return {"op-digest": "0" * 32, "op-force-restart": "".join(f" {name} " for name in first),
                "op-restart-digest": digest(first)}
    if said == "none":
        return {}
    raise ValueError(f"no such digest: {said}")


def timeout(record, primitive):
    """The timeout in milliseconds of a recurring operation."""
    for op in primitive.findall("operations/op"):
        if op.get("name") == record["op"] and milliseconds(op.get("interval")) == \
                record["interval"]:
            return str(milliseconds(op.get("timeout", "20s")))
    return "20000"
