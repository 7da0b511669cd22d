// What would come of a plan: its actions are done in their order, all at once that can be, and
// their results written into the document's status, as those would who really do them.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "rm/schedule/plan.hh"
#include "rm/simulate/history.hh"

namespace gyre::rm::simulate {

// What a fencing does: "reboot", "off" or "on".
std::string_view fence_action(const schedule::Action&);

// An action that was done.
struct Done {
  const schedule::Action* action;
  std::string name;                  // of its resource, as it is called on that node
  std::optional<int> failed;         // its result, if it was told to have one
  std::vector<std::string> counted;  // by attributes of the node
  std::string_view node_id;
};

// Changes the document that `cluster` was made from; the cluster does not look at it again. Those
// that are to fail do so once each.
std::vector<Done> carry_out(schedule::Cluster& cluster, const std::vector<schedule::Step>& steps,
                            const std::vector<OperationResult>& failures);

}  // namespace gyre::rm::simulate
