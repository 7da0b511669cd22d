// Seeds of the model: those that once found something, and enough to see that nothing is left out.
// 500 of ten minutes each are run by the program itself (meson.build).
#include <gtest/gtest.h>

#include <set>

#include "tests/rm/control/trial.hh"

namespace gyre::rm::model {
namespace {

Verdict run(std::uint64_t seed, char kind = 0, double minutes = 2, bool wide = false) {
  TrialOptions options;
  options.wide = wide;
  options.kind = kind;
  options.seed = seed;
  options.minutes = minutes;
  return run_trial(options);
}

void expect_clean(std::uint64_t seed, char kind = 0, double minutes = 2, bool wide = false) {
  for (const std::string& each : run(seed, kind, minutes, wide).violations)
    ADD_FAILURE() << "seed " << seed << ": " << each;
}

TEST(Model, TheSameSeedDoesTheSame) {
  for (const std::uint64_t seed : {1, 2, 3}) {
    const Verdict first = run(seed), second = run(seed);
    EXPECT_EQ(first.counts, second.counts);
    EXPECT_EQ(first.summary, second.summary);
  }
}

// What each of these found was, in this order: a plan that went on behind a stop that was under
// way; another node's start of what ran on where gyre-rm had died; the same where all of them had;
// a stop before that of who needed it, on a node without gyre-rm; an acknowledged change that gave
// way to an older one; a start behind that of a clone which was under way; and a history from
// before a partition that was taken for the present. The runs change as the code does; the rules
// have their own tests beside them.
TEST(Model, SeedsThatFoundABug) {
  for (const std::uint64_t seed : {299, 26, 6, 1, 216, 32, 76, 174, 45, 750, 25, 161, 594})
    expect_clean(seed);
}

// A start behind what stayed only in the plan, for it was being stopped; and what a node had done
// on another side before its manager died, which the others took for undone. In the rest the check
// had known more than anybody can: of a stop that failed, and of what died where no manager was.
TEST(Model, LongerSeedsThatFoundABug) {
  for (const std::uint64_t seed :
       {6862, 20877, 22142, 6158, 6427, 6551, 20520, 22439, 30040, 162, 169})
    expect_clean(seed, 0, seed > 6000 && seed < 10'000 ? 3 : 10);
}

// A device that was at a node hit its next life, again and again; and what came of a fencing was
// told to a side whose document did not count. The last one of the check: a manager that was alone
// died, and with it went what had become of the node that it had fenced.
TEST(Model, SeedsOfFencingThatFoundABug) {
  for (const std::uint64_t seed : {104, 119, 150, 163, 18, 415}) expect_clean(seed, 'A');
  expect_clean(201208, 'A', 10);
}

// In this order: an agent that was asked of a new gyre-exec after all; what moved while its
// source's executor died, or behind an old record of the same way; what was promoted where gyre-rm
// was away, or was being demoted on a node that was lost while it left; a node that left while
// something was being looked for there, or came there, or could not be stopped there. The last ones
// of each line: a node that was lost while it left and something was being looked for there; what
// moved to a node that was away, from one that left then; what had half moved and was found where
// it had come to; an instance that was promoted while it was being looked for another one; one that
// died under a monitor of an earlier gyre-rm, which nobody listened to; of the check, one that was
// told of another's end by a fencing between its own announcement and its stop; what had half moved
// from a node that was lost, and was not stopped where it had come to; what moved, by an earlier
// gyre-rm's word, behind the look whether it had come; and of the check, what was promoted unknown,
// for an agent had lied, while the monitor that found it was on its way, what ran on without quorum
// as it was to stop behind what could not, what had died, and whose monitor comes each eleven
// seconds, and what had died where a new gyre-rm was, while the other hung.
TEST(Model, SeedsOfPromotionMigrationAndLeavingThatFoundABug) {
  for (const std::uint64_t seed :
       {341, 45, 174, 383, 258, 200017, 200103, 268, 219, 201788, 203161})
    expect_clean(seed, 'A', 10, true);
  for (const std::uint64_t seed : {12, 30, 24, 117, 215, 139, 202022, 201316})
    expect_clean(seed, 'B', 10, true);
  for (const std::uint64_t seed : {34, 252, 214}) expect_clean(seed, 'C', 10, true);
  for (const std::uint64_t seed : {401, 408}) expect_clean(seed, 0, 10, true);
}

using Counts = std::map<std::string, std::uint64_t>;

Counts run_some(char kind, std::uint64_t seeds, double minutes, bool wide = false) {
  Counts counts;
  for (std::uint64_t seed = 1000; seed < 1000 + seeds; ++seed) {
    const Verdict verdict = run(seed, kind, minutes, wide);
    for (const std::string& each : verdict.violations)
      ADD_FAILURE() << "seed " << seed << (kind ? " of class A: " : ": ") << each;
    for (const auto& [what, count] : verdict.counts) counts[what] += count;
  }
  return counts;
}

void expect_reached(const Counts& counts, std::initializer_list<const char*> all) {
  for (const char* what : all) EXPECT_TRUE(counts.contains(what)) << what << " was never reached";
}

TEST(Model, SeedsKeepWhatIsPromised) {
  expect_reached(run_some(0, 100, 2), {"S1", "S3", "S5", "S8", "S10 start", "S10 stop", "digest",
                                       "fixpoint", "runs once", "node crash", "process crash",
                                       "partition", "acknowledged", "at risk"});
}

TEST(Model, WideSeedsKeepWhatIsPromised) {
  expect_reached(run_some(0, 50, 2, true), {"S1 promote", "S1 move", "S10 demote", "S10 notify",
                                            "left", "executor crash", "S6 confirmed"});
}

TEST(Model, SeedsKeepWhatFencingPromises) {
  expect_reached(run_some('A', 50, 5),
                 {"S1", "S2", "S3", "S4", "S5", "S6", "S7", "S8", "S9", "S10 start", "S10 stop",
                  "digest", "fixpoint", "runs once", "partition"});
}

}  // namespace
}  // namespace gyre::rm::model
