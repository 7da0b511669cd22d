// The part of a rule that looks at the clock.
#pragma once

#include <optional>
#include <pugixml.hpp>
#include <string_view>

#include "rm/cib/calendar.hh"

namespace gyre::rm {

// Does a date_expression hold? One of which something cannot be read does not. `utc_offset` is that
// of the zone in which a date_spec counts, and of dates that name none. `next_change`, if given, is
// lowered to the earliest instant after now at which the answer may be another.
bool date_passes(pugi::xml_node date_expression, Seconds now, Seconds utc_offset,
                 Seconds* next_change);

// What a field of a date_spec says: "5", "5-7", "5-" or "-7", both ends inside. Nothing: none of
// them.
struct Numbers {
  int low, high;
};
std::optional<Numbers> parse_numbers(std::string_view) noexcept;

}  // namespace gyre::rm
