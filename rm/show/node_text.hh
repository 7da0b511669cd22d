// The lines of nodes.
#pragma once

#include <string>
#include <vector>

#include "rm/schedule/model.hh"
#include "rm/show/outline.hh"

namespace gyre::rm::show {

// "red", "yellow" or "green": the worst that its attributes say, where somebody looks at them.
const char* health_of(const schedule::Cluster&, const schedule::Node&);

// What the names of lists and lines begin with: nothing, "Remote" or "Guest".
const char* kind_of(const schedule::Node&);

// "Node n1: standby"; with `detail` its id, and what it knows to do.
std::string node_line(const schedule::Cluster&, const schedule::Node&, bool detail);

// Those that are up, those that are down, and by itself each of which there is more to say; or each
// by itself with `detail`.
void node_list(Outline&, const schedule::Cluster&, std::vector<const schedule::Node*>,
               bool detail = false);

}  // namespace gyre::rm::show
