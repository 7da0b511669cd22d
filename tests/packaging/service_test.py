#!/usr/bin/env python3
"""usage: service_test.py BUILD    Starts and stops the installed daemon as operators do."""
import json
import os
import re
import shutil
import sys
import tempfile
import time
import unittest

import machine

BUILD = sys.argv[1]
CONFIGURATION = """totem {
  version: 2
  transport: udpu
  secauth: off
  token: 300
}
nodelist {
  node {
    nodeid: 7
    ring0_addr: 127.0.0.1
  }
}
logging {
  to_syslog: no
  to_logfile: yes
  logfile: /var/log/corosync/corosync.log
}
"""
STARTING = "Starting Corosync Cluster Engine (corosync): "
SIGNALING = "Signaling Corosync Cluster Engine (corosync) to terminate: "
WAITING = "Waiting for corosync services to unload: "
OK, FAILED = "[  OK  ]\n", "[FAILED]\n"
SYSTEMD = "/lib/systemd/systemd"
# Takes questions and answers none.
SILENT_NAME_SERVER = ("import socket, signal; server = socket.socket(type=socket.SOCK_DGRAM); "
                      'server.bind((\"127.0.0.1\", 53)); signal.pause()')
# The kernel buries the dead while SIGCHLD is ignored, as init does.
BURIES = """import os, signal
signal.signal(signal.SIGCHLD, signal.SIG_IGN)
os.execvp("sleep", ["sleep", "infinity"])
"""


def may_raise_limits():
    """Some containers may not: CAP_SYS_RESOURCE."""
    with open("/proc/self/status", encoding="ascii") as status:
        return int(re.search(r"CapEff:\s+(\w+)", status.read())[1], 16) >> 24 & 1


def setUpModule():
    global INSTALLED
    INSTALLED = tempfile.mkdtemp(prefix="gyre-installed-")
    unittest.addModuleCleanup(shutil.rmtree, INSTALLED)
    machine.install(BUILD, INSTALLED)


class Service(unittest.TestCase):
    first, wait_ready = [sys.executable, "-c", BURIES], False
    files = {}

    @classmethod
    def setUpClass(cls):
        files = {"/etc/corosync/corosync.conf": CONFIGURATION, "/var/log/corosync/empty": "",
                 **cls.files}
        try:
            cls.machine = machine.Machine(INSTALLED, files, cls.first, cls.wait_ready)
        except machine.Unavailable as why:
            raise unittest.SkipTest(str(why)) from None
        cls.addClassCleanup(cls.machine.close)

    def expect(self, status, output, *command, **options):
        done = self.machine.run(*command, **options)
        self.assertRegex(done.stdout, f"^{output}$", command)
        self.assertEqual(done.returncode, status, done.stdout)

    def await_that(self, holds):
        """For what nothing tells: asks again and again."""
        end = time.monotonic() + 60
        while not holds():
            self.assertLess(time.monotonic(), end)
            time.sleep(0.05)

    def log(self):
        return self.machine.read("/var/log/corosync/corosync.log")


