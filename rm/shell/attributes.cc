#include "rm/shell/attributes.hh"

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>

#include "rm/cib/edit.hh"
#include "rm/cib/pairs.hh"
#include "rm/cib/pattern.hh"
#include "rm/shell/exits.hh"

namespace gyre::rm::shell {

namespace {

using What = AttributeTask::What;

bool of_node(const AttributeTask& task) {
  return task.scope == "nodes" || task.scope == "status";
}

std::string id_of(const Document& document, const AttributeTask& task) {
  const auto id = id_of_node(document, task.node);
  if (id.empty())
    throw Refused(exits::no_such_object,
                  fmt::format("Could not map name={} to a UUID: there is no such node", task.node));
  return id;
}

const char* set_element(const AttributeTask& task) {
  return task.utilization             ? "utilization"
         : task.scope == "crm_config" ? "cluster_property_set"
         : of_node(task)              ? "instance_attributes"
                                      : "meta_attributes";
}

// What the sets are children of. Null: it is not there.
pugi::xml_node parent_of_sets(const Document& document, const AttributeTask& task) {
  const auto scope = section(document, task.scope);
  if (!of_node(task)) return scope;
  const auto id = id_of(document, task);
  const bool status = task.scope == "status";
  const auto node = scope.find_child_by_attribute(status ? "node_state" : "node", "id", id.c_str());
  return status ? node.child("transient_attributes") : node;
}

pugi::xml_node make_parent_of_sets(Document& document, const AttributeTask& task) {
  if (const auto found = parent_of_sets(document, task)) return found;
  auto scope = make_section(document, task.scope);
  if (!of_node(task)) return scope;
  const auto id = id_of(document, task);
  auto state = scope.find_child_by_attribute("node_state", "id", id.c_str());
  if (!state || task.scope != "status")
    throw Refused(
        exits::no_such_object,
        fmt::format("No such device or address: node {} is not in <{}>", task.node, task.scope));
  return child_with_id(state, "transient_attributes", id);
}

std::string default_set(const Document& document, const AttributeTask& task) {
  if (task.scope == "crm_config") return "cib-bootstrap-options";
  if (!of_node(task)) return task.scope + "-options";
  return fmt::format("{}-{}{}", task.scope, id_of(document, task),
                     task.utilization ? "-utilization" : "");
}

std::vector<pugi::xml_node> pairs(const Document& document, const AttributeTask& task) {
  std::optional<Pattern> pattern;
  if (task.pattern) {
    auto compiled = Pattern::compile(*task.pattern);
    if (!compiled)
      throw Refused(exits::usage, fmt::format("\"{}\" is no regular expression", *task.pattern));
    pattern = std::move(*compiled);
  }
  const auto fits = [](const std::optional<std::string>& wanted, pugi::xml_attribute value) {
    return !wanted || *wanted == value.value();
  };
  std::vector<pugi::xml_node> found;
  for (const auto set : parent_of_sets(document, task).children(set_element(task)))
    for (const auto pair : set.children("nvpair"))
      if (fits(task.set, set.attribute("id")) && fits(task.name, pair.attribute("name")) &&
          fits(task.id, pair.attribute("id")) &&
          (!pattern || pattern->matches(pair.attribute("name").value())))
        found.push_back(pair);
  return found;
}

void print_several(const AttributeTask& task, const std::vector<pugi::xml_node>& found) {
  fmt::print("Multiple attributes match name={}\n", task.name.value_or(""));
  for (const auto pair : found)
    fmt::print("  Value: {} \t(id={})\n", pair.attribute("value").value(),
               pair.attribute("id").value());
  throw Refused(exits::several,
                "Please choose from one of the matches above and supply the 'id' with --id");
}

void update(Document& document, const AttributeTask& task) {
  const auto found = pairs(document, task);
  if (found.size() > 1 && !task.pattern) print_several(task, found);
  for (auto pair : found) {
    auto value = pair.attribute("value");
    if (!value) value = pair.append_attribute("value");
    value = counted_on(task.value, value.value()).c_str();
  }
  if (!found.empty() || task.pattern) return;
  if (!task.name) throw Refused(exits::usage, "the attribute has no name yet: give it with --name");
  auto parent = make_parent_of_sets(document, task);
  auto set =
      child_with_id(parent, set_element(task), task.set.value_or(default_set(document, task)));
  auto pair = add_pair(set, *task.name, counted_on(task.value, ""));
  if (task.id) pair.attribute("id") = task.id->c_str();
}

void remove(Document& document, const AttributeTask& task) {
  const auto found = pairs(document, task);
  if (found.size() > 1 && !task.pattern) print_several(task, found);
  for (auto pair : found) pair.parent().remove_child(pair);
}

void query(Cluster& cluster, const AttributeTask& task) {
  auto found = find_attributes(cluster.read(), task);
  if (found.empty() && task.otherwise)
    found.push_back({task.name.value_or(""), *task.otherwise, task.id.value_or("")});
  if (found.empty()) throw Refused(exits::no_such_object, "No such device or address");
  for (const auto& [name, value, id] : found) {
    if (task.quiet)
      fmt::print("{}\n", value);
    else
      fmt::print("scope={} {} name={} value={}\n", task.scope, task.id ? "id=" + id : "", name,
                 value);
  }
}

}  // namespace

std::string node_name(Cluster& cluster, const std::string& told) {
  return told.empty() || told == "localhost" || told == "auto" ? cluster.local_node() : told;
}

std::vector<Found> find_attributes(const Document& document, const AttributeTask& task) {
  std::vector<Found> found;
  for (const auto pair : pairs(document, task))
    found.push_back({pair.attribute("name").value(), pair.attribute("value").value(),
                     pair.attribute("id").value()});
  return found;
}

void do_attribute(Cluster& cluster, const AttributeTask& task) {
  if (task.what == What::query) return query(cluster, task);
  std::vector<Found> before;
  const bool simple = task.scope == "status" && task.name && !task.set && !task.id &&
                      !task.pattern && !task.utilization;
  if (task.what == What::remove) before = find_attributes(cluster.read(), task);
  if (simple)
    cluster.change(AttributeChange{
        task.node, *task.name, task.what == What::update ? std::optional(task.value) : std::nullopt,
        true});
  else
    make_change(cluster, [&](Document& document) {
      task.what == What::update ? update(document, task) : remove(document, task);
    });
  if (task.quiet) return;
  for (const auto& [name, value, id] : before)
    fmt::print("Deleted {} {}: id={}{} name={}\n", task.scope,
               task.scope == "crm_config" ? "option" : "attribute", id,
               task.set ? " set=" + *task.set : "", name);
}

}  // namespace gyre::rm::shell
