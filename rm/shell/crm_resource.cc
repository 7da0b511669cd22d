// crm_resource: what there is of resources and where, and what operators do to one.
#include <fmt/format.h>

#include <cstdio>

#include "rm/cib/iso8601.hh"
#include "rm/shell/commands.hh"
#include "rm/shell/exits.hh"
#include "rm/shell/options.hh"
#include "rm/shell/resource.hh"

namespace gyre::rm::shell {

namespace {

namespace letter = resource_option;

constexpr Option options[] = {
    heading("What is printed (the first, if nothing is told):"),
    {'L', "list", nullptr, "all resources, with what they are"},
    {'l', "list-raw", nullptr, "their ids, each instance by itself"},
    {'W', "locate", nullptr, "where one is"},
    {'q', "query-xml", nullptr, "what one is, and its element"},
    {'w', "query-xml-raw", nullptr, "the same, and of a template nothing"},
    {'g', "get-parameter", "NAME", "what a parameter of one is"},
    {'O', "list-operations", nullptr, "the operations of the present run"},
    {'o', "list-all-operations", nullptr, "all operations that are known"},
    {letter::standards, "list-standards", nullptr, "which classes of agents there are"},
    {letter::providers, "list-ocf-providers", nullptr, "who provides agents of class ocf"},
    {letter::agents, "list-agents", "CLASS[:PROVIDER]", "which agents there are"},
    {letter::alternatives, "list-ocf-alternatives", "AGENT", "who provides an agent"},
    heading("What is done:"),
    {'p', "set-parameter", "NAME", "set a parameter, to --parameter-value"},
    {'d', "delete-parameter", "NAME", "remove a parameter"},
    {'C', "cleanup", nullptr, "where it failed: forget that, and look again"},
    {'R', "refresh", nullptr, "forget all that is known, and look again"},
    {'M', "move", nullptr, "to --node; without one, away from where it is"},
    {'B', "ban", nullptr, "keep it off --node, or off where it is"},
    {'U', "clear", nullptr, "take back what was done by --move and --ban"},
    {'D', "delete", nullptr, "remove it from the configuration; wants --resource-type"},
    heading("To what, and how:"),
    {'r', "resource", "ID", "this resource"},
    {'N', "node", "NODE", "on this node"},
    {'v', "parameter-value", "VALUE", "what --set-parameter sets"},
    {'m', "meta", nullptr, "what the cluster is told of it, not its agent"},
    {'z', "utilization", nullptr, "what it takes of a node, not what its agent is told"},
    {'s', "set-name", "ID", "in the set with this id"},
    {'i', "nvpair", "ID", "the parameter with this id"},
    {'n', "operation", "NAME", "of --cleanup: only failures of this operation"},
    {'I', "interval", "INTERVAL", "and of this interval"},
    {'u', "lifetime", "DURATION",
     "of --move and --ban: how long they count, as PT5M; then they\nno longer do, of themselves"},
    {letter::promoted, "promoted", nullptr, "only where it is promoted"},
    {'e', "expired", nullptr, "with --clear: only what no longer counts"},
    {'t', "resource-type", "ELEMENT", "with --delete: primitive, group, clone …"},
    {'f', "force", nullptr, "what is said of it above and in the manual"},
    {'Q', "quiet", nullptr, "only the values"},
    timeout('T'),
    {letter::promoted, "master", nullptr, nullptr},
    {'H', "host-uname", "NODE", nullptr},
};
constexpr Usage usage = {
    "crm_resource",
    "Prints what there is of resources and where, and does what operators do to one.", options,
    R"(CIB_file may name a file instead of the cluster.

Exit status: 0 done, 1 there are no such agents, 2 not with one instance, 64 wrong usage,
78 it would be no valid configuration, 102 no cluster, 105 there is no such resource or node,
108 it is there already, 109 there are several.

Example: crm_resource --resource db --move --node node2 --lifetime PT1H
)"};

ResourceTask read(const Words& words) {
  ResourceTask task;
  for (const auto& [letter, value] : words.options) switch (letter) {
      case 'r':
        task.resource = value;
        break;
      case 'N':
      case 'H':
        task.node = value;
        break;
      case 'v':
        task.value = value;
        break;
      case 'm':
        task.meta = true;
        break;
      case 'z':
        task.utilization = true;
        break;
      case 's':
        task.set = value;
        break;
      case 'i':
        task.id = value;
        break;
      case 'n':
        task.operation = value;
        break;
      case 'I':
        task.interval = value;
        break;
      case 'u':
        task.lifetime = value;
        break;
      case letter::promoted:
        task.promoted = true;
        break;
      case 'e':
        task.expired = true;
        break;
      case 't':
        task.type = value;
        break;
      case 'f':
        task.force = true;
        break;
      case 'Q':
        task.quiet = true;
        break;
      default:
        task.what = letter;
        task.argument = value;
    }
  return task;
}

// A member of a group is cleaned up with the group, an instance with its clone, as they depend on
// each other; --force takes it alone.
void clean_up(Cluster& cluster, const ResourceTask& task) {
  Cleanup what{.node = task.node, .operation = task.operation, .failures_only = task.what == 'C'};
  const auto interval = parse_interval_ms(task.interval.empty() ? "0" : task.interval);
  if (!interval) throw Refused(exits::usage, fmt::format("\"{}\" is no interval", task.interval));
  if (!task.operation.empty()) what.interval_ms = *interval;
  {
    View view(cluster);
    if (!task.node.empty()) view.expect_node(task.node);
    if (!task.resource.empty()) {
      const auto& found = view.resource(task.resource);
      what.resource = task.force ? task.resource : found.topmost()->id;
    }
  }
  cluster.clean_up(what);
  if (!task.quiet)
    fmt::print("Cleaned up {} on {}\n", what.resource.empty() ? "all resources" : what.resource,
               task.node.empty() ? "all nodes" : task.node);
}

bool wants_resource(int what) {
  return std::string_view("WqwgpdMBUD").find(static_cast<char>(what)) != std::string_view::npos;
}

void run(const ResourceTask& task) {
  if (task.what > 255) return list_agents(task);
  if (wants_resource(task.what) && task.resource.empty())
    throw Refused(exits::usage, "Must supply a resource id with -r");
  const auto cluster = open_cluster();
  switch (task.what) {
    case 'p':
    case 'd':
    case 'D':
      return set_parameter(*cluster, task);
    case 'M':
    case 'B':
    case 'U':
      return constrain(*cluster, task);
    case 'C':
    case 'R':
      return clean_up(*cluster, task);
    default:
      return query_resources(*cluster, task);
  }
}

}  // namespace

int crm_resource(int argc, char** argv) {
  const auto words = read_options(usage, argc, argv);
  if (const int* ended = std::get_if<int>(&words)) return *ended;
  if (!std::get<Words>(words).others.empty()) {
    fmt::print(stderr, "crm_resource: \"{}\" is no option\n",
               std::get<Words>(words).others.front());
    return exits::usage;
  }
  return run_command("crm_resource", [&] { run(read(std::get<Words>(words))); });
}

}  // namespace gyre::rm::shell
