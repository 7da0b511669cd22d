// crm_failcount: how often a resource has failed on a node.
#include <fmt/format.h>

#include <cstdio>
#include <cstdlib>

#include "rm/cib/iso8601.hh"
#include "rm/cib/values.hh"
#include "rm/shell/attributes.hh"
#include "rm/shell/commands.hh"
#include "rm/shell/exits.hh"
#include "rm/shell/options.hh"

namespace gyre::rm::shell {

namespace {

constexpr Option options[] = {
    heading("What is done:"),
    {'G', "query", nullptr, "print how often it has failed"},
    {'D', "delete", nullptr, "forget its failures, and look at it again"},
    heading("Which one:"),
    {'r', "resource", "RESOURCE", "of this resource"},
    {'N', "node", "NODE", "on this node, not on this one here"},
    {'n', "operation", "NAME", "only failures of this operation"},
    {'I', "interval", "INTERVAL", "and of this interval: 30s and the like"},
    {'q', "quiet", nullptr, "print only the number"},
    timeout(),
    {'Q', nullptr, nullptr, nullptr},
    {'U', "node-uname", "NODE", nullptr},
};
constexpr Usage usage = {
    "crm_failcount", "Prints how often a resource has failed on a node, and forgets it.", options,
    R"(CIB_file may name a file instead of the cluster.

Exit status: 0 done, 64 wrong usage, 102 no cluster, 105 there is no such node.

Example: crm_failcount --query --resource db --node node1
)"};

struct Told {
  int what = 0;
  std::string resource, node, operation, interval;
  bool quiet = false;
};

std::int64_t count(const Document& document, const Told& told, const std::string& operation) {
  const auto prefix = "fail-count-" + told.resource;
  const auto wanted = operation.empty() ? std::string() : prefix + operation;
  AttributeTask task;
  task.scope = "status";
  task.node = told.node;
  Score sum;
  for (const auto& [name, value, id] : find_attributes(document, task)) {
    const bool of_it =
        name == prefix || name.starts_with(prefix + '#') || name.starts_with(prefix + ':');
    if (of_it && (wanted.empty() || name == wanted)) sum += parse_score(value).value_or(Score());
  }
  return sum.value();
}

void run(Told told) {
  if (told.what == 0) throw Refused(exits::usage, "must specify a command: -G or -D");
  if (told.resource.empty()) throw Refused(exits::usage, "resource name required: -r");
  const auto interval = parse_interval_ms(told.interval.empty() ? "0" : told.interval);
  if (!interval) throw Refused(exits::usage, fmt::format("\"{}\" is no interval", told.interval));
  const auto cluster = open_cluster();
  told.node = node_name(*cluster, told.node);
  if (told.what == 'D') {
    Cleanup what{told.resource, told.node, told.operation, std::nullopt, true};
    if (!told.operation.empty()) what.interval_ms = *interval;
    return cluster->clean_up(what);
  }
  const auto operation =
      told.operation.empty() ? "" : fmt::format("#{}_{}", told.operation, *interval);
  const auto failures = count(cluster->read(), told, operation);
  const auto shown = failures >= Score::infinity_value ? "INFINITY" : std::to_string(failures);
  if (told.quiet)
    fmt::print("{}\n", shown);
  else
    fmt::print("scope=status  name=fail-count-{}{} value={}\n", told.resource, operation, shown);
}

}  // namespace

int crm_failcount(int argc, char** argv) {
  const auto words = read_options(usage, argc, argv);
  if (const int* ended = std::get_if<int>(&words)) return *ended;
  Told told;
  for (const auto& [letter, value] : std::get<Words>(words).options) {
    if (letter == 'G' || letter == 'D') told.what = letter;
    if (letter == 'r') told.resource = value;
    if (letter == 'N' || letter == 'U') told.node = value;
    if (letter == 'n') told.operation = value;
    if (letter == 'I') told.interval = value;
    if (letter == 'q' || letter == 'Q') told.quiet = true;
  }
  return run_command("crm_failcount", [&] { run(told); });
}

}  // namespace gyre::rm::shell
