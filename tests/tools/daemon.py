"""Daemons on loopback for the tests of the tools, and the tools under each of their names."""
import contextlib
import os
import pathlib
import random
import socket
import struct
import subprocess
import sys
import tempfile
import threading
import time
import unittest

NAMES = ("cfgtool", "cmapctl", "cpgtool", "keygen", "objctl", "quorumtool")


class Tools:
    """A folder with gyre, with a link for each command, and with the daemons' own folders."""

    def __init__(self, gyred, gyre):
        self.gyred, self.gyre = pathlib.Path(gyred).resolve(), pathlib.Path(gyre).resolve()
        self.temporary = tempfile.TemporaryDirectory()
        self.folder = pathlib.Path(self.temporary.name)
        self.port = random.randrange(30000, 32000, 2)
        # Addresses of this run only, so that several can go on at a time.
        self.network = f"127.{random.randrange(100, 200)}.{random.randrange(1, 255)}"
        for name in NAMES:
            (self.folder / f"corosync-{name}").symlink_to(self.gyre)
        self._running = []

    def close(self):
        for process in self._running:
            process.kill()
            process.wait()
        self.temporary.cleanup()

    def start(self, number, configuration, *arguments):
        """A daemon, once it has a view."""
        folder = self.folder / f"node{number}"
        folder.mkdir(exist_ok=True)
        (folder / "conf").write_text(configuration, encoding="utf-8")
        notify_path = folder / "notify"
        notify_path.unlink(missing_ok=True)
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as notify:
            notify.bind(str(notify_path))
            notify.settimeout(60)
            with open(folder / "output", "ab") as output:
                process = subprocess.Popen(
                    [self.gyred, "-f", "-c", folder / "conf", "--state-dir", folder / "state",
                     "--run-dir", folder, *arguments], stdin=subprocess.DEVNULL, stderr=output,
                    env={**os.environ, "NOTIFY_SOCKET": str(notify_path)})
            self._running.append(process)
            while b"STATUS=view" not in notify.recv(4096):
                pass
        return process

    @contextlib.contextmanager
    def pretend(self, number, text, answers=1000):
        """A daemon that has but one answer to every question, and after so many of them none."""
        folder = self.folder / f"node{number}"
        folder.mkdir(exist_ok=True)

        def answer():
            left = answers
            while True:
                try:
                    asking, _ = listener.accept()
                except OSError:
                    return  # no longer
                left -= 1
                if left < 0:
                    kept.enter_context(asking)
                    continue
                with asking, asking.makefile("rb") as said:
                    magic, version, _, size = struct.unpack("4I", said.read(16))
                    said.read(size)
                    asking.sendall(struct.pack("6I2Q", magic, version, 0, len(text), 0, 0, 0, 0)
                                   + text.encode())

        with socket.socket(socket.AF_UNIX) as listener, contextlib.ExitStack() as kept:
            listener.bind(str(folder / "gyre.sock"))
            listener.listen()
            answering = threading.Thread(target=answer)
            answering.start()
            yield
            listener.shutdown(socket.SHUT_RDWR)
            answering.join()
        (folder / "gyre.sock").unlink()

    def command(self, node, words):
        """Arguments and environment of a command line as an operator types it."""
        name, *arguments = words if isinstance(words, list) else words.split()
        path = self.gyre if name == "gyre" else self.folder / name
        return [path, *arguments], {**os.environ, "GYRE_RUN_DIR": str(self.folder / f"node{node}")}

    def run(self, node, words, text=""):
        command, environment = self.command(node, words)
        return subprocess.run(command, env=environment, input=text, capture_output=True, text=True,
                              errors="surrogateescape", check=False, timeout=60)

    @staticmethod
    def run_as(user, command, environment):
        """As another user, of a group of its own."""
        return subprocess.run(command, env=environment, user=user, group=user, extra_groups=[],
                              capture_output=True, text=True, check=False, timeout=60)

    def start_command(self, node, words):
        command, environment = self.command(node, words)
        process = subprocess.Popen(command, env=environment, stdin=subprocess.PIPE, text=True,
                                   stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        self._running.append(process)
        return process


class Case(unittest.TestCase):
    """Of a test that is called with the paths of gyred and gyre."""
    tools = None

    @classmethod
    def setUpClass(cls):
        cls.tools = Tools(*sys.argv[1:3])
        cls.addClassCleanup(cls.tools.close)

    @classmethod
    def until(cls, rule, what, seconds=60):
        """Asks again and again, as an operator does."""
        end = time.monotonic() + seconds
        while not rule():
            if time.monotonic() > end:
                raise AssertionError(f"not within {seconds} s: {what}")
            time.sleep(0.01)

    def line(self, process, words, seconds=60):
        """The next line of its output that has these words. One that is silent so long is ended."""
        timer = threading.Timer(seconds, process.kill)
        timer.start()
        try:
            for line in iter(process.stdout.readline, ""):
                if words in line:
                    return line
        finally:
            timer.cancel()
        process.kill()
        said = process.stderr.read() if process.stderr else ""
        return self.fail(f"{process.args[1:]} has ended, or told nothing for {seconds} s: {words}\n"
                         + said)

    def says(self, words, output, status=0, error=None, node=1, text=""):
        """What stands on standard output, whole, and the first line on standard error."""
        done = self.tools.run(node, words, text)
        self.assertEqual((done.stdout, done.returncode), (output, status),
                         f"{words}\n{done.stderr}")
        first = done.stderr.split("\n")[0]
        if error is None:
            self.assertEqual(done.stderr, "", words)
        else:
            self.assertEqual(first, error, words)
        return done

    def refuses(self, words, error, reason="", node=1):
        done = self.says(words, "", 1, error, node)
        self.assertIn(reason, done.stderr)
