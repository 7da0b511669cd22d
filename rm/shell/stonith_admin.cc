// stonith_admin: what can fence, what was fenced, and what a person knows of a node.
#include <fmt/format.h>

#include <cstdio>
#include <ctime>

#include "rm/shell/commands.hh"
#include "rm/shell/exits.hh"
#include "rm/shell/live_cluster.hh"
#include "rm/shell/options.hh"
#include "rm/shell/source.hh"

namespace gyre::rm::shell {

namespace {

constexpr Option options[] = {
    {'C', "confirm", "NODE", "this node is surely down: what had to wait for that may go on"},
    {'H', "history", "NODE", "when it was fenced, or could not be; '*': each node"},
    {'L', "list-registered", nullptr, "the fence devices that are configured"},
    timeout(),
};
constexpr Usage usage = {
    "stonith_admin",
    "Says which fence devices there are and which nodes were fenced, and tells the cluster that a "
    "node is down. If that is not so, what it runs may run twice, and destroy what it works on.",
    options, R"(CIB_file may name a file to look into instead of the cluster.

Exit status: 0 done, 1 the node takes part or was never seen, 64 wrong usage, 102 no cluster.

Example: stonith_admin --confirm node1
)"};

std::string_view value(pugi::xml_node node, const char* name) {
  return node.attribute(name).value();
}

std::string_view class_of(pugi::xml_node resources, pugi::xml_node primitive) {
  const char* name = primitive.attribute("template").value();
  return value(*name ? resources.find_child_by_attribute("template", "id", name) : primitive,
               "class");
}

void list_devices(const Document& document) {
  const pugi::xml_node resources = document.configuration().child("resources");
  std::size_t count = 0;
  for (const pugi::xpath_node each : resources.select_nodes(".//primitive")) {
    if (class_of(resources, each.node()) != "stonith") continue;
    fmt::print("{}\n", value(each.node(), "id"));
    ++count;
  }
  fmt::print("{} fence device{} found\n", count, count == 1 ? "" : "s");
}

std::string time_of(pugi::xml_node event, const char* name) {
  const std::time_t moment = event.attribute(name).as_llong();
  std::tm here{};
  ::localtime_r(&moment, &here);
  char text[64];
  return {text, std::strftime(text, sizeof text, "%Y-%m-%d %H:%M:%S %z", &here)};
}

std::string line_of(pugi::xml_node event) {
  const std::string_view status = value(event, "status"), client = value(event, "client");
  if (client == "a person")
    return fmt::format("{} is down, said a person on {} at {}", value(event, "target"),
                       value(event, "origin"), time_of(event, "completed"));
  std::string line = fmt::format("{} of {}", value(event, "action"), value(event, "target"));
  if (const auto device = value(event, "device"); !device.empty())
    line += fmt::format(" by {}", device);
  if (const auto delegate = value(event, "delegate"); !delegate.empty())
    line += fmt::format(" on {}", delegate);
  line += fmt::format(" for {} on {}: ", client, value(event, "origin"));
  if (status == "pending") return line + "under way since " + time_of(event, "since");
  line +=
      fmt::format("{} at {}", status == "success" ? "done" : "failed", time_of(event, "completed"));
  if (const auto reason = value(event, "exit-reason"); status != "success" && !reason.empty())
    line += fmt::format(": {}", reason);
  return line;
}

// The latest first.
void list_history(const Document& document, std::string_view node) {
  const pugi::xml_node history = document.status().child("fence_history");
  std::size_t count = 0;
  for (pugi::xml_node event = history.last_child(); event; event = event.previous_sibling()) {
    if (node != "*" && value(event, "target") != node) continue;
    fmt::print("{}\n", line_of(event));
    ++count;
  }
  fmt::print("{} event{} found\n", count, count == 1 ? "" : "s");
}

void run(const Given& what) {
  if (what.letter == 'C') return running_cluster().confirm_down(what.value);
  const Document document = open_source("", false)->read();
  if (what.letter == 'L') return list_devices(document);
  list_history(document, what.value);
}

}  // namespace

int stonith_admin(int argc, char** argv) {
  const auto words = read_options(usage, argc, argv);
  if (const int* ended = std::get_if<int>(&words)) return *ended;
  return run_command("stonith_admin", [&] {
    const Given* what = nullptr;
    for (const Given& each : std::get<Words>(words).options) {
      if (std::string_view("CHL").find(static_cast<char>(each.letter)) == std::string_view::npos)
        continue;
      if (what)
        throw Refused(exits::usage,
                      "one thing at a time: --confirm, --history or --list-registered");
      what = &each;
    }
    if (!what || (what->letter != 'L' && what->value.empty()))
      throw Refused(exits::usage,
                    "what is to be done? --confirm NODE, --history NODE or --list-registered");
    run(*what);
  });
}

}  // namespace gyre::rm::shell
