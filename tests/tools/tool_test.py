#!/usr/bin/env python3
"""usage: tool_test.py GYRED GYRE    Runs the tool against a daemon of its own on loopback."""
import json
import os
import pathlib
import random
import re
import socket
import subprocess
import sys
import tempfile
import time
import unittest

GYRED, GYRE = sys.argv[1:3]
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
    ring0_addr: 127.0.0.1
  }}
}}
system {{
  sched_rr: no
}}
"""


class ToolTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.temporary = tempfile.TemporaryDirectory()
        cls.addClassCleanup(cls.temporary.cleanup)
        cls.folder = folder = pathlib.Path(cls.temporary.name)
        text = CONFIGURATION.format(port=random.randrange(30000, 32000, 2))
        (folder / "conf").write_text(text, encoding="utf-8")
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as notify:
            notify.bind(str(folder / "notify"))
            notify.settimeout(30)
            cls.daemon = subprocess.Popen(
                [GYRED, "-f", "-c", folder / "conf", "--nodeid", "7", "--state-dir",
                 folder / "state", "--run-dir", folder], stdin=subprocess.DEVNULL,
                env={**os.environ, "NOTIFY_SOCKET": str(folder / "notify")})
            cls.addClassCleanup(cls.end_daemon)
            while b"STATUS=view" not in notify.recv(4096):  # it says when it has one
                pass

    @classmethod
    def end_daemon(cls):
        cls.daemon.terminate()
        cls.daemon.wait()

    @classmethod
    def gyre(cls, *arguments, text=None):
        return subprocess.run([GYRE, *arguments, "--run-dir", cls.folder], input=text or "",
                              capture_output=True, text=True, check=False, timeout=30)

    def subscriber(self, *arguments):
        """A `gyre sub` that has joined: what it says of its own join is read."""
        process = subprocess.Popen(
            [GYRE, "sub", *arguments, "--json", "--run-dir", self.folder], text=True,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE)
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        self.addCleanup(process.stdout.close)
        events = [json.loads(process.stdout.readline())]
        while events[-1]["event"] != "group":
            events.append(json.loads(process.stdout.readline()))
        return process, events

    def test_members(self):
        answer = json.loads(self.gyre("members", "--json").stdout)
        self.assertEqual(answer["members"],
                         [{"nodeid": 7, "name": "alone", "addresses": ["127.0.0.1"]}])
        plain = self.gyre("members").stdout
        self.assertRegex(plain, rf"^view {answer['view']}\n +nodeid +name +addresses\n"
                                r" +7 +alone +127\.0\.0\.1\n$")

    def test_status(self):
        answer = json.loads(self.gyre("status", "--json").stdout)
        self.assertEqual((answer["nodeid"], answer["name"], answer["members"]), (7, "alone", [7]))
        self.assertEqual((answer["state"], answer["transport"]), ("operational", "udpu"))
        self.assertIs(answer["secauth"], False)
        self.assertEqual(answer["ring"], {"seq": answer["view"], "representative": 7})
        self.assertRegex(self.gyre("status").stdout, r"(?m)^ring\.representative +7$")

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
        process = subprocess.Popen(
            [GYRE, "sub", "lines", "--count", "1", "--run-dir", self.folder], text=True,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE)
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        self.addCleanup(process.stdout.close)
        self.assertRegex(process.stdout.readline(), r"^view \d+ members 7\n$")
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

    def test_errors_and_usage(self):
        here = ["--run-dir", str(self.folder)]
        for arguments, status, words in [
                (["members", "--run-dir", "/nowhere"], 1, "gyred is not running"),
                (["pub", "x" * 200, *here], 1, "128"), (["pub", *here], 2, "group is required"),
                (["frobnicate"], 2, ""), ([], 2, "subcommand is required")]:
            with self.subTest(arguments=arguments):
                done = subprocess.run([GYRE, *arguments], input="a\n", capture_output=True,
                                      text=True, check=False, timeout=30)
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
