// Dates and durations. Instants were compared once with what Debian's iso8601 says, but for those
// that say otherwise.
#include "rm/cib/iso8601.hh"

#include <gtest/gtest.h>

namespace gyre::rm {
namespace {

constexpr Seconds midnight_2019_09_20 = 1'568'937'600;
constexpr Seconds afternoon = midnight_2019_09_20 + 15 * hour_s + 10 * minute_s + 52;

TEST(Instant, OfADateIsItsMidnight) {
  for (const char* date : {"2019-09-20", "2019-9-20", "2019-263", "2019-W38-5", "20190920"})
    EXPECT_EQ(parse_instant(date), midnight_2019_09_20) << date;
  EXPECT_EQ(parse_instant("1970-01-01"), 0);
}

// Standard forms that Debian's tool refuses.
TEST(Instant, OfADateWithoutSeparators) {
  EXPECT_EQ(parse_instant("2019263"), midnight_2019_09_20);
  EXPECT_EQ(parse_instant("2019W385"), midnight_2019_09_20);
}

TEST(Instant, OfADateAndATime) {
  for (const char* time : {"2019-09-20 15:10:52", "2019-09-20T15:10:52", "20190920T151052Z",
                           "20190920 15:10:52", "2019-09-20T15:10:52.5Z", "2019-09-20 15:10:52 UTC",
                           "2019-09-20 15:10:52 +00:00", "2019-W38-5T15:10:52 Z"})
    EXPECT_EQ(parse_instant(time), afternoon) << time;
  EXPECT_EQ(parse_instant("2019-09-20T15:10"), afternoon - 52);
  EXPECT_EQ(parse_instant("2019-09-20T15"), midnight_2019_09_20 + 15 * hour_s);
  EXPECT_EQ(parse_instant("2019-09-20 1:2:3"), midnight_2019_09_20 + 3723);
  EXPECT_EQ(parse_instant("2019-09-20 24:00:00"), midnight_2019_09_20 + day_s);
}

TEST(Instant, InAZone) {
  for (const char* east : {"2019-09-20 15:10:52 +05:00", "2019-09-20T15:10:52 +0500",
                           "2019-09-20 15:10:52 +5", "20190920 151052 +05:00"})
    EXPECT_EQ(parse_instant(east), afternoon - 5 * hour_s) << east;
  EXPECT_EQ(parse_instant("2019-09-20 15:10:52 -5:30"), afternoon + 5 * hour_s + 30 * minute_s);
}

// Debian's tool passes over a zone without a blank before it.
TEST(Instant, InAZoneWithoutABlank) {
  EXPECT_EQ(parse_instant("2019-09-20T15:10:52+05:00"), afternoon - 5 * hour_s);
  EXPECT_EQ(parse_instant("2019-09-20T151052-0500"), afternoon + 5 * hour_s);
}

TEST(Instant, WithoutAZoneIsOfTheGivenOne) {
  EXPECT_EQ(parse_instant("2019-09-20 15:10:52", hour_s), afternoon - hour_s);
  EXPECT_EQ(parse_instant("2019-09-20", -hour_s), midnight_2019_09_20 + hour_s);
  EXPECT_EQ(parse_instant("2019-09-20 15:10:52Z", hour_s), afternoon);
}

TEST(Instant, AtTheEdgesOfTheCalendar) {
  EXPECT_EQ(parse_instant("0001-01-01"), -62'135'596'800);
  EXPECT_EQ(parse_instant("9999-12-31 23:59:59"), 253'402'300'799);
  EXPECT_EQ(parse_instant("9999-12-31 23:59:59 -05:00"), 253'402'300'799);
  EXPECT_EQ(parse_instant("2000-02-29"), 951'782'400);
  EXPECT_EQ(parse_instant("2020-366"), 1'609'372'800);
  EXPECT_EQ(parse_instant("2019-001"), 1'546'300'800);
  EXPECT_EQ(parse_instant("2019-01-01 00:00 +24:00"), 1'546'300'800 - day_s);
  EXPECT_EQ(parse_instant("2019-01-01 00:00 -00:59"), 1'546'300'800 + 59 * minute_s);
  EXPECT_EQ(parse_instant("2019-W01-1"), 1'546'214'400);
  EXPECT_EQ(parse_instant("2020-W53-7"), 1'609'632'000);
}

TEST(Instant, OfWhatIsNoneIsNothing) {
  for (const char* text : {"",
                           "2019",
                           "2019-02-30",
                           "1900-02-29",
                           "2019-13-01",
                           "2019-00-01",
                           "2019-01-00",
                           "2019-366",
                           "2019-000",
                           "2019-W53-1",
                           "2019-W00-1",
                           "2019-W38-0",
                           "2019-W38-8",
                           "2019-W38",
                           "0000-01-01",
                           "19-09-20",
                           "2019-09",
                           "2019-09-20x",
                           "2019-09-2015:10",
                           "2019-09-20T",
                           "2019-09-20T25:00",
                           "2019-09-20 15:60",
                           "2019-09-20 15:10:60",
                           "2019-09-20T24:00:01",
                           "2019-09-20T15:10:52.",
                           "2019-09-20T151",
                           "2019-09-20 15:10:52 +25:00",
                           "2019-09-20 15:10:52 +00:60",
                           "2019-09-20 15:10:52 +05:",
                           "2019-09-20 15:10:52 Z Z",
                           "2019-09-20 15:10:52 5",
                           "15:10:52",
                           "1570000000",
                           "now",
                           " 2019-09-20",
                           "2019 09 20",
                           "-2019-09-20"})
    EXPECT_EQ(parse_instant(text), std::nullopt) << text;
}

TEST(Duration, HasItsPartsInOrder) {
  EXPECT_EQ(parse_duration("P1Y2M3DT4H5M6S"), (Duration{1, 2, 0, 3, 4, 5, 6}));
  EXPECT_EQ(parse_duration("PT5M"), (Duration{.minutes = 5}));
  EXPECT_EQ(parse_duration("P5M"), (Duration{.months = 5}));
  EXPECT_EQ(parse_duration("P10S"), (Duration{.seconds = 10}));
  EXPECT_EQ(parse_duration("P1D2H"), (Duration{.days = 1, .hours = 2}));
  EXPECT_EQ(parse_duration("P2W3D"), (Duration{.weeks = 2, .days = 3}));
  EXPECT_EQ(parse_duration("PT999999999S"), (Duration{.seconds = 999'999'999}));
}

TEST(Duration, OfWhatIsNoneIsNothing) {
  for (const char* text :
       {"", "P", "PT", "P1", "1D", "P1YT", "P1H5M", "PT1D", "P1M1Y", "PT1S1M", "P1D1D", "P-1D",
        "P1.5D", "PT5.5M", "pt1m", "P1D ", "PT1000000000S", "PTT1S", "P1DT1H2D"})
    EXPECT_EQ(parse_duration(text), std::nullopt) << text;
}

TEST(Interval, IsPlainOrADuration) {
  EXPECT_EQ(parse_interval_ms("20s"), 20'000);
  EXPECT_EQ(parse_interval_ms("PT20S"), 20'000);
  EXPECT_EQ(parse_interval_ms("PT1H30M"), 90 * minute_s * 1000);
  EXPECT_EQ(parse_interval_ms("P1M"), 30 * day_s * 1000);
  EXPECT_EQ(parse_interval_ms("often"), std::nullopt);
}

// Pacemaker 2.1.5 takes a day from each duration that has days: "P1D" is never, "P1W" six days.
TEST(Interval, OfADayIsADay) {
  EXPECT_EQ(parse_interval_ms("P1D"), day_s * 1000);
  EXPECT_EQ(parse_interval_ms("P1W"), 7 * day_s * 1000);
  EXPECT_EQ(parse_interval_ms("P1Y"), 365 * day_s * 1000);
}

TEST(Interval, HasAnEnd) {
  EXPECT_EQ(parse_interval_ms("P999999999Y"), 9'223'372'036'854'775'000);
}

}  // namespace
}  // namespace gyre::rm
