// What is to be done, in the words of Pacemaker's crm_simulate.
#pragma once

#include <string>
#include <vector>

#include "rm/schedule/model.hh"
#include "rm/show/outline.hh"
#include "rm/simulate/execution.hh"

namespace gyre::rm::show {

// What becomes of one resource or node, and why.
struct Change {
  std::string action;    // Start, Stop, Move, Recover, Promote, Fence (reboot) and so on
  std::string subject;   // the resource or node
  std::string detail;    // where and in which role: "a -> b"; empty for a node
  std::string reason;    // empty: none is given
  bool blocked = false;  // it is wanted, but cannot be
  const schedule::Node* node = nullptr;  // where it is then, or was
};
// Nodes first, then resources in their order.
std::vector<Change> changes(const schedule::Cluster&);

void transition_summary(Outline&, const schedule::Cluster&);
void executed(Outline&, const std::vector<simulate::Done>&);

}  // namespace gyre::rm::show
