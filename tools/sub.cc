// gyre sub: prints what a group's members are told, in the order of all.
#include <cstdint>
#include <cstdio>
#include <limits>
#include <string>

#include "tools/command.hh"
#include "tools/event_text.hh"

namespace gyre::tools {
namespace {

struct Arguments {
  std::string group;
  std::uint64_t count = std::numeric_limits<std::uint64_t>::max();
};

void sub(const Common& common, const Arguments& arguments) {
  client::Connection connection(common.options());
  connection.join(arguments.group);
  for (std::uint64_t messages = 0; messages < arguments.count;) {
    const auto event = connection.receive();
    if (!event) continue;
    check_join(*event);
    const std::string line = common.json ? json_text(*event) : plain_text(*event);
    if (!line.empty()) {
      std::fwrite(line.data(), 1, line.size(), stdout);
      std::fputc('\n', stdout);
      std::fflush(stdout);
    }
    messages += std::holds_alternative<client::Message>(*event);
  }
}

}  // namespace

void add_sub(CLI::App& app, Common& common) {
  auto arguments = std::make_shared<Arguments>();
  CLI::App* command = add_command(
      app, common, "sub",
      "Prints `view N members A,B,C quorate` (or `not quorate`) for each view, `verdict "
      "N quorate` when that changes, and `RING.SEQ.INDEX NODE PAYLOAD` for each "
      "message; a line break in a payload is shown as \\n, --json keeps it.",
      "gyre sub numbers --count 1000");
  command->add_option("group", arguments->group, "whose messages")->required();
  command->add_option("--count", arguments->count, "end after that many messages")
      ->check(CLI::PositiveNumber);
  command->callback([&common, arguments] { sub(common, *arguments); });
}

}  // namespace gyre::tools
