// corosync-cpgtool: the groups of the cluster and who is in them.
#include <fmt/format.h>

#include <map>

#include "tools/cmap_entry.hh"
#include "tools/corosync.hh"

namespace gyre::tools {
namespace {

constexpr const char* usage = R"({0} [-d delimiter] [-e] [-n] [-h]

A tool for displaying cpg groups and members.
options:
	-d	Delimiter between fields.
	-e	Don't escape unprintable characters in group name.
	-n	Display only all existing group names.
	-h	Display this help.
	--json	One JSON object per group.
	--run-dir	{1}

Example:
  gyre cpgtool

Exit status: 0 done, 1 failed.
)";

struct Cpgtool {
  std::string delimiter;  // empty: columns for people
  bool escape = true, names_only = false;
  Common common;

  std::string name_of(const Json& group) const {
    const auto hex = group.at("name").get<std::string>();
    return escape ? escaped(hex) : from_hex(hex);
  }

  int run() const {
    const Json answer = ask(common, "groups");
    const Json& groups = answer.at("groups");
    if (common.json) return print_json(groups);
    if (names_only) return print_names(groups);
    return delimiter.empty() ? print_columns(groups) : print_fields(groups);
  }

 private:
  int print_json(const Json& groups) const {
    for (const Json& group : groups) {
      Json members = Json::array();
      for (const Json& member : group.at("members"))
        members.push_back({{"nodeid", member[0]}, {"pid", member[1]}, {"client", member[2]}});
      const auto hex = group.at("name").get<std::string>();
      fmt::print("{}\n",
                 Json{{"group", escaped(hex)}, {"name_hex", hex}, {"members", members}}.dump());
    }
    return 0;
  }

  int print_names(const Json& groups) const {
    for (const Json& group : groups)
      fmt::print("{}{}", name_of(group), delimiter.empty() ? "\n" : delimiter);
    if (!delimiter.empty()) fmt::print("\n");
    return 0;
  }

  int print_fields(const Json& groups) const {
    fmt::print("GRP_NAME{0}PID{0}NODEID\n", delimiter);
    for (const Json& group : groups)
      for (const Json& member : group.at("members"))
        fmt::print("{1}{0}{2}{0}{3}\n", delimiter, name_of(group), member[1].dump(),
                   member[0].dump());
    return 0;
  }

  int print_columns(const Json& groups) const {
    std::map<std::string, std::string> addresses;
    const Json links = ask(common, "links");
    for (const Json& node : links.at("nodes"))
      addresses[node.at("nodeid").dump()] = node.at("address").get<std::string>();
    fmt::print("Group Name\t{:>10}\t{:>10}\n", "PID", "Node ID");
    for (const Json& group : groups) {
      fmt::print("{}\n", name_of(group));
      for (const Json& member : group.at("members"))
        fmt::print("\t\t{:>10}\t{:>10} ({})\n", member[1].dump(), member[0].dump(),
                   addresses[member[0].dump()]);
    }
    return 0;
  }
};

}  // namespace

int cpgtool(int argc, char** argv) {
  Options options(argc, argv, {.usage = usage, .letters = "d:en"});
  Cpgtool cpgtool;
  for (int letter; (letter = options.next()) != -1;) switch (letter) {
      case 'd':
        cpgtool.delimiter = optarg;
        break;
      case 'e':
        cpgtool.escape = false;
        break;
      default:
        cpgtool.names_only = true;
    }
  if (options.ended()) return *options.ended();
  cpgtool.common = options.common();
  try {
    return cpgtool.run();
  } catch (const client::Error& error) {
    return failed(
        fmt::format("Could not initialize corosync cpg API error {}", cs_error(error).number),
        error.what());
  }
}

}  // namespace gyre::tools
