// Which agents there are on this node.
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <iterator>
#include <set>
#include <string>
#include <vector>

#include "rm/shell/exits.hh"
#include "rm/shell/resource.hh"

namespace gyre::rm::shell {

namespace {

namespace fs = std::filesystem;
using Names = std::set<std::string>;
using List = std::vector<std::string>;

fs::path ocf_agents() {
  const char* const root = std::getenv("OCF_ROOT");
  return fs::path(root ? root : "/usr/lib/ocf") / "resource.d";
}

// Of what is in a folder, what may be executed, or the folders in it.
Names in(const fs::path& folder, bool folders, const std::string& prefix = "") {
  Names names;
  std::error_code ignored;
  for (const auto& entry : fs::directory_iterator(folder, ignored)) {
    const std::string name = entry.path().filename();
    if (name.starts_with('.') || !name.starts_with(prefix)) continue;
    std::error_code error;
    if (folders ? entry.is_directory(error)
                : entry.is_regular_file(error) && ::access(entry.path().c_str(), X_OK) == 0)
      names.insert(name);
  }
  return names;
}

Names providers(const std::string& agent = "") {
  Names found = in(ocf_agents(), true);
  if (!agent.empty())
    std::erase_if(found, [&](const std::string& provider) {
      return !in(ocf_agents() / provider, false).contains(agent);
    });
  return found;
}

// Of several providers one after the other, be the names alike.
List agents(const std::string& standard, const std::string& provider) {
  const auto list = [](const Names& names) { return List(names.begin(), names.end()); };
  if (standard == "lsb" || standard == "service") return list(in("/etc/init.d", false));
  if (standard == "stonith") return list(in("/usr/sbin", false, "fence_"));
  List all;
  if (standard == "ocf")
    for (const auto& one : provider.empty() ? providers() : Names{provider})
      std::ranges::copy(in(ocf_agents() / one, false), std::back_inserter(all));
  return all;
}

void print(const auto& names, int exit, const std::string& otherwise) {
  if (names.empty()) throw Refused(exit, otherwise);
  for (const auto& name : names) fmt::print("{}\n", name);
}

}  // namespace

void list_agents(const ResourceTask& task) {
  const std::string& told = task.argument;
  switch (task.what) {
    case resource_option::standards:
      for (const char* standard : {"ocf", "lsb", "service", "stonith"})
        fmt::print("{}\n", standard);
      return;
    case resource_option::providers:
      return print(providers(), exits::no_such_object, "No OCF providers found");
    case resource_option::alternatives:
      return print(providers(told), exits::no_such_object, "No OCF providers found for " + told);
    default: {
      const auto colon = std::min(told.find(':'), told.size());
      const std::string standard = told.substr(0, colon);
      const std::string provider = colon < told.size() ? told.substr(colon + 1) : "";
      print(agents(standard, provider), exits::error,
            provider.empty() ? fmt::format("No agents found for standard '{}'", standard)
                             : fmt::format("No agents found for standard '{}' and provider '{}'",
                                           standard, provider));
    }
  }
}

}  // namespace gyre::rm::shell
