// Sets of name-value pairs: the instance attributes, meta attributes and options of an element.
#pragma once

#include <initializer_list>
#include <string_view>

#include "rm/cib/rules.hh"

namespace gyre::rm {

// What the sets named `set_element` of the parents say, for names that `into` has not yet. The set
// called `first_id` comes first, then they come by descending score, whichever parent's they are;
// of equals those of the first parent, and of its own the last one that is written. A set counts if
// it has no rules or one of them holds. The first value of a name wins, but the value "#default"
// takes away what was found so far. `next_change` as for passes().
//
// A resource and its template are two parents.
void gather(std::initializer_list<pugi::xml_node> parents, const char* set_element,
            const RuleInput&, Attributes& into, std::string_view first_id = {},
            Seconds* next_change = nullptr);

inline void gather(pugi::xml_node parent, const char* set_element, const RuleInput& input,
                   Attributes& into, std::string_view first_id = {},
                   Seconds* next_change = nullptr) {
  gather({parent}, set_element, input, into, first_id, next_change);
}

}  // namespace gyre::rm
