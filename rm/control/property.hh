// A property of the cluster, as it is written.
#pragma once

#include <string>
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

// Where it is, or in a set of its own. False: it was so already.
inline bool set_property(pugi::xml_node cib, const std::string& name, const std::string& value) {
  constexpr const char* own_set = "cib-bootstrap-options";
  const auto set_value = [&](pugi::xml_node pair) {
    if (pair.attribute("value").value() == value) return false;
    pair.remove_attribute("value");
    pair.append_attribute("value") = value.c_str();
    return true;
  };
  pugi::xml_node properties = cib.child("configuration").child("crm_config");
  for (pugi::xml_node set : properties.children())
    for (pugi::xml_node pair : set.children("nvpair"))
      if (pair.attribute("name").value() == name) return set_value(pair);
  pugi::xml_node set = properties.find_child_by_attribute("cluster_property_set", "id", own_set);
  if (!set) {
    set = properties.append_child("cluster_property_set");
    set.append_attribute("id") = own_set;
  }
  pugi::xml_node pair = set.append_child("nvpair");
  pair.append_attribute("id") = (std::string(own_set) + '-' + name).c_str();
  pair.append_attribute("name") = name.c_str();
  return set_value(pair);
}

}  // namespace gyre::rm::control
