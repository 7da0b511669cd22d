"""Does in a document what crm_simulate leaves undone: the next plan is that of a cluster in which
all of a plan was done, and all that was under way has ended.

  X_clear_failcount_0 n1   the counts of X on n1 are taken away, with the record of its last failure
  X_delete_0 n1            so is the history of X on n1, as far as it is older than that
  cancel:X_monitor_9000 n1 so is the record of that monitor
  do_shutdown-n1 n1        the node is gone
"""
import re
import xml.etree.ElementTree as ElementTree


def finish(path, graph):
    tree = ElementTree.parse(path)
    states = {state.get("uname"): state for state in tree.findall("status/node_state")}
    for state in states.values():
        for resource in histories(state):
            end_what_is_under_way(resource)
    for action in sorted(graph.actions):
        key, _, node = action.rpartition(" ")
        state = states.get(node)
        if state is None:
            continue
        resource = key.rpartition("_")[0].rpartition("_")[0]
        if key.endswith("_clear_failcount_0"):
            clear_failures(state, key[:-len("_clear_failcount_0")])
        elif key.startswith("cancel:"):
            remove_records(state, lambda _, record: record.get("operation_key") == key[7:])
        elif key.startswith("do_shutdown"):
            state.attrib.update(in_ccm="false", crmd="offline", join="down", expected="down")
        elif key.endswith("_delete_0"):
            later = {other for other in graph.actions if action in graph.before[other]}
            remove_records(state, lambda of, record: of == resource and
                           f"{record.get('operation_key')} {node}" not in later)
    tree.write(path, encoding="unicode")


def histories(state):
    return state.findall("lrm/lrm_resources/lrm_resource")


def end_what_is_under_way(resource):
    for record in resource:
        if record.get("op-status") != "-1":
            continue
        key = record.get("transition-key")
        expected = key.split(":")[2]
        last = max(int(other.get("call-id", "-1")) for other in resource)
        record.attrib.update({"op-status": "0", "rc-code": expected, "call-id": str(last + 1),
                              "transition-magic": f"0:{expected};{key}"})


def clear_failures(state, resource):
    for pairs in state.iter("instance_attributes"):
        for pair in list(pairs):
            if re.match(rf"(fail-count|last-failure)-{re.escape(resource)}#", pair.get("name")):
                pairs.remove(pair)
    remove_records(state, lambda _, record: record.get("id") == f"{resource}_last_failure_0")


def remove_records(state, which):
    """Those of which which(id of the resource, record) holds; a resource without any goes, too."""
    for resources in state.findall("lrm/lrm_resources"):
        for resource in list(resources):
            had = len(resource)
            for record in [record for record in resource if which(resource.get("id"), record)]:
                resource.remove(record)
            if had and not len(resource):
                resources.remove(resource)
