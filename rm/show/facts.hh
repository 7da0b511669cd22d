// What crm_mon's sections tell of a cluster, whatever the form they are told in.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "rm/schedule/history.hh"
#include "rm/schedule/model.hh"

namespace gyre::rm::show {

// Of resource instances; those that only the history knows count while they run.
struct ResourceCounts {
  int all = 0, disabled = 0, blocked = 0;
};
ResourceCounts count_resources(const schedule::Cluster&);

// The node that plans; null: there is none.
const schedule::Node* coordinator(const schedule::Cluster&);
// What is configured for the loss of quorum, be it that it does not hold at present.
schedule::NoQuorum quorum_policy(const schedule::Cluster&);
// What an agent said; of what has not ended: 0.
int shown_exit(const schedule::OperationRecord&);

// Only the history knows it, and it runs nowhere.
bool gone(const schedule::Resource&);
// The way to a guest, which is shown itself.
bool hidden(const schedule::Resource&);

// "node1"; with `detail` "node1 (1)" if the id is another, and of a guest its host: "guest1@node1".
std::string node_label(const schedule::Node&, bool detail);

// A probe that found no agent, or one that would not have it: that it cannot run there says that it
// does not.
bool masked(const schedule::Failure&);
// Whether it is of interest: its node is up.
bool told(const schedule::Cluster&, const schedule::Failure&);
// What went wrong there; of each operation on a node the first.
std::vector<schedule::Failure> failures(const schedule::Cluster&);

// What is recorded of one resource on one node.
struct ResourceHistory {
  std::string_view id;
  const schedule::Resource* resource = nullptr;
  int fail_count = 0;
  std::int64_t last_failure = 0;
  std::vector<schedule::OperationRecord> operations;  // those worth showing
};
struct NodeHistory {
  const schedule::Node* node = nullptr;
  std::vector<ResourceHistory> resources;
};
// Of the nodes that are up, in the document's order.
std::vector<NodeHistory> histories(const schedule::Cluster&);

// An attribute of a node that somebody may want to see.
struct ShownAttribute {
  std::string_view name, value;
  std::optional<int> expected;  // of one that counts hosts that answer: what it is if all do
};
std::vector<ShownAttribute> shown_attributes(const schedule::Cluster&, const schedule::Node&);

// A constraint that keeps a resource off a node.
struct Ban {
  std::string_view id;
  const schedule::Resource* resource = nullptr;
  const schedule::Node* node = nullptr;
  Score score;
  bool promoted_only = false;
};
std::vector<Ban> bans(const schedule::Cluster&, std::string_view prefix);

}  // namespace gyre::rm::show
