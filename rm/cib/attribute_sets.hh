// Sets of name-value pairs: the instance attributes, meta attributes and options of an element.
#pragma once

#include <string_view>

#include "rm/cib/rules.hh"

namespace gyre::rm {

// What the sets named `set_element` of `parent` say, for names that `into` has not yet. The set
// called `first_id` comes first, then they come by descending score, of equals the last one that is
// written first. A set counts if it has no rules or one of them holds. The first value of a name
// wins, but the value "#default" takes away what was found so far. `next_change` as for passes().
void gather(pugi::xml_node parent, const char* set_element, const RuleInput&, Attributes& into,
            std::string_view first_id = {}, Seconds* next_change = nullptr);

}  // namespace gyre::rm
