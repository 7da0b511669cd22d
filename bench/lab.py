"""Clusters to measure: gyred or Debian's corosync, on loopback or each node in a network namespace
of its own, with veth pairs on one bridge. Everything that a Lab made, it takes away again.
"""
import json
import os
import pathlib
import shutil
import signal
import subprocess
import tempfile
import time

NODES = (1, 2, 3)
START_SECONDS = 40


class LabError(Exception):
    """A cluster could not be built, or a command in it failed."""


def run(*command, **options):
    words = [str(word) for word in command]
    done = subprocess.run(words, capture_output=True, text=True, check=False, **options)
    if done.returncode != 0:
        last = (done.stderr or done.stdout).strip().splitlines()[-1:] or ["no word why"]
        raise LabError(f"{' '.join(words)}: {last[0]}")
    return done.stdout


def why_not_namespaces():
    """Why nodes cannot get namespaces here; None if they can."""
    if os.geteuid() != 0:
        return "network namespaces need root"
    return None if shutil.which("ip") else "no ip here: apt-get install iproute2"


def why_not_corosync(cpglat):
    if shutil.which("corosync") is None:
        return "no corosync here: apt-get install corosync"
    if not cpglat.exists():
        return f"no {cpglat}: apt-get install libcpg-dev, then scripts/setup"
    return why_not_namespaces()


class Lab:
    """A cluster of three that runs from __enter__ to __exit__."""

    count = 0

    def __init__(self, build, transport, settings=()):
        Lab.count += 1
        self.build, self.transport, self.settings = build, transport, settings
        self.name = f"b{os.getpid()}x{Lab.count}"  # interface names are 15 characters at most
        self.net = f"10.{70 + Lab.count}.0"
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="gyre-bench."))
        self.daemons = []

    def __enter__(self):
        try:
            self.build_network()
            for node in NODES:
                home = self.folder / str(node)
                home.mkdir()
                (home / "conf").write_text(self.configuration(node), encoding="utf-8")
                self.daemons.append(self.start(node, home))
            self.wait_for_ring()
        except BaseException:
            self.end()
            raise
        return self

    def __exit__(self, *_):
        self.end()

    # The network: a namespace for each node.

    def build_network(self):
        run("ip", "link", "add", self.name, "type", "bridge")
        run("ip", "link", "set", self.name, "up")
        for node in NODES:
            net, port = f"{self.name}-{node}", f"{self.name}.{node}"
            run("ip", "netns", "add", net)
            run("ip", "link", "add", port, "type", "veth", "peer", "name", "e0", "netns", net)
            run("ip", "link", "set", port, "master", self.name, "up")
            run("ip", "-n", net, "addr", "add", f"{self.address(node)}/24", "dev", "e0")
            for interface in ("e0", "lo"):
                run("ip", "-n", net, "link", "set", interface, "up")
            run("ip", "-n", net, "route", "add", "224.0.0.0/4", "dev", "e0")

    def take_network_away(self):
        for node in NODES:
            for command in (["link", "delete", f"{self.name}.{node}"],
                            ["netns", "delete", f"{self.name}-{node}"]):
                subprocess.run(["ip", *command], stderr=subprocess.DEVNULL, check=False)
        subprocess.run(["ip", "link", "delete", self.name], stderr=subprocess.DEVNULL, check=False)

    def address(self, node):
        return f"{self.net}.{node}"

    def inside(self, node, *command):
        return ["ip", "netns", "exec", f"{self.name}-{node}", *map(str, command)]

    # The daemons.

    def configuration(self, node):
        lines = ["totem {", " version: 2", " cluster_name: lab", f" transport: {self.transport}",
                 " token: 1000", *[f" {setting}" for setting in self.settings]]
        if self.transport == "udp":
            lines += [" interface {", "  ringnumber: 0", f"  bindnetaddr: {self.net}.0",
                      "  mcastaddr: 239.255.42.1", "  mcastport: 5405", " }"]
        lines += ["}", *self.own_sections(node), "nodelist {"]
        for other in NODES:
            lines += [" node {", f"  nodeid: {other}", f"  name: n{other}",
                      f"  ring0_addr: {self.address(other)}", " }"]
        return "\n".join(lines) + "\n}\n"

    def spawn(self, node, *command):
        with open(self.folder / f"out{node}", "ab") as output:
            return subprocess.Popen([str(word) for word in command], stdin=subprocess.DEVNULL,
                                    stdout=output, stderr=output, start_new_session=True)

    def wait_for_ring(self):
        end = time.monotonic() + START_SECONDS
        while self.members() != len(NODES):
            dead = [daemon for daemon in self.daemons if daemon.poll() is not None]
            if dead or time.monotonic() > end:
                said = (self.folder / "out1").read_text(encoding="utf-8", errors="replace")
                raise LabError(f"{self.kind} forms no ring of three:\n{said[-2000:]}")
            time.sleep(0.2)

    def end(self):
        for daemon in self.daemons:
            if daemon.poll() is None:
                daemon.send_signal(signal.SIGTERM)
        for daemon in self.daemons:
            try:
                daemon.wait(timeout=5)
            except subprocess.TimeoutExpired:
                daemon.kill()
                daemon.wait()
        self.take_network_away()
        shutil.rmtree(self.folder, ignore_errors=True)

    def cpu_seconds(self):
        """Of all daemons so far."""
        total = 0
        for daemon in self.daemons:
            fields = pathlib.Path(f"/proc/{daemon.pid}/stat").read_text(encoding="utf-8").split()
            total += (int(fields[13]) + int(fields[14])) / os.sysconf("SC_CLK_TCK")
        return total

    def idle_share(self, seconds=2.0):
        """Of one core, taken by the three daemons together while nobody sends."""
        time.sleep(1)
        before = self.cpu_seconds()
        time.sleep(seconds)
        return (self.cpu_seconds() - before) / seconds


