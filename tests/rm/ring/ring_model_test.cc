// The resource manager on the simulated ring: a few seeds of each class; ring_model runs the many.
#include <gtest/gtest.h>

#include <set>

#include "tests/rm/control/trial.hh"
#include "tests/rm/ring/group_of_nodes.hh"

namespace gyre::rm::model {
namespace {

Verdict run(std::uint64_t seed, char kind, double minutes) {
  TrialOptions options;
  options.seed = seed;
  options.minutes = minutes;
  options.kind = kind;
  options.make_group = make_group_of_nodes;
  return run_trial(options);
}

TEST(RingModel, TheSameSeedDoesTheSame) {
  std::set<std::uint64_t> hashes;
  for (const std::uint64_t seed : {1, 2}) {
    const Verdict first = run(seed, 'C', 0.5), second = run(seed, 'C', 0.5);
    EXPECT_EQ(first.hash, second.hash) << "seed " << seed;
    EXPECT_EQ(first.counts, second.counts) << "seed " << seed;
    hashes.insert(first.hash);
  }
  EXPECT_EQ(hashes.size(), 2u) << "different seeds do different things";
}

TEST(RingModel, SeedsKeepWhatIsPromised) {
  std::map<std::string, std::uint64_t> counts;
  for (const char kind : {'A', 'B', 'C'})
    for (std::uint64_t seed = 1; seed <= 3; ++seed) {
      const Verdict verdict = run(seed, kind, 1);
      for (const std::string& each : verdict.violations)
        ADD_FAILURE() << "seed " << seed << " of class " << kind << ": " << each;
      for (const auto& [what, count] : verdict.counts) counts[what] += count;
    }
  for (const char* what :
       {"S1", "S2", "S3", "S5", "S8", "digest", "fixpoint", "node crash", "process crash",
        "partition", "trouble of the group", "acknowledged", "parted behind a begin", "S3 in vain"})
    EXPECT_GT(counts[what], 0u) << what << " was never reached";
}

}  // namespace
}  // namespace gyre::rm::model
