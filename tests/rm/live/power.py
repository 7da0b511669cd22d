"""What a node's power hangs on: it is asked by a fence agent that stands on each node's path."""
import collections
import datetime
import pathlib
import socket
import sys
import threading

AGENT = """#!{python} -IS
import socket, sys
told = dict(line.rstrip("\\n").partition("=")[::2] for line in sys.stdin)
asked = socket.socket(socket.AF_UNIX)
asked.connect("{path}")
asked.sendall(f"{{told['action']}} {{told.get('port', 0)}} {{told.get('passwd')}}".encode())
asked.shutdown(socket.SHUT_WR)
if asked.recv(1) != b"y":
    sys.exit(f"no power is cut with {{told.get('passwd')}}")
"""
PASSWORD = "s3cret-of-the-switch"
DEVICE = ('<primitive id="power" class="stonith" type="fence_power"><instance_attributes id="p-a">'
          '<nvpair id="p-map" name="pcmk_host_map" value="n1:1;n2:2;n3:3"/>'
          f'<nvpair id="p-pw" name="passwd" value="{PASSWORD}"/>'
          '</instance_attributes></primitive>')

Deed = collections.namedtuple("Deed", "when number done")


def now():
    """As it stands in a log."""
    return datetime.datetime.now().isoformat(" ", "milliseconds")


class Power:
    """It fails so often before it does what it is asked for; so many have no answer at all."""

    def __init__(self, cluster, failures=0):
        self._cluster, self.failures = cluster, failures
        self.silent, self._unanswered = 0, []
        self.deeds = []
        path = cluster.folder / "power"
        agent = cluster.folder / "sbin/fence_power"
        agent.parent.mkdir()
        agent.write_text(AGENT.format(python=pathlib.Path(sys.executable).resolve(), path=path))
        agent.chmod(0o755)
        self._socket = socket.socket(socket.AF_UNIX)
        self._socket.bind(str(path))
        self._socket.listen()
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def _serve(self):
        while True:
            try:
                client, _ = self._socket.accept()
            except OSError:
                return
            action, number, password = client.recv(1000).decode().split()
            fences = action in ("off", "reboot")
            if fences and self.silent > 0:
                self.silent -= 1
                self._unanswered.append((client, action, int(number)))
                continue
            with client:
                if password == PASSWORD and self._done(action, int(number)):
                    client.sendall(b"y")

    def _done(self, action, number):
        if action == "monitor":
            return True
        done = action in ("off", "reboot") and self.failures <= 0
        self.failures -= 1
        if done:
            self._cluster[number].kill()
        self.deeds.append(Deed(now(), number, done))
        return done

    def leaves_unanswered(self):
        return len(self._unanswered)

    def answer(self):
        """Does late what it was asked for."""
        for client, action, number in self._unanswered:
            if self._done(action, number):
                client.sendall(b"y")

    def end(self):
        self._socket.shutdown(socket.SHUT_RDWR)
        self._thread.join()
        for each in (self._socket, *(client for client, _, _ in self._unanswered)):
            each.close()