class InitScript(Service):
    def script(self, status, output, word):
        self.expect(status, output, "/etc/init.d/corosync", word)

    def setUp(self):
        self.machine.write("/etc/corosync/corosync.conf", CONFIGURATION)
        self.machine.run("/etc/init.d/corosync", "stop")
        self.machine.run("rm", "-f", "/run/gyre/gyred.pid")

    def start(self):
        self.script(0, re.escape(STARTING + OK), "start")

    def pid(self):
        return self.machine.read("/run/gyre/gyred.pid").strip()

    def test_starts_and_stops(self):
        self.script(3, "corosync is stopped\n", "status")
        self.start()
        self.script(0, rf"corosync \(pid {self.pid()}\) is running\.\.\.\n", "status")
        self.expect(0, "{.*}\n", "gyre", "status", "--json")
        self.start()
        self.script(0, re.escape(SIGNALING + OK + WAITING + OK), "stop")
        self.assertRegex(self.log(), "signal 15 from pid .*: leaving the ring")
        self.assertNotIn("left without saying so", self.log())
        self.script(3, "corosync is stopped\n", "status")
        self.script(0, "corosync is stopped\n", "stop")

    def test_restarts(self):
        both = re.escape(SIGNALING + OK + WAITING + OK + STARTING + OK)
        self.script(0, "corosync is stopped\n" + re.escape(STARTING + OK), "restart")
        before = self.pid()
        for word in ("restart", "force-reload", "try-restart", "condrestart"):
            self.script(0, both, word)
            self.assertNotEqual(self.pid(), before)
            before = self.pid()

    def test_reloads_and_waits_for_the_answer(self):
        self.script(7, "corosync is stopped\n", "reload")
        self.start()
        self.machine.write("/etc/corosync/corosync.conf", CONFIGURATION + "own {\n  key: 1\n}\n")
        self.script(0, re.escape("Reloading corosync.conf...\nDone\n"), "reload")
        self.expect(0, "own.key .*= 1\n", "corosync-cmapctl", "-g", "own.key")
        self.machine.write("/etc/corosync/corosync.conf", "totem {\n  version: 3\n}\n")
        self.script(1, "Reloading(.|\n)*corosync.conf:2: .*\n", "reload")

    def test_does_not_start_what_did_not_run(self):
        for word in ("try-restart", "condrestart"):
            self.script(0, "", word)
        self.script(3, "corosync is stopped\n", "status")

    def test_sees_that_it_was_killed(self):
        self.start()
        self.machine.run("kill", "-KILL", self.pid())
        self.await_that(lambda: self.machine.run("/etc/init.d/corosync", "status").returncode == 1)
        self.script(1, "corosync dead but pid file exists\n", "status")
        self.start()

    def test_is_not_misled_by_a_pid_that_is_another_program(self):
        self.start()
        self.script(0, ".*\n.*\n", "stop")
        self.machine.write("/run/gyre/gyred.pid", "1\n")
        self.script(1, "corosync dead but pid file exists\n", "status")
        self.script(0, "corosync is stopped\n", "stop")

    def test_names_what_is_wrong_with_the_configuration(self):
        self.machine.write("/etc/corosync/corosync.conf", "totem {\n  version: 3\n}\n")
        self.script(6, re.escape(STARTING + FAILED) + "/etc/corosync/corosync.conf:2: .*\n",
                    "start")
        self.script(3, "corosync is stopped\n", "status")

    def test_passes_options_on(self):
        self.machine.write("/etc/default/corosync", "COROSYNC_OPTIONS='--nonsense'\n")
        self.addCleanup(self.machine.write, "/etc/default/corosync", "")
        self.script(1, re.escape(STARTING + FAILED) + "(.|\n)*--nonsense(.|\n)*", "start")

    def test_refuses_what_it_cannot_do(self):
        self.script(2, "Usage: /etc/init.d/corosync {.*}\n", "begin")
        self.expect(4, "corosync: only root may do that\n", "/etc/init.d/corosync", "start",
                    user=4242)
        self.machine.run("mv", "/usr/local/sbin/gyred", "/gyred")
        self.script(5, "/usr/local/sbin/gyred is not installed\n", "start")
        self.machine.run("mv", "/gyred", "/usr/local/sbin/gyred")

    @unittest.skipUnless(shutil.which("logrotate", path="/usr/sbin:/usr/bin:/sbin:/bin"),
                         "logrotate is not installed")
    def test_goes_on_in_a_new_log_after_rotation(self):
        self.start()
        rules = "/etc/logrotate.d/corosync"
        done = self.machine.run("/usr/sbin/logrotate", "-d", rules)
        self.assertEqual(done.returncode, 0)
        self.assertNotIn("error", done.stdout)
        self.expect(0, "", "/usr/sbin/logrotate", "-f", rules)
        self.assertIn("gyred " , self.machine.read("/var/log/corosync/corosync.log.1"))
        self.script(0, ".*\n.*\n", "stop")
        self.assertIn("gyred ends", self.log())


