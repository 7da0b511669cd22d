// The lines of one resource, with all that belongs to it.
#pragma once

#include <string>
#include <vector>

#include "rm/schedule/model.hh"
#include "rm/show/outline.hh"

namespace gyre::rm::show {

// Whether its owner does not want it, or not more than unpromoted.
bool disabled(const schedule::Resource&);

// What is started without being promoted is called so only where it could be.
schedule::Role shown_role(const schedule::Resource&, schedule::Role);

// What is asked of how resources are shown.
struct ResourceStyle {
  bool inactive = true;    // what does not run, too
  bool detail = false;     // each instance of a clone by itself
  bool brief = false;      // how many there are of an agent on a node, instead of each
  bool with_nodes = true;  // else the list stands below the node's name
};

// Whether it runs somewhere; of a collection any of it, or all of it.
bool active(const schedule::Resource&);
bool all_active(const schedule::Resource&);

std::string agent_of(const schedule::Resource&);
// One of many that are alike is not told apart from them.
std::string shown_name(const schedule::Resource&);

// While something is under way, its name is what the resource is. Null: nothing is.
const char* pending_name(const schedule::Resource&);

void resource(Outline&, const schedule::Cluster&, const schedule::Resource&,
              const ResourceStyle& = {});
// How many there are of each agent, and where.
void brief(Outline&, const std::vector<const schedule::Resource*>& primitives,
           const ResourceStyle&);

}  // namespace gyre::rm::show
