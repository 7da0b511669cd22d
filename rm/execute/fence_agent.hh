// What a fence agent is capable of, and what that makes of a fencing. Pure.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "rm/operation.hh"

namespace gyre::rm::execute {

struct FenceAgent {
  std::string host_argument = "port";  // tells it whom to fence; "none": only nodename does
  bool reboots = true;

  bool operator==(const FenceAgent&) const = default;
};
// By its metadata; what is usual, where there is none.
FenceAgent fence_agent_of(std::string_view metadata);
// What its agent is asked for that.
Operation question_of(const Operation& fencing);

// One after another: a reboot is off and then on, if the agent knows of none and nothing else is
// named for it.
std::vector<Operation> steps_of(const Operation& fencing, const FenceAgent&);

// How long is to be waited before a node is fenced, so that of two that would fence each other one
// comes first: pcmk_delay_base, and by chance up to pcmk_delay_max.
std::chrono::milliseconds delay_of(const Operation& fencing, std::uint64_t chance);

}  // namespace gyre::rm::execute
