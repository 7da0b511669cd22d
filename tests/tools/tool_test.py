#!/usr/bin/env python3
"""usage: tool_test.py GYRED GYRE    Runs the tool against a daemon of its own on loopback."""
import fcntl
import http.client
import json
import os
import pty
import re
import signal
import socket
import struct
import subprocess
import sys
import termios
import time
import unittest

from daemon import Case

CONFIGURATION = """totem {{
  version: 2
  cluster_name: tool
  transport: udpu
  secauth: off
  token: 300
  consensus: 360
  interface {{
    ringnumber: 0
    mcastport: {port}
  }}
}}
nodelist {{
  node {{
    nodeid: 7
    name: alone
    ring0_addr: {network}.1
  }}
}}
system {{
  sched_rr: no
  metrics: {metrics}
}}
"""


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as server:
        return server.getsockname()[1]


class ToolTest(Case):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.metrics = free_port()
        cls.text = CONFIGURATION.format(port=cls.tools.port, network=cls.tools.network,
                                        metrics=cls.metrics)
        cls.daemon = cls.tools.start(1, cls.text, "--nodeid", "7")

    def gyre(self, *arguments, text=""):
        return self.tools.run(1, ["gyre", *arguments], text)

    def starts(self, *arguments):
        process = self.tools.start_command(1, ["gyre", *arguments])
        self.addCleanup(process.communicate)
        self.addCleanup(process.kill)
        return process

    def subscriber(self, *arguments):
        """A `gyre sub` that has joined: what it says of its own join is read."""
        process = self.starts("sub", *arguments, "--json")
        events = [json.loads(self.line(process, ""))]
        while events[-1]["event"] != "group":
            events.append(json.loads(self.line(process, "")))
        return process, events

    def test_members(self):
        answer = json.loads(self.gyre("members", "--json").stdout)
        self.assertEqual(answer["members"],
                         [{"nodeid": 7, "name": "alone", "votes": 1,
                           "addresses": [f"{self.tools.network}.1"]}])
        plain = self.gyre("members").stdout
        self.assertRegex(plain, rf"^view {answer['view']}\n +nodeid +name +addresses\n"
                                rf" +7 +alone +{re.escape(self.tools.network)}\.1\n$")

    def test_status(self):
        answer = json.loads(self.gyre("status", "--json").stdout)
        self.assertEqual((answer["nodeid"], answer["name"], answer["members"]), (7, "alone", [7]))
        self.assertEqual((answer["state"], answer["transport"]), ("operational", "udpu"))
        self.assertIs(answer["secauth"], False)
        self.assertEqual((answer["quorum"]["quorate"], answer["quorum"]["fencing"]),
                         (False, "no_section"))
        self.assertEqual(answer["ring"], {"seq": answer["view"], "representative": 7})
        words = self.gyre("status").stdout
        self.assertRegex(words, r"(?m)^ring\.representative +7$")
        self.assertIn("\nSECAUTH IS OFF: frames are neither authenticated nor encrypted", words)

    def scrape(self, method="GET", path="/metrics"):
        connection = http.client.HTTPConnection("127.0.0.1", self.metrics, timeout=20)
        self.addCleanup(connection.close)
        connection.request(method, path)
        return connection.getresponse()

    def test_metrics_are_served(self):
        response = self.scrape()
        self.assertEqual(response.status, 200)
        self.assertRegex(response.getheader("Content-Type"), "^application/openmetrics-text;")
        lines = response.read().decode().splitlines()
        self.assertEqual(lines[-1], "# EOF")
        kinds, helps, samples = {}, {}, 0
        for line in lines[:-1]:
            if line.startswith("# "):
                _, what, family, rest = line.split(" ", 3)
                if what == "UNIT":
                    self.assertTrue(family.endswith("_" + rest), line)
                else:
                    {"TYPE": kinds, "HELP": helps}[what][family] = rest
                continue
            name, value = re.fullmatch(r"(\w+)(?:{.*})? (\S+)", line).groups()
            self.assertGreaterEqual(float(value), 0)
            suffixes = {"counter": ("_total",), "info": ("_info",), "gauge": ("",),
                        "histogram": ("_bucket", "_count", "_sum")}[kinds[family]]
            self.assertIn(name, [family + suffix for suffix in suffixes])
            samples += 1
        self.assertGreater(samples, 80)
        self.assertEqual(kinds.keys(), helps.keys())

    def test_metrics_are_nothing_else(self):
        self.assertEqual(self.scrape("HEAD").read(), b"")
        self.assertEqual(self.scrape(path="/").status, 404)
        self.assertEqual(self.scrape("POST").status, 405)
        self.assertEqual(self.scrape("GET", "/" + "x" * 100000).status // 100, 4)

    def test_metrics_connections_are_bounded(self):
        idle = []
        for _ in range(16):
            idle.append(socket.create_connection(("127.0.0.1", self.metrics), timeout=20))
            self.addCleanup(idle[-1].close)
        for one in idle[8:]:  # more than one address may have
            self.assertEqual(one.recv(1), b"")
        self.assertEqual(self.gyre("metrics").returncode, 0)
        for one in idle:
            one.close()
        end = time.monotonic() + 20
        while True:  # the server notices one after the other that they are gone
            try:
                self.assertEqual(self.scrape().status, 200)
                return
            except (ConnectionError, http.client.HTTPException):
                self.assertLess(time.monotonic(), end)

    def test_metrics_for_a_shell(self):
        self.assertRegex(self.gyre("metrics").stdout, r"(?m)^gyre_view_members 1$")
        told = [json.loads(line) for line in self.gyre("metrics", "--json").stdout.splitlines()]
        self.assertIn({"name": "gyre_view_members", "value": 1}, told)
        self.assertIn({"name": "gyre_votes_needed", "value": 2}, told)
        all_of_them = [one for one in told if one.get("labels") == {"le": "+Inf"}]
        self.assertEqual([one["name"] for one in all_of_them], ["gyre_rotation_seconds_bucket"])
        info = next(one["labels"] for one in told if one["name"] == "gyre_build_info")
        self.assertEqual(info["cluster"], "tool")

    def test_a_metrics_port_that_is_taken_is_named(self):
        place = self.tools.folder / "taken.d"
        conf = self.tools.folder / "taken"
        conf.write_text(self.text.replace(f"{self.tools.network}.1", f"{self.tools.network}.2"))
        done = subprocess.run([self.tools.gyred, "-f", "-c", conf, "--nodeid", "7", "--state-dir",
                               place, "--run-dir", place], stdin=subprocess.DEVNULL,
                              capture_output=True, text=True, check=False, timeout=30)
        self.assertEqual(done.returncode, 15)
        self.assertIn(f"metrics on 127.0.0.1 port {self.metrics}: Address already in use",
                      done.stderr)

    def test_top_once(self):
        done = self.gyre("top", "--once", "--interval", "0.2")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertRegex(done.stdout,
                         r"^node 7 \(alone\) of tool: operational, ring 7\.\d+, view \d+")
        self.assertNotIn("\x1b", done.stdout)
        told = json.loads(self.gyre("top", "--once", "--json", "--interval", "0.2").stdout)
        self.assertEqual((told["nodeid"], told["state"]), (7, "operational"))
        self.assertEqual([node["nodeid"] for node in told["nodes"]], [7])
        self.assertGreaterEqual(told["interval_ms"], 200)

    def test_top_goes_on_in_a_pipe(self):
        process = self.starts("top", "--json", "--interval", "0.1")
        for _ in range(3):
            self.assertEqual(json.loads(self.line(process, ""))["nodeid"], 7)

    def test_top_says_what_is_wrong(self):
        self.assertEqual(self.gyre("top", "--interval", "0").returncode, 2)
        done = self.gyre("top", "--once", "--run-dir", "/nowhere")
        self.assertEqual(done.returncode, 1)
        self.assertIn("/nowhere/gyre.sock", done.stderr)

    def top_in_a_terminal(self):
        """Its process, and the terminal's other end; it has shown the ring."""
        master, terminal = pty.openpty()
        self.addCleanup(os.close, master)
        before = termios.tcgetattr(terminal)
        fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 30, 60, 0, 0))
        command, environment = self.tools.command(1, "gyre top --interval 0.1")
        process = subprocess.Popen(command, env=environment, stdin=terminal, stdout=terminal,
                                   stderr=terminal, start_new_session=True)
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        self.addCleanup(os.close, terminal)
        shown = b""
        while b"operational" not in shown:
            shown += os.read(master, 4096)
        self.assertTrue(shown.startswith(b"\x1b[?1049h"))
        self.assertFalse(termios.tcgetattr(terminal)[3] & termios.ECHO)

        def expect_restored():
            rest = b""
            while b"\x1b[?1049l" not in rest:
                rest += os.read(master, 4096)
            self.assertTrue(rest.endswith(b"\x1b[?25h\x1b[?1049l"))
            self.assertEqual(termios.tcgetattr(terminal), before)

        return process, master, shown, expect_restored

    def test_top_gives_the_terminal_back(self):
        for end in (lambda process, master: os.write(master, b"q"),
                    lambda process, master: process.send_signal(signal.SIGTERM),
                    lambda process, master: process.send_signal(signal.SIGINT),
                    lambda process, master: process.send_signal(signal.SIGHUP)):
            process, master, shown, expect_restored = self.top_in_a_terminal()
            lines = shown.split(b"\x1b[H")[-1].replace(b"\x1b[K", b"").split(b"\n")
            self.assertTrue(all(len(line.strip()) <= 60 for line in lines[:-1]), lines)
            end(process, master)
            expect_restored()
            self.assertEqual(process.wait(timeout=20), 0)

    def test_top_gives_the_terminal_back_while_it_is_stopped(self):
        process, master, _, expect_restored = self.top_in_a_terminal()
        process.send_signal(signal.SIGTSTP)
        os.waitid(os.P_PID, process.pid, os.WSTOPPED)
        expect_restored()
        process.send_signal(signal.SIGCONT)
        shown = b""
        while b"operational" not in shown:
            shown += os.read(master, 4096)
        self.assertTrue(shown.startswith(b"\x1b[?1049h"))

    def test_sub_tells_the_view_and_then_what_pub_sends(self):
        process, events = self.subscriber("numbers", "--count", "3")
        self.assertEqual(events[0]["event"], "view")
        self.assertEqual(events[0]["members"], [7])
        self.assertEqual(self.gyre("pub", "numbers", text="one\n\nthree").returncode, 0)
        told = [json.loads(line) for line in process.stdout]
        messages = [event for event in told if event["event"] == "message"]
        self.assertEqual([message["payload"] for message in messages], ["one", "", "three"])
        self.assertEqual(process.wait(), 0)

    def test_sub_prints_a_line_for_each(self):
        process = self.starts("sub", "lines", "--count", "1")
        self.assertRegex(process.stdout.readline(), r"^view \d+ members 7 not quorate\n$")
        deadline = time.monotonic() + 20  # its join is not seen from outside: send until it ends
        while process.poll() is None and time.monotonic() < deadline:
            self.gyre("pub", "lines", text="a  line\n")
        self.assertRegex(process.stdout.readline(), r"^\d+\.\d+\.\d+ 7 a  line\n$")

    def test_pub_prints_the_place_of_each_message_and_sub_agrees(self):
        process, _ = self.subscriber("places", "--count", "100")
        text = "".join(f"{number}\n" for number in range(100))
        done = self.gyre("pub", "places", "--safe", "--json", text=text)
        told = [json.loads(line) for line in done.stdout.splitlines()]
        heard = [event for event in map(json.loads, process.stdout) if event["event"] == "message"]
        place = ("ring", "seq", "index")
        self.assertEqual([[one[key] for key in place] for one in told],
                         [[one[key] for key in place] for one in heard])
        self.assertEqual({one["guarantee"] for one in heard}, {"safe"})
        self.assertEqual([one["payload"] for one in heard], text.split())

    def test_a_line_over_the_limit_is_an_error_and_those_before_it_are_sent(self):
        process, _ = self.subscriber("long", "--count", "1")
        done = self.gyre("pub", "long", text="short\n" + "x" * (1 << 20) + "\n")
        self.assertEqual(done.returncode, 1)
        self.assertRegex(done.stderr, r"^gyre: line 2 is too long: a message has at most \d+ bytes")
        heard = [event for event in map(json.loads, process.stdout) if event["event"] == "message"]
        self.assertEqual([event["payload"] for event in heard], ["short"])

    def test_pub_does_not_wait_for_ever_for_a_daemon_that_hangs(self):
        process = self.tools.start_command(1, "gyre pub x --json --timeout 0.5")
        print("one", file=process.stdin, flush=True)
        process.stdout.readline()  # it has its place
        self.addCleanup(self.daemon.send_signal, signal.SIGCONT)
        self.daemon.send_signal(signal.SIGSTOP)
        with self.assertRaises(BrokenPipeError):  # it has ended, in the midst of what it was given
            while True:
                process.stdin.write("x" * 100000 + "\n")
        process.stdin = None
        _, error = process.communicate(timeout=60)
        self.assertRegex(error, r"^gyre: gyred takes no message for 500 ms, \d+ were sent\n")
        self.assertEqual(process.returncode, 1)

    def test_errors_and_usage(self):
        for arguments, status, words in [
                (["members", "--run-dir", "/nowhere"], 1, "gyred is not running"),
                (["pub", "x" * 200], 1, "128"),
                (["frobnicate"], 2, "no command frobnicate"), (["--frob"], 2, "no command --frob"),
                (["bench", "frob"], 2, "no command frob"), ([], 2, "subcommand is required"),
                (["pub"], 2, "group is required")]:
            with self.subTest(arguments=arguments):
                done = self.gyre(*arguments, text="a\n")
                self.assertEqual(done.returncode, status, done.stderr)
                self.assertIn(words, done.stderr)
                self.assertEqual(done.stdout, "")

    def test_every_command_has_help_with_an_example(self):
        names = re.findall(r"^  ([a-z]+) ", self.gyre("--help").stdout.split("Subcommands:")[1]
                           .split("Example:")[0], re.M)
        self.assertIn("members", names)
        for command in names:
            with self.subTest(command=command):
                done = self.gyre(command, "--help")
                self.assertEqual(done.returncode, 0)
                self.assertIn(f"gyre {command}", done.stdout.split("Example:")[1])


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1], verbosity=2)
