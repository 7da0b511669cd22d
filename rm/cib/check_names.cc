#include <fmt/format.h>

#include <string_view>
#include <unordered_map>
#include <unordered_set>

#include "rm/cib/checks.hh"
#include "rm/cib/kinds.hh"

namespace gyre::rm {

namespace {

std::string_view text(pugi::xml_node node, const char* attribute) {
  return node.attribute(attribute).value();
}

// Whom a constraint may name: resources, but for those in a clone, which has many of them under one
// name, until one of them has run anywhere; templates with a resource made of them; tags.
class Names {
 public:
  explicit Names(const Document& document) {
    const auto configuration = document.configuration();
    for (const auto top : configuration.child("resources")) {
      const std::string_view kind = top.name();
      if (kind == "template")
        templates_.insert(text(top, "id"));
      else if (kind == "clone" || kind == "master")
        walk(top, false);
      else
        walk(top, true);
    }
    for (const auto tag : configuration.child("tags")) tags_.insert(text(tag, "id"));
    for (const auto node : document.status().children("node_state"))
      for (const auto ran : node.child("lrm").child("lrm_resources").children("lrm_resource"))
        inside_.erase(text(ran, "id"));
  }

  // Empty: it may be named. Otherwise what to do about it.
  std::string_view advice(std::string_view name) const {
    if (name.empty()) return {};
    if (inside_.contains(name)) return "it is in a clone: name the clone";
    if (templates_.contains(name) && !used_.contains(name)) return "no resource is made of it";
    return {};
  }
  bool is_many(std::string_view name) const {
    return !name.empty() && (templates_.contains(name) || tags_.contains(name));
  }

 private:
  void walk(pugi::xml_node resource, bool may_be_named) {
    struct Walker : pugi::xml_tree_walker {
      Names* names;
      bool may_be_named;
      bool for_each(pugi::xml_node& node) override {
        const std::string_view kind = node.name();
        if (kind == "primitive" || kind == "group") names->take(node, may_be_named);
        return true;
      }
    } walker;
    walker.names = this;
    walker.may_be_named = may_be_named;
    take(resource, true);
    resource.traverse(walker);
  }
  void take(pugi::xml_node resource, bool may_be_named) {
    if (!may_be_named) inside_.insert(text(resource, "id"));
    if (resource.attribute("template")) used_.insert(text(resource, "template"));
  }

  std::unordered_set<std::string_view> inside_, templates_, used_, tags_;
};

void check_constraint(pugi::xml_node constraint, const Names& names, Findings& findings) {
  const std::string id = shown(text(constraint, "id"));
  for (const char* role : {"rsc", "with-rsc", "first", "then"}) {
    const auto name = text(constraint, role);
    if (const auto advice = names.advice(name); !advice.empty())
      findings.error(constraint,
                     fmt::format("Ignoring constraint '{}' because '{}' is not a valid resource or "
                                 "tag",
                                 id, shown(name)),
                     std::string(advice));
  }
  for (const auto set : constraint.children("resource_set"))
    for (const auto reference : set.children("resource_ref"))
      if (const auto advice = names.advice(text(reference, "id")); !advice.empty())
        findings.error(
            reference,
            fmt::format("Ignoring resource sets for constraint '{}' because '{}' is not a "
                        "valid resource or tag",
                        id, shown(text(reference, "id"))),
            std::string(advice));
  if (names.is_many(text(constraint, "rsc")) && names.is_many(text(constraint, "with-rsc")))
    findings.error(constraint,
                   fmt::format("Ignoring constraint '{}' because two templates or tags cannot be "
                               "colocated",
                               id),
                   "name a resource for one of them, or use sets");
}

}  // namespace

void check_names(const Document& document, Findings& findings) {
  const Names names(document);
  for (const auto constraint : document.configuration().child("constraints"))
    if (constraint.type() == pugi::node_element) check_constraint(constraint, names, findings);
}

}  // namespace gyre::rm
