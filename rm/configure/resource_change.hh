// What operators change of a resource with a word: whether it runs, whether it is managed. A
// resource that there is not is a Mistake.
#pragma once

#include <string>
#include <string_view>

#include "rm/cib/document.hh"

namespace gyre::rm::configure {

pugi::xml_node find_resource(pugi::xml_node configuration, std::string_view id);
// The clone that it is what is cloned of; else itself.
pugi::xml_node whole_of(pugi::xml_node resource);
bool is_promotable(pugi::xml_node resource);

// A meta attribute of the whole, in each of its sets, where members say otherwise, no more there.
void set_option(pugi::xml_node configuration, pugi::xml_node whole, const std::string& name,
                const std::string& value);

}  // namespace gyre::rm::configure
