// How a node can be fenced: which devices can, in which order they are tried, and who is to ask
// them. Pure: from the document, who takes part, and the time.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <pugixml.hpp>

#include "rm/operation.hh"

namespace gyre::rm::control {

struct Fencing {
  std::string target;
  std::string action;              // off, reboot or on
  std::vector<std::string> nodes;  // that take part, and so can be asked to do it
  std::int64_t now = 0;
};

// One device, asked for one thing by one node.
struct FenceStep {
  std::string node;
  Operation operation;  // but for its key
  int level = 0;        // of the topology; 0: there is none for the target
  bool completes = false;
};

// What comes next, after all that has been tried of the fencing that the document knows as not over
// yet. Nothing: no choice is left.
//
// A choice is a level of the topology, all of whose devices must succeed, or else a device that can
// fence the target. A reboot by several devices is all off and then all on, and what goes wrong on
// the way back on is no failure: the node was off. A device is asked by a node where it is active
// rather than by another, and by the target itself only if there is nobody else.
std::optional<FenceStep> next_step(pugi::xml_node cib, const Fencing&);

}  // namespace gyre::rm::control
