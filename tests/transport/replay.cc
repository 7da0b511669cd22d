#include "transport/replay.hh"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <set>

namespace gyre {

namespace {

constexpr std::uint64_t span = ReplayWindow::span;

TEST(ReplayWindow, TakesEachCounterOnce) {
  ReplayWindow window;
  window.restart(1);
  EXPECT_FALSE(window.accept(1));
  for (const std::uint64_t counter : {3, 2, 64, 63, 65, 128, 4}) {
    EXPECT_TRUE(window.accept(counter)) << counter;
    EXPECT_FALSE(window.accept(counter)) << counter;
  }
}

TEST(ReplayWindow, RefusesWhatIsTooOldToTell) {
  ReplayWindow window;
  window.restart(1);
  EXPECT_TRUE(window.accept(100000));
  EXPECT_FALSE(window.accept(100000 - span));
  EXPECT_TRUE(window.accept(100000 - span + 1));
  EXPECT_FALSE(window.accept(1));
  EXPECT_FALSE(window.accept(0));
}

TEST(ReplayWindow, ForgetsWholeTurnsWhenItJumps) {
  ReplayWindow window;
  window.restart(5);
  for (const std::uint64_t jump : {ReplayWindow::bits, ReplayWindow::bits * 3 + 17, span}) {
    const std::uint64_t counter = 5 + jump;
    ReplayWindow moved = window;
    EXPECT_TRUE(moved.accept(counter));
    for (std::uint64_t i = 1; i < span; ++i) {
      const bool seen = counter - i == 5;
      EXPECT_EQ(moved.accept(counter - i), !seen) << jump << " " << i;
    }
  }
}

TEST(ReplayWindow, HoldsAtTheEndOfTheNumbers) {
  ReplayWindow window;
  window.restart(~std::uint64_t{0} - 3);
  EXPECT_TRUE(window.accept(~std::uint64_t{0}));
  EXPECT_FALSE(window.accept(~std::uint64_t{0}));
  EXPECT_FALSE(window.accept(0));
  EXPECT_TRUE(window.accept(~std::uint64_t{0} - span + 1));
}

TEST(ReplayWindow, AgreesWithASetOfAllThatWasSeen) {
  std::mt19937_64 random(11);
  ReplayWindow window;
  std::set<std::uint64_t> seen = {50000};
  window.restart(50000);
  for (int i = 0; i < 200000; ++i) {
    const std::uint64_t newest = *seen.rbegin();
    const std::uint64_t ahead = random() % 100 == 0 ? 20000 : 200;
    const std::uint64_t back = std::min<std::uint64_t>(newest, random() % 2 ? 300 : 2 * span);
    const std::uint64_t counter = newest - back + random() % (back + ahead);
    const bool old = counter < newest && newest - counter >= span;
    EXPECT_EQ(window.accept(counter), !old && !seen.contains(counter));
    if (!old) seen.insert(counter);
  }
}

TEST(ReplayFilter, KeepsSendersBootsAndLanesApart) {
  ReplayFilter filter;
  for (const std::uint32_t sender : {1u, 2u})
    for (const std::uint64_t boot : {7u, 8u})
      for (const Lane lane : {Lane::data, Lane::token}) {
        EXPECT_TRUE(filter.accept(NodeId{sender}, boot, lane, 40));
        EXPECT_FALSE(filter.accept(NodeId{sender}, boot, lane, 40));
        EXPECT_TRUE(filter.accept(NodeId{sender}, boot, lane, 39)) << "arrived out of order";
      }
  EXPECT_FALSE(filter.accept(NodeId{1}, 7, Lane::data, 39));
}

TEST(ReplayFilter, AFullTableForgetsWhoWasHeardLeastRecently) {
  ReplayFilter filter;
  constexpr auto full = static_cast<std::uint32_t>(ReplayFilter::senders_max);
  for (std::uint32_t i = 1; i <= full; ++i)
    EXPECT_TRUE(filter.accept(NodeId{i}, 1, Lane::data, 10));
  EXPECT_FALSE(filter.accept(NodeId{1}, 1, Lane::data, 10));  // heard again: 2 is the oldest now
  EXPECT_TRUE(filter.accept(NodeId{full + 1}, 1, Lane::data, 10));
  EXPECT_FALSE(filter.accept(NodeId{1}, 1, Lane::data, 10));
  EXPECT_FALSE(filter.accept(NodeId{3}, 1, Lane::data, 10));
  EXPECT_TRUE(filter.accept(NodeId{2}, 1, Lane::data, 10)) << "was forgotten";
}

TEST(ReplayFilter, ANewSenderInAnOldPlaceStartsAfresh) {
  ReplayFilter filter;
  constexpr auto full = static_cast<std::uint32_t>(ReplayFilter::senders_max);
  for (std::uint32_t i = 1; i <= full; ++i) {
    EXPECT_TRUE(filter.accept(NodeId{i}, 1, Lane::data, 1000));
    EXPECT_TRUE(filter.accept(NodeId{i}, 1, Lane::token, 1000));
  }
  EXPECT_TRUE(filter.accept(NodeId{full + 1}, 1, Lane::data, 5));
  EXPECT_TRUE(filter.accept(NodeId{full + 1}, 1, Lane::token, 1000));
  EXPECT_TRUE(filter.accept(NodeId{full + 1}, 1, Lane::data, 6));
}

}  // namespace

}  // namespace gyre
