#!/usr/bin/env python3
"""usage: failover.py --build DIR [--rounds N] [--json FILE]

How long until a resource runs elsewhere when its node dies: Gyre's stack and Debian's (Corosync and
Pacemaker, if they are installed) in turn, on two nodes in namespaces, with the same timers and the
same ocf:heartbeat:Dummy, without fencing. Of each round:

  whole   from the node's death until the agent's start on the other node
  plan    from the new view (as the membership layer logs it) until then: what the resource manager
          takes of it
"""
import argparse
import datetime
import json
import os
import pathlib
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve()
sys.path.insert(0, str(HERE.parents[1] / "tests/rm/live"))
import cluster  # noqa: E402

CIB = """<cib crm_feature_set="3.16.1" validate-with="pacemaker-3.9" admin_epoch="1" epoch="1"
 num_updates="0"><configuration><crm_config><cluster_property_set id="options">
<nvpair id="o1" name="stonith-enabled" value="false"/>
<nvpair id="o2" name="no-quorum-policy" value="ignore"/></cluster_property_set></crm_config>
<nodes/><resources><primitive id="d" class="ocf" provider="heartbeat" type="Dummy"><operations>
<op id="d-monitor" name="monitor" interval="10s"/></operations></primitive></resources>
<constraints/></configuration><status/></cib>"""

PEER_CONFIG = """totem {{
  version: 2
  cluster_name: rm
  transport: udpu
  token: 300
  consensus: 360
  join: 50
  merge: 100
  crypto_cipher: none
  crypto_hash: none
}}
quorum {{
  provider: corosync_votequorum
}}
system {{
  state_dir: {folder}/{name}/ring
}}
nodelist {{
{nodes}}}
logging {{
  to_syslog: no
  to_logfile: yes
  logfile: {folder}/{name}/log
  timestamp: hires
}}
"""

PEER_INIT = """set -e
for at in /run /dev/shm /var/lib/pacemaker /var/log/pacemaker; do mount -t tmpfs tmpfs $at; done
mkdir -p /run/resource-agents /run/crm /var/lib/pacemaker/cib /var/lib/pacemaker/pengine
chown -R hacluster:haclient /var/lib/pacemaker /var/log/pacemaker /run/crm
hostname "$0"
ip link set lo up
corosync -f -c "$2/$0/conf" >>"$2/$0/out" 2>&1 &
until corosync-cfgtool -s >/dev/null 2>&1; do sleep 0.05; done
pacemakerd -f >>"$2/$0/out" 2>&1 &
wait
"""


class Gyre:
    name = "Gyre"
    view = re.compile(r"^(\S+ \S+) gyred\[\d+\] info: view \d+: 1 members")
    stamp = "%Y-%m-%d %H:%M:%S.%f"

    def __init__(self, folder, programs):
        self.cluster = cluster.Cluster(folder, programs, 2)
        for node in self.cluster.nodes.values():
            (node.folder / "rm/cib.xml").write_text(CIB)


class Peer:
    name = "Pacemaker"
    view = re.compile(r"^(\S+ \d+ \S+) \[\d+\].*A new membership \(.*Members left: \d")
    stamp = "%b %d %H:%M:%S.%f"

    def __init__(self, folder, programs):
        self.cluster = cluster.Cluster(folder, programs, 2, init=PEER_INIT)
        nodes = "".join(cluster.NODE.format(number, cluster.Switch.address(number))
                        for number in (1, 2))
        for node in self.cluster.nodes.values():
            (node.folder / "conf").write_text(PEER_CONFIG.format(
                folder=self.cluster.folder, name=node.name, nodes=nodes))


