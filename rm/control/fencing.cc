#include "rm/control/fencing.hh"

#include <algorithm>
#include <map>
#include <tuple>

#include "rm/cib/pattern.hh"
#include "rm/cib/values.hh"
#include "rm/control/fence_records.hh"
#include "rm/schedule/create.hh"
#include "rm/schedule/plan.hh"
#include "rm/schedule/unpack.hh"

namespace gyre::rm::control {

namespace {

using schedule::attribute;
using schedule::Node;
using schedule::Resource;

constexpr std::int64_t usual_timeout_ms = 60'000;
constexpr std::size_t level_max = 9;

struct Part {
  const Resource* device;
  std::string task;
};
struct Choice {
  int level = 0;
  std::vector<Part> parts;
};

std::vector<std::string_view> split(std::string_view text, std::string_view separators) {
  std::vector<std::string_view> words;
  while (!text.empty()) {
    const auto end = std::min(text.find_first_of(separators), text.size());
    if (end > 0) words.push_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return words;
}

// Levels of the same are one topology.
std::string owner_of(pugi::xml_node level) {
  std::string owner;
  for (const char* name : {"target", "target-pattern", "target-attribute", "target-value"})
    owner.append(attribute(level, name)).append(1, '\n');
  return owner;
}

class Devices {
 public:
  Devices(pugi::xml_node cib, const Fencing& of) : of_(of) {
    schedule::unpack(cluster_, {.cib = cib, .now = of.now});
    schedule::unpack_constraints(cluster_);
    target_ = cluster_.node_by_name(of.target);
  }

  std::vector<Choice> choices();
  std::optional<FenceStep> step(const Choice&, const Part&);

 private:
  static bool is_enabled(const Resource&);
  bool can_fence(const Resource&);
  bool is_banned(const Resource&, const Node&) const;
  bool is_active(const Resource&, const Node&) const;
  const Resource* device(std::string_view id);
  std::map<std::size_t, std::vector<std::string_view>> levels();
  bool fits(pugi::xml_node level) const;

  const Fencing& of_;
  schedule::Cluster cluster_;
  Node* target_ = nullptr;
};

bool Devices::is_enabled(const Resource& device) {
  for (const Resource* each = &device; each; each = each->parent)
    if (each->target_role == schedule::Role::stopped) return false;
  return true;
}

// By name; where no name is given, only the agent can say.
bool Devices::can_fence(const Resource& device) {
  if (!target_) return false;
  const Attributes all = schedule::parameters_on(cluster_, device, *target_, nullptr);
  const auto list = all.value_or("pcmk_host_list", ""), map = all.value_or("pcmk_host_map", "");
  const auto check = all.value_or("pcmk_host_check", list.empty() && map.empty() ? "none" : "");
  if (!check.empty() && check != "static-list") return true;
  const auto is_target = [&](std::string_view name) {
    return equal_ignoring_case(name.substr(0, name.find_first_of(":=")), of_.target);
  };
  return std::ranges::any_of(split(list, " ,;\t\n"), is_target) ||
         std::ranges::any_of(split(map, " ;\t\n"), is_target);
}

// By somebody's word; that it failed there is none.
bool Devices::is_banned(const Resource& device, const Node& node) const {
  bool wanted = cluster_.options.symmetric;
  for (const Resource* each = &device; each; each = each->parent)
    for (const schedule::Location* location : each->locations)
      for (const auto& [where, score] : location->nodes) {
        if (where != &node) continue;
        if (score.is_minus_infinity()) return true;
        wanted = true;
      }
  return !wanted;
}

// It, or an instance of it.
bool Devices::is_active(const Resource& device, const Node& node) const {
  return std::ranges::any_of(cluster_.resources, [&](const Resource& each) {
    return each.xml == device.xml &&
           std::ranges::find(each.running_on, &node) != each.running_on.end();
  });
}

const Resource* Devices::device(std::string_view id) {
  for (const Resource& each : cluster_.resources)
    if (each.is_fence_device && each.is(schedule::Kind::primitive) && !each.orphan &&
        attribute(each.xml, "id") == id)
      return is_enabled(each) && can_fence(each) ? &each : nullptr;
  return nullptr;
}

bool Devices::fits(pugi::xml_node level) const {
  if (const auto name = attribute(level, "target"); !name.empty()) return name == of_.target;
  if (const auto text = attribute(level, "target-pattern"); !text.empty()) {
    const auto pattern = Pattern::compile(text);
    return pattern && pattern->matches(of_.target);
  }
  const auto name = attribute(level, "target-attribute");
  const auto value = target_ ? target_->attributes.find(name) : std::nullopt;
  return value && value == attribute(level, "target-value");
}

// Of several topologies the one that names the target, else the first one that fits.
std::map<std::size_t, std::vector<std::string_view>> Devices::levels() {
  const auto topology = cluster_.cib.child("configuration").child("fencing-topology");
  std::string chosen;
  bool named = false;
  for (pugi::xml_node level : topology.children("fencing-level")) {
    const bool names = !attribute(level, "target").empty();
    if (!fits(level) || (!chosen.empty() && (named || !names))) continue;
    chosen = owner_of(level);
    named = names;
  }
  std::map<std::size_t, std::vector<std::string_view>> levels;
  for (pugi::xml_node level : topology.children("fencing-level")) {
    const std::size_t index = level.attribute("index").as_uint();
    if (!fits(level) || owner_of(level) != chosen || index == 0 || index > level_max) continue;
    for (const auto each : split(attribute(level, "devices"), ", \t\n"))
      levels[index].push_back(each);
  }
  return levels;
}

std::vector<Choice> Devices::choices() {
  std::vector<Choice> all;
  const auto topology = levels();
  for (const auto& [index, names] : topology) {
    Choice choice{static_cast<int>(index), {}};
    const bool in_turns = of_.action == "reboot" && names.size() > 1;
    for (const auto name : names)
      choice.parts.push_back({device(name), in_turns ? "off" : of_.action});
    if (std::ranges::any_of(choice.parts, [](const Part& part) { return !part.device; })) continue;
    for (std::size_t i = 0; in_turns && i < names.size(); ++i)
      choice.parts.push_back({choice.parts[i].device, "on"});
    all.push_back(std::move(choice));
  }
  if (!topology.empty()) return all;
  for (const Resource& each : cluster_.resources) {
    const auto known = [&](const Choice& other) {
      return other.parts.front().device->xml == each.xml;
    };
    if (each.is_fence_device && each.is(schedule::Kind::primitive) && !each.orphan &&
        is_enabled(each) && can_fence(each) && std::ranges::none_of(all, known))
      all.push_back({0, {{&each, of_.action}}});
  }
  return all;
}

std::optional<FenceStep> Devices::step(const Choice& choice, const Part& part) {
  const Resource& device = *part.device;
  const std::string id(attribute(device.xml, "id"));
  const auto rank = [&](const Node* node) {
    const std::size_t failures = failures_by(cluster_.cib, of_.target, id, node->name);
    return std::tuple(node == target_, node->unclean, failures, !is_active(device, *node),
                      node->index);
  };
  std::vector<const Node*> nodes;
  for (const std::string& name : of_.nodes)
    if (const Node* node = cluster_.node_by_name(name); node && !is_banned(device, *node))
      nodes.push_back(node);
  if (nodes.empty()) return std::nullopt;
  const Node& node = **std::ranges::min_element(nodes, {}, rank);
  FenceStep step;
  step.node = node.name;
  step.level = choice.level;
  step.completes = &part == &choice.parts.back();
  Operation& operation = step.operation;
  operation.resource = id;
  operation.standard = device.standard;
  operation.type = device.type;
  operation.task = part.task;
  operation.target = of_.target;
  const Attributes all = schedule::parameters_on(cluster_, device, node, nullptr);
  for (const auto& [key, value] : all) operation.parameters.emplace_back(key, value);
  const auto own = parse_duration_ms(all.value_or("pcmk_" + part.task + "_timeout", ""));
  const Attributes& options = cluster_.options.all;
  const auto general = options.value_or("stonith-timeout", options.value_or("fencing-timeout", ""));
  operation.timeout =
      std::chrono::milliseconds(own ? *own : parse_duration_ms(general).value_or(usual_timeout_ms));
  return step;
}

// Nothing, if it failed or cannot be begun, or if all of it was done.
std::optional<FenceStep> next_of(Devices& devices, const Choice& choice, const Fencing& of,
                                 pugi::xml_node so_far) {
  for (const Part& part : choice.parts) {
    const Tried tried =
        tried_before(so_far, choice.level, attribute(part.device->xml, "id"), part.task);
    const bool on_again = of.action == "reboot" && part.task == "on";
    if (tried == Tried::succeeded || (tried == Tried::failed && on_again)) continue;
    return tried == Tried::failed ? std::nullopt : devices.step(choice, part);
  }
  return std::nullopt;
}

}  // namespace

std::optional<FenceStep> next_step(pugi::xml_node cib, const Fencing& of) {
  Devices devices(cib, of);
  const pugi::xml_node so_far = fencing_under_way(cib, of.target);
  for (const Choice& choice : devices.choices())
    if (auto step = next_of(devices, choice, of, so_far)) return step;
  return std::nullopt;
}

}  // namespace gyre::rm::control
