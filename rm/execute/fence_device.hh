// What a fence agent is told, and what it says: in lines on its stdin, where nobody else sees them,
// for there are passwords among them. Pure.
//
// The device whose agent it is does not run anywhere as a process does: it is started where its
// agent said that it can be reached, until it is stopped or gyre-exec ends. Fencing goes by no
// such thing: it asks a device wherever it is told to.
#pragma once

#include <string>
#include <string_view>
#include <variant>

#include "rm/execute/command.hh"
#include "rm/execute/result.hh"
#include "rm/operation.hh"

namespace gyre::rm::execute {

inline constexpr std::string_view fence_class = "stonith";

// Empty, if it has none of that name.
std::string_view parameter_of(const Operation&, std::string_view name);
// What the device calls the node: "node:port" or "node=port", several by ';' or blanks. A '\'
// before a character makes it one of the port.
std::string name_for_device(std::string_view node, std::string_view map);

// Or what comes of it without an agent. `started`: the device is, here.
std::variant<Command, Result> fence_command_of(const Operation&, const Surroundings&, bool started);

// How often its agent may be run until it succeeds, within its timeout; 1 if it is no fence device.
int tries_of(const Operation&);

// A fence agent says whether it succeeded, and not more: in the words of OCF, without any password
// that it may have told.
Result fence_result_of(const Operation&, Result);

}  // namespace gyre::rm::execute
