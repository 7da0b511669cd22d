// How an element is known among its siblings.
#pragma once

#include <pugixml.hpp>
#include <string>

#include "rm/cib/difference.hh"

namespace gyre::rm {

Step step(pugi::xml_node);
// The same as one text.
std::string key(pugi::xml_node);

// Null: there is none.
pugi::xml_node find_child(pugi::xml_node parent, const Step&);
pugi::xml_node previous_element(pugi::xml_node);

// The element and all that is in it, with nothing between.
std::string to_text(pugi::xml_node);

}  // namespace gyre::rm
