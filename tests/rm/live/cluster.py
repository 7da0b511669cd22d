"""Whole nodes in namespaces of their own: gyred, gyre-exec and gyre-rm, and Debian's agents. A node
has a network, mounts, a name, a process table and /run of its own; what it keeps on disk
outlives it. All is gone with the namespaces in which this is run."""

import json
import os
import pathlib
import signal
import socket
import struct
import subprocess
import sys
import time
import xml.etree.ElementTree as xml

HERE = pathlib.Path(__file__).resolve()
sys.path.insert(0, str(HERE.parents[2] / "faults"))
from switch import SWITCH, Switch  # noqa: E402

FORM_MAX = 30.0  # seconds, for what takes a fraction of one on a machine that is not busy

CONFIG = """totem {{
  version: 2
  cluster_name: rm
  transport: udpu
  secauth: off
  token: 300
  token_coefficient: 0
  consensus: 360
  join: 50
  merge: 100
}}
quorum {{
  provider: corosync_votequorum
{quorum}}}
nodelist {{
{nodes}}}
logging {{
  to_stderr: yes
  to_syslog: no
}}
"""
NODE = "  node {{\n    nodeid: {0}\n    name: n{0}\n    ring0_addr: {1}\n  }}\n"

INIT = """set -e
mount -t tmpfs tmpfs /run
mkdir -p /run/gyre /run/resource-agents
over() { if [ -d "$1" ]; then mount -t overlay overlay -o "lowerdir=$1:$2" "$2"; fi; }
over "$2/sbin" /usr/sbin
over "$2/ocf" /usr/lib/ocf/resource.d
hostname "$0"
ip link set lo up
"$1" -f -c "$2/conf" --state-dir "$2/$0/ring" --run-dir /run/gyre >>"$2/$0/log" 2>&1 &
"$3" --programs "$4" -- --run-dir /run/gyre --state-dir "$2/$0/rm" --socket-group "" \
    >>"$2/$0/log" 2>&1 &
wait
"""


