#include "rm/cib/calendar.hh"

#include <gtest/gtest.h>

#include <climits>

#include "rm/cib/iso8601.hh"

namespace gyre::rm {
namespace {

Seconds at(const char* text) {
  return parse_instant(text).value();
}

TEST(Civil, TellsDayAndTime) {
  const Civil day = civil(at("2019-09-20 15:10:52"));
  EXPECT_EQ(day.year, 2019);
  EXPECT_EQ(day.month, 9);
  EXPECT_EQ(day.day, 20);
  EXPECT_EQ(day.hour, 15);
  EXPECT_EQ(day.minute, 10);
  EXPECT_EQ(day.second, 52);
  EXPECT_EQ(day.year_day, 263);
  EXPECT_EQ(day.week_year, 2019);
  EXPECT_EQ(day.week, 38);
  EXPECT_EQ(day.week_day, 5);
}

TEST(Civil, CountsTheWeeksAroundNewYear) {
  EXPECT_EQ(civil(at("2018-12-31")).week_year, 2019);
  EXPECT_EQ(civil(at("2018-12-31")).week, 1);
  EXPECT_EQ(civil(at("2018-01-01")).week_year, 2018);
  EXPECT_EQ(civil(at("2018-01-01")).week, 1);
  EXPECT_EQ(civil(at("2021-01-03")).week_year, 2020);
  EXPECT_EQ(civil(at("2021-01-03")).week, 53);
  EXPECT_EQ(civil(at("2021-01-03")).week_day, 7);
  EXPECT_EQ(civil(at("2020-12-31")).year_day, 366);
}

TEST(Civil, TellsThePhaseOfTheMoon) {
  EXPECT_EQ(civil(at("2019-09-28")).moon, 0);
  EXPECT_EQ(civil(at("2019-09-13")).moon, 4);
  EXPECT_EQ(civil(at("2024-08-19")).moon, 4);
  EXPECT_EQ(civil(at("2000-02-29")).moon, 7);
  EXPECT_EQ(civil(at("2000-01-03")).moon, 0);
  EXPECT_EQ(civil(at("2000-01-07")).moon, 1);
  EXPECT_EQ(civil(at("2011-01-02")).moon, 0);
}

TEST(Civil, HoldsBeforeTheEpochAndBeyondItsYears) {
  EXPECT_EQ(civil(-1).year, 1969);
  EXPECT_EQ(civil(-1).second, 59);
  EXPECT_EQ(civil(LLONG_MIN).year, 1);
  EXPECT_EQ(civil(LLONG_MAX).year, 9999);
}

TEST(Add, KeepsTheDayOfTheMonthIfItCan) {
  EXPECT_EQ(add(at("2019-08-20 10:00"), {.months = 1}), at("2019-09-20 10:00"));
  EXPECT_EQ(add(at("2019-08-31 10:00"), {.months = 1}), at("2019-09-30 10:00"));
  EXPECT_EQ(add(at("2020-02-29"), {.years = 1}), at("2021-02-28"));
  EXPECT_EQ(add(at("2019-01-31"), {.months = 1, .days = 1}), at("2019-03-01"));
  EXPECT_EQ(add(at("2019-01-31"), {.months = -2}), at("2018-11-30"));
  EXPECT_EQ(add(at("2019-01-31"), {.months = 23}), at("2020-12-31"));
}

TEST(Add, CountsTheRestInSeconds) {
  EXPECT_EQ(add(0, {.weeks = 1, .days = 1, .hours = 1, .minutes = 1, .seconds = 1}),
            8 * day_s + hour_s + minute_s + 1);
  EXPECT_EQ(add(0, {.seconds = -1}), -1);
}

TEST(Add, StaysWithinItsYears) {
  EXPECT_EQ(add(at("9999-11-30"), {.months = 1}), at("9999-12-30"));
  EXPECT_EQ(add(at("0001-02-01"), {.months = -1}), at("0001-01-01"));
  constexpr std::int64_t most = 1'000'000'000;
  EXPECT_EQ(add(0, {most, most, most, most, most, most, most}), at("9999-12-31 23:59:59"));
  EXPECT_EQ(add(0, {-most, -most, -most, -most, -most, -most, -most}), at("0001-01-01"));
}

}  // namespace
}  // namespace gyre::rm
