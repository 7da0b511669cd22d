// Dates, times and durations as ISO 8601 writes them.
#pragma once

#include <optional>
#include <string_view>

#include "rm/cib/calendar.hh"

namespace gyre::rm {

// "2019-09-20", "2019-263", "2019-W38-5" or "20190920", alone or with "T" or a blank and a time:
// "15:10:52", "15:10", "15", "151052", "24:00", "15:10:52.5" (the fraction is dropped); behind it a
// zone: "Z", "UTC", "+02:00", "-0500", "+2", set off by a blank or not. Between separators one
// digit is enough. A date alone is its midnight; what names no zone is of the one `utc_offset`
// seconds east of UTC. Years 1 to 9999. Nothing: not an instant.
std::optional<Seconds> parse_instant(std::string_view, Seconds utc_offset = 0) noexcept;

// "P1Y2M3DT4H5M6S", "PT5M", "P2W"; hours and seconds without the "T", too, as operators write them.
// Nothing: not a duration, or a part beyond nine digits.
std::optional<Duration> parse_duration(std::string_view) noexcept;

// How often an operation recurs, in milliseconds: "20s" as parse_duration_ms() reads it, or a
// duration, with months of 30 days and years of 365. Nothing: neither.
std::optional<std::int64_t> parse_interval_ms(std::string_view) noexcept;

}  // namespace gyre::rm