# A process tree, network and mounts of our own: whatever is begun in them ends with them.
UNSHARE = ["unshare", "--net", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc"]


def prepare():
    """Inside: names of networks are ours alone, too."""
    subprocess.run(["mount", "-t", "tmpfs", "tmpfs", "/run"], check=True)
    os.mkdir("/run/netns")


class Broken(Exception):
    """The cluster did what it must not do, or not in time what it must."""


def receive(asked, size):
    data = b""
    while len(data) < size:
        more = asked.recv(size - len(data))
        if not more:
            raise OSError("the resource manager went away")
        data += more
    return data


def stat(process, field=0):
    """In which state a process is: R, S, T …; Z if it is none any more. Of field 1: its parent."""
    try:
        return pathlib.Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[field]
    except OSError:
        return "Z"


class Node:
    def __init__(self, number, cluster):
        self.number, self.name, self._cluster = number, f"n{number}", cluster
        self.folder = cluster.folder / self.name
        for part in ("ring", "rm"):
            (self.folder / part).mkdir(parents=True)
        self._outer = self._init = None

    def start(self):
        programs = self._cluster.programs
        self._outer = subprocess.Popen(
            ["ip", "netns", "exec", Switch.namespace(self.number), "unshare", "--mount", "--uts",
             "--ipc", "--pid", "--fork", "--mount-proc", "--kill-child", "sh", "-c",
             self._cluster.init,
             self.name, programs["gyred"], self._cluster.folder, programs["pacemakerd"],
             self._cluster.executables], stdin=subprocess.DEVNULL)
        until(lambda: self._find_init(), f"{self.name} begins")

    def _find_init(self):
        children = pathlib.Path(f"/proc/{self._outer.pid}/task/{self._outer.pid}/children")
        found = children.read_text().split()
        self._init = int(found[0]) if found else None
        return self._init

    def kill(self):
        """As when its power fails."""
        if self._init:
            os.kill(self._init, signal.SIGKILL)
            self._outer.wait()
            self._init = None

    def is_begun(self):
        return self._init is not None

    def processes(self, name=None):
        """Those of this node, by their number here; of any name if there is none. A child that is
        not yet what it is to become has its parent's name, and is left out."""
        inside = os.stat(f"/proc/{self._init}/ns/pid").st_ino
        found = []
        for entry in pathlib.Path("/proc").glob("[0-9]*"):
            try:
                same = os.stat(entry / "ns/pid").st_ino == inside
                if same and name in (None, (entry / "comm").read_text().strip()):
                    found.append(int(entry.name))
            except OSError:
                pass
        return [each for each in found if name is None or stat(each, 1) not in map(str, found)]

    def signal(self, name, number):
        for process in self.processes(name):
            os.kill(process, number)

    def pause(self, *names):
        """Its processes of these names, or all but the one that begins them; until resume()."""
        def running():
            found = [each for name in names or [None] for each in self.processes(name)]
            return [each for each in found if each != self._init and stat(each) not in "TZ"]
        def none_runs():
            for each in running():
                os.kill(each, signal.SIGSTOP)
            return not running()
        until(none_runs, f"{self.name} pauses")

    def resume(self, *names):
        for name in names or [None]:
            for each in self.processes(name):
                os.kill(each, signal.SIGCONT)

    def run(self, *command, stdin=None):
        return subprocess.run(
            ["nsenter", "-t", str(self._init), "--mount", "--uts", "--ipc", "--pid", "--net",
             "--", *map(str, command)], input=stdin, text=True, capture_output=True, timeout=60)

    def crm(self, *command, stdin=None):
        done = self.run(self._cluster.programs["gyre-crm"], *command, stdin=stdin)
        if done.returncode != 0:
            raise Broken(f"{self.name}: {' '.join(map(str, command))}: status {done.returncode}: "
                         f"{done.stdout}{done.stderr}")
        return done.stdout

    def ask(self, question):
        """What the resource manager answers: its header, and the text behind it."""
        with socket.socket(socket.AF_UNIX) as asked:
            asked.settimeout(FORM_MAX)
            asked.connect(f"/proc/{self._init}/root/run/gyre/rm.sock")
            text = json.dumps(question).encode()
            asked.sendall(struct.pack("<I", len(text)) + text)
            size, = struct.unpack("<I", receive(asked, 4))
            header, _, rest = receive(asked, size).partition(b"\0")
            return json.loads(header), rest.decode()

    def document(self):
        return xml.fromstring(self.ask({"kind": "document"})[1])

    def runs(self, resource):
        """Whether ocf:heartbeat:Dummy runs here, by what it keeps."""
        return self._init and os.path.exists(
            f"/proc/{self._init}/root/run/resource-agents/Dummy-{resource}.state")

    def state_changed(self, resource):
        """When it was started here, by the clock."""
        path = f"/proc/{self._init}/root/run/resource-agents/Dummy-{resource}.state"
        return os.stat(path).st_mtime

    def interface(self):
        """The address of its interface, as others see who answers."""
        return self.run("cat", "/sys/class/net/eth0/address").stdout.strip()

    def log(self, lines=30):
        text = (self.folder / "log").read_text(errors="replace")
        return "\n".join(text.splitlines()[-lines:])


class Cluster:
    """programs: gyred, pacemakerd, gyre-rm, gyre-exec and gyre-crm by name."""

    def __init__(self, folder, programs, count, two_node=False, init=INIT):
        self.folder, self.programs, self.init = pathlib.Path(folder), programs, init
        self.folder.chmod(0o755)  # for gyre-rm, which is not root
        self.executables = self.folder / "programs"
        self.executables.mkdir()
        for name in ("gyre-rm", "gyre-exec"):
            (self.executables / name).symlink_to(programs[name])
        numbers = range(1, count + 1)
        self.switch = Switch(list(numbers))
        (self.folder / "conf").write_text(CONFIG.format(
            quorum="  two_node: 1\n  wait_for_all: 0\n" if two_node else "",
            nodes="".join(NODE.format(number, Switch.address(number)) for number in numbers)))
        self.nodes = {number: Node(number, self) for number in numbers}

    def start(self, numbers=None):
        for number in numbers or self.nodes:
            self.nodes[number].start()

    def answers(self, address):
        """Who answers for an address, asked from beside the nodes: the address of its interface.
        None: nobody."""
        probe = ("import errno, socket, sys\nasked = socket.socket()\nasked.settimeout(0.5)\n"
                 "sys.exit(asked.connect_ex((sys.argv[1], 9)) != errno.ECONNREFUSED)")
        inside = ["ip", "netns", "exec", f"{SWITCH}0"]
        subprocess.run(["ip", "-n", f"{SWITCH}0", "addr", "replace", f"{Switch.address(254)}/24",
                        "dev", "br0"], check=True)
        if subprocess.run([*inside, sys.executable, "-c", probe, address]).returncode != 0:
            return None
        told = subprocess.run([*inside, "ip", "neigh", "show", "to", address], text=True,
                              capture_output=True).stdout.split()
        return told[told.index("lladdr") + 1] if "lladdr" in told else None

    def end(self):
        for node in self.nodes.values():
            node.kill()
        self.switch.remove()

    def __getitem__(self, number):
        return self.nodes[number]

    def tell(self):
        for node in self.nodes.values():
            print(f"--- {node.name}", node.log(), sep="\n", file=sys.stderr)
            try:
                print(node.ask({"kind": "document"})[1], file=sys.stderr)
            except OSError:
                pass


def until(true, what, seconds=FORM_MAX):
    """Waits for what comes about by itself; how long that took. While a process that is asked is
    not there, it has not."""
    def has_come():
        try:
            return true()
        except OSError:
            return False
    begun = time.monotonic()
    while not has_come():
        if time.monotonic() > begun + seconds:
            raise Broken(f"{what}: not within {seconds:.0f} s")
        time.sleep(0.01)
    return time.monotonic() - begun
