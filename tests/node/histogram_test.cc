#include "node/histogram.hh"

#include <gtest/gtest.h>

#include <utility>
#include <vector>

namespace gyre::node {
namespace {

using std::chrono::nanoseconds;

TEST(Histogram, TellsPercentilesAtMostAnEighthTooLarge) {
  Histogram histogram;
  EXPECT_EQ(histogram.percentile(0.5), 0u);
  EXPECT_EQ(histogram.mean(), 0u);
  for (int i = 1; i <= 1000; ++i) histogram.add(nanoseconds(i * 1000));
  EXPECT_EQ(histogram.count(), 1000u);
  EXPECT_EQ(histogram.mean(), 500'500u);
  EXPECT_EQ(histogram.last(), 1'000'000u);
  EXPECT_EQ(histogram.longest(), 1'000'000u);
  for (const double share : {0.1, 0.5, 0.9, 0.99, 0.999}) {
    const double exact = share * 1'000'000;
    EXPECT_GE(static_cast<double>(histogram.percentile(share)), exact) << share;
    EXPECT_LE(static_cast<double>(histogram.percentile(share)), exact * 9 / 8 + 1000) << share;
  }
  EXPECT_EQ(histogram.percentile(1), 1'000'000u);
}

TEST(Histogram, TellsOfThoseThatCameLater) {
  Histogram histogram;
  histogram.add(nanoseconds(9'000'000));
  const Histogram before = histogram;
  EXPECT_EQ(histogram.since(before).count(), 0u);
  EXPECT_EQ(histogram.since(before).percentile(0.5), 0u);
  for (int i = 0; i < 10; ++i) histogram.add(nanoseconds(1000));
  const Histogram later = histogram.since(before);
  EXPECT_EQ(later.count(), 10u);
  EXPECT_EQ(later.mean(), 1000u);
  EXPECT_LE(later.longest(), 1125u);
  EXPECT_LE(later.percentile(0.99), 1125u);
}

TEST(Histogram, CountsThoseBelowEachPowerOfTwo) {
  Histogram histogram;
  for (const int ns : {255, 256, 511, 512, 1000}) histogram.add(nanoseconds(ns));
  histogram.add(std::chrono::hours(1));  // beyond all bounds
  std::vector<std::pair<std::uint64_t, std::uint64_t>> told;
  histogram.each_power([&](auto bound, auto count) { told.emplace_back(bound, count); });
  ASSERT_EQ(told.size(), 26u);
  EXPECT_EQ(told[0], std::pair(std::uint64_t{256}, std::uint64_t{1}));
  EXPECT_EQ(told[1], std::pair(std::uint64_t{512}, std::uint64_t{3}));
  EXPECT_EQ(told[2], std::pair(std::uint64_t{1024}, std::uint64_t{5}));
  EXPECT_EQ(told[25], std::pair(std::uint64_t{1} << 33, std::uint64_t{5}));
}

TEST(Histogram, TakesWhateverAClockGives) {
  Histogram histogram;
  histogram.add(nanoseconds(-5));
  histogram.add(nanoseconds(0));
  histogram.add(std::chrono::hours(24 * 365));
  EXPECT_EQ(histogram.count(), 3u);
  EXPECT_EQ(histogram.percentile(0.5), 256u);
  EXPECT_EQ(histogram.longest(), 31'536'000'000'000'000u);
  EXPECT_GE(histogram.percentile(0.99), 8'000'000'000u);
}

}  // namespace
}  // namespace gyre::node
