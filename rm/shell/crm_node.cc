// crm_node: who is a node, and who of them is there.
#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <vector>

#include "rm/cib/edit.hh"
#include "rm/shell/attributes.hh"
#include "rm/shell/cluster.hh"
#include "rm/shell/commands.hh"
#include "rm/shell/exits.hh"
#include "rm/shell/options.hh"

namespace gyre::rm::shell {

namespace {

constexpr Option options[] = {
    heading("What is done (one of these):"),
    {'n', "name", nullptr, "print how this node is called"},
    {'i', "cluster-id", nullptr, "print its id"},
    {'l', "list", nullptr, "print all nodes: id, name, and \"member\" or \"lost\""},
    {'p', "partition", nullptr, "print the names of those that are there"},
    {'q', "quorum", nullptr, "print 1 if they have quorum, 0 if not"},
    {'N', "name-for-id", "ID", "print the name of the node with this id"},
    {'R', "remove", "NAME", "remove a node that is not there any more; wants --force"},
    heading("How:"),
    {'f', "force", nullptr, "with --remove: really"},
    {'Q', "quiet", nullptr, "accepted and of no effect"},
    timeout(),
};
constexpr Usage usage = {"crm_node",
                         "Prints who is a node of the cluster, and who of them is there.", options,
                         R"(CIB_file may name a file instead of the cluster.

Exit status: 0 done, 64 wrong usage, 102 no cluster, 105 there is no such node, 107 --force is
wanted, 113 the node is there.

Example: crm_node --list
)"};

struct Member {
  std::string id, name;
  bool is_there = false;
};

bool yes(pugi::xml_attribute attribute) {
  const std::string_view value = attribute.value();
  return value == "true" || attribute.as_llong() > 0;  // since when, in newer documents
}

std::vector<Member> members(const Document& document) {
  std::vector<Member> found;
  for (const auto node : document.configuration().child("nodes").children("node"))
    found.push_back({node.attribute("id").value(), node.attribute("uname").value()});
  for (const auto state : document.status().children("node_state")) {
    const std::string name = state.attribute("uname").value();
    auto member = std::ranges::find(found, name, &Member::name);
    if (member == found.end())
      member = found.insert(found.end(), {state.attribute("id").value(), name});
    member->is_there = yes(state.attribute("in_ccm")) &&
                       (state.attribute("crmd").value() == std::string_view("online") ||
                        yes(state.attribute("crmd")));
  }
  return found;
}

const Member& find(const std::vector<Member>& all, const std::string& wanted,
                   std::string Member::*by) {
  const auto found = std::ranges::find(all, wanted, by);
  if (found == all.end())
    throw Refused(exits::no_such_object, fmt::format("there is no node {}", wanted));
  return *found;
}

void remove(Cluster& cluster, const std::string& name) {
  make_change(cluster, [&](Document& document) {
    if (find(members(document), name, &Member::name).is_there)
      throw Refused(exits::not_now, fmt::format("node {} is there: stop it first", name));
    const auto drop = [&](pugi::xml_node parent, const char* element) {
      while (parent.remove_child(parent.find_child_by_attribute(element, "uname", name.c_str()))) {
      }
    };
    drop(section(document, "nodes"), "node");
    drop(section(document, "status"), "node_state");
  });
}

void run(int what, const std::string& told, bool forced) {
  if (what == 'R' && !forced)
    throw Refused(exits::unsafe,
                  "The supplied command is considered dangerous.  To prevent "
                  "accidental destruction of the cluster, the --force flag is "
                  "required in order to proceed.");
  const auto cluster = open_cluster();
  if (what == 'n') return fmt::print("{}\n", cluster->local_node());
  if (what == 'R') return remove(*cluster, told);
  const auto document = cluster->read();
  const auto all = members(document);
  switch (what) {
    case 'i':
      return fmt::print("{}\n", find(all, cluster->local_node(), &Member::name).id);
    case 'N':
      return fmt::print("{}\n", find(all, told, &Member::id).name);
    case 'q':
      return fmt::print("{}\n", yes(document.cib().attribute("have-quorum")) ? 1 : 0);
    case 'l':
      for (const auto& [id, name, is_there] : all)
        fmt::print("{} {} {}\n", id, name, is_there ? "member" : "lost");
      return;
    default:
      for (const auto& [id, name, is_there] : all)
        if (is_there) fmt::print("{} ", name);
      fmt::print("\n");
  }
}

}  // namespace

int crm_node(int argc, char** argv) {
  const auto words = read_options(usage, argc, argv);
  if (const int* ended = std::get_if<int>(&words)) return *ended;
  int what = 0;
  std::string told;
  bool forced = false;
  for (const auto& [letter, value] : std::get<Words>(words).options) {
    if (letter == 'f') forced = true;
    if (letter == 'f' || letter == 'Q') continue;
    what = letter == 'p' || what != 'p' ? letter : what;  // -l -p is -p
    told = value;
  }
  if (what == 0) {
    fmt::print(stderr, "crm_node: one thing is to be printed\n{}", help(usage));
    return exits::usage;
  }
  return run_command("crm_node", [&] { run(what, told, forced); });
}

}  // namespace gyre::rm::shell
