// crm_standby: whether a node stands by, and carries nothing.
#include "rm/shell/attributes.hh"
#include "rm/shell/commands.hh"
#include "rm/shell/exits.hh"
#include "rm/shell/options.hh"

namespace gyre::rm::shell {

namespace {

using What = AttributeTask::What;

constexpr Option options[] = {
    heading("What is done (to query is what it does else):"),
    {'G', "query", nullptr, "print whether it is in standby"},
    {'v', "update", "VALUE", "\"on\": its resources leave it; \"off\": they may come back"},
    {'D', "delete", nullptr, "as if nothing had been set"},
    heading("Where:"),
    {'N', "node", "NODE", "of this node, not of this one here"},
    {'l', "lifetime", "LIFETIME", "until \"reboot\", or \"forever\""},
    {'i', "id", "ID", "of the attribute with this id"},
    {'q', "quiet", nullptr, "print only the value"},
    timeout(),
    {'Q', nullptr, nullptr, nullptr},
    {'U', "node-uname", "NODE", nullptr},
};
constexpr Usage usage = {
    "crm_standby", "Queries and sets whether a node is in standby, in which it carries nothing.",
    options, R"(CIB_file may name a file instead of the cluster.

Exit status: 0 done, 64 wrong usage, 102 no cluster, 105 there is no such node.

Example: crm_standby --node node1 --update on
)"};

// Wherever it is set, but for good if it is set in neither.
void run(Cluster& cluster, AttributeTask task, const std::string& lifetime) {
  task.name = "standby";
  task.node = node_name(cluster, task.node);
  if (!lifetime.empty() && lifetime != "reboot" && lifetime != "forever")
    throw Refused(exits::protocol, "\"" + lifetime + "\" is no lifetime: reboot or forever");
  task.scope = lifetime == "reboot" ? "status" : "nodes";
  if (!lifetime.empty() || task.what == What::update) return do_attribute(cluster, task);
  const bool is_there = !find_attributes(cluster.read(), task).empty();
  if (is_there || task.what == What::remove) do_attribute(cluster, task);
  if (is_there && task.what == What::query) return;
  task.scope = "status";
  task.otherwise = "off";
  do_attribute(cluster, task);
}

}  // namespace

int crm_standby(int argc, char** argv) {
  const auto words = read_options(usage, argc, argv);
  if (const int* ended = std::get_if<int>(&words)) return *ended;
  AttributeTask task;
  std::string lifetime;
  for (const auto& [letter, value] : std::get<Words>(words).options) {
    if (letter == 'v') task.value = value;
    if (letter == 'v') task.what = What::update;
    if (letter == 'G') task.what = What::query;
    if (letter == 'D') task.what = What::remove;
    if (letter == 'N' || letter == 'U') task.node = value;
    if (letter == 'l') lifetime = value;
    if (letter == 'i') task.id = value;
    if (letter == 'q' || letter == 'Q') task.quiet = true;
  }
  return run_command("crm_standby", [&] { run(*open_cluster(), task, lifetime); });
}

}  // namespace gyre::rm::shell
