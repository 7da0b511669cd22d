// The readers of the constraints section, one for each kind of element.
#pragma once

#include <vector>

#include "rm/schedule/model.hh"

namespace gyre::rm::schedule {

// A resource, or all that a template or a tag of that name stands for; empty: there is none.
std::vector<Resource*> resources_named(Cluster&, std::string_view name);
std::vector<Resource*> resources_of_set(Cluster&, pugi::xml_node set);

void read_location(Cluster&, pugi::xml_node);
void read_colocation(Cluster&, pugi::xml_node);
void read_order(Cluster&, pugi::xml_node);
void read_ticket(Cluster&, pugi::xml_node);

void add_colocation(Cluster&, Colocation);
void add_ordering(Cluster&, Resource* first, std::string_view first_task, Resource* then,
                  std::string_view then_task, std::uint32_t flags);

}  // namespace gyre::rm::schedule
