// attrd_updater: attributes of a node that hold until it goes, as agents set them.
#include <fmt/format.h>

#include <cstdio>

#include "rm/shell/attributes.hh"
#include "rm/shell/commands.hh"
#include "rm/shell/exits.hh"
#include "rm/shell/options.hh"

namespace gyre::rm::shell {

namespace {

constexpr Option options[] = {
    heading("Which one:"),
    {'n', "name", "NAME", "the attribute of this name"},
    {'N', "node", "NODE", "of this node, not of this one here"},
    heading("What is done (one of these):"),
    {'U', "update", "VALUE", "set the value; \"value++\" and \"value+=N\" count on"},
    {'B', "update-both", "VALUE", "the same; wants --delay"},
    {'Q', "query", nullptr, "print it"},
    {'D', "delete", nullptr, "remove it"},
    heading("How:"),
    {'A', "all", nullptr, "with --query: of all nodes"},
    {'d', "delay", "SECONDS", "accepted and of no effect: nothing is delayed"},
    {'p', "private", nullptr, "accepted and of no effect: all of them are in the status"},
    {'q', "quiet", nullptr, "print nothing of what is done"},
    timeout(),
    {'v', "value", "VALUE", nullptr},
};
constexpr Usage usage = {"attrd_updater",
                         "Sets and prints attributes of a node that hold until it goes.", options,
                         R"(CIB_file may name a file instead of the cluster.

Exit status: 0 done, 64 wrong usage, 102 no cluster, 105 there is no such node or attribute.

Example: attrd_updater --name pingd --update 100
)"};

struct Told {
  int what = 0;
  std::string name, value, node;
  bool all = false, delay = false;
};

void query(Cluster& cluster, const Told& told) {
  const auto document = cluster.read();
  bool any = false;
  AttributeTask task;
  task.scope = "status";
  task.name = told.name;
  for (const auto state : document.status().children("node_state")) {
    task.node = state.attribute("uname").value();
    if (!told.all && task.node != told.node) continue;
    for (const auto& [name, value, id] : find_attributes(document, task)) {
      any = true;
      fmt::print("name=\"{}\" host=\"{}\" value=\"{}\"\n", name, task.node, value);
    }
  }
  if (!any)
    throw Refused(exits::no_such_object,
                  fmt::format("Could not query value of {}: attribute does not exist", told.name));
}

void run(Told told) {
  if (told.name.empty()) throw Refused(exits::usage, "an attribute is named with --name");
  if (told.what == 0)
    throw Refused(exits::usage, "one of --update, --update-both, --query and --delete is wanted");
  if (told.what == 'B' && !told.delay)
    throw Refused(exits::usage, "--update-both wants a --delay, too");
  const auto cluster = open_cluster();
  told.node = node_name(*cluster, told.node);
  if (told.what == 'Q') return query(*cluster, told);
  cluster->change(AttributeChange{
      told.node, told.name, told.what == 'D' ? std::nullopt : std::optional(told.value), true});
}

}  // namespace

int attrd_updater(int argc, char** argv) {
  const auto words = read_options(usage, argc, argv);
  if (const int* ended = std::get_if<int>(&words)) return *ended;
  Told told;
  for (const auto& [letter, value] : std::get<Words>(words).options) {
    if (letter == 'n') told.name = value;
    if (letter == 'N') told.node = value;
    if (letter == 'A') told.all = true;
    if (letter == 'd') told.delay = true;
    if (letter == 'Q' || letter == 'D') told.what = letter;
    if (letter != 'U' && letter != 'v' && letter != 'B') continue;
    told.what = letter;
    told.value = value;
  }
  return run_command("attrd_updater", [&] { run(told); });
}

}  // namespace gyre::rm::shell