class GyreLab(Lab):
    kind = "gyred"

    def own_sections(self, _node):
        return ["logging {", " to_stderr: yes", " to_syslog: no", "}"]

    def start(self, node, home):
        return self.spawn(node, *self.inside(
            node, self.build / "node/gyred", "-f", "-c", home / "conf", "--nodeid", node,
            "--state-dir", home / "state", "--run-dir", home / "run"))

    def gyre(self, *arguments):
        return run(self.build / "tools/gyre", *arguments)

    def members(self):
        try:
            said = self.gyre("members", "--json", "--run-dir", self.folder / "1/run")
        except LabError:
            return 0
        return len(json.loads(said)["members"])

    def run_dirs(self):
        return [self.folder / f"{node}/run" for node in NODES]

    def latency(self, size, seconds, *options):
        return json.loads(self.gyre("bench", "latency", "--json", "--run-dir", self.run_dirs()[0],
                                    "--bytes", size, "--seconds", seconds, *options))

    def throughput(self, size, seconds, senders):
        return json.loads(self.gyre(
            "bench", "throughput", "--json", "--run-dir", *self.run_dirs(), "--bytes", size,
            "--seconds", seconds, "--senders", senders))


class SealedLab(GyreLab):
    """The same with a key."""

    kind = "gyred sealed"

    def __init__(self, build, transport, settings=()):
        super().__init__(build, transport, settings)
        key = self.folder / "key"
        key.write_bytes(os.urandom(128))
        key.chmod(0o400)
        self.settings = (*self.settings, "secauth: on", f"keyfile: {key}")


class LoopbackLab(GyreLab):
    """Three gyred on 127.0.0.1 to 127.0.0.3, without privileges."""

    kind = "gyred on loopback"

    def build_network(self):
        self.settings = (*self.settings, "interface {", "  ringnumber: 0",
                         f"  mcastport: {20001 + 2 * (os.getpid() % 5000)}", " }")

    def take_network_away(self):
        pass

    def address(self, node):
        return f"127.0.0.{node}"

    def inside(self, node, *command):
        return command


class CorosyncLab(Lab):
    kind = "corosync"

    def own_sections(self, node):
        home = self.folder / str(node)
        return ["logging {", " to_syslog: no", " to_logfile: yes", f" logfile: {home}/log", "}",
                "quorum {", " provider: corosync_votequorum", "}", "system {",
                f" state_dir: {home}", "}"]

    def start(self, node, home):
        # A /run of its own keeps the pid files apart.
        alone = 'mount -t tmpfs none /run && exec corosync -f -c "$0"'
        return self.spawn(node, *self.inside(node, "unshare", "-m", "sh", "-c", alone,
                                             home / "conf"))

    def configuration(self, node):
        plain = "crypto_cipher: none\n crypto_hash: none"
        return super().configuration(node).replace("token: 1000", f"token: 1000\n {plain}")

    def members(self):
        try:
            said = run(*self.inside(1, "corosync-quorumtool", "-l"))
        except LabError:
            return 0
        return sum(line.strip()[:1].isdigit() for line in said.splitlines())

    def cpglat(self, node, seconds, *arguments):
        command = self.inside(node, self.build / "bench/peer/cpglat", "--json", "--seconds",
                              seconds, *arguments)
        return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

    def answer(self, process):
        said, error = process.communicate(timeout=120)
        if process.returncode != 0:
            raise LabError(error.strip())
        return json.loads(said)

    def latency(self, size, seconds):
        return self.answer(self.cpglat(1, seconds, "latency", size))

    def throughput(self, size, seconds, senders):
        programs = [self.cpglat(node, seconds, "--members", len(NODES),
                                "throughput" if node <= senders else "count", size)
                    for node in NODES]
        answers = [self.answer(program) for program in programs]
        return {"measure": "throughput", "bytes": size, "senders": senders,
                "messages_per_s": sum(one.get("messages_per_s", 0) for one in answers),
                "delivered_per_s": min(one["delivered_per_s"] for one in answers),
                "processes": answers}
