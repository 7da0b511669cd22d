// Dates, times and durations as ISO 8601 writes them, in seconds since the epoch, UTC. Nothing here
// knows the time or the machine's zone.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace gyre::rm {

using Seconds = std::int64_t;  // since the epoch, or between two instants

// "2019-09-20", "2019-263", "2019-W38-5", alone or with "T" or blanks and a time: "15:10:52",
// "15:10", "15", "15:10:52.5" (the fraction is dropped), "24:00"; then, alone or behind a blank, a
// zone: "Z", "+02:00", "-05". Without separators, too: "20190920T151052Z". A date alone is its
// midnight, no zone is UTC, a leap second is the next second. Years 1 to 9999. Nothing: no instant.
std::optional<Seconds> parse_instant(std::string_view) noexcept;

// How long, in the units of the calendar: a month has no number of seconds.
struct Duration {
  std::int64_t years = 0, months = 0, weeks = 0, days = 0, hours = 0, minutes = 0, seconds = 0;
  bool operator==(const Duration&) const = default;
};

// "P1Y2M3DT4H5M6S", "PT5M", "P2W". Nothing: not a duration, or a part beyond nine digits.
std::optional<Duration> parse_duration(std::string_view) noexcept;

// Years and months first, on the last day of the month if it has no such day; then the rest.
// Saturates at the ends of years 1 and 9999.
Seconds add(Seconds instant, const Duration&) noexcept;

// An instant on the calendar, with ISO 8601's weeks: Monday is 1, week 1 has the first Thursday.
struct Civil {
  int year, month, day, hour, minute, second;
  int year_day;  // 1 to 366
  int week_year, week, week_day;
};
Civil civil(Seconds instant) noexcept;

}  // namespace gyre::rm
