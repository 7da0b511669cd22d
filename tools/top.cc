// gyre top: the ring, as it goes.
#include "tools/top_text.hh"
#include "tools/watch.hh"

namespace gyre::tools {
namespace {

Json look(const Common& common) {
  return {{"status", ask(common, "status")}, {"members", ask(common, "members")}};
}

}  // namespace

void add_top(CLI::App& app, Common& common) {
  auto how = std::make_shared<Watching>();
  CLI::App* command =
      add_command(app, common, "top",
                  "Shows the ring as it goes, anew every second: how long the token takes, what "
                  "goes over the links, and who is behind. q ends. Into a pipe, one block of lines "
                  "after the other; --json prints an object for each.",
                  "gyre top --once");
  add_watching(*command, how);
  command->callback([&common, how] {
    watch(common, {.look = look, .compare = summary, .screen = screen}, *how);
  });
}

}  // namespace gyre::tools
