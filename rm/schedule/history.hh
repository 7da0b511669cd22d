// One resource's record on one node: what its operations, in their order, say of it.
#pragma once

#include <vector>

#include "rm/cib/digest.hh"
#include "rm/schedule/model.hh"

namespace gyre::rm::schedule {

// What became of an operation: Pacemaker's op-status.
enum class Status : int {
  pending = -1,
  done = 0,
  cancelled = 1,
  timeout = 2,
  not_supported = 3,
  error = 4,
  error_hard = 5,
  error_fatal = 6,
  not_installed = 7,
  not_connected = 8,
  invalid = 9
};

// The exit codes of agents that matter here (OCF).
namespace rc {
inline constexpr int ok = 0, error = 1, arguments = 2, unimplemented = 3, permission = 4,
                     not_installed = 5, not_configured = 6, not_running = 7, promoted = 8,
                     failed_promoted = 9, degraded = 190, degraded_promoted = 191, unknown = 193;
}

struct OperationRecord {
  pugi::xml_node xml = {};
  std::string_view id = {}, task = {}, key = {};
  std::int64_t interval_ms = 0, last_change = 0;
  int call_id = 0, exit = 0, expected = -1;
  Status status = Status::done;
  bool probe() const noexcept { return task == "monitor" && interval_ms == 0; }
};

// By call id, what is in flight last.
std::vector<OperationRecord> sorted_operations(pugi::xml_node record);

struct History {
  Cluster& cluster;
  Resource& resource;
  Node& node;
  const std::vector<OperationRecord>& operations;
  OnFail on_fail = OnFail::ignore;
  std::string_view last_failure = {};
  std::vector<pugi::xml_node> expired_records = {};

  void apply(OperationRecord);

 private:
  void interpret(OperationRecord&);
  bool in_flight(const OperationRecord&) const;
  void pend(const OperationRecord&);
  void succeed(const OperationRecord&);
  void fail(const OperationRecord&);
  void ban(const OperationRecord&);
  bool expired(const OperationRecord&);
  bool of_other_parameters(const OperationRecord&) const;
  void activate();
  void migrated_away(const OperationRecord&);
  void migration_failed(const OperationRecord&);
  void role_after_failure(const OperationRecord&, OnFail);
};

// How the resource's parameters have changed since an operation.
Consequence change_since(Cluster&, const Resource&, const Node&, const OperationRecord&);
// Where the operations of the present run begin; the end: it is stopped.
std::size_t active_from(const std::vector<OperationRecord>&);
// The recurring operations that run: those begun since the last start.
void remember_recurring(const History&);

}  // namespace gyre::rm::schedule
