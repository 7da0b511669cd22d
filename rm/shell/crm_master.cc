// crm_master: the promotion score of the resource whose agent asks. Agents that know nothing newer
// call it.
#include <cstdlib>

#include "rm/shell/attributes.hh"
#include "rm/shell/commands.hh"
#include "rm/shell/exits.hh"
#include "rm/shell/options.hh"

namespace gyre::rm::shell {

namespace {

using What = AttributeTask::What;

constexpr Option options[] = {
    heading("What is done (to query is what it does else):"),
    {'G', "query", nullptr, "print the score"},
    {'v', "update", "VALUE", "set it"},
    {'D', "delete", nullptr, "remove it"},
    heading("Where:"),
    {'r', "resource", "RESOURCE", "of this resource, not of OCF_RESOURCE_INSTANCE"},
    {'N', "node", "NODE", "on this node, not on this one here"},
    {'l', "lifetime", "LIFETIME", "until \"reboot\", or \"forever\", as it is else"},
    {'Q', "quiet", nullptr, "print only the value"},
    timeout(),
    {'q', nullptr, nullptr, nullptr},
    {'U', "node-uname", "NODE", nullptr},
};
constexpr Usage usage = {
    "crm_master",
    "Queries and sets the promotion score of a resource on a node: crm_attribute --promotion.",
    options, R"(CIB_file may name a file instead of the cluster.

Exit status: 0 done, 1 no resource is told, 64 wrong usage, 102 no cluster, 105 there is no such
node or score.

Example: crm_master --lifetime reboot --update 100
)"};

void run(AttributeTask task, std::string resource, const std::string& lifetime) {
  const char* const asking = std::getenv("OCF_RESOURCE_INSTANCE");
  if (resource.empty() && asking) resource = asking;
  if (resource.empty()) throw Refused(exits::error, "No resource specified");
  if (lifetime != "reboot" && lifetime != "forever")
    throw Refused(exits::protocol, "\"" + lifetime + "\" is no lifetime: reboot or forever");
  const auto cluster = open_cluster();
  task.name = "master-" + resource;
  task.scope = lifetime == "reboot" ? "status" : "nodes";
  task.node = node_name(*cluster, task.node);
  do_attribute(*cluster, task);
}

}  // namespace

int crm_master(int argc, char** argv) {
  const auto words = read_options(usage, argc, argv);
  if (const int* ended = std::get_if<int>(&words)) return *ended;
  AttributeTask task;
  std::string resource, lifetime = "forever";
  for (const auto& [letter, value] : std::get<Words>(words).options) {
    if (letter == 'v') task.value = value;
    if (letter == 'v') task.what = What::update;
    if (letter == 'G') task.what = What::query;
    if (letter == 'D') task.what = What::remove;
    if (letter == 'N' || letter == 'U') task.node = value;
    if (letter == 'l') lifetime = value;
    if (letter == 'r') resource = value;
    if (letter == 'q' || letter == 'Q') task.quiet = true;
  }
  return run_command("crm_master", [&] { run(task, resource, lifetime); });
}

}  // namespace gyre::rm::shell
