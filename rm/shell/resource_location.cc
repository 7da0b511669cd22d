// Constraints that move a resource or keep it off a node, made and removed by crm_resource. One
// with a lifetime ceases to count by itself.
#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <ctime>
#include <vector>

#include "rm/cib/edit.hh"
#include "rm/cib/iso8601.hh"
#include "rm/schedule/model.hh"
#include "rm/shell/exits.hh"
#include "rm/shell/resource.hh"
#include "rm/show/words.hh"

namespace gyre::rm::shell {

namespace {

using schedule::Kind;
using schedule::Resource;
using schedule::Role;

struct Where {
  std::vector<std::string> active, promoted;  // names of nodes
};

void add(Where& where, const Resource& resource) {
  for (const Resource* one : resource.children) add(where, *one);
  if (!resource.is(Kind::primitive)) return;
  for (const auto* node : resource.running_on) {
    const std::string name(node->name);
    if (std::ranges::count(where.active, name) == 0) where.active.push_back(name);
    if (resource.role == Role::promoted && std::ranges::count(where.promoted, name) == 0)
      where.promoted.push_back(name);
  }
}

// The one node that is meant if none is told; empty: no one can say.
std::string current(const Where& where) {
  if (where.active.size() == 1) return where.active.front();
  return where.promoted.size() == 1 ? where.promoted.front() : "";
}

std::string prefer_id(const ResourceTask& task) {
  return "cli-prefer-" + task.resource;
}
std::string ban_id(const ResourceTask& task, const std::string& node) {
  return fmt::format("cli-ban-{}-on-{}", task.resource, node);
}

void set(pugi::xml_node node, const char* name, const std::string& value) {
  node.append_attribute(name) = value.c_str();
}

void remove_constraint(Document& document, const std::string& id) {
  auto constraints = section(document, "constraints");
  if (auto old = constraints.find_child_by_attribute("rsc_location", "id", id.c_str()))
    constraints.remove_child(old);
}

class Constraint {
 public:
  Constraint(const ResourceTask& task, std::string id, std::string node, const char* score,
             std::string until)
      : task_(task),
        id_(std::move(id)),
        node_(std::move(node)),
        score_(score),
        until_(std::move(until)) {}

  void write(Document& document) const {
    remove_constraint(document, id_);
    auto made = make_section(document, "constraints").append_child("rsc_location");
    set(made, "id", id_);
    set(made, "rsc", task_.resource);
    set(made, "role", task_.promoted ? "Promoted" : "Started");
    if (!until_.empty()) return write_rule(made);
    set(made, "node", node_);
    set(made, "score", score_);
  }

 private:
  std::string part(const char* prefer, const char* ban) const {
    return id_ == prefer_id(task_) ? fmt::format("cli-prefer-{}-{}", prefer, task_.resource)
                                   : fmt::format("{}-{}", id_, ban);
  }
  void write_rule(pugi::xml_node made) const {
    auto rule = made.append_child("rule");
    set(rule, "id", part("rule", "rule"));
    set(rule, "score", score_);
    set(rule, "boolean-op", "and");
    auto is_node = rule.append_child("expression");
    set(is_node, "id", part("expr", "expr"));
    set(is_node, "attribute", "#uname");
    set(is_node, "operation", "eq");
    set(is_node, "value", node_);
    set(is_node, "type", "string");
    auto lives = rule.append_child("date_expression");
    set(lives, "id", part("lifetime-end", "lifetime"));
    set(lives, "operation", "lt");
    set(lives, "end", until_);
  }

