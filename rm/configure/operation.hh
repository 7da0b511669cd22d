// The operations of a resource: "op monitor interval=10s timeout=20s op_params depth=1".
#pragma once

#include "rm/configure/attribute_list.hh"

namespace gyre::rm::configure {

// Behind "operations": only its id, or to whose it refers.
void parse_operations(Words&, pugi::xml_node resource);
// Behind "op".
void parse_operation(Words&, pugi::xml_node operations);
// monitor RSC[:ROLE] INTERVAL[:TIMEOUT]: into an <op>, which is returned; the resource is named.
pugi::xml_node parse_monitor(Words&, pugi::xml_node into, std::string& resource);

// Each in a part of its own.
void show_operations(Text&, pugi::xml_node operations, const Surroundings&);

}  // namespace gyre::rm::configure
