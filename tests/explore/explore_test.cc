// Each short run again with every single fault, and with pairs of faults. A run is the same each
// time, so that a fault is a number.
//
//   GYRE_EXPLORE=all                      every pair (half an hour of one core, with progress)
//   GYRE_EXPLORE="drop@12 duplicate@30"   these faults, with a trace
//   --gtest_filter=*/merge                of one run only

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <chrono>
#include <cstdlib>
#include <sstream>

#include "tests/explore/plot.hh"

namespace gyre::test {
namespace {

using namespace std::chrono_literals;

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr std::size_t slower = 16;
#elif defined(__has_feature)
constexpr std::size_t slower = __has_feature(address_sanitizer) ? 16 : 1;
#else
constexpr std::size_t slower = 1;
#endif

std::vector<Fault> faults_between(Points from, Points to) {
  std::vector<Fault> all;
  for (int kind = 0; kind < Fault::kinds; ++kind) {
    Fault fault{.kind = static_cast<Fault::Kind>(kind)};
    const bool frame = fault.at_frame();
    for (fault.point = frame ? from.frames : from.packets;
         fault.point < (frame ? to.frames : to.packets); ++fault.point)
      all.push_back(fault);
  }
  return all;
}

class Exploration {
 public:
  // Of the pairs only each `stride`th is run.
  Exploration(const Plot& plot, std::size_t stride, bool progress)
      : plot_(plot), stride_(stride), progress_(progress) {}

  void run() {
    const Outcome calm = tried({});
    const auto singles = faults_between({}, calm.points);
    std::size_t pairs = 0;
    for (std::size_t i = 0; i < singles.size() && failures_ < failures_max; ++i) {
      // With both faults in one place the second may come before the first.
      const Outcome first = tried({singles[i]});
      if (progress_ && i % 50 == 0)
        std::fprintf(stderr, "%s: %zu of %zu faults, %zu runs, %zu wrong\n", plot_.name.data(), i,
                     singles.size(), runs_, failures_);
      for (const Fault& second : faults_between(first.fired_at, first.points))
        if (pairs++ % stride_ == 0) tried({singles[i], second});
    }
    fmt::print("{}: {} packets, {} frames, {} single faults, {} of {} pairs, {} runs, {} wrong\n",
               plot_.name, calm.points.packets, calm.points.frames, singles.size(),
               (pairs + stride_ - 1) / stride_, pairs, runs_, failures_);
    fmt::print("  together again after {:.1f} ms at most, {} ms allowed ({})\n",
               static_cast<double>(slowest_.count()) / 1e6, World::bound() / 1ms,
               text_of(slowest_faults_));
  }

 private:
  static constexpr std::size_t failures_max = 1000, failures_shown = 20;

  Outcome tried(const std::vector<Fault>& faults) {
    ++runs_;
    Outcome outcome = play(plot_, faults);
    if (!outcome.wrong.empty() && ++failures_ <= failures_shown)
      ADD_FAILURE() << "GYRE_EXPLORE='" << text_of(faults) << "' of " << plot_.name << ": "
                    << outcome.wrong.front();
    EXPECT_TRUE(outcome.fired) << text_of(faults);
    if (outcome.took > slowest_) {
      slowest_ = outcome.took;
      slowest_faults_ = faults;
    }
    return outcome;
  }

  const Plot& plot_;
  std::size_t stride_;
  bool progress_;
  std::size_t runs_ = 0, failures_ = 0;
  Duration slowest_{};
  std::vector<Fault> slowest_faults_;
};

void replay(const Plot& plot, std::istringstream& words) {
  std::vector<Fault> faults;
  for (std::string word; words >> word;) {
    const auto fault = fault_of(word);
    ASSERT_TRUE(fault) << word << " is no fault";
    faults.push_back(*fault);
  }
  const Outcome outcome = play(plot, faults, true);
  for (const auto& wrong : outcome.wrong) ADD_FAILURE() << wrong;
  EXPECT_TRUE(outcome.fired) << "not all of these faults could strike";
}

class Explore : public testing::TestWithParam<Plot> {};

TEST_P(Explore, SurvivesAnyFaultAndPairsOfThem) {
  const Plot& plot = GetParam();
  const char* wish = std::getenv("GYRE_EXPLORE");
  if (!wish) return Exploration(plot, 101 * slower, false).run();
  if (std::string_view(wish) == "all") return Exploration(plot, 1, true).run();
  std::istringstream words(wish);
  replay(plot, words);
}

INSTANTIATE_TEST_SUITE_P(, Explore, testing::ValuesIn(plots().begin(), plots().end()),
                         [](const auto& plot) { return std::string(plot.param.name); });

}  // namespace
}  // namespace gyre::test
