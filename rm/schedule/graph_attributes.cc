#include "rm/schedule/graph_attributes.hh"

#include <algorithm>
#include <map>

#include "rm/cib/iso8601.hh"
#include "rm/schedule/create.hh"
#include "rm/schedule/unpack.hh"

namespace gyre::rm::schedule {

namespace {

using Sorted = std::map<std::string, std::string>;

std::string meta_name(std::string_view name) {
  std::string text = "CRM_meta_";
  text += name;
  std::ranges::replace(text, '-', '_');
  return text;
}

const char* truth(bool value) {
  return value ? "true" : "false";
}

std::string_view without_number(std::string_view id) {
  return id.substr(0, id.rfind(':'));
}

void write_agent(XmlText& text, const Resource& resource) {
  const std::string_view name = resource.xml.name();
  text.out += "        <";
  text.out += name == "lrm_resource" ? "primitive" : name;
  text.attribute("id", name_for_agent(resource));
  if (resource.in_clone() && (!resource.topmost()->unique || resource.orphan))
    text.attribute("long-id", resource.id);
  text.attribute("class", resource.standard);
  if (!resource.provider.empty()) text.attribute("provider", resource.provider);
  text.attribute("type", resource.type);
  text.out += "/>\n";
}

void add_clone(const Action& action, Sorted& into) {
  const Resource* clone = action.resource;
  while (clone && !clone->is(Kind::clone)) clone = clone->parent;
  if (!clone) return;
  const auto add = [&](const char* name, auto value) {
    if constexpr (std::is_same_v<decltype(value), bool>)
      into[meta_name(name)] = truth(value);
    else
      into[meta_name(name)] = std::to_string(value);
  };
  if (action.resource != clone) {
    const std::string_view id = action.resource->id;
    into["CRM_meta_clone"] = id.substr(id.rfind(':') + 1);
  }
  add("clone-max", clone->clone_max);
  add("clone-node-max", clone->clone_node_max);
  add("globally-unique", clone->unique);
  add("notify", clone->notify);
  if (!clone->promotable) return;
  for (const char* name : {"promoted-max", "master-max"}) add(name, clone->promoted_max);
  for (const char* name : {"promoted-node-max", "master-node-max"})
    add(name, clone->promoted_node_max);
}

// Times are told in milliseconds.
std::string told(std::string_view name, std::string_view value) {
  const bool time = name == "interval" || name == "timeout" || name == "start-delay";
  if (!time) return std::string(value);
  return std::to_string(parse_interval_ms(value).value_or(0));
}

// A probe without an own word takes the time that the most frequent monitor has.
const Operation* most_frequent_monitor(const Resource& resource) {
  const Operation* found = nullptr;
  for (const Operation& operation : resource.operations)
    if (operation.name == "monitor" && operation.interval_ms > 0 && operation.enabled &&
        (!found || operation.interval_ms < found->interval_ms))
      found = &operation;
  return found;
}

void add_operation(Cluster& cluster, const Action& action, Sorted& into) {
  const Resource* resource = action.resource;
  const auto task = action.cancelled_task.empty() ? action.task : action.cancelled_task;
  std::string timeout;
  if (resource) {
    const bool probe = task == "monitor" && action.interval_ms == 0;
    const Operation* operation =
        probe && !action.operation ? most_frequent_monitor(*resource) : action.operation;
    timeout = operation_option(cluster, *resource, operation, task, action.interval_ms, "timeout");
  }
  if (action.operation && action.cancelled_task.empty())
    for (auto a : action.operation->xml.attributes()) {
      const std::string_view name = a.name();
      const bool once = name == "interval" && action.interval_ms == 0;
      if (name != "id" && name != "description" && !once)
        into[meta_name(name)] = told(name, a.value());
    }
  into["CRM_meta_timeout"] = timeout.empty() ? "20000" : told("timeout", timeout);
  if (!action.cancelled_task.empty()) {
    into["CRM_meta_interval"] = std::to_string(action.interval_ms);
    into["CRM_meta_operation"] = task;
  }
}

void add_migration(const Action& action, Sorted& into) {
  if (action.task != "migrate_to" && action.task != "migrate_from") return;
  const Resource& resource = *action.resource;
  const Node* source = resource.migration_source     ? resource.migration_source
                       : resource.running_on.empty() ? nullptr
                                                     : resource.running_on.front();
  if (source) into["CRM_meta_migrate_source"] = source->name;
  if (resource.assigned_to) into["CRM_meta_migrate_target"] = resource.assigned_to->name;
}

Sorted attributes_of(Cluster& cluster, const Action& action) {
  Sorted all;
  const bool fencing = action.task == "stonith";
  if (action.resource && action.node && !action.pseudo && action.resource->is(Kind::primitive))
    for (const auto& [name, value] :
         parameters_on(cluster, *action.resource, *action.node, action.operation))
      all[std::string(name)] = value;
  if (action.resource) add_clone(action, all);
  if (!fencing && action.task != "do_shutdown") add_operation(cluster, action, all);
  if (action.node && !action.pseudo) {
    all["CRM_meta_on_node"] = action.node->name;
    all["CRM_meta_on_node_uuid"] = action.node->id;
  }
  if (action.target_rc >= 0) all["CRM_meta_op_target_rc"] = std::to_string(action.target_rc);
  if (fencing) all["CRM_meta_stonith_action"] = cluster.options.fence_action;
  if (action.task == "clear_failcount" || action.task == "do_shutdown")
    all["CRM_meta_op_no_wait"] = "true";
  add_migration(action, all);
  for (const auto& [name, value] : action.meta) all[std::string(name)] = value;
  return all;
}

// A name that cannot be an attribute's is a value itself.
void write_attributes(XmlText& text, const Sorted& all) {
  const auto numbered = [](const auto& each) {
    return each.first[0] >= '0' && each.first[0] <= '9';
  };
  text.out += "        <attributes";
  for (const auto& each : all)
    if (!numbered(each)) text.attribute(each.first, each.second);
  if (std::ranges::none_of(all, numbered)) {
    text.out += "/>\n";
    return;
  }
  text.out += ">\n";
  for (const auto& each : all) {
    if (!numbered(each)) continue;
    text.out += "          <param";
    text.attribute("name", each.first);
    text.attribute("value", each.second);
    text.out += "/>\n";
  }
  text.out += "        </attributes>\n";
}

}  // namespace

std::string_view name_for_agent(const Resource& resource) {
  if (resource.orphan && !resource.history_name.empty()) return resource.history_name;
  const bool anonymous = resource.in_clone() && !resource.topmost()->unique;
  return anonymous ? without_number(resource.id) : resource.id;
}

void write_details(XmlText& text, Cluster& cluster, const Action& action) {
  const bool of_primitive =
      action.resource && action.resource->is(Kind::primitive) && !action.pseudo;
  if (of_primitive) write_agent(text, *action.resource);
  write_attributes(text, attributes_of(cluster, action));
  if (action.task != "stonith" || action.key.ends_with("-on")) return;
  text.out += "        <downed>\n          <node";
  text.attribute("id", action.node->id);
  text.out += "/>\n        </downed>\n";
}

}  // namespace gyre::rm::schedule
