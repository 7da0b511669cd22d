// The part of a rule that looks at the clock.
#pragma once

#include <pugixml.hpp>

#include "rm/cib/iso8601.hh"

namespace gyre::rm {

// Does a date_expression hold? One that cannot be read does not. `utc_offset` is the zone's in
// which a date_spec counts. `next_change`, if given, is lowered to the earliest instant after now
// at which the answer may be another.
bool date_passes(pugi::xml_node date_expression, Seconds now, Seconds utc_offset,
                 Seconds* next_change);

}  // namespace gyre::rm
