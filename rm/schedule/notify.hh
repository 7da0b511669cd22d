// Notifications: the instances of a clone with notify=true are told before and after any of them is
// demoted, stopped, started or promoted.
#pragma once

#include <string_view>

#include "rm/schedule/model.hh"

namespace gyre::rm::schedule {

// What a clone's change would be announced by, to stand in the graph beside the change.
void create_announcements(Cluster&, Resource& clone, std::string_view task, std::string_view ended);
// Of instances that are gone with a fenced node; before it is known who else must stop.
void add_fencing_notifications(Cluster&);
// Adds them to a plan that is decided but for them: they follow from what happens and change
// nothing of it but the order. Who waits for the end of a clone's change waits until all know.
void add_notifications(Cluster&);

}  // namespace gyre::rm::schedule
