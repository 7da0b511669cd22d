// What is: nodes and resources, in the words of Pacemaker's crm_simulate.
#pragma once

#include <string>

#include "rm/schedule/model.hh"
#include "rm/show/outline.hh"

namespace gyre::rm::show {

// What stands before all: that management is off, how many may not run or are given up. Empty if
// there is nothing of that.
std::string status_notes(const schedule::Cluster&);

// The nodes, then all resources, as a list with this title.
void status(Outline&, std::string_view title, const schedule::Cluster&);

// The list of all resources alone.
void resources(Outline&, const schedule::Cluster&);

}  // namespace gyre::rm::show
