#include <fmt/format.h>

#include <cstdio>
#include <exception>

#include "rm/shell/commands.hh"
#include "rm/shell/exits.hh"

namespace {

using namespace gyre::rm::shell;

void print_usage(std::FILE* to) {
  fmt::print(to,
             "gyre-crm {}: the commands of the resource manager\n\n"
             "usage: gyre-crm COMMAND [OPTION...], or COMMAND, which is a link to gyre-crm\n\n",
             GYRE_VERSION);
  for (const Command& command : commands())
    fmt::print(to, "  {:<14}{}\n", command.name, command.what);
  fmt::print(to,
             "\nCOMMAND --help says more of each.\n\n"
             "Example: gyre-crm crm_verify --xml-file cib.xml\n");
}

int run(int argc, char** argv) {
  if (argc > 0)
    if (const Command* command = find_command(argv[0])) return command->run(argc, argv);
  const std::string_view word = argc > 1 ? argv[1] : "";
  if (word == "--help" || word == "-h") return print_usage(stdout), exits::ok;
  if (word == "--version") return fmt::print("gyre-crm {}\n", GYRE_VERSION), exits::ok;
  if (const Command* command = find_command(word)) return command->run(argc - 1, argv + 1);
  if (!word.empty()) fmt::print(stderr, "gyre-crm: there is no command \"{}\"\n", word);
  print_usage(stderr);
  return exits::usage;
}

}  // namespace

int main(int argc, char** argv) {
  try {
    return run(argc, argv);
  } catch (const std::exception& error) {
    fmt::print(stderr, "gyre-crm: {}\n", error.what());
    return exits::error;
  }
}
