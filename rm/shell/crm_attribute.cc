// crm_attribute: options of the cluster and attributes of nodes.
#include <fmt/format.h>

#include <cstdio>
#include <cstdlib>

#include "rm/shell/attributes.hh"
#include "rm/shell/commands.hh"
#include "rm/shell/exits.hh"
#include "rm/shell/options.hh"

namespace gyre::rm::shell {

namespace {

constexpr Option options[] = {
    heading("What is done (to query is what it does else):"),
    {'G', "query", nullptr, "print the value"},
    {'v', "update", "VALUE", "set the value; \"value++\" and \"value+=N\" count on"},
    {'D', "delete", nullptr, "remove it"},
    heading("Which one:"),
    {'n', "name", "NAME", "of this name; all, if that is not told"},
    {'P', "pattern", "PATTERN", "all whose names fit a regular expression"},
    {'i', "id", "ID", "the one with this id"},
    {'s', "set-name", "ID", "in the set with this id"},
    {'p', "promotion", "[RESOURCE]",
     "the promotion score of a resource, or of the one whose agent\nasks (OCF_RESOURCE_INSTANCE); "
     "until the node goes"},
    heading("Where:"),
    {'t', "type", "SECTION", "crm_config, rsc_defaults, op_defaults, nodes or status"},
    {'N', "node", "NODE", "an attribute of this node"},
    {'l', "lifetime", "LIFETIME", "of a node: until \"reboot\", or \"forever\""},
    {'z', "utilization", nullptr, "of what the node can carry"},
    heading("How it is told:"),
    {'d', "default", "VALUE", "what to print if there is none"},
    {'q', "quiet", nullptr, "only the value"},
    // Names of older versions, which scripts and agents know.
    timeout(),
    {'Q', nullptr, nullptr, nullptr},
    {'U', "node-uname", "NODE", nullptr},
    {'u', "uname", "NODE", nullptr},
    {'G', "get-value", nullptr, nullptr},
    {'D', "delete-attr", nullptr, nullptr},
    {'v', "attr-value", "VALUE", nullptr},
    {'n', "attr-name", "NAME", nullptr},
    {'i', "attr-id", "ID", nullptr},
};
constexpr Usage usage = {
    "crm_attribute", "Queries and sets options of the cluster and attributes of nodes.", options,
    R"(CIB_file may name a file instead of the cluster.

Exit status: 0 done, 64 wrong usage, 76 no such lifetime, 78 it would be no valid configuration,
102 no cluster, 105 there is no such node or attribute, 109 there are several.

Example: crm_attribute --node node1 --name rack --update b
)"};

struct Told {
  AttributeTask task;
  std::optional<std::string> type, lifetime, promotion;
  bool for_node = false;
};

Told read(const Words& words) {
  using What = AttributeTask::What;
  Told told;
  AttributeTask& task = told.task;
  for (const auto& [letter, value] : words.options) switch (letter) {
      case 'G':
        task.what = What::query;
        break;
      case 'D':
        task.what = What::remove;
        break;
      case 'v':
        task.what = What::update;
        task.value = value;
        break;
      case 'n':
        task.name = value;
        break;
      case 'P':
        task.pattern = value;
        break;
      case 'i':
        task.id = value;
        break;
      case 's':
        task.set = value;
        break;
      case 'p':
        told.promotion = value;
        break;
      case 't':
        told.type = value;
        break;
      case 'N':
      case 'U':
      case 'u':
        task.node = value;
        told.for_node = true;
        break;
      case 'l':
        told.lifetime = value;
        told.for_node = true;
        break;
      case 'z':
        task.utilization = true;
        break;
      case 'd':
        task.otherwise = value;
        break;
      default:
        task.quiet = true;
    }
  return told;
}

std::string scope_of(const Told& told) {
  const bool of_cluster =
      told.type &&
      (*told.type == "crm_config" || *told.type == "rsc_defaults" || *told.type == "op_defaults");
  if (of_cluster) return *told.type;
  if (told.type && *told.type != "nodes" && *told.type != "status")
    throw Refused(exits::usage, fmt::format("\"{}\" is no section for this: crm_config, "
                                            "rsc_defaults, op_defaults, nodes or status",
                                            *told.type));
  if (!told.type && !told.for_node && !told.promotion && !told.task.utilization)
    return "crm_config";
  const auto lifetime =
      told.lifetime.value_or(told.promotion || told.type == "status" ? "reboot" : "forever");
  if (lifetime == "reboot" || lifetime == "status") return "status";
  if (lifetime == "forever" || lifetime == "nodes") return "nodes";
  throw Refused(exits::protocol, fmt::format("\"{}\" is no lifetime: reboot or forever", lifetime));
}

void run(Told told) {
  AttributeTask& task = told.task;
  if (told.promotion) {
    const char* const asking = std::getenv("OCF_RESOURCE_INSTANCE");
    if (told.promotion->empty() && !asking)
      throw Refused(exits::usage,
                    "-p/--promotion must be called from an OCF resource agent or "
                    "with a resource ID specified");
    task.name = "master-" + (told.promotion->empty() ? std::string(asking) : *told.promotion);
  }
  if (task.what != AttributeTask::What::query && !task.name && !task.pattern && !task.id)
    throw Refused(exits::usage, "Error: must specify attribute name or pattern");
  task.scope = scope_of(told);
  const auto cluster = open_cluster();
  if (task.scope == "nodes" || task.scope == "status") task.node = node_name(*cluster, task.node);
  do_attribute(*cluster, task);
}

}  // namespace

int crm_attribute(int argc, char** argv) {
  const auto words = read_options(usage, argc, argv);
  if (const int* ended = std::get_if<int>(&words)) return *ended;
  return run_command("crm_attribute", [&] { run(read(std::get<Words>(words))); });
}

}  // namespace gyre::rm::shell
