// Dates, durations and intervals: what is understood is within the calendar, and is understood in
// the same way when it is written down plainly.
#include <fmt/format.h>

#include <cassert>

#include "rm/cib/iso8601.hh"
#include "tests/fuzz/script.hh"

namespace {

using namespace gyre::rm;

void check_instant(Seconds instant) {
  assert(within_years(instant) == instant);
  const Civil at = civil(instant);
  const auto time = fmt::format("{:02}:{:02}:{:02}Z", at.hour, at.minute, at.second);
  assert(parse_instant(fmt::format("{:04}-{:02}-{:02} {}", at.year, at.month, at.day, time)) ==
         instant);
  assert(parse_instant(fmt::format("{:04}-{:03}T{}", at.year, at.year_day, time)) == instant);
  if (at.week_year >= year_min && at.week_year <= year_max)
    assert(parse_instant(fmt::format("{:04}-W{:02}-{}T{}", at.week_year, at.week, at.week_day,
                                     time)) == instant);
}

void check_duration(const Duration& duration, Seconds instant) {
  const auto& [years, months, weeks, days, hours, minutes, seconds] = duration;
  assert(parse_duration(fmt::format("P{}Y{}M{}W{}DT{}H{}M{}S", years, months, weeks, days, hours,
                                    minutes, seconds)) == duration);
  const Seconds later = add(instant, duration);
  assert(later >= within_years(instant) && within_years(later) == later);
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  gyre::fuzz::Script script(data, size);
  const auto instant = static_cast<Seconds>(script.number<std::uint64_t>());
  const auto offset = static_cast<Seconds>(script.number<std::uint16_t>());
  const auto text = script.text(size);
  check_instant(within_years(instant));
  if (const auto parsed = parse_instant(text, offset)) check_instant(*parsed);
  if (const auto parsed = parse_duration(text)) check_duration(*parsed, instant);
  if (const auto parsed = parse_interval_ms(text)) assert(*parsed >= 0);
  return 0;
}
