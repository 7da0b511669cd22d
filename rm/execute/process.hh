// Processes as the kernel knows them.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>

#include "rm/execute/command.hh"

namespace gyre::rm::execute {

// A pid comes again, but not with the same start (in ticks since the machine's own).
struct Process {
  pid_t pid = 0;
  std::uint64_t start = 0;

  // The group of 1 would be everybody.
  explicit operator bool() const noexcept { return pid > 1; }
  bool operator==(const Process&) const = default;
};

// With its own input, process group, signals as they are by default, and no descriptor but these.
// The errno of what failed, which includes the exec.
std::variant<Process, int> spawn(const Command&, int output, int error);

std::optional<std::uint64_t> start_of(pid_t);
// The eldest process whose environment holds "NAME=VALUE".
Process eldest_with(std::string_view variable);
// Kills the group of each that is still that process, and waits until they are gone. How many are
// not by then.
std::size_t kill_groups(std::span<const Process>, std::chrono::milliseconds patience);

}  // namespace gyre::rm::execute
