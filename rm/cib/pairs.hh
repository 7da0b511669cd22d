// Names and values in sets, as commands find, write and delete them.
#pragma once

#include <pugixml.hpp>
#include <string>
#include <string_view>
#include <vector>

namespace gyre::rm {

// A name as part of an id.
std::string as_id(std::string_view name);

// The pairs of this name in the sets called `element` of the parent, in their order.
std::vector<pugi::xml_node> pairs_named(pugi::xml_node parent, const char* element,
                                        std::string_view name);

// The child whose id that is; made, at the end, if there is none.
pugi::xml_node child_with_id(pugi::xml_node parent, const char* element, const std::string& id);

// Another pair at the end of a set, with an id that is made of the set's.
pugi::xml_node add_pair(pugi::xml_node set, const std::string& name, const std::string& value);

// "NAME++" and "NAME+=5" as the value of an attribute of this name count on from what there was;
// any other is itself.
std::string counted_on(const std::string& value, std::string_view was,
                       std::string_view name = "value");

}  // namespace gyre::rm
