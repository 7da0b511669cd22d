#!/usr/bin/env python3
"""usage: corosync_test.py GYRED GYRE

The commands that operators know, letter by letter, at a node of a nodelist whose peer is not there.
"""
import json
import pathlib
import re
import signal
import sys
import unittest

from daemon import NAMES, Case

KEYS = pathlib.Path(__file__).resolve().parents[2] / "docs" / "keys.md"
LISTED = """totem {{
  version: 2
  cluster_name: tools
  config_version: 7
  secauth: off
  token: 300
  interface {{
    mcastport: {port}
  }}
}}
nodelist {{
  node {{
    nodeid: 7
    name: alice
    ring0_addr: {network}.7
  }}
  node {{
    nodeid: 8
    name: bob
    ring0_addr: {network}.8
  }}
}}
logging {{
  to_syslog: no
  debug: off
}}
"""


class Listed(Case):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.text = LISTED.format(port=cls.tools.port, network=cls.tools.network)
        cls.daemon = cls.tools.start(1, cls.text, "--nodeid", "7")
        cls.keys = [line.split(" ")[0] for words in ("", " -m stats")  # before any test writes some
                    for line in cls.tools.run(1, "corosync-cmapctl" + words).stdout.splitlines()]

    def test_cmapctl_reads(self):
        network = self.tools.network
        self.says("corosync-cmapctl -g totem.version", "totem.version (u32) = 2\n")
        self.says("corosync-cmapctl -q -g totem.version", "2\n")
        self.says("corosync-cmapctl -g totem.version -q", "2\n")
        self.says("corosync-cmapctl nodelist", f"""\
nodelist.local_node_pos (u32) = 0
nodelist.node.0.name (str) = alice
nodelist.node.0.nodeid (u32) = 7
nodelist.node.0.ring0_addr (str) = {network}.7
nodelist.node.1.name (str) = bob
nodelist.node.1.nodeid (u32) = 8
nodelist.node.1.ring0_addr (str) = {network}.8
""")
        self.says("corosync-cmapctl runtime.members", f"""\
runtime.members.7.config_version (u64) = 7
runtime.members.7.ip (str) = r(0) ip({network}.7) \n\
runtime.members.7.join_count (u32) = 1
runtime.members.7.status (str) = joined
""")
        self.assertRegex(
            self.tools.run(1, "corosync-cmapctl -m stats stats.srp.operational_entered").stdout,
            r"^stats\.srp\.operational_entered \(u64\) = [1-9]\n$")
        self.refuses("corosync-cmapctl -g nope.key",
                     "Can't get key nope.key. Error CS_ERR_NOT_EXIST")
        self.says("corosync-cmapctl -g nope.key totem.version", "totem.version (u32) = 2\n", 1,
                  "Can't get key nope.key. Error CS_ERR_NOT_EXIST")
        self.says("corosync-cmapctl nope", "", 1)
        lines = self.tools.run(1, "corosync-cmapctl").stdout.splitlines()
        self.assertGreater(len(lines), 30)
        self.assertEqual(lines, sorted(lines))

    def test_every_key_stands_in_the_documentation(self):
        names = re.findall(r"`([\w.{},<>*-]+)`", KEYS.read_text(encoding="utf-8"))
        patterns = [self.pattern_of(name) for name in names]
        written = "(totem|nodelist|quorum|logging|system)"  # each under its path
        self.assertGreater(len(self.keys), 150)
        for key in self.keys:
            if not re.match(written + r"\.", key):
                self.assertTrue(any(re.fullmatch(one, key) for one in patterns), key)

    @staticmethod
    def pattern_of(name):
        """Of a name as it is documented: {a,b} is one of them, N a number, <a> a word."""
        parts = re.escape(name).replace(r"\{", "(").replace(r"\}", ")").replace(",", "|")
        return re.sub(r"<\w+>", r"\\w+", re.sub(r"(?<!\w)N(?!\w)|(?<=service)N", r"\\d+", parts))

    def test_cmapctl_writes(self):
        self.says("corosync-cmapctl -s w.key u32 3", "")
        self.says("corosync-cmapctl -s w.float flt 1.5", "")
        self.says("corosync-cmapctl -s w.negative i8 -- -3", "")
        self.says(["corosync-cmapctl", "-s", "w.text", "str", "two words"], "")
        self.says("corosync-cmapctl w.", """\
w.float (flt) = 1.500000
w.key (u32) = 3
w.negative (i8) = -3
w.text (str) = two words
""")
        self.says("corosync-cmapctl -d w.key", "")
        self.refuses("corosync-cmapctl -d w.key", "Can't delete key w.key. Error CS_ERR_NOT_EXIST")
        self.says("corosync-cmapctl -D w.", "")
        self.says("corosync-cmapctl -D w.", "")
        self.says("corosync-cmapctl w.", "", 1)

    def test_cmapctl_writes_bytes(self):
        file = self.tools.folder / "bytes"
        file.write_bytes(b"x\x01y\xff \\z")
        self.says(f"corosync-cmapctl -s b.key bin {file}", "")
        self.says("corosync-cmapctl b.key", "b.key (bin)\n")
        self.says("corosync-cmapctl -b b.key", "b.key (bin) = x\\x01y\\xFF \\\\z\n")
        self.says("corosync-cmapctl -s b.key bin -", "", text="abc\n")
        self.says("corosync-cmapctl -b -q -g b.key", "abc\\x0A\n")
        self.says("corosync-cmapctl --json b.key",
                  '{"key":"b.key","type":"bin","value":"6162630a"}\n')
        file.write_bytes(bytes(20000))
        self.refuses(f"corosync-cmapctl -s b.key bin {file}",
                     "Failed to set key b.key. Error CS_ERR_INVALID_PARAM")
        file.write_bytes(b"")
        self.refuses(f"corosync-cmapctl -s b.key bin {file}",
                     "Failed to set key b.key. Error CS_ERR_INVALID_PARAM")

    def test_cmapctl_refuses(self):
        for words, error, reason in [
                ("-s totem.version u32 3", "Failed to set key totem.version. Error CS_ERR_ACCESS",
                 "it is what corosync.conf says"),
                ("-d totem.version", "Can't delete key totem.version. Error CS_ERR_ACCESS", ""),
                ("-D totem.version", "Can't delete key totem.version. Error CS_ERR_ACCESS", ""),
                ("-s x u8 1", "Failed to set key x. Error CS_ERR_NAME_TOO_LONG", ""),
                ("-s my.key u32 abc", "abc is not valid u32 type value", ""),
                ("-s my.key u32 5abc", "5abc is not valid u32 type value", ""),
                ("-s my.key u32 4294967296", "4294967296 is not valid u32 integer", ""),
                ("-s my.key wrong 1", "Unknown type wrong", ""),
                ("-s my.key u32", "At least 3 parameters are expected for set", ""),
                ("-s my.key str two words", '"words" is one word too many for set', ""),
                ("-s", "Expected key after options", ""),
                ("-g", "Expected key after options", ""),
                ("-t", "Expected key after options", ""),
                ("-s my.key bin /nonexistent/file",
                 "Can't open input file: No such file or directory", ""),
                ("-m foo", "invalid map name, must be 'default', 'icmap' or 'stats'", ""),
                ("-m stats -s my.key u8 1", "Failed to set key my.key. Error CS_ERR_ACCESS", ""),
                ("-C foo",
                 "argument to -C should be 'knet', 'totem', 'ipc', 'schedmiss' or 'all'", ""),
                ("-p /nonexistent", "Couldn't open file.: No such file or directory",
                 "/nonexistent"),
                ("-s runtime.force_gather str no",
                 "Failed to set key runtime.force_gather. Error CS_ERR_INVALID_PARAM",
                 "it takes str yes")]:
            with self.subTest(words=words):
                self.refuses("corosync-cmapctl " + words, error, reason)
        self.assertEqual(self.tools.run(1, "corosync-cmapctl -g my.key").returncode, 1)
        self.assertRegex(self.tools.run(1, "corosync-cmapctl -x").stderr,
                         r"corosync-cmapctl: invalid option -- 'x'\n$")

    def test_cmapctl_loads_a_file(self):
        file = self.tools.folder / "settings"
        file.write_text("""
# a comment
f.one u32 5
  f.two   str   hello world \r
f.three u8 3
^f.one
f.prefix.a u8 1
f.prefix.b u8 1
^^f.prefix
""")
        self.says(f"corosync-cmapctl -p {file}", "")
        self.says("corosync-cmapctl f.", "f.three (u8) = 3\nf.two (str) = hello world\n")
        file.write_text("f.two u8 1\nf.none\nf.three u8 9\n")
        self.refuses(f"corosync-cmapctl -p {file}",
                     "Both type and value for key f.none are required", "nothing was done")
        self.says("corosync-cmapctl f.", "f.three (u8) = 3\nf.two (str) = hello world\n")
        file.write_text("^f.none\ntotem.version u32 3\nf.three u8 4")
        self.refuses(f"corosync-cmapctl -p {file}",
                     "Can't delete key f.none. Error CS_ERR_NOT_EXIST",
                     "Failed to set key totem.version. Error CS_ERR_ACCESS")
        self.says("corosync-cmapctl f.three", "f.three (u8) = 4\n")

    def test_cmapctl_tracks(self):
        for option, expected in [
                ("-T t.", ["create> t.a (u32) = 1", "create> t.ab (u8) = 9",
                           "modify> t.a (u32) = 2", "modify> t.a (str) = x",
                           "delete> t.a (str) = x", "delete> t.ab (u8) = 9"]),
                ("-t t.a", ["create> t.a (u32) = 1", "modify> t.a (u32) = 2",
                            "modify> t.a (str) = x", "delete> t.a (str) = x"]),
                ("-q -t t.ab", ["create> 9", "delete> 9"])]:
            tracking = self.tools.start_command(1, f"corosync-cmapctl {option}")
            self.assertEqual(tracking.stdout.readline(), 'Type "q" to finish\n')
            for words in ("-s t.a u32 1", "-s t.ab u8 9", "-s t.a u32 2", "-s t.a u32 2",
                          "-s t.a str x", "-d t.a", "-d t.ab"):
                self.says("corosync-cmapctl " + words, "")
            told = [tracking.stdout.readline().rstrip("\n") for _ in expected]
            self.assertEqual(told, expected)
            output, error = tracking.communicate("q\n", timeout=60)
            self.assertEqual((output, error, tracking.returncode), ("", "", 0))

    def test_cmapctl_tracks_what_is_counted(self):
        tracking = self.tools.start_command(
            1, "corosync-cmapctl --json -m stats -t stats.gyre.node.turns")
        tracking.stdout.readline()
        first, second = (json.loads(tracking.stdout.readline()) for _ in range(2))
        self.assertEqual((first["change"], first["type"]), ("modify", "u64"))
        self.assertLess(first["value"], second["value"])
        tracking.stdin.close()
        self.assertEqual(tracking.wait(60), 0)
        tracking.stdout.close()
        tracking.stderr.close()

    def test_cmapctl_gathers(self):
        view = self.view()
        self.says("corosync-cmapctl -s runtime.force_gather str yes", "")
        self.says("corosync-cmapctl -q -g runtime.force_gather", "no\n")
        self.until(lambda: self.view() != view, "another view")

    def view(self):
        return json.loads(self.tools.run(1, "gyre members --json").stdout)["view"]

    def test_cfgtool(self):
        network = self.tools.network
        self.says("corosync-cfgtool -s", f"""\
Local node ID 7, transport udpu
LINK ID 0 \n\
\taddr\t= {network}.7
\tstatus:
\t\tnodeid:          7:\tlocalhost
\t\tnodeid:          8:\tdisconnected
""", 1, "node 8 is not connected")
        brief = f"""\
Local node ID 7, transport udpu
LINK ID 0 \n\
\taddr\t= {network}.7
\tstatus\t= n1
"""
        self.says("corosync-cfgtool -sb", brief, 1, "node 8 is not connected")
        self.says("corosync-cfgtool -s -b -i 0", brief, 1, "node 8 is not connected")
        self.says(f"corosync-cfgtool --status --brief -i {network}.7", brief, 1,
                  "node 8 is not connected")
        self.says("corosync-cfgtool -s -i 1", "", 1, "there is no link 1")
        self.says("corosync-cfgtool -n", "Local node ID 7, transport udpu\n")
        self.says("corosync-cfgtool -a 7", f"{network}.7\n")
        self.says("corosync-cfgtool -a 8", f"{network}.8\n")
        self.refuses("corosync-cfgtool -a 9", "Could not get node address for nodeid 9")
        for words in ("-a x", "-a 0", "-a -1", "-k x", "-k 4294967296"):
            self.refuses("corosync-cfgtool " + words,
                         "The nodeid was not valid, try a positive number", words.split()[1])
        self.says("corosync-cfgtool -L", "")
        self.says("corosync-cfgtool -r", "Re-enabling all failed rings.\n")
        self.assertIn("corosync-cfgtool [[-i", self.tools.run(1, "corosync-cfgtool").stdout)
        answer = json.loads(self.tools.run(1, "corosync-cfgtool -s --json").stdout)
        for words in ("-L", "-r"):
            self.says(f"corosync-cfgtool --json {words}", "{}\n")
        node = json.loads(self.tools.run(1, "corosync-cfgtool --json -a 8").stdout)
        self.assertEqual(node, {"nodeid": 8, "address": f"{network}.8",
                                "addresses": [f"{network}.8"], "local": False, "connected": False})
        self.assertEqual(answer["links"], [{"number": 0, "address": f"{network}.7",
                                            "transport": "udpu", "priority": 1, "fault": ""}])
        self.says("gyre links --once", f"""\
node 7

link 0  udpu  {network}.7  no faults
  node 7          {network + ".7":<22}here
  node 8          {network + ".8":<22}disconnected
""")

    def test_cpgtool(self):
        self.says("corosync-cpgtool", "Group Name\t       PID\t   Node ID\n")
        self.says("corosync-cpgtool -d ,", "GRP_NAME,PID,NODEID\n")
        self.says("corosync-cpgtool -n", "")
        pids = []
        for group in ("plain", "back\\slash", "tab\tbed"):
            member = self.tools.start_command(1, ["gyre", "sub", "--json", group])
            self.addCleanup(member.wait)
            self.addCleanup(member.kill)
            for stream in (member.stdin, member.stdout, member.stderr):
                self.addCleanup(stream.close)
            self.line(member, '"event":"group"')
            pids.append(member.pid)
        plain, back, tab = (f"{pid:10}" for pid in pids)
        line = f"\t         7 ({self.tools.network}.7)\n"
        self.says("corosync-cpgtool", "Group Name\t       PID\t   Node ID\n"
                  f"back\\\\slash\n\t\t{back}{line}plain\n\t\t{plain}{line}"
                  f"tab\\x09bed\n\t\t{tab}{line}")
        self.says("corosync-cpgtool -d ,", "GRP_NAME,PID,NODEID\n"
                  f"back\\\\slash,{pids[1]},7\nplain,{pids[0]},7\ntab\\x09bed,{pids[2]},7\n")
        self.says("corosync-cpgtool -n -e", "back\\slash\nplain\ntab\tbed\n")
        groups = [json.loads(line) for line in
                  self.tools.run(1, "corosync-cpgtool --json").stdout.splitlines()]
        self.assertEqual([group["group"] for group in groups],
                         ["back\\\\slash", "plain", "tab\\x09bed"])
        self.assertEqual(groups[1]["members"][0]["pid"], pids[0])
        self.refuses("corosync-cpgtool extra",
                     f'{self.tools.folder}/corosync-cpgtool: "extra" is no option')

    def test_a_file_that_is_none_is_named(self):
        folder = self.tools.folder
        large = folder / "large"
        with open(large, "wb") as file:
            file.truncate((16 << 20) + 1)
        for command, words in (("corosync-cmapctl", "Couldn't open file.: "),
                               ("corosync-objctl", "")):
            for path, error in ((folder, "Is a directory"), (large, "File too large"),
                                (folder / "none", "No such file or directory")):
                with self.subTest(command=command, error=error):
                    place = f"{path}: " if command == "corosync-objctl" else ""
                    self.refuses(f"{command} -p {path}", f"{place}{words}{error}", str(path))
        self.refuses(f"corosync-cmapctl -s a.b bin {large}",
                     "Can't open input file: File too large")

    def test_objctl_loads_a_file(self):
        file = self.tools.folder / "objects"
        file.write_text("# a comment\nloaded.one=1\r\n\nloaded.two=a = b\n")
        self.says(f"corosync-objctl -p {file}", "")
        self.says("corosync-objctl loaded", "loaded.one=1\nloaded.two=a = b\n")
        file.write_text("loaded.two=2\nloaded.three=3\n")
        self.says(f"corosync-objctl -p {file}", "")
        self.says("corosync-objctl loaded", "loaded.one=1\nloaded.three=3\nloaded.two=2\n")
        self.says("corosync-objctl -d loaded", "")
        file.write_text("loaded.one=1\nloaded.two\nloaded.three=3\n")
        self.refuses(f"corosync-objctl -p {file}", "loaded.two: expected object.key=value",
                     "nothing was done")
        self.refuses("corosync-objctl loaded", "there is no object or key loaded")

    def test_objctl(self):
        network = self.tools.network
        self.says("corosync-objctl runtime.totem.pg.mrp.srp.members", f"""\
runtime.totem.pg.mrp.srp.7.ip=r(0) ip({network}.7) \n\
runtime.totem.pg.mrp.srp.7.join_count=1
runtime.totem.pg.mrp.srp.7.status=joined
""")
        self.says("corosync-objctl totem.version logging.debug",
                  "totem.version=2\nlogging.debug=off\n")
        self.says("corosync-objctl -n o.key=5", "")
        self.refuses("corosync-objctl -n o.key=6", "o.key is there already: use -w")
        self.says("corosync-objctl -w o.key=6", "")
        self.says("corosync-objctl o", "o.key=6\n")
        self.refuses("corosync-objctl -w o.other=6", "there is no key o.other: use -n")
        self.refuses("corosync-objctl -w totem.token=6", "totem.token cannot be set: it is what "
                     "corosync.conf says: change that file")
        self.says("corosync-objctl -d o", "")
        self.refuses("corosync-objctl o", "there is no object or key o")
        self.refuses("corosync-objctl", "Expected an object or a key")
        self.refuses("corosync-objctl -c o",
                     "an object is there once it has a key: use -n object.key=value")
        self.refuses("corosync-objctl -t o", "what changes is tracked by corosync-cmapctl -T")
        self.assertIn("\ntotem.version=2\n", self.tools.run(1, "corosync-objctl -a").stdout)

    def test_what_is_not_to_be_said_is_named(self):
        for words, error in [
                ("corosync-cfgtool -b", "corosync-cfgtool: -b goes with -s"),
                ("corosync-cfgtool -n -i 0", "corosync-cfgtool: -i goes with -s"),
                ("corosync-cfgtool -s more", 'corosync-cfgtool: "more" is no option'),
                ("corosync-cpgtool more", 'corosync-cpgtool: "more" is no option'),
                *[(f"corosync-{name} --frob", f"corosync-{name}: unrecognized option '--frob'")
                  for name in NAMES]]:
            with self.subTest(words=words):
                self.refuses(words, error.replace("corosync-", f"{self.tools.folder}/corosync-", 1))

    def test_every_command_is_a_subcommand_with_help(self):
        listed = self.tools.run(1, "gyre --help").stdout
        for name in NAMES:
            with self.subTest(name=name):
                self.assertRegex(listed, rf"(?m)^  {name} +[A-Z]")
                for words in (f"gyre {name} --help", f"gyre {name} -h", f"corosync-{name} --help"):
                    done = self.tools.run(1, words)
                    self.assertEqual(done.returncode, 0)
                    self.assertRegex(done.stdout, rf"Example:\n +gyre {name}")
                    self.assertIn("Exit status", done.stdout)
        self.assertIn("gyre cmapctl: invalid option -- 'x'",
                      self.tools.run(1, "gyre cmapctl -x").stderr)

    def test_a_daemon_that_hangs_is_not_waited_for_for_ever(self):
        self.addCleanup(self.daemon.send_signal, signal.SIGCONT)
        self.daemon.send_signal(signal.SIGSTOP)
        asking = {words: self.tools.start_command(1, words) for words in (
            "corosync-cfgtool -s", "corosync-cfgtool -n", "corosync-cfgtool -L",
            "corosync-cfgtool -a 7", "corosync-cfgtool -k 8", "corosync-cfgtool -R",
            "corosync-cfgtool -H", "corosync-cfgtool -r", "corosync-quorumtool -s",
            "corosync-quorumtool -l", "corosync-quorumtool -m", "corosync-quorumtool -e 2",
            "corosync-quorumtool -v 1",
            "corosync-cmapctl", "corosync-cmapctl -g totem.version", "corosync-cpgtool",
            "corosync-cmapctl -s gone.key u8 1", "corosync-cmapctl -d gone.key",
            "corosync-cmapctl -t totem.version", "corosync-objctl -a", "corosync-objctl totem",
            "gyre status", "gyre members", "gyre metrics", "gyre top --once", "gyre sub g",
            "gyre pub g")}
        for words, process in asking.items():
            with self.subTest(words=words):
                _, error = process.communicate(timeout=60)
                self.assertIn("does not answer", error)
                self.assertEqual(process.returncode, 1)
        self.daemon.send_signal(signal.SIGCONT)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1], verbosity=2)
