#include "node/daily.hh"

#include <gtest/gtest.h>

namespace gyre::node {
namespace {

using std::chrono::hours;
using std::chrono::minutes;

TEST(Daily, IsDueOnceADay) {
  Daily daily;
  const Time start = Time{} + hours(5);
  EXPECT_FALSE(daily.due(start)) << "it is said at the start by who starts";
  int said = 0;
  for (Time now = start; now <= start + hours(24 * 7); now += minutes(1)) said += daily.due(now);
  EXPECT_EQ(said, 7);
}

TEST(Daily, WhoSleptForAWeekIsToldOnce) {
  Daily daily;
  const Time start = Time{} + hours(5);
  EXPECT_FALSE(daily.due(start));
  EXPECT_TRUE(daily.due(start + hours(24 * 7)));
  EXPECT_FALSE(daily.due(start + hours(24 * 7 + 23)));
  EXPECT_TRUE(daily.due(start + hours(24 * 8)));
}

}  // namespace
}  // namespace gyre::node
