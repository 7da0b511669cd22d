// What an agent is asked to do on a node, and what came of it.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace gyre::rm {

using Parameters = std::vector<std::pair<std::string, std::string>>;

struct Operation {
  // What nobody else is called: the transition key of its record, "ACTION:TRANSITION:RC:CLUSTER".
  std::string key;
  std::string resource;  // as the agent is told: "d:1" if the instances are unique, else "d"
  std::string standard, provider, type;
  std::string task;  // start, stop, monitor, promote, notify …
  // The node to be fenced, by a fence device: task off, reboot or on. Empty: not a fencing.
  std::string target;
  std::chrono::milliseconds interval{}, timeout{20'000}, delay{};
  // Of the agent, and of the cluster as CRM_meta_NAME; without what the environment puts before.
  Parameters parameters;

  bool recurs() const noexcept { return interval.count() > 0; }
  bool operator==(const Operation&) const = default;
};

struct Outcome {
  // As in op-status of a record.
  enum class Status : std::int8_t {
    done = 0,
    cancelled = 1,
    timed_out = 2,
    not_supported = 3,
    error = 4,
    not_installed = 7
  };

  std::string key;
  Status status = Status::done;
  int rc = 0;               // the agent's exit status
  std::string exit_reason;  // what it said of that, in one line
  std::string output;       // bounded
  std::int64_t began = 0;   // seconds since the epoch
  std::chrono::milliseconds ran{}, queued{};

  bool operator==(const Outcome&) const = default;
};

}  // namespace gyre::rm
