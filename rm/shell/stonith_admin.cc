// stonith_admin: as long as nothing here fences, what a person knows of a node.
#include "rm/shell/commands.hh"
#include "rm/shell/exits.hh"
#include "rm/shell/live_cluster.hh"
#include "rm/shell/options.hh"

namespace gyre::rm::shell {

namespace {

constexpr Option options[] = {
    {'C', "confirm", "NODE", "this node is surely down: what had to wait for that may go on"},
};
constexpr Usage usage = {
    "stonith_admin",
    "Tells the cluster that a node is down. If it is not, what it runs may run twice, and destroy "
    "what it works on. Fencing itself is not built yet.",
    options, R"(
Exit status: 0 done, 1 the node takes part or was never seen, 64 wrong usage, 102 no cluster.

Example: stonith_admin --confirm node1
)"};

}  // namespace

int stonith_admin(int argc, char** argv) {
  const auto words = read_options(usage, argc, argv);
  if (const int* ended = std::get_if<int>(&words)) return *ended;
  std::string node;
  for (const auto& [letter, value] : std::get<Words>(words).options)
    if (letter == 'C') node = value;
  return run_command("stonith_admin", [&] {
    if (node.empty()) throw Refused(exits::usage, "which node? --confirm NODE");
    running_cluster().confirm_down(node);
  });
}

}  // namespace gyre::rm::shell