def configure(stack):
    """Only the peer is told: it does not begin with a document that it has not signed."""
    if stack.name == "Gyre":
        return
    node = stack.cluster[1]
    cluster.until(lambda: len(re.findall(r"Online: \[ n1 n2 \]",
                                         node.run("crm_mon", "-1").stdout)) == 1, "both online", 60)
    node.run("cibadmin", "--replace", "--xml-pipe", "--scope", "crm_config", stdin=re.search(
        "<crm_config>.*</crm_config>", CIB, re.S).group())
    done = node.run("cibadmin", "--replace", "--xml-pipe", "--scope", "resources", stdin=re.search(
        "<resources>.*</resources>", CIB, re.S).group())
    if done.returncode != 0:
        raise cluster.Broken(done.stderr)


def viewed(stack, node, after):
    for line in (node.folder / "log").read_text(errors="replace").splitlines():
        if found := stack.view.match(line):
            at = datetime.datetime.strptime(found.group(1), stack.stamp)
            if at.year == 1900:
                at = at.replace(year=datetime.date.today().year)
            if at.timestamp() > after:
                return at.timestamp()
    raise cluster.Broken("the log tells of no new view")


def once(kind, programs):
    with tempfile.TemporaryDirectory(prefix="failover") as folder:
        stack = kind(folder, programs)
        nodes = stack.cluster.nodes.values()
        try:
            stack.cluster.start()
            configure(stack)
            cluster.until(lambda: any(node.runs("d") for node in nodes), "the first start", 60)
            ran = next(node for node in nodes if node.runs("d"))
            rest = next(node for node in nodes if node is not ran)
            cluster.until(lambda: stack_rests(stack, rest), "rest", 60)
            killed = time.time()
            ran.kill()
            cluster.until(lambda: rest.runs("d"), "the start elsewhere", 60)
            started = rest.state_changed("d")
            view = viewed(stack, rest, killed)
            return {"whole": (started - killed) * 1e3, "plan": (started - view) * 1e3}
        finally:
            stack.cluster.end()


def stack_rests(stack, node):
    """Its last action was the monitor that recurs."""
    if stack.name == "Gyre":
        return "d: monitor every" in "".join(each.log(500) for each in stack.cluster.nodes.values())
    return any("S_IDLE" in node.run("crmadmin", "-S", each).stdout for each in ("n1", "n2"))


def summary(values):
    return {"median": statistics.median(values), "least": min(values), "most": max(values)}


def go_inside():
    """Begins this program again, in namespaces of its own."""
    if not os.environ.get("FAILOVER_INSIDE"):
        os.environ["FAILOVER_INSIDE"] = "1"
        os.execvp("unshare", cluster.UNSHARE + [sys.executable, *sys.argv])
    cluster.prepare()


def programs_of(build):
    build = build.resolve()
    return {"gyred": build / "node/gyred", "gyre-crm": build / "rm/shell/gyre-crm",
            "gyre-rm": build / "rm/daemon/gyre-rm", "gyre-exec": build / "rm/execute/gyre-exec",
            "pacemakerd": build / "rm/daemon/pacemakerd"}


def kinds():
    return [Gyre] + ([Peer] if shutil.which("corosync") and shutil.which("crm_mon") else [])


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--build", required=True, type=pathlib.Path)
    parser.add_argument("--rounds", type=int, default=10)
    parser.add_argument("--json", type=pathlib.Path)
    chosen = parser.parse_args()
    go_inside()
    programs = programs_of(chosen.build)
    figures = {kind.name: [] for kind in kinds()}
    for number in range(chosen.rounds):
        for kind in kinds():
            figures[kind.name].append(once(kind, programs))
            last = figures[kind.name][-1]
            print(f"{number + 1:3} {kind.name:10} whole {last['whole']:8.1f} ms, after the view "
                  f"{last['plan']:8.1f} ms", flush=True)
    result = {name: {key: summary([each[key] for each in rounds]) for key in ("whole", "plan")}
              for name, rounds in figures.items()}
    for name, each in result.items():
        print(f"{name:10}", ", ".join(
            f"{key} {value['median']:.1f} ms ({value['least']:.1f} to {value['most']:.1f})"
            for key, value in each.items()))
    if chosen.json:
        chosen.json.write_text(json.dumps({"rounds": figures, "summary": result}, indent=1) + "\n")


if __name__ == "__main__":
    main()
