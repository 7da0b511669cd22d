"""A machine of its own with an installed gyre: the root file system of this one, seen through an
overlay, in namespaces of its own. All of it is gone with its first process."""

import os
import pathlib
import shutil
import signal
import socket
import subprocess
import tempfile

# $1: a folder for the overlay. The rest: the first process.
SET_UP = """set -e
mount --make-rprivate /
mount -t tmpfs tmpfs "$1"
cp -a "$1.installed" "$1/upper"
chmod 755 "$1/upper"
mkdir "$1/work" "$1/root"
mount -t overlay overlay -o "lowerdir=/,upperdir=$1/upper,workdir=$1/work" "$1/root"
mkdir -p "$1/root/notify"
mount --bind "$1.notify" "$1/root/notify"
cd "$1/root"
mount -t proc proc proc
mount -t tmpfs tmpfs run
mount -t tmpfs tmpfs tmp
mount --rbind /dev dev
mount -t sysfs sysfs sys
mount -t tmpfs tmpfs sys/fs/cgroup
mkdir sys/fs/cgroup/systemd
mount -t cgroup -o none,name=systemd cgroup sys/fs/cgroup/systemd
ip link set lo up
shift
exec env -i PATH="$PATH" container=gyre NOTIFY_SOCKET=/notify/socket \\
  chroot . sh -c 'echo there; exec "$@" >/dev/null' sh "$@"
"""
NAMESPACES = ["--mount", "--pid", "--uts", "--ipc", "--net", "--cgroup"]


class Unavailable(Exception):
    """This machine cannot have machines of their own; the text says what is missing."""


def install(build, folder):
    subprocess.run(["meson", "install", "-C", build, "--no-rebuild", "--quiet",
                    "--destdir", folder], check=True, stdin=subprocess.DEVNULL)


class Machine:
    """`first` is what runs as process 1; it says READY=1 if `wait_ready`."""

    def __init__(self, installed, files, first, wait_ready=False):
        if os.geteuid() != 0:
            raise Unavailable("only root can make namespaces and mounts")
        self._folder = tempfile.mkdtemp(prefix="gyre-machine-")
        try:
            self._start(installed, files, first, wait_ready)
        except BaseException:
            self.close()
            raise

    def _start(self, installed, files, first, wait_ready):
        self._process = None
        top = os.path.join(self._folder, "top")
        for made in (top, top + ".notify"):
            os.mkdir(made)
        shutil.copytree(installed, top + ".installed", symlinks=True)
        for path, text in files.items():
            place = pathlib.Path(top + ".installed" + path)
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_text(text, encoding="utf-8")
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as notify:
            notify.bind(top + ".notify/socket")
            notify.settimeout(60)
            self._process = subprocess.Popen(
                ["unshare", *NAMESPACES, "--fork", "--kill-child", "sh", "-c", SET_UP, "sh", top,
                 *first], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                stderr=subprocess.PIPE, text=True)
            if self._process.stdout.readline() != "there\n":
                raise Unavailable("no machine of its own: " + self._process.communicate()[1])
            try:
                while wait_ready and "READY=1" not in notify.recv(4096).decode():
                    pass
            except TimeoutError:
                raise Unavailable(f"{first[0]} does not start in a machine of its own") from None

    def first(self):
        """The first process, as this machine numbers it."""
        pid = self._process.pid
        children = pathlib.Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii")
        return int(children.split()[0])

    def run(self, *command, user=None):
        """Runs a command inside; its output and errors in one text."""
        become = ["setpriv", f"--reuid={user}", f"--regid={user}", "--clear-groups"] if user else []
        enter = ["nsenter", f"--target={self.first()}", "--mount", "--pid", "--uts", "--ipc",
                 "--net", "--cgroup", "--root", "--wd"]
        clean = ["env", "-i", f"PATH={os.environ['PATH']}:/usr/local/sbin"]
        return subprocess.run([*enter, *clean, *become, *command], stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                              check=False, timeout=120)

    def write(self, path, text):
        pathlib.Path(f"/proc/{self.first()}/root{path}").write_text(text, encoding="utf-8")

    def read(self, path):
        return pathlib.Path(f"/proc/{self.first()}/root{path}").read_text(encoding="utf-8")

    def close(self):
        if self._process and self._process.poll() is None:
            try:
                os.kill(self.first(), signal.SIGKILL)
            except (IndexError, OSError):
                self._process.kill()
            self._process.communicate()
        shutil.rmtree(self._folder, ignore_errors=True)
