#include "rm/show/words.hh"

#include <gtest/gtest.h>

#include <limits>

namespace gyre::rm::show {

TEST(Words, NameEachUnitOnceThereIsMoreThanOneOfIt) {
  EXPECT_EQ(interval_text(0), "0s");
  EXPECT_EQ(interval_text(20), "20ms");
  EXPECT_EQ(interval_text(1000), "1000ms");
  EXPECT_EQ(interval_text(1500), "1.500s");
  EXPECT_EQ(interval_text(60'000), "60s");
  EXPECT_EQ(interval_text(90'000), "1m30s");
  EXPECT_EQ(interval_text(3'600'000), "60m");
  EXPECT_EQ(interval_text(90'061'001), "1d1h1m1.001s");
}

TEST(Words, NameCodesThatNobodyKnows) {
  EXPECT_STREQ(exit_text(9), "promoted (failed)");
  EXPECT_STREQ(exit_text(10), "unknown");
  EXPECT_STREQ(outcome_text(-1), "pending");
  EXPECT_STREQ(outcome_text(11), "CIB secrets unavailable");
  EXPECT_STREQ(outcome_text(12), "UNKNOWN!");
  EXPECT_STREQ(outcome_text(-2), "UNKNOWN!");
  EXPECT_STREQ(outcome_text(std::numeric_limits<int>::max()), "UNKNOWN!");
}

TEST(Words, NameMomentsInUtc) {
  EXPECT_EQ(instant_text(1'700'000'000), "2023-11-14 22:13:20Z");
}

}  // namespace gyre::rm::show
