// Names and values that commands query and set: options of the cluster, defaults, attributes of
// nodes.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "rm/shell/cluster.hh"

namespace gyre::rm::shell {

struct AttributeTask {
  enum class What { query, update, remove } what = What::query;
  // crm_config, rsc_defaults, op_defaults, nodes (for good) or status (until the node goes).
  std::string scope = "crm_config";
  std::string node;  // for the last two
  std::optional<std::string> name, pattern, id, set;
  std::string value;                     // update
  std::optional<std::string> otherwise;  // query: if there is none
  bool utilization = false, quiet = false;
};

struct Found {
  std::string name, value, id;
};
std::vector<Found> find_attributes(const Document&, const AttributeTask&);

// Does it, and prints what came of it, as Pacemaker's crm_attribute does. Throws Refused.
void do_attribute(Cluster&, const AttributeTask&);

// How a command's name for a node is meant: empty, "localhost" and "auto" are this one.
std::string node_name(Cluster&, const std::string& told);

}  // namespace gyre::rm::shell
