// The changes of a document that cibadmin makes: an element comes, goes, or takes the place of
// another. The version stays as it is, but where an element says it.
#pragma once

#include <pugixml.hpp>
#include <string_view>

#include "rm/cib/document.hh"

namespace gyre::rm {

// Where a section of this name stands: "resources", "status" and the like. Null: there is none.
pugi::xml_node section(const Document&, std::string_view name);
bool is_section(std::string_view name);
// The same, made if it is not there.
pugi::xml_node make_section(Document&, std::string_view name);

// The first in `scope`, itself among them, with the wanted one's name and id.
pugi::xml_node find_same(pugi::xml_node scope, pugi::xml_node wanted);

// Adds what `wanted` says to `to`: attributes are set, children that are there are merged, others
// are added. "NAME++" and "NAME+=5" as the value of NAME count on from what there was.
void merge(pugi::xml_node to, pugi::xml_node wanted);

// The first below `scope` that has the wanted one's name and all of its attributes.
pugi::xml_node find_like(pugi::xml_node scope, pugi::xml_node wanted);

// A copy takes its place.
pugi::xml_node replace(pugi::xml_node old, pugi::xml_node with);

// Raises the version if the document is not as it was before.
void settle_version(Document&, const Document& before);

}  // namespace gyre::rm
