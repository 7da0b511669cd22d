// What an executor needs to know of an action beside its name: the agent, its parameters, and what
// is configured of the operation.
#pragma once

#include "rm/schedule/model.hh"
#include "rm/schedule/xml_text.hh"

namespace gyre::rm::schedule {

// What its agent knows it by, and with that its history: an anonymous instance by the name of its
// primitive.
std::string_view name_for_agent(const Resource&);

// The elements within an action's own.
void write_details(XmlText&, Cluster&, const Action&);

}  // namespace gyre::rm::schedule
