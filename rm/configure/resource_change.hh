// What operators change of a resource with a word: whether it runs, whether it is managed, where it
// shall be. A resource that there is not is a Mistake.
#pragma once

#include <optional>
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

// That it shall run on a node, or not there; until then, if that is said ("2026-11-30 02:40:19Z").
// What was said so of it before no longer counts.
void prefer(pugi::xml_node configuration, std::string_view resource, const std::string& node,
            const std::optional<std::string>& until);
void ban(pugi::xml_node configuration, std::string_view resource, const std::string& node,
         const std::optional<std::string>& until);
// What was said so goes.
void clear(pugi::xml_node configuration, std::string_view resource);

}  // namespace gyre::rm::configure