  const ResourceTask& task_;
  std::string id_, node_, score_, until_;
};

std::string end_of_life(const ResourceTask& task) {
  if (task.lifetime.empty()) return {};
  const auto duration = parse_duration(task.lifetime);
  if (!duration)
    throw Refused(exits::usage,
                  fmt::format("Invalid duration specified: {}\nPlease refer to "
                              "https://en.wikipedia.org/wiki/ISO_8601#Durations for examples of "
                              "valid durations",
                              task.lifetime));
  auto until = show::instant_text(add(std::time(nullptr), *duration));
  fmt::print("Migration will take effect until: {}\n", until);
  return until;
}

Constraint ban(const ResourceTask& task, const std::string& node, const std::string& until) {
  const auto id = ban_id(task, node);
  if (!task.quiet)
    fmt::print(
        "WARNING: Creating rsc_location constraint '{0}' with a score of -INFINITY for "
        "resource {1} on {2}.\n\tThis will prevent {1} from {3} on {2} until the constraint "
        "is removed using the clear option or by editing the CIB with an appropriate "
        "tool\n\tThis will be the case even if {2} is the last node in the cluster\n",
        id, task.resource, node, task.promoted ? "being promoted" : "running");
  return {task, id, node, "-INFINITY", until};
}

// To a node, or only away from where it is.
void move_or_ban(Cluster& cluster, ResourceTask task) {
  Where where;
  {
    View view(cluster);
    const Resource& found = view.resource(task.resource);
    if (task.what == 'M' && task.promoted && !found.topmost()->promotable) {
      if (!task.quiet)
        fmt::print("Ignoring --promoted option: {} is not promotable\n", task.resource);
      task.promoted = false;
    }
    if (!task.node.empty()) view.expect_node(task.node);
    add(where, is_template_of_instances(found, task.resource) ? *found.parent : found);
  }
  const auto here = current(where);
  const bool moves = task.what == 'M' && !task.node.empty();
  if (here.empty() && task.node.empty())
    throw Refused(exits::usage,
                  fmt::format("Resource '{0}' not moved: active in {1} locations.\nTo prevent "
                              "'{0}' from running on a specific location, specify a node.",
                              task.resource, where.active.size()));
  if (moves && here == task.node && !task.force)
    throw Refused(exits::exists, fmt::format("Requested item already exists: {} is on {}",
                                             task.resource, task.node));
  const auto until = end_of_life(task);
  std::vector<Constraint> wanted;
  if (moves) wanted.emplace_back(task, prefer_id(task), task.node, "INFINITY", until);
  if (!moves || (task.force && !here.empty() && here != task.node))
    wanted.push_back(ban(task, moves || task.node.empty() ? here : task.node, until));
  make_change(cluster, [&](Document& document) {
    remove_constraint(document, prefer_id(task));
    if (moves) remove_constraint(document, ban_id(task, task.node));
    for (const Constraint& one : wanted) one.write(document);
  });
}

bool has_expired(pugi::xml_node constraint, std::int64_t now) {
  return constraint.find_node([&](pugi::xml_node node) {
    if (std::string_view(node.name()) != "date_expression") return false;
    const auto end = parse_instant(node.attribute("end").value());
    return end && *end < now;
  });
}

// What was made by moving or banning it, as far as it is meant.
bool is_to_go(pugi::xml_node constraint, const ResourceTask& task, std::int64_t now) {
  const std::string_view id = constraint.attribute("id").value();
  const bool prefers = id == prefer_id(task);
  if (constraint.attribute("rsc").value() != task.resource ||
      (!prefers && !id.starts_with(ban_id(task, ""))))
    return false;
  const std::string_view role = constraint.attribute("role").value();
  if (task.promoted && role != "Promoted" && role != "Master") return false;
  if (task.expired && !has_expired(constraint, now)) return false;
  if (task.node.empty()) return true;
  if (!prefers) return id == ban_id(task, task.node);
  std::string_view node = constraint.attribute("node").value();
  if (node.empty()) node = constraint.child("rule").child("expression").attribute("value").value();
  return node == task.node || (task.force && !task.expired);
}

void clear(Cluster& cluster, const ResourceTask& task) {
  {
    View view(cluster);
    view.resource(task.resource);
    if (!task.node.empty()) view.expect_node(task.node);
  }
  const std::int64_t now = std::time(nullptr);
  std::vector<std::string> gone;
  make_change(cluster, [&](Document& document) {
    gone.clear();
    for (auto one : section(document, "constraints").children("rsc_location"))
      if (is_to_go(one, task, now)) gone.emplace_back(one.attribute("id").value());
    for (const auto& id : gone) remove_constraint(document, id);
  });
  std::stable_partition(gone.begin(), gone.end(),
                        [&](const auto& id) { return id != prefer_id(task); });
  if (task.quiet) return;
  for (const auto& id : gone) fmt::print("Removing constraint: {}\n", id);
}

}  // namespace

void constrain(Cluster& cluster, const ResourceTask& task) {
  if (task.resource.find(':') != std::string::npos)
    throw Refused(exits::parameter,
                  fmt::format("Cannot operate on clone resource instance '{}'", task.resource));
  if (task.what == 'U') return clear(cluster, task);
  move_or_ban(cluster, task);
}

}  // namespace gyre::rm::shell
