// The part of a rule that looks at the clock.
#pragma once

#include <pugixml.hpp>

#include "rm/cib/calendar.hh"

namespace gyre::rm {

// Does a date_expression hold? One of which something cannot be read does not. `utc_offset` is that
// of the zone in which a date_spec counts, and of dates that name none. `next_change`, if given, is
// lowered to the earliest instant after now at which the answer may be another.
bool date_passes(pugi::xml_node date_expression, Seconds now, Seconds utc_offset,
                 Seconds* next_change);

}  // namespace gyre::rm
