// The level "resource": each line is done at once, whoever else changes something meanwhile.
#include <fmt/format.h>

#include <cstdio>
#include <ctime>

#include "rm/cib/attribute_sets.hh"
#include "rm/cib/iso8601.hh"
#include "rm/cib/pairs.hh"
#include "rm/cib/values.hh"
#include "rm/configure/resource_change.hh"
#include "rm/shell/crm.hh"
#include "rm/shell/exits.hh"
#include "rm/shell/locations.hh"
#include "rm/show/status_text.hh"

namespace gyre::rm::shell {

namespace {

using configure::Line;
using configure::Words;

std::string take_last(Words& words, std::string_view what) {
  std::string word(words.take(what));
  words.expect_end("nothing more");
  return word;
}

void set_option(Cluster& cluster, const std::string& id, const char* name, const char* value,
                bool promotable = false) {
  make_change(cluster, [&](Document& document) {
    const auto resource = configure::find_resource(document.configuration(), id);
    if (promotable && !configure::is_promotable(resource))
      throw Refused(exits::error, fmt::format("{} is not a promotable resource", id));
    configure::set_option(document.configuration(), configure::whole_of(resource), name, value);
  });
}

// start, stop, manage and so on.
struct Option {
  std::string_view word;
  const char *name, *value;
  bool promotable = false, many = false;
};
constexpr Option options[] = {
    {"start", "target-role", "Started", false, true},
    {"stop", "target-role", "Stopped", false, true},
    {"promote", "target-role", "Master", true},
    {"demote", "target-role", "Slave", true},
    {"manage", "is-managed", "true"},
    {"unmanage", "is-managed", "false"},
};

void set_options(Cluster& cluster, Words& words, const Option& option) {
  std::vector<std::string> ids;
  do ids.emplace_back(words.take("a resource"));
  while (option.many && !words.done());
  words.expect_end("nothing more");
  // None, if one of them is not there.
  const auto document = cluster.read();
  for (const std::string& id : ids) configure::find_resource(document.configuration(), id);
  for (const std::string& id : ids)
    set_option(cluster, id, option.name, option.value, option.promotable);
}

void maintenance(Cluster& cluster, Words& words) {
  const std::string id(words.take("a resource"));
  const auto said = words.done() ? "on" : words.take({});
  const auto value = parse_boolean(said);
  if (!value) words.wrong_before("on or off is expected");
  words.expect_end("nothing more");
  set_option(cluster, id, "maintenance", *value ? "true" : "false");
}

void print_where(const Locations& locations, const std::string& id) {
  const auto places = locations.of(id);
  for (const auto& [node, promoted] : places)
    fmt::print("resource {} is running on: {}{}\n", id, node, promoted ? " Promoted" : "");
  if (places.empty()) fmt::print(stderr, "resource {} is NOT running\n", id);
}

void locate(Cluster& cluster, Words& words) {
  const auto document = cluster.read();
  const Locations locations(document);
  std::vector<std::string> ids;
  while (!words.done()) ids.emplace_back(words.take({}));
  for (const std::string& id : ids) locations.of(id);
  for (const std::string& id : ids) print_where(locations, id);
}

void status(Cluster& cluster, Words& words) {
  if (!words.done()) return locate(cluster, words);
  const auto document = cluster.read();
  const Locations locations(document);
  show::Outline out(show::Outline::Style::fancy);
  show::resources(out, locations.cluster());
  fmt::print("{}", out.take());
}

struct Move {
  std::string resource, node;        // no node: it is to leave where it is
  std::optional<std::string> until;  // as a document says it
  bool force = false;
};

std::string end_of(Words& words, std::string_view lifetime) {
  const auto now = std::time(nullptr);
  const auto duration = parse_duration(lifetime);
  const auto end = duration ? std::optional(add(now, *duration)) : parse_instant(lifetime);
  if (!end || *end <= now)
    words.wrong_before("a node, force, or how long that counts is expected, as in PT5M or P1D");
  const Civil at = civil(*end);
  return fmt::format("{:04}-{:02}-{:02} {:02}:{:02}:{:02}Z", at.year, at.month, at.day, at.hour,
                     at.minute, at.second);
}

bool has_node(const Document& document, std::string_view name) {
  return !id_of_node(document, name).empty();
}

Move read_move(Words& words, const Document& document, bool force) {
  Move move{std::string(words.take("a resource")), {}, {}, force};
  while (!words.done()) {
    const auto word = words.take({});
    if (word == "force")
      move.force = true;
    else if (move.node.empty() && !move.until && has_node(document, word))
      move.node = word;
    else if (!move.until)
      move.until = end_of(words, word);
    else
      words.wrong_before("nothing more is expected");
  }
  return move;
}

// The only node where it is, or, of what is promoted, where that is; empty: there is no such one.
std::string node_of(const Locations& locations, const std::string& id) {
  auto places = locations.of(id);
  if (places.size() != 1) std::erase_if(places, [](const auto& place) { return !place.promoted; });
  return places.size() == 1 ? std::string(places.front().node) : "";
}

void move(Cluster& cluster, Words& words, bool force, bool away) {
  const auto document = cluster.read();
  const Locations locations(document);
  const auto asked = read_move(words, document, force);
  configure::find_resource(document.configuration(), asked.resource);
  if (!away && asked.node.empty() && !asked.force)
    throw Refused(exits::error, "No target node: Move requires either a target node or 'force'");
  const bool leaves = asked.node.empty();
  const auto here = node_of(locations, asked.resource);
  if (leaves && here.empty())
    throw Refused(exits::error, fmt::format("{} is running on no node, or on many: say which is "
                                            "meant",
                                            asked.resource));
  if (!away && !asked.force && here == asked.node)
    throw Refused(exits::error, fmt::format("{} is running on {} already", asked.resource, here));
  make_change(cluster, [&](Document& changed) {
    const auto configuration = changed.configuration();
    if (!away && !leaves) configure::prefer(configuration, asked.resource, asked.node, asked.until);
    const auto banned = away && !leaves ? asked.node : here;
    if (away || leaves || (asked.force && !here.empty() && here != asked.node))
      configure::ban(configuration, asked.resource, banned, asked.until);
  });
  say_info(fmt::format("{} constraint created for {}{}{}", away ? "Ban" : "Move", asked.resource,
                       leaves ? "" : " to ", asked.node));
  say_info(fmt::format("Use `crm resource clear {}` to remove this constraint", asked.resource));
}

void clear(Cluster& cluster, Words& words) {
  const auto id = take_last(words, "a resource");
  make_change(cluster, [&](Document& document) {
    configure::find_resource(document.configuration(), id);
    configure::clear(document.configuration(), id);
  });
  say_info("Removed migration constraints for " + id);
}

void clean_up(Cluster& cluster, Words& words, bool failures_only) {
  Cleanup what;
  what.failures_only = failures_only;
  if (!words.done()) what.resource = words.take({});
  if (!words.done() && words.peek() != "force") what.node = words.take({});
  words.take_if("force");
  words.expect_end("nothing more");
  const auto document = cluster.read();
  if (!what.resource.empty()) configure::find_resource(document.configuration(), what.resource);
  if (!what.node.empty() && !has_node(document, what.node))
    throw Refused(exits::error, fmt::format("Node not found: {}", what.node));
  cluster.clean_up(what);
  fmt::print("Cleaned up {} on {}\n", what.resource.empty() ? "all resources" : what.resource,
             what.node.empty() ? "all nodes" : what.node);
}

void delete_attribute(Document& document, const std::string& id, const char* element,
                      const std::string& name, std::string& told) {
  const auto resource = configure::find_resource(document.configuration(), id);
  for (auto pair : pairs_named(resource, element, name)) {
    told +=
        fmt::format("Deleted '{}' option: id={} name={}\n", id, configure::get(pair, "id"), name);
    pair.parent().remove_child(pair);
  }
}

void write_attribute(Document& document, const std::string& id, const char* element,
                     const std::string& name, const std::string& value, std::string& told) {
  const auto resource = configure::find_resource(document.configuration(), id);
  auto there = pairs_named(resource, element, name);
  std::string made_in;
  if (there.empty()) {
    const auto set = child_with_id(resource, element, fmt::format("{}-{}", id, element));
    made_in = fmt::format(" set={}", configure::get(set, "id"));
    there.push_back(add_pair(set, name, value));
  }
  for (auto pair : there) {
    configure::set(pair, "value", value);
    told += fmt::format("Set '{}' option: id={}{} name={} value={}\n", id,
                        configure::get(pair, "id"), made_in, name, value);
  }
}

void attribute(Cluster& cluster, Words& words, const char* element) {
  const std::string id(words.take("a resource"));
  const auto what = words.take("set, show or delete");
  if (what != "set" && what != "show" && what != "delete")
    words.wrong_before("set, show or delete is expected");
  const std::string name(words.take("the name of an attribute"));
  const std::string value(what == "set" ? words.take("a value") : "");
  words.expect_end("nothing more");
  std::string told;
  if (what != "show") {
    make_change(cluster, [&](Document& document) {
      told.clear();
      if (what == "set")
        write_attribute(document, id, element, name, value, told);
      else
        delete_attribute(document, id, element, name, told);
    });
    return fmt::print("{}", told);
  }
  const auto document = cluster.read();
  const auto resource = configure::find_resource(document.configuration(), id);
  // The one that counts, where several sets say it.
  const IdIndex ids(document.configuration());
  RuleInput input;
  input.now = std::time(nullptr);
  input.ids = &ids;
  Attributes all;
  gather(resource, element, input, all);
  const auto found = all.find(name);
  if (!found)
    throw Refused(exits::error, fmt::format("Attribute '{}' not found for '{}'", name, id));
  fmt::print("{}\n", *found);
}

}  // namespace

void run_resource(Cluster& cluster, const Line& line, bool force) {
  Words words(line);
  const auto word = words.take("a command");
  for (const Option& option : options)
    if (word == option.word) return set_options(cluster, words, option);
  if (word == "maintenance") return maintenance(cluster, words);
  if (word == "move" || word == "migrate") return move(cluster, words, force, false);
  if (word == "ban") return move(cluster, words, force, true);
  for (const std::string_view clears : {"clear", "unmove", "unmigrate", "unban"})
    if (word == clears) return clear(cluster, words);
  if (word == "cleanup") return clean_up(cluster, words, true);
  if (word == "refresh" || word == "reprobe") return clean_up(cluster, words, false);
  if (word == "locate") {
    if (words.done()) words.wrong("a resource");
    return locate(cluster, words);
  }
  if (word == "status" || word == "show" || word == "list") return status(cluster, words);
  if (word == "meta") return attribute(cluster, words, "meta_attributes");
  if (word == "param") return attribute(cluster, words, "instance_attributes");
  refuse_word(words, "resource",
              "start, stop, promote, demote, manage, unmanage, maintenance, move, ban, clear, "
              "cleanup, refresh, locate, status, meta and param");
}

}  // namespace gyre::rm::shell
