// The level "node": attributes of nodes, each changed by name.
#include <fmt/format.h>

#include <cstdio>

#include "rm/cib/pairs.hh"
#include "rm/configure/references.hh"
#include "rm/shell/crm.hh"
#include "rm/shell/exits.hh"

namespace gyre::rm::shell {

namespace {

using configure::Line;
using configure::Words;

// The next word, or the node that this is.
std::string take_node(Cluster& cluster, Words& words) {
  const std::string name(words.done() ? cluster.local_node() : std::string(words.take({})));
  if (id_of_node(cluster.read(), name).empty())
    throw Refused(exits::error, fmt::format("Node \"{}\" is not a cluster node", name));
  return name;
}

void standby(Cluster& cluster, Words& words) {
  const bool here = words.is_one_of({"reboot", "forever"});
  const auto node = here ? cluster.local_node() : take_node(cluster, words);
  const bool until_reboot = words.take_if("reboot");
  if (!until_reboot) words.take_if("forever");
  words.expect_end("reboot or forever");
  cluster.change(AttributeChange{node, "standby", "on", until_reboot});
}

// However it came to be there.
void online(Cluster& cluster, Words& words) {
  const auto node = take_node(cluster, words);
  words.expect_end("nothing more");
  cluster.change(AttributeChange{node, "standby", "off", false});
  cluster.change(AttributeChange{node, "standby", std::nullopt, true});
}

void maintenance(Cluster& cluster, Words& words, const char* value) {
  const auto node = take_node(cluster, words);
  words.expect_end("nothing more");
  cluster.change(AttributeChange{node, "maintenance", value, false});
}

pugi::xml_node with_attributes(const Document& document, const std::string& node, bool transient) {
  if (!transient) return configure::find_node(document.configuration(), node);
  for (const auto state : document.status().children("node_state"))
    if (configure::get(state, "uname") == node) return state.child("transient_attributes");
  return {};
}

void print_attribute(const Document& document, const std::string& node, const std::string& name,
                     bool transient) {
  const auto found =
      pairs_named(with_attributes(document, node, transient), "instance_attributes", name);
  if (found.empty()) throw Refused(exits::error, fmt::format("{} has no attribute {}", node, name));
  fmt::print("scope={}  name={} value={}\n", transient ? "status" : "nodes", name,
             found.front().attribute("value").value());
}

void attribute(Cluster& cluster, Words& words, bool transient) {
  if (words.done()) words.wrong("NODE set NAME VALUE, NODE show NAME or NODE delete NAME");
  const auto node = take_node(cluster, words);
  const auto what = words.take("set, show or delete");
  if (what != "set" && what != "show" && what != "delete")
    words.wrong_before("set, show or delete is expected");
  const std::string name(words.take("the name of an attribute"));
  std::optional<std::string> value;
  if (what == "set") value.emplace(words.take("a value"));
  words.expect_end("nothing more");
  if (what == "show") return print_attribute(cluster.read(), node, name, transient);
  cluster.change(AttributeChange{node, name, value, transient});
}

void print_node(pugi::xml_node node) {
  const auto type = configure::get(node, "type");
  fmt::print("{}({}): {}\n", configure::get(node, "uname"), configure::get(node, "id"),
             type.empty() ? "member" : type);
  std::string pairs;
  for (const auto set : node.children("instance_attributes"))
    for (const auto pair : set.children("nvpair"))
      pairs += fmt::format("{}{}={}", pairs.empty() ? "" : " ", configure::get(pair, "name"),
                           configure::quoted_value(configure::get(pair, "value")));
  if (!pairs.empty()) fmt::print("\t{}\n", pairs);
}

void show(Cluster& cluster, Words& words) {
  const bool all = words.done();
  const auto wanted = all ? std::string() : take_node(cluster, words);
  words.expect_end("nothing more");
  const auto document = cluster.read();
  for (const auto node : document.configuration().child("nodes").children("node"))
    if (all || configure::get(node, "uname") == wanted) print_node(node);
}

}  // namespace

void run_node(Cluster& cluster, const Line& line) {
  Words words(line);
  const auto word = words.take("a command");
  if (word == "standby") return standby(cluster, words);
  if (word == "online") return online(cluster, words);
  if (word == "maintenance") return maintenance(cluster, words, "true");
  if (word == "ready") return maintenance(cluster, words, "off");
  if (word == "attribute") return attribute(cluster, words, false);
  if (word == "status-attr") return attribute(cluster, words, true);
  if (word == "show") return show(cluster, words);
  refuse_word(words, "node",
              "standby, online, maintenance, ready, attribute, status-attr and show");
}

}  // namespace gyre::rm::shell
