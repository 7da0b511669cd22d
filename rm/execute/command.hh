// What is executed for an operation: the agent's file, and the environment that OCF asks for. Pure.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "rm/execute/result.hh"
#include "rm/operation.hh"

namespace gyre::rm::execute {

inline constexpr std::string_view exit_reason_prefix = "ocf-exit-reason:";

struct Surroundings {
  std::string ocf_root = "/usr/lib/ocf";
  std::string commands;  // the directory of crm_attribute and its like, for agents
  std::string run_dir;
  std::vector<std::string> environment{};  // ours: "NAME=VALUE"
  std::string fence_agents = "/usr/sbin";  // their directory
};

struct Command {
  std::string path, task;  // its one argument, if it is not empty
  std::vector<std::string> environment;
  std::string input;  // what it reads on its stdin
};

// Or why it cannot be run, as what came of it.
// Not of a fence device: fence_device.hh.
std::variant<Command, Result> command_of(const Operation&, const Surroundings&);

bool is_file_name(std::string_view) noexcept;
// What is in every agent's.
std::vector<std::string> environment_of(const Surroundings&);

// How much of what it prints is kept.
std::size_t output_max_of(const Operation&);
// By the errno of the attempt.
Result not_executed(const std::string& path, int error);

}  // namespace gyre::rm::execute
