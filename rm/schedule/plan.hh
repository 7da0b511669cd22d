// The scheduler: from the cluster's document, the view and the time to what is to be done, in which
// order, and why. A pure function: the same input gives the same plan, byte for byte.
#pragma once

#include <cstdint>
#include <iosfwd>
#include <string>
#include <vector>

#include <pugixml.hpp>

#include "rm/cib/digest.hh"
#include "rm/schedule/model.hh"

namespace gyre::rm::schedule {

struct Input {
  pugi::xml_node cib;
  std::int64_t now = 0;  // seconds since the epoch
  // What the executors are about: none of it is begun twice, and what depends on it waits.
  std::vector<InFlight> in_flight = {};
};

// Reads the document: nodes, resources, and from the status section what runs where. That much is,
// whatever the constraints make of it.
void unpack(Cluster&, const Input&);

// Decides, on what unpack() made and the constraints: scores, assigned_to, next_role, actions with
// their order.
void plan(Cluster&);

// What is really to be done: the actions that are wanted and possible, with what each waits for.
// In order of their places in the printed graph.
struct Step {
  Action* action;
  std::vector<Action*> inputs;
};
std::vector<Step> graph(Cluster&);

// Of the parameters that an operation would run with now.
Digest digest_now(Cluster&, const Resource&, const Node&, std::string_view task,
                  std::int64_t interval_ms);

// The key of an action as the graph has it: an anonymous instance is spoken of as its record calls
// it.
std::string spoken_key(const Action&);

// The graph as Pacemaker writes it.
std::string graph_xml(Cluster&, const std::vector<Step>&);

}  // namespace gyre::rm::schedule
