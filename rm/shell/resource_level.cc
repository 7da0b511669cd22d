// The level "resource": each line is done at once, whoever else changes something meanwhile.
#include <fmt/format.h>

#include <cstdio>

#include "rm/cib/iso8601.hh"
#include "rm/cib/values.hh"
#include "rm/configure/resource_change.hh"
#include "rm/shell/commands.hh"
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

bool has_node(const Document& document, std::string_view name) {
  return !id_of_node(document, name).empty();
}

// What crm_resource does, too, it does here as well.
void move(Cluster& cluster, Words& words, bool force, bool away) {
  const std::string resource(words.take("a resource"));
  std::vector<std::string> asked{"crm_resource", away ? "--ban" : "--move", "-r", resource};
  const auto document = cluster.read();
  std::string node, lifetime;
  while (!words.done()) {
    const auto word = words.take({});
    if (word == "force")
      force = true;
    else if (node.empty() && lifetime.empty() && has_node(document, word))
      node = word;
    else if (lifetime.empty() && parse_duration(word))
      lifetime = word;
    else
      words.wrong_before("a node, force, or how long that counts is expected, as in PT5M or P1D");
  }
  if (!away && node.empty() && !force)
    throw Refused(exits::error, "No target node: Move requires either a target node or 'force'");
  if (!node.empty()) asked.insert(asked.end(), {"-N", node});
  if (!lifetime.empty()) asked.insert(asked.end(), {"-u", lifetime});
  if (force) asked.emplace_back("--force");
  run_as(crm_resource, std::move(asked));
  say_info(fmt::format("{} constraint created for {}{}{}", away ? "Ban" : "Move", resource,
                       node.empty() ? "" : " to ", node));
  say_info(fmt::format("Use `crm resource clear {}` to remove this constraint", resource));
}

void clear(Words& words) {
  const auto id = take_last(words, "a resource");
  run_as(crm_resource, {"crm_resource", "--clear", "-r", id});
  say_info("Removed migration constraints for " + id);
}

void clean_up(Words& words, const char* how) {
  std::vector<std::string> asked{"crm_resource", how};
  for (const char* const option : {"-r", "-N"})
    if (!words.done() && words.peek() != "force")
      asked.insert(asked.end(), {option, std::string(words.take({}))});
  if (words.take_if("force")) asked.emplace_back("--force");
  words.expect_end("nothing more");
  run_as(crm_resource, std::move(asked));
}

void attribute(Words& words, bool meta) {
  const std::string id(words.take("a resource"));
  const auto what = words.take("set, show or delete");
  if (what != "set" && what != "show" && what != "delete")
    words.wrong_before("set, show or delete is expected");
  std::vector<std::string> asked{"crm_resource", "-r", id};
  if (meta) asked.emplace_back("-m");
  asked.insert(asked.end(), {what == "set"    ? "-p"
                             : what == "show" ? "-g"
                                              : "-d",
                             std::string(words.take("the name of an attribute"))});
  if (what == "set") asked.insert(asked.end(), {"-v", std::string(words.take("a value"))});
  words.expect_end("nothing more");
  run_as(crm_resource, std::move(asked));
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
    if (word == clears) return clear(words);
  if (word == "cleanup") return clean_up(words, "--cleanup");
  if (word == "refresh" || word == "reprobe") return clean_up(words, "--refresh");
  if (word == "locate") {
    if (words.done()) words.wrong("a resource");
    return locate(cluster, words);
  }
  if (word == "status" || word == "show" || word == "list") return status(cluster, words);
  if (word == "meta") return attribute(words, true);
  if (word == "param") return attribute(words, false);
  refuse_word(words, "resource",
              "start, stop, promote, demote, manage, unmanage, maintenance, move, ban, clear, "
              "cleanup, refresh, locate, status, meta and param");
}

}  // namespace gyre::rm::shell
