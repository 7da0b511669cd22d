// Parameters of a resource, set and removed by crm_resource; and resources, removed.
#include <fmt/format.h>

#include <cstdio>
#include <vector>

#include "rm/cib/pairs.hh"
#include "rm/shell/exits.hh"
#include "rm/shell/resource.hh"

namespace gyre::rm::shell {

namespace {

const char* set_element(const ResourceTask& task) {
  return task.meta ? "meta_attributes" : task.utilization ? "utilization" : "instance_attributes";
}

pugi::xml_node find_resource(const Document& document, const std::string& id) {
  const auto found =
      document.configuration().child("resources").find_node([&](pugi::xml_node node) {
        const std::string_view name = node.name();
        return node.attribute("id").value() == id &&
               (name == "primitive" || name == "group" || name == "clone" || name == "master" ||
                name == "bundle" || name == "template");
      });
  if (!found)
    throw Refused(exits::no_such_object, fmt::format("Resource '{}' is not configured", id));
  return found;
}

// Where it is set. What all instances of a clone are told beside their parameters the clone is
// told.
std::string target(Cluster& cluster, const ResourceTask& task) {
  View view(cluster);
  const schedule::Resource& found = view.resource(task.resource);
  if (!task.meta || task.force || !found.is_instance()) return found.xml.attribute("id").value();
  const std::string clone = found.parent->id;
  if (!task.quiet)
    fmt::print("Performing {} of '{}' on '{}', the parent of '{}'\n",
               task.what == 'p' ? "update" : "delete", task.argument, clone, task.resource);
  return clone;
}

std::vector<pugi::xml_node> find_pairs(pugi::xml_node resource, const ResourceTask& task) {
  auto found = pairs_named(resource, set_element(task), task.argument);
  std::erase_if(found, [&](pugi::xml_node pair) {
    return (!task.id.empty() && pair.attribute("id").value() != task.id) ||
           (!task.set.empty() && pair.parent().attribute("id").value() != task.set);
  });
  if (found.size() > 1) {
    fmt::print("Multiple attributes match name={}\n", task.argument);
    for (const auto pair : found)
      fmt::print("  Value: {} \t(id={})\n", pair.attribute("value").value(),
                 pair.attribute("id").value());
    throw Refused(exits::several, "choose one of them with --nvpair, by its id");
  }
  return found;
}

std::string update(pugi::xml_node resource, const ResourceTask& task) {
  const auto found = find_pairs(resource, task);
  if (!found.empty()) {
    auto value = found.front().attribute("value");
    if (!value) value = pugi::xml_node(found.front()).append_attribute("value");
    value = task.value->c_str();
    return fmt::format("id={} name={}", found.front().attribute("id").value(), task.argument);
  }
  const std::string set =
      !task.set.empty() ? task.set
                        : fmt::format("{}-{}", resource.attribute("id").value(), set_element(task));
  auto pair = add_pair(child_with_id(resource, set_element(task), set), task.argument, *task.value);
  if (!task.id.empty()) pair.attribute("id") = task.id.c_str();
  return fmt::format("id={} set={} name={}", pair.attribute("id").value(), set, task.argument);
}

void remove_resource(Cluster& cluster, const ResourceTask& task) {
  if (task.type.empty()) throw Refused(exits::usage, "You need to specify a resource type with -t");
  make_change(cluster, [&](Document& document) {
    auto found = find_resource(document, task.resource);
    if (task.type != found.name())
      throw Refused(exits::no_such_object,
                    fmt::format("{} is a {}, not a {}", task.resource, found.name(), task.type));
    found.parent().remove_child(found);
  });
}

}  // namespace

void set_parameter(Cluster& cluster, const ResourceTask& task) {
  if (task.what == 'D') return remove_resource(cluster, task);
  if (task.what == 'p' && !task.value)
    throw Refused(exits::usage, "You need to supply a value with the -v option");
  const auto id = target(cluster, task);
  std::string done;
  make_change(cluster, [&](Document& document) {
    const auto resource = find_resource(document, id);
    if (task.what == 'p') {
      done = fmt::format("Set '{}' option: {} value={}\n", id, update(resource, task), *task.value);
      return;
    }
    done.clear();
    for (auto pair : find_pairs(resource, task)) {
      done = fmt::format("Deleted '{}' option: id={} name={}\n", id, pair.attribute("id").value(),
                         task.argument);
      pair.parent().remove_child(pair);
    }
  });
  if (!task.quiet) std::fputs(done.c_str(), stdout);
}

}  // namespace gyre::rm::shell
