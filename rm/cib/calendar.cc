#include "rm/cib/calendar.hh"

#include <algorithm>

namespace gyre::rm {

namespace {

using std::chrono::days;
using std::chrono::sys_days;
using std::chrono::year_month_day;

sys_days day_of(Seconds instant) {
  return std::chrono::floor<days>(std::chrono::sys_seconds(std::chrono::seconds(instant)));
}

int month_of(const year_month_day& date) {
  return static_cast<int>(static_cast<unsigned>(date.month()));
}

// By the golden number and the epact, as almanacs did; Pacemaker counts so, too.
int moon_phase(int year, int year_day) {
  int epact = (11 * (year % 19 + 1) + 18) % 30;
  if (epact == 24 || epact == 25) ++epact;
  return ((year_day + epact) * 6 + 11) % 177 / 22 % 8;
}

}  // namespace

Seconds midnight(sys_days date) noexcept {
  return date.time_since_epoch().count() * day_s;
}

Seconds within_years(Seconds instant) noexcept {
  return std::clamp(instant, midnight(new_year(year_min)), midnight(new_year(year_max + 1)) - 1);
}

sys_days new_year(int year) noexcept {
  return std::chrono::year(year) / std::chrono::January / 1;
}

// January 4th is always in week 1.
sys_days first_monday(int year) noexcept {
  const sys_days fourth = new_year(year) + days(3);
  return fourth - days(std::chrono::weekday(fourth).iso_encoding() - 1);
}

Civil civil(Seconds instant) noexcept {
  instant = within_years(instant);
  const sys_days date = day_of(instant);
  const int of_day = static_cast<int>(instant - midnight(date));
  const year_month_day on(date);
  const int year = int{on.year()};
  const int week_year = date < first_monday(year)       ? year - 1
                        : date < first_monday(year + 1) ? year
                                                        : year + 1;
  const auto count = [](days span) { return static_cast<int>(span.count()); };
  const int year_day = count(date - new_year(year)) + 1;
  return {.year = year,
          .month = month_of(on),
          .day = static_cast<int>(static_cast<unsigned>(on.day())),
          .hour = static_cast<int>(of_day / hour_s),
          .minute = static_cast<int>(of_day % hour_s / minute_s),
          .second = static_cast<int>(of_day % minute_s),
          .year_day = year_day,
          .week_year = week_year,
          .week = count(date - first_monday(week_year)) / 7 + 1,
          .week_day = static_cast<int>(std::chrono::weekday(date).iso_encoding()),
          .moon = moon_phase(year, year_day)};
}

Seconds add(Seconds instant, const Duration& duration) noexcept {
  instant = within_years(instant);
  const sys_days date = day_of(instant);
  const year_month_day from(date);
  const std::int64_t months = std::clamp<std::int64_t>(
      (int{from.year()} + duration.years) * 12 + month_of(from) - 1 + duration.months,
      year_min * 12, year_max * 12 + 11);
  const auto month = std::chrono::year(static_cast<int>(months / 12)) /
                     std::chrono::month(static_cast<unsigned>(months % 12) + 1);
  const auto day = std::min(from.day(), (month / std::chrono::last).day());
  return within_years(midnight(month / day) + (instant - midnight(date)) +
                      (duration.weeks * 7 + duration.days) * day_s + duration.hours * hour_s +
                      duration.minutes * minute_s + duration.seconds);
}

}  // namespace gyre::rm
