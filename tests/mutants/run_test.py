#!/usr/bin/env python3
"""run.py on programs of its own making: rounds, what is kept, and the page."""
import json
import pathlib
import subprocess
import sys
import tempfile
import unittest

sys.dont_write_bytecode = True
HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))
import report  # noqa: E402
import run  # noqa: E402

# Finds C2b at seed 5 and writes down which seeds it ran.
SIMULATOR = """#!/bin/sh
echo "$GYRE_MUTANT $3" >> "$(dirname "$0")/ran"
seed=${3%..*}
while [ "$seed" -le "${3#*..}" ]; do
  if [ "$GYRE_MUTANT" = C2b ] && [ "$seed" -eq 5 ]; then
    echo '{"seed": 5, "violations": [{"clause": "W0", "text": "twice"}]}'
    exit 1
  fi
  echo "{\\"seed\\": $seed, \\"violations\\": []}"
  seed=$((seed + 1))
done
echo "mutant reached" >&2
"""
SCENARIOS = """#!/bin/sh
[ "$GYRE_MUTANT" = C2c ] || exit 0
echo "[  FAILED  ] Ring.C3_Something (3 ms)"
exit 1
"""
LAYER = """#!/bin/sh
[ "$GYRE_MUTANT" = C2d ] || exit 0
echo "[  FAILED  ] Leave.OfAnother (3 ms)"
exit 1
"""
LEANING = """#!/bin/sh
case "$GYRE_MUTANT" in
  C2c) echo "[  FAILED  ] Ring.C4_Leans (1 ms)"; echo "[  FAILED  ] Ring.C3_Something (3 ms)" ;;
  C2d | Z1) echo "[  FAILED  ] Ring.C4_Leans, where GetParam() = 2 (1 ms)" ;;
  *) exit 0 ;;
esac
exit 1
"""


