#include "rm/shell/commands.hh"

namespace gyre::rm::shell {

namespace {

constexpr Command table[] = {
    {"crm_simulate", "Says what the cluster would do, and what would come of it.", simulate},
    {"crm_verify", "Says what is wrong with a configuration.", verify},
};

}  // namespace

std::span<const Command> commands() {
  return table;
}

const Command* find_command(std::string_view called_as) {
  called_as.remove_prefix(called_as.rfind('/') + 1);
  for (const Command& command : table)
    if (command.name == called_as) return &command;
  return nullptr;
}

}  // namespace gyre::rm::shell
