// Scripted runs with their expected traces, as README.md describes them.
#pragma once

#include <functional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "tests/traces/player.hh"

namespace gyre::test {

// Names the file and the line.
struct ScriptError : std::runtime_error {
  using std::runtime_error::runtime_error;
};

using Action = std::function<void(Player&)>;

struct Block {
  struct Command {
    std::size_t line = 0;
    Action action;
  };
  std::vector<std::string> commands;  // as they are written, with remarks
  std::vector<Command> actions;
};

struct Script {
  std::string name;                // for errors
  std::vector<std::string> title;  // what it shows
  std::size_t nodes = 0;
  std::vector<Block> blocks;
};

// Throws std::invalid_argument with the reason.
Action parse_command(std::string_view text, std::size_t nodes);

// Throws ScriptError.
Script parse_script(const std::string& name, std::string_view text);

struct Played {
  std::string text;  // the whole file as it would have to be
  std::vector<std::string> violations;
};
Played play(const Script& script);

}  // namespace gyre::test