class Runs(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.build = pathlib.Path(self.folder.name)
        for name, text in (("sim-mutants", SIMULATOR), ("scenarios-ring-mutants", SCENARIOS)):
            (self.build / name).write_text(text, encoding="utf-8")
            (self.build / name).chmod(0o755)
        self.addCleanup(self.folder.cleanup)

    def run_it(self, *more):
        done = subprocess.run(
            [sys.executable, HERE / "run.py", "--build", self.build, "--only", "C2b,C2c,C2d,Z1",
             "--seconds", "9", "--json", "--resume", self.build / "kept", *more],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, check=False)
        self.assertTrue(done.stdout, done.stderr)
        return {each["mutant"]["id"]: each for each in json.loads(done.stdout)["mutants"]}

    def seeds_of(self, mutant):
        ran = (self.build / "ran").read_text(encoding="utf-8").splitlines()
        return [line.split()[1] for line in ran if line.split()[0] == mutant]

    def test_a_seed_finds_one_a_scenario_another_and_nothing_the_third(self):
        found = self.run_it("--seeds", "10")
        kill = found["C2b"]["kill"]
        self.assertEqual((kill["seed"], kill["why"]), (5, "W0: twice"))
        self.assertIsNone(found["C2c"]["kill"])
        self.assertEqual(found["C2c"]["scenario"]["why"], "Ring.C3_Something")
        self.assertIsNone(found["C2d"]["kill"] or found["C2d"]["scenario"])
        self.assertEqual(found["C2d"]["seeds"], {"sim-mutants": 10})
        self.assertTrue(found["C2d"]["reached"])

    def test_a_scenario_that_a_harmless_change_fails_finds_nothing(self):
        (self.build / "scenarios-ring-mutants").write_text(LEANING, encoding="utf-8")
        found = self.run_it("--seeds", "10")
        self.assertEqual(found["Z1"]["scenario"]["why"], "Ring.C4_Leans")
        self.assertEqual(found["C2c"]["scenario"]["why"], "Ring.C3_Something")
        self.assertIsNone(found["C2d"]["scenario"])
        self.assertEqual(found["C2d"]["luck"], "Ring.C4_Leans")
        page = self.build / "page.md"
        self.run_it("--seconds", "0", "--page", page)
        text = page.read_text(encoding="utf-8")
        self.assertIn("2 of 3, 66.7 %", text)
        self.assertIn("only by luck Ring.C4_Leans", text)

    def test_a_later_run_goes_on_where_the_first_ended(self):
        self.run_it("--seeds", "10")
        (self.build / "ran").unlink()
        with (self.build / "kept").open("a", encoding="utf-8") as kept:
            kept.write('{"commit": "')  # it was interrupted while it wrote
        found = self.run_it("--seeds", "12")
        self.assertEqual(self.seeds_of("C2b"), [])
        self.assertEqual(self.seeds_of("C2d"), ["11..12"])
        self.assertEqual(found["C2b"]["kill"]["seed"], 5)

    def test_what_another_commit_did_does_not_count(self):
        self.run_it("--seeds", "10")
        kept = self.build / "kept"
        kept.write_text(kept.read_text(encoding="utf-8").replace('"commit": "', '"commit": "f'),
                        encoding="utf-8")
        (self.build / "ran").unlink()
        self.run_it("--seeds", "10")
        self.assertEqual(self.seeds_of("C2b"), ["1..2", "3..6"])

    def test_the_page_names_the_seed_the_scenario_and_the_survivor(self):
        page = self.build / "page.md"
        self.run_it("--seeds", "10", "--page", page)
        text = page.read_text(encoding="utf-8")
        for words in ("| seed 5 of sim | W0 |", "| scenario (10 seeds of sim did not",
                      "| Ring.C3_Something |", "| **nothing** (10 seeds of sim",
                      "1 of 3, 33.3 %", "2 of 3, 66.7 %",
                      "Made by `scripts/sim --mutants --seeds 10 --seconds 9 --only C2b,C2c,C2d,Z1 "
                      "--resume kept --page page.md` at"):
            self.assertIn(words, text)
        self.assertNotIn("No harmless change", text)

    def test_what_the_test_of_a_layer_finds_counts_by_itself(self):
        program = self.build / "tests-totem-mutants"
        program.write_text(LAYER, encoding="utf-8")
        program.chmod(0o755)
        page = self.build / "page.md"
        self.run_it("--seeds", "10", "--page", page)
        text = page.read_text(encoding="utf-8")
        for words in ("| test (10 seeds of sim did not) | Leave.OfAnother |",
                      "| by seeds or scenarios | 2 of 3, 66.7 % |",
                      "| by these or the tests of a layer | 3 of 3, 100.0 % |"):
            self.assertIn(words, text)

    def test_a_page_says_that_no_harmless_change_was_tried(self):
        page = self.build / "page.md"
        self.run_it("--seeds", "10", "--only", "C2b")
        self.run_it("--seconds", "0", "--only", "C2b,Z1", "--page", page)
        text = page.read_text(encoding="utf-8")
        self.assertIn("No harmless change was tried", text)
        self.assertNotIn("were not tried", text)

    def test_a_page_of_what_is_known_leaves_out_what_was_not_tried(self):
        page = self.build / "page.md"
        self.run_it("--seeds", "10")
        (self.build / "ran").unlink()
        self.run_it("--seconds", "0", "--only", "C2b,C2c,C2d,C2e,Z1", "--page", page)
        text = page.read_text(encoding="utf-8")
        self.assertIn("1 more bugs were not tried", text)
        self.assertIn("1 of 3, 33.3 %", text)
        self.assertNotIn("| C2e |", text)
        self.assertFalse((self.build / "ran").exists())

    def test_a_survivor_that_no_scenario_was_asked_about_is_said_to_be_one(self):
        page = self.build / "page.md"
        self.run_it("--seeds", "10", "--programs", "sim-mutants", "--page", page)
        self.assertIn("(10 seeds of sim; scenarios were not asked)",
                      page.read_text(encoding="utf-8"))

    def test_programs_that_are_not_clean_without_a_mutant_say_nothing(self):
        (self.build / "scenarios-ring-mutants").write_text("#!/bin/sh\nexit 1\n", encoding="utf-8")
        done = subprocess.run([sys.executable, HERE / "run.py", "--build", self.build, "--only",
                               "C2b"], stderr=subprocess.PIPE, text=True, check=False)
        self.assertEqual(done.returncode, 1)
        self.assertIn("not clean without a mutant", done.stderr)


class Rounds(unittest.TestCase):
    def test_each_has_more_and_the_last_what_is_asked_for(self):
        self.assertEqual(list(run.rounds(10_000, 600)),
                         [(64, 15), (256, 60), (1024, 240), (4096, 600), (10_000, 600)])
        self.assertEqual(list(run.rounds(20, 2)), [(20, 2)])

    def test_a_hang_is_ended_by_what_it_used(self):
        status, _, spent = run.run(["sh", "-c", "while :; do :; done"], {}, 0.3)
        self.assertIsNone(status)
        self.assertGreaterEqual(spent, 0.3)


class Parted(unittest.TestCase):
    def test_a_seed_in_a_hundred_is_too_often_but_not_in_the_first_few(self):
        self.assertIsNone(run.parts_often("sim-mutants", 300, 9))
        self.assertIsNone(run.parts_often("sim-mutants", 1100, 10))
        kill = run.parts_often("sim-mutants", 1000, 10)
        self.assertEqual(report.why(kill), "L2 often")

    def test_they_are_counted_in_what_the_simulator_says(self):
        text = '{"seed": 1, "parted": "for a while"}\n{"seed": 2, "parted": ""}\n{"seed": 3'
        self.assertEqual(run.count_parted(text), 1)


class Words(unittest.TestCase):
    def test_a_share_of_nothing_is_said_too(self):
        self.assertEqual(report.share(lambda _: True, []), "0 of 0, 0.0 %")


if __name__ == "__main__":
    unittest.main()
