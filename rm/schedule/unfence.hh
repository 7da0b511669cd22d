// Some fence devices do not switch nodes off but keep them from what they guard, such as a disk.
// They have to let a node in ("unfence" it, the action "on") before it may use that, and again
// after their parameters have changed.
#pragma once

#include "rm/schedule/model.hh"

namespace gyre::rm::schedule {

// Whether any resource provides or requires unfencing.
bool unfencing_configured(pugi::xml_node resources);

// `action` (a probe or start of the resource) waits until its node is unfenced, which it will be if
// it is not yet.
void unfence_before(Cluster&, const Resource&, Action& action, std::uint32_t flags);
// The resource's stop comes before its node is unfenced.
void unfence_after_stop(Cluster&, const Resource&, Action& stop);
// Whoever made a start: it waits for the unfencing of its node, if there is any.
void order_unfencing(Cluster&);
// A device has changed: a node that it let in needs that again.
void unfence_again(Cluster&, const Resource& device, Node&, std::string_view reason);

}  // namespace gyre::rm::schedule
