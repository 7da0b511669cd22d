"""One node of the fault run: a daemon and a load program in the node's namespaces."""

import ipaddress
import os
import signal
import subprocess

import switch

# The timers that make two hundred faults a matter of minutes.
TIMERS = "  token: 300\n  token_coefficient: 0\n  consensus: 360\n  join: 50\n  merge: 100\n"


def config(transport, nodes, links=1, totem=f"  secauth: off\n{TIMERS}"):
    """corosync.conf, the same on all nodes: udp in the interface form, udpu with a nodelist."""
    address = switch.Switch.address
    text = (f"totem {{\n  version: 2\n  cluster_name: faults\n  transport: {transport}\n"
            f"{totem}")
    if transport == "udp":
        text += "".join(
            f"  interface {{\n    ringnumber: {link}\n    bindnetaddr: {address(0, link)}\n"
            f"    mcastaddr: 239.255.77.{1 + link}\n    mcastport: 5405\n  }}\n"
            for link in range(links))
    text += "}\n"
    if transport == "udpu":
        text += "nodelist {\n" + "".join(
            f"  node {{\n    nodeid: {node_id(transport, node)}\n    name: n{node}\n"
            + "".join(f"    ring{link}_addr: {address(node, link)}\n" for link in range(links))
            + "  }\n" for node in nodes) + "}\n"
    return text + "logging {\n  to_stderr: yes\n  to_syslog: no\n  timestamp: hires\n}\n"


def node_id(transport, node):
    """As the daemon derives it: without a nodelist it is the address."""
    if transport == "udpu":
        return node
    return int(ipaddress.IPv4Address(switch.Switch.address(node)))


class Node:
    def __init__(self, number, folder, binaries, rate):
        self.number = number
        self.folder = os.path.join(folder, f"n{number}")
        self.run_dir = os.path.join(self.folder, "run")
        self.binaries, self.rate = binaries, rate
        self.daemon = self.load = None
        self.view, self.lasts = None, set()
        self._expected_down = False
        self._unread = b""
        for made in (self.run_dir, os.path.join(self.folder, "state")):
            os.makedirs(made)
        self._log = open(self._path("log"), "ab", buffering=0)

    def _path(self, name):
        return os.path.join(self.folder, name)

    def _start(self, command, **pipes):
        """In the node's network, and with a host name, mounts and IPC of its own."""
        inside = 'hostname "$0" && exec "$@"'
        return subprocess.Popen(
            ["ip", "netns", "exec", switch.Switch.namespace(self.number),
             "unshare", "--mount", "--uts", "--ipc", "sh", "-c", inside, f"n{self.number}",
             *command], stderr=self._log, **pipes)

    def start_daemon(self):
        self._expected_down = False
        self.daemon = self._start(
            [self.binaries["gyred"], "-f", "-c", os.path.join(self.folder, os.pardir, "conf"),
             "--state-dir", self._path("state"), "--run-dir", self.run_dir,
             "--record", self._path("record")],
            stdin=subprocess.DEVNULL, stdout=self._log)

    def start_load(self):
        self._unread = b""
        self.load = self._start([self.binaries["load"], self.run_dir, str(self.rate)],
                                stdin=subprocess.PIPE, stdout=subprocess.PIPE)

    def kill_daemon(self):
        self._end(self.daemon, signal.SIGKILL)

    def stop_daemon(self):
        self._end(self.daemon, signal.SIGTERM)

    def kill_load(self):
        if self.load:
            self.load.kill()
            self.load.wait()
            self.load = None

    def _end(self, process, how):
        self._expected_down = True
        if process and process.poll() is None:
            process.send_signal(how)

    def daemon_ended(self, seconds):
        """Waits for a daemon that was told to end; how it ended. Raises TimeoutExpired."""
        return self.daemon.wait(seconds)

    def pause(self, on):
        self.daemon.send_signal(signal.SIGSTOP if on else signal.SIGCONT)

    def finish(self):
        self.load.stdin.write(b"finish\n")
        self.load.stdin.flush()

    def read_load(self):
        """Takes what the load program says; returns the guarantees that it found broken."""
        data = os.read(self.load.stdout.fileno(), 1 << 16)
        *lines, self._unread = (self._unread + data).split(b"\n")
        broken = [] if data else ["its load program ended"]
        for line in lines:
            word, _, rest = line.decode().partition(" ")
            if word == "view":
                self.view = rest
            elif word == "last":
                self.lasts.add(int(rest))
            else:
                broken.append(f"{word} {rest}")
        return broken

    def trouble(self):
        """What is wrong with the daemon, if it ended without having been told to."""
        if self.daemon and self.daemon.poll() is not None and not self._expected_down:
            return f"its daemon ended by itself, status {self.daemon.returncode}"
        return None

    def log_tail(self, lines=15):
        with open(self._path("log"), "rb") as log:
            return log.read()[-20000:].decode(errors="replace").splitlines()[-lines:]

    def recordings(self):
        return sorted(os.path.join(self.folder, name) for name in os.listdir(self.folder)
                      if name.startswith("record"))
