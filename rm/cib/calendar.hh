// Seconds since the epoch and the calendar of UTC: what lies between them, with the weeks of ISO
// 8601. Nothing here knows the time or the machine's zone.
#pragma once

#include <chrono>
#include <cstdint>

namespace gyre::rm {

using Seconds = std::int64_t;  // since the epoch, or between two instants

constexpr Seconds minute_s = 60, hour_s = 60 * minute_s, day_s = 24 * hour_s;
constexpr int year_min = 1, year_max = 9999;  // what is beyond is brought back to their ends

Seconds midnight(std::chrono::sys_days) noexcept;
// An instant of these years.
Seconds within_years(Seconds instant) noexcept;

std::chrono::sys_days new_year(int year) noexcept;
// The Monday of the year's week 1, which is the week with its first Thursday.
std::chrono::sys_days first_monday(int year) noexcept;

// An instant on the calendar.
struct Civil {
  int year, month, day, hour, minute, second;
  int year_day;                   // 1 to 366
  int week_year, week, week_day;  // Monday is 1
  int moon;                       // 0 new, 4 full, 7 the last phase, to a day or so
};
Civil civil(Seconds instant) noexcept;

// How long, in the units of the calendar: a month has no number of seconds.
struct Duration {
  std::int64_t years = 0, months = 0, weeks = 0, days = 0, hours = 0, minutes = 0, seconds = 0;
  bool operator==(const Duration&) const = default;
};
// Years and months first, to the last day of the month if it has no such day; then the rest. No
// part is beyond ±1e9.
Seconds add(Seconds instant, const Duration&) noexcept;

}  // namespace gyre::rm
