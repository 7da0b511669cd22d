// The kinds of objects, each with its line: parsed into an element, and shown again.
//
// What parsing makes is complete but for ids that were not said, for the members of a group or
// clone, which stand in it as <member id="..."/>, and for the targets of fencing levels that are
// every node's.
#pragma once

#include "rm/configure/attribute_list.hh"

namespace gyre::rm::configure {

// Behind the keyword, into a new child of `into`.
void parse_primitive(Words&, pugi::xml_node into);
void parse_template(Words&, pugi::xml_node into);
void parse_group(Words&, pugi::xml_node into);
void parse_clone(Words&, pugi::xml_node into);
void parse_master(Words&, pugi::xml_node into);
void parse_tag(Words&, pugi::xml_node into);
void parse_node(Words&, pugi::xml_node into);
void parse_location(Words&, pugi::xml_node into);
void parse_colocation(Words&, pugi::xml_node into);
void parse_order(Words&, pugi::xml_node into);
void parse_ticket(Words&, pugi::xml_node into);
void parse_fencing(Words&, pugi::xml_node into);
void parse_property(Words&, pugi::xml_node into);
void parse_rsc_defaults(Words&, pugi::xml_node into);
void parse_op_defaults(Words&, pugi::xml_node into);

// With the keyword.
void show_primitive(Text&, pugi::xml_node, const Surroundings&);  // templates, too
void show_container(Text&, pugi::xml_node, const Surroundings&);
void show_tag(Text&, pugi::xml_node, const Surroundings&);
void show_node(Text&, pugi::xml_node, const Surroundings&);
void show_location(Text&, pugi::xml_node, const Surroundings&);
void show_colocation(Text&, pugi::xml_node, const Surroundings&);
void show_order(Text&, pugi::xml_node, const Surroundings&);
void show_ticket(Text&, pugi::xml_node, const Surroundings&);
void show_fencing(Text&, pugi::xml_node, const Surroundings&);
void show_options(Text&, pugi::xml_node, const Surroundings&);

// Levels in the order in which they are shown; of every node, where it is that.
void reduce_fencing(pugi::xml_node topology, const Surroundings&);

}  // namespace gyre::rm::configure
