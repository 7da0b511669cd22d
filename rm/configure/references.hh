// Who names an object: constraints, tags, fencing levels, templates, members.
#pragma once

#include <pugixml.hpp>
#include <string>
#include <string_view>
#include <vector>

namespace gyre::rm::configure {

using Notes = std::vector<std::string>;

// But for nodes, whose names are of their own. Null: there is none.
pugi::xml_node find_object(pugi::xml_node configuration, std::string_view name);
pugi::xml_node find_node(pugi::xml_node configuration, std::string_view name);

// Everywhere.
void rename_references(pugi::xml_node configuration, std::string_view old, const std::string& name);
// What constrains a resource constrains what it became part of, or what is left of it.
void move_constraints(pugi::xml_node configuration, std::string_view from, const std::string& to,
                      Notes&);
// Nobody names it any more; who has nothing left to say goes, too.
void drop_references(pugi::xml_node configuration, std::string_view name, Notes&);

}  // namespace gyre::rm::configure
