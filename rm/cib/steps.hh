// How an element is known among its siblings.
#pragma once

#include <optional>
#include <pugixml.hpp>
#include <string>
#include <string_view>

#include "rm/cib/difference.hh"

namespace gyre::rm {

Step step(pugi::xml_node);
// The same as one text.
std::string key(pugi::xml_node);

// Null: there is none.
pugi::xml_node find_child(pugi::xml_node parent, const Step&);
// How many elements stand before it.
std::size_t position_of(pugi::xml_node);

// Null: there is none.
pugi::xml_node find(pugi::xml_node cib, const Path&);
// How an element is found from below its root.
Path path_to(pugi::xml_node);

// "/cib/configuration/resources/primitive[@id='db']", and back. In an id a "'" is doubled. Nothing:
// the text is no such path.
std::string to_xpath(const Path&);
std::optional<Path> parse_path(std::string_view);

}  // namespace gyre::rm
