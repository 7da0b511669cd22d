// What crm_resource prints of resources: which there are, where they are, what they are told.
#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <ctime>

#include "rm/cib/attribute_sets.hh"
#include "rm/cib/xml_text.hh"
#include "rm/schedule/history.hh"
#include "rm/schedule/plan.hh"
#include "rm/schedule/unpack.hh"
#include "rm/shell/exits.hh"
#include "rm/shell/resource.hh"
#include "rm/show/resource_text.hh"
#include "rm/show/words.hh"

namespace gyre::rm::shell {

using schedule::Kind;
using schedule::Node;
using schedule::Resource;
using schedule::Role;
using show::Outline;

View::View(Cluster& from) : document(from.read()) {
  schedule::unpack(cluster, {document.cib(), std::time(nullptr)});
}

Resource& View::resource(const std::string& id) {
  if (Resource* found = cluster.resource(id)) return *found;
  for (Resource& one : cluster.resources)
    if (one.xml.attribute("id").value() == id && one.in_clone()) return one;
  throw Refused(exits::no_such_object, fmt::format("Resource '{}' not found", id));
}

void View::expect_node(const std::string& name) {
  if (!cluster.node_by_name(name))
    throw Refused(exits::no_such_object, fmt::format("Node '{}' not found", name));
}

bool is_template_of_instances(const Resource& resource, const std::string& id) {
  return resource.in_clone() && resource.id != id;
}

namespace {

void print_list(View& view) {
  Outline out(Outline::Style::fancy);
  out.begin("Full List of Resources");
  const show::ResourceStyle style{.with_nodes = false};
  for (const Resource* one : view.cluster.top) show::resource(out, view.cluster, *one, style);
  if (view.cluster.top.empty()) out.item("No resources");
  out.end();
  std::fputs(out.take().c_str(), stdout);
}

void print_raw(const Resource& resource) {
  if (resource.is(Kind::primitive)) return fmt::print("{}\n", resource.id);
  for (const Resource* child : resource.children) print_raw(*child);
}

void print_places(const ResourceTask& task, const Resource& resource, bool& any) {
  for (const Node* node : resource.running_on) {
    any = true;
    if (task.quiet)
      fmt::print("{}\n", node->name);
    else
      fmt::print("resource {} is running on: {}{}\n", task.resource, node->name,
                 resource.role == Role::promoted ? " Promoted" : "");
  }
}

void locate(View& view, const ResourceTask& task) {
  const Resource& found = view.resource(task.resource);
  const Resource* all = is_template_of_instances(found, task.resource) ? found.parent : &found;
  bool any = false;
  if (all->is(Kind::clone))
    for (auto one = all->children.rbegin(); one != all->children.rend(); ++one)
      print_places(task, **one, any);
  else
    print_places(task, *all, any);
  if (!any) fmt::print(stderr, "resource {} is NOT running\n", task.resource);
}

// As it stands in the configuration, and what it is.
void print_xml(View& view, const ResourceTask& task) {
  const Resource& found = view.resource(task.resource);
  if (task.what == 'q' && found.xml.attribute("template"))
    throw Refused(exits::unimplemented,
                  fmt::format("{} is made of a template: --query-xml-raw shows it as it is written",
                              task.resource));
  Outline out(Outline::Style::plain);
  const show::ResourceStyle style{.inactive = found.is(Kind::primitive)};
  show::resource(out, view.cluster, found, style);
  pugi::xml_document copy;
  auto shown = copy.append_copy(found.xml);
  if (found.in_clone()) {
    const auto number = found.id.substr(found.id.rfind(':') + 1);
    shown.append_attribute("clone") = number.c_str();
    for (auto member : shown.children("primitive"))
      member.append_attribute("clone") = number.c_str();
  }
  fmt::print("{}Resource XML:\n{}", out.take(), indented_text(shown));
}

void get_parameter(View& view, const ResourceTask& task) {
  const Resource& found = view.resource(task.resource);
  Attributes own;
  if (!task.meta) {
    RuleInput input;
    input.now = view.cluster.now;
    input.ids = view.cluster.ids.get();
    gather({found.xml, schedule::template_of(view.cluster, found.xml)},
           task.utilization ? "utilization" : "instance_attributes", input, own);
  }
  if (const auto value = (task.meta ? found.meta : own).find(task.argument))
    fmt::print("{}\n", *value);
  else
    fmt::print(stderr, "Attribute '{}' not found for '{}'\n", task.argument, found.id);
}

std::string clock_text(std::int64_t seconds) {
  const std::time_t moment = seconds;
  std::tm here{};
  char text[64];
  ::localtime_r(&moment, &here);
  return {text, std::strftime(text, sizeof text, "%a %b %e %H:%M:%S %Y", &here)};
}

void print_operation(View& view, std::string_view resource, std::string_view node,
                     const schedule::OperationRecord& record) {
  std::string text;
  try {
    Outline out(Outline::Style::plain);
    const show::ResourceStyle style{.with_nodes = false};
    show::resource(out, view.cluster, view.resource(std::string(resource)), style);
    text = out.take();
    while (text.ends_with('\n')) text.pop_back();
    text += ": ";
  } catch (const Refused&) {
    // Nobody knows it any more.
  }
  text += fmt::format("{} (node={}, call={}, rc={}", record.key, node, record.call_id, record.exit);
  if (record.last_change > 0)
    text += fmt::format(", last-rc-change='{}', exec={}ms", clock_text(record.last_change),
                        record.xml.attribute("exec-time").as_llong());
  fmt::print("{}): {}\n", text, show::outcome_text(static_cast<int>(record.status)));
}

void print_operations(View& view, const ResourceTask& task) {
  for (const auto state : view.document.status().children("node_state")) {
    const std::string_view node = state.attribute("uname").value();
    if (!task.node.empty() && task.node != node) continue;
    for (const auto one : state.child("lrm").child("lrm_resources").children("lrm_resource")) {
      const std::string_view resource = one.attribute("id").value();
      if (!task.resource.empty() && task.resource != resource) continue;
      const auto records = schedule::sorted_operations(one);
      const auto first = task.what == 'O' ? schedule::active_from(records) : 0;
      for (std::size_t i = first; i < records.size(); ++i)
        print_operation(view, resource, node, records[i]);
    }
  }
}

}  // namespace

void query_resources(Cluster& cluster, const ResourceTask& task) {
  View view(cluster);
  switch (task.what) {
    case 'l':
      for (const Resource* one : view.cluster.top) print_raw(*one);
      return;
    case 'W':
      return locate(view, task);
    case 'q':
    case 'w':
      return print_xml(view, task);
    case 'g':
      return get_parameter(view, task);
    case 'O':
    case 'o':
      return print_operations(view, task);
    default:
      return print_list(view);
  }
}

}  // namespace gyre::rm::shell
