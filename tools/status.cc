// gyre status and gyre members: what the daemon says about itself and about its view.
#include <fmt/format.h>

#include <algorithm>
#include <string>

#include "tools/ask.hh"
#include "tools/command.hh"

namespace gyre::tools {
namespace {

void status(const Common& common) {
  const Json answer = ask(common, "status");
  if (common.json) {
    fmt::print("{}\n", answer.dump());
  } else {
    print_facts(answer);
    if (!answer.at("secauth").get<bool>())
      fmt::print(
          "\nSECAUTH IS OFF: frames are neither authenticated nor encrypted, whoever reaches the "
          "port can join.\n");
  }
}

void members(const Common& common) {
  const Json answer = ask(common, "members");
  if (common.json) {
    fmt::print("{}\n", answer.dump());
    return;
  }
  const Json& list = answer.at("members");
  std::size_t width = 4;
  for (const Json& member : list) width = std::max(width, plain(member.at("name")).size());
  fmt::print("view {}\n{:>10}  {:<{}}  {}\n", answer.at("view").dump(), "nodeid", "name", width,
             "addresses");
  for (const Json& member : list)
    fmt::print("{:>10}  {:<{}}  {}\n", plain(member.at("nodeid")), plain(member.at("name")), width,
               plain(member.at("addresses")));
}

}  // namespace

void add_status(CLI::App& app, Common& common) {
  add_command(app, common, "status", "Prints the state of the local node, and its counters.",
              "gyre status --json | jq .ring")
      ->callback([&common] { status(common); });
}

void add_members(CLI::App& app, Common& common) {
  add_command(app, common, "members", "Prints the members of the current view.", "gyre members")
      ->callback([&common] { members(common); });
}

}  // namespace gyre::tools
