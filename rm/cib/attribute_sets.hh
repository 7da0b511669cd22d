// Sets of name-value pairs: the instance attributes, meta attributes and options of an element.
#pragma once

#include <string_view>

#include "rm/cib/rules.hh"

namespace gyre::rm {

// What the sets named `set_element` of `parent` say, for names that `into` has not yet: the set
// called `first_id` first, then by descending score, as written among equals; of each only if its
// rules hold, and the first value of a name wins. `next_change` as for passes().
void gather(pugi::xml_node parent, const char* set_element, const RuleInput&, Attributes& into,
            std::string_view first_id = {}, Seconds* next_change = nullptr);

}  // namespace gyre::rm
