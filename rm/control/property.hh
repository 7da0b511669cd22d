// A property of the cluster, as it is written.
#pragma once

#include <string_view>

#include <pugixml.hpp>

namespace gyre::rm::control {

// The first set that has it. Empty: it is not there.
inline std::string_view property(pugi::xml_node cib, std::string_view name) {
  for (pugi::xml_node set : cib.child("configuration").child("crm_config").children())
    for (pugi::xml_node pair : set.children("nvpair"))
      if (pair.attribute("name").value() == name) return pair.attribute("value").value();
  return {};
}

}  // namespace gyre::rm::control
