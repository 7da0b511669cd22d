// fencing_topology DEVICES..., or fencing_topology TARGET DEVICES... [TARGET DEVICES...]...
#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "rm/configure/objects.hh"

namespace gyre::rm::configure {

namespace {

// Where the devices of a target begin: "NODE:", "pattern:RE" or "attr:NAME=VALUE".
bool is_target(std::string_view word) {
  return word.size() > 1 &&
         (word.ends_with(':') || word.starts_with("pattern:") || word.starts_with("attr:"));
}

void set_target(Words& words, pugi::xml_node level, std::string_view target) {
  if (target.starts_with("pattern:")) return set(level, "target-pattern", target.substr(8));
  if (!target.starts_with("attr:"))
    return set(level, "target", target.substr(0, target.size() - 1));
  const auto equals = target.find('=');
  if (equals == target.npos || equals == 5) words.wrong_before("attr:NAME=VALUE is expected");
  set(level, "target-attribute", target.substr(5, equals - 5));
  set(level, "target-value", target.substr(equals + 1));
}

// As it is written; empty: every node's.
std::string target_of(pugi::xml_node level) {
  if (const auto node = level.attribute("target")) return fmt::format("{}:", node.value());
  if (const auto pattern = level.attribute("target-pattern"))
    return fmt::format("pattern:{}", pattern.value());
  if (const auto name = level.attribute("target-attribute"))
    return fmt::format("attr:{}={}", name.value(), get(level, "target-value"));
  return {};
}

struct Target {
  std::string name;
  std::vector<pugi::xml_node> levels;  // by index
};

std::vector<Target> targets_of(pugi::xml_node topology) {
  std::vector<Target> targets;
  for (const auto level : topology.children("fencing-level")) {
    const auto name = target_of(level);
    auto found = std::ranges::find(targets, name, &Target::name);
    if (found == targets.end()) found = targets.insert(found, {name, {}});
    found->levels.push_back(level);
  }
  for (Target& target : targets)
    std::ranges::stable_sort(
        target.levels, {}, [](pugi::xml_node level) { return level.attribute("index").as_int(); });
  return targets;
}

bool same_levels(const Target& a, const Target& b) {
  return std::ranges::equal(a.levels, b.levels, [](pugi::xml_node x, pugi::xml_node y) {
    return get(x, "index") == get(y, "index") && get(x, "devices") == get(y, "devices");
  });
}

bool is_every_node(const std::vector<Target>& targets, const std::vector<std::string>& nodes) {
  std::vector<std::string> names;
  for (const Target& target : targets) {
    if (!target.levels[0].attribute("target") || !same_levels(target, targets[0])) return false;
    names.emplace_back(get(target.levels[0], "target"));
  }
  std::ranges::sort(names);
  return names == nodes;
}

}  // namespace

void parse_fencing(Words& words, pugi::xml_node into) {
  auto made = into.append_child("fencing-topology");
  std::string_view target;
  std::map<std::string_view, int> index;
  do {
    if (is_target(words.peek())) target = words.take({});
    const auto devices = words.take("a fence device");
    if (is_target(devices)) words.wrong_before("a fence device is expected");
    auto level = made.append_child("fencing-level");
    if (!target.empty()) set_target(words, level, target);
    set(level, "index", std::to_string(++index[target]));
    set(level, "devices", devices);
  } while (!words.done());
}

void reduce_fencing(pugi::xml_node topology, const Surroundings& around) {
  auto targets = targets_of(topology);
  const bool every = is_every_node(targets, around.nodes());
  for (const Target& target : targets)
    for (auto level : target.levels) {
      topology.append_move(level);
      level.remove_attribute("id");
      if (!every) continue;
      level.remove_attribute("target");
      if (&target != &targets.front()) topology.remove_child(level);
    }
}

void show_fencing(Text& text, pugi::xml_node topology, const Surroundings&) {
  text.word("fencing_topology");
  for (const Target& target : targets_of(topology)) {
    if (!target.name.empty()) {
      text.part();
      text.word(quoted(target.name));
    }
    for (const auto level : target.levels) text.word(quoted(get(level, "devices")));
  }
}

}  // namespace gyre::rm::configure