@unittest.skipUnless(os.path.exists(SYSTEMD), "systemd is not installed")
class Systemd(Service):
    first, wait_ready = [SYSTEMD, "--unit=sysinit.target"], True
    # So that the watchdog bites within the time of a test.
    files = {"/etc/systemd/system/gyre.service.d/test.conf": "[Service]\nWatchdogSec=1\n",
             "/etc/systemd/system/silent.service":
             f"[Service]\nExecStart={sys.executable} -c '{SILENT_NAME_SERVER}'\n",
             "/etc/resolv.conf": "nameserver 127.0.0.1\noptions timeout:1 attempts:3\n"}

    def setUp(self):
        self.machine.write("/etc/corosync/corosync.conf", CONFIGURATION)
        self.machine.run("systemctl", "reset-failed", "gyre")
        self.machine.run("systemctl", "stop", "gyre")

    def show(self, key):
        return self.machine.run("systemctl", "show", "--value", "--property=" + key,
                                "corosync").stdout.strip()

    def test_the_unit_has_no_faults(self):
        self.expect(0, "(.*man .*\n)*", "systemd-analyze", "verify",
                    "/usr/local/lib/systemd/system/gyre.service")

    def test_starts_and_stops_under_both_names(self):
        for name in ("corosync", "gyre"):
            self.expect(0, "", "systemctl", "start", name)
            self.assertEqual(self.show("ActiveState"), "active")
            self.assertRegex(self.show("StatusText"), r"^view \d+, 1 members$")
            self.expect(0, "{.*}\n", "gyre", "status", "--json")
            self.expect(0, "", "systemctl", "stop", name)
            self.assertEqual((self.show("Result"), self.show("ExecMainStatus")), ("success", "0"))
        self.assertNotIn("left without saying so", self.log())

    def test_reloads_and_waits_for_the_answer(self):
        self.expect(0, "", "systemctl", "start", "corosync")
        self.machine.write("/etc/corosync/corosync.conf", CONFIGURATION + "own {\n  key: 1\n}\n")
        self.expect(0, "", "systemctl", "reload", "corosync")
        self.expect(0, "own.key .*= 1\n", "corosync-cmapctl", "-g", "own.key")
        self.machine.write("/etc/corosync/corosync.conf", "totem {\n  version: 3\n}\n")
        self.assertNotEqual(self.machine.run("systemctl", "reload", "corosync").returncode, 0)
        self.assertEqual(self.show("ActiveState"), "active")

    def test_has_the_rights_that_it_needs(self):
        self.expect(0, "", "systemctl", "start", "corosync")
        self.assertIn("scheduling class SCHED_RR", self.log())
        if may_raise_limits():
            self.assertNotIn("memory is not locked", self.log())
        self.assertEqual(self.show("LimitNOFILE"), "65536")
        self.expect(0, "CapEff:\t0{16}\nNoNewPrivs:\t1\nSeccomp:\t2\n", "grep", "-E",
                    "^(CapEff|NoNewPrivs|Seccomp):", f"/proc/{self.show('MainPID')}/status")

    def test_becomes_a_user_of_its_own(self):
        self.expect(0, "(.|\n)*", "systemd-sysusers")
        self.addCleanup(self.machine.run, "userdel", "gyre")
        uid = self.machine.run("id", "-u", "gyre").stdout.strip()
        for _ in range(2):
            self.expect(0, "", "systemctl", "start", "corosync")
            self.expect(0, f"Uid:(\t{uid}){{4}}\n", "grep", "^Uid:",
                        f"/proc/{self.show('MainPID')}/status")
            self.expect(0, "{.*}\n", "gyre", "status", "--json")
            self.expect(0, "", "systemctl", "reload", "corosync")
            self.machine.run("kill", "-KILL", self.show("MainPID"))
            self.await_that(lambda: self.show("NRestarts") == "1")
            self.await_that(lambda: self.show("ActiveState") == "active")
            self.expect(0, "", "systemctl", "stop", "corosync")
            self.assertEqual((self.show("Result"), self.show("ExecMainStatus")), ("success", "0"))
        self.assertNotIn("cannot", self.log())

    def test_leaves_what_the_resource_manager_has(self):
        self.expect(0, "", "systemctl", "start", "corosync")
        self.machine.write("/run/gyre/kept", "")
        self.expect(0, "", "systemctl", "stop", "corosync")
        self.expect(0, "", "cat", "/run/gyre/kept")

    def test_the_watchdog_is_fed_until_the_daemon_hangs(self):
        self.expect(0, "", "systemctl", "start", "corosync")
        fed = {self.show("WatchdogTimestampMonotonic")}
        self.await_that(lambda: fed.add(self.show("WatchdogTimestampMonotonic")) or len(fed) > 5)
        self.assertEqual(self.show("NRestarts"), "0")
        self.machine.run("kill", "-STOP", self.show("MainPID"))
        self.await_that(lambda: self.show("NRestarts") == "1")
        self.await_that(lambda: self.show("ActiveState") == "active")

    def test_the_watchdog_waits_for_a_name_server_in_a_reload(self):
        self.expect(0, "", "systemctl", "start", "silent", "corosync")
        self.machine.write("/etc/corosync/corosync.conf",
                           CONFIGURATION.replace("127.0.0.1", "far.example"))
        before = time.monotonic()
        self.assertNotEqual(self.machine.run("systemctl", "reload", "corosync").returncode, 0)
        self.assertGreater(time.monotonic() - before, 2)
        self.assertIn("no node of the nodelist is this machine", self.log())
        self.assertEqual((self.show("NRestarts"), self.show("ActiveState")), ("0", "active"))
        self.machine.run("kill", "-STOP", self.show("MainPID"))
        self.await_that(lambda: self.show("NRestarts") == "1")

    def test_a_bad_configuration_is_not_tried_again(self):
        self.machine.write("/etc/corosync/corosync.conf", "totem {\n  version: 3\n}\n")
        self.assertNotEqual(self.machine.run("systemctl", "start", "corosync").returncode, 0)
        self.assertEqual((self.show("ExecMainStatus"), self.show("NRestarts"),
                          self.show("ActiveState")), ("8", "0", "failed"))

    def test_is_enabled_under_both_names(self):
        self.expect(0, "(.*\n)*", "systemctl", "enable", "corosync")
        self.assertEqual(self.show("UnitFileState"), "enabled")
        self.expect(0, "(.*\n)*", "systemctl", "disable", "corosync")

    @unittest.skipUnless(os.path.exists("/lib/lsb/init-functions.d/40-systemd"),
                         "the init functions do not hand commands on")
    def test_the_init_script_hands_on_to_systemd(self):
        self.expect(0, "Starting corosync \\(via systemctl\\).*\n", "/etc/init.d/corosync", "start")
        self.assertEqual(self.show("ActiveState"), "active")


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1], verbosity=1)
