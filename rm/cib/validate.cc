#include "rm/cib/validate.hh"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <unordered_map>

#include "rm/cib/grammar.hh"
#include "rm/cib/kinds.hh"

namespace gyre::rm {

namespace {

bool is_known_schema(std::string_view name) {
  constexpr std::string_view prefix = "pacemaker-";
  if (!name.starts_with(prefix)) return false;
  name.remove_prefix(prefix.size());
  if (name == "next") return true;
  const auto dot = name.find('.');
  const auto is_number = [](std::string_view text) {
    return !text.empty() && text.size() < 4 &&
           std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
  };
  return dot != name.npos && is_number(name.substr(0, dot)) && is_number(name.substr(dot + 1));
}

Finding::Severity severity(const Attributed& rule) {
  return rule.only_warn ? Finding::Severity::warning : Finding::Severity::error;
}

class Validation {
 public:
  explicit Validation(const Document& document) : document_(document), findings_(document) {}

  std::vector<Finding> run() {
    schema();
    collect_elements();
    for (const auto& [node, rule] : elements_) collect_id(node, *rule);
    for (const auto& [node, rule] : elements_) {
      attributes(node, *rule);
      required(node, *rule);
      children(node, *rule);
    }
    return findings_.take();
  }

 private:
  void schema();
  void collect_elements();
  void collect_id(pugi::xml_node, const Element&);
  void attributes(pugi::xml_node, const Element&);
  void required(pugi::xml_node, const Element&);
  void value(pugi::xml_node, pugi::xml_attribute, const Attributed&);
  void reference(pugi::xml_node, pugi::xml_attribute, const Attributed&);
  void children(pugi::xml_node, const Element&);

  const Grammar& grammar_ = grammar();
  const Document& document_;
  Findings findings_;
  std::vector<std::pair<pugi::xml_node, const Element*>> elements_;
  std::unordered_map<std::string_view, pugi::xml_node> ids_;
};

void Validation::schema() {
  const std::string_view name = document_.cib().attribute("validate-with").value();
  if (!is_known_schema(name))
    findings_.error(
        document_.cib(),
        fmt::format("\"{}\" as validate-with: \"none\", or \"pacemaker-\" and a version, "
                    "as in \"pacemaker-3.9\", is wanted",
                    shown(name)));
}

// As far as the table knows them and lets them stand there; in the order of the document, without
// recursion.
void Validation::collect_elements() {
  std::vector<const Element*> above;
  auto node = document_.cib();
  while (node) {
    const auto found = grammar_.find(node.name());
    const bool may_be =
        found != grammar_.end() && (above.empty() || above.back()->child(node.name()) != nullptr);
    auto next = may_be ? node.first_child() : pugi::xml_node();
    if (may_be) elements_.emplace_back(node, &found->second);
    if (next) above.push_back(&found->second);
    while (!next && !above.empty()) {
      next = node.next_sibling();
      if (next) break;
      node = node.parent();
      above.pop_back();
    }
    node = next;
  }
}

void Validation::collect_id(pugi::xml_node node, const Element& rule) {
  const Attributed* const attribute = rule.attribute("id");
  const auto id = node.attribute("id");
  if (attribute == nullptr || attribute->kind != Kind::id || !id) return;
  const auto [taken, is_new] = ids_.emplace(id.value(), node);
  if (!is_new)
    findings_.error(node, fmt::format("the id \"{}\" is that of {} in line {}, too; ids are unique",
                                      shown(id.value()), path_of(taken->second),
                                      document_.line(taken->second)));
}

void Validation::attributes(pugi::xml_node node, const Element& rule) {
  for (const auto attribute : node.attributes()) {
    if (const Attributed* const known = rule.attribute(attribute.name())) {
      value(node, attribute, *known);
      continue;
    }
    std::vector<std::string_view> names;
    for (const Attributed& one : rule.attributes) names.push_back(one.name);
    findings_.error(node,
                    fmt::format("attribute \"{}\" is not known here; {}", shown(attribute.name()),
                                names.empty() ? "there is none" : "there may be " + listed(names)));
  }
}

bool has(pugi::xml_node node, std::string_view part) {
  if (!part.starts_with('<')) return node.attribute(std::string(part).c_str());
  return node.child(std::string(part.substr(1, part.size() - 2)).c_str());
}

void Validation::required(pugi::xml_node node, const Element& rule) {
  const auto there = [node](std::string_view part) { return has(node, part); };
  for (const auto& [attribute, value, alternatives] : rule.required) {
    if (!attribute.empty() && !there(attribute)) continue;
    if (!value.empty() && value != node.attribute(std::string(attribute).c_str()).value()) continue;
    if (std::ranges::none_of(alternatives, there))
      findings_.error(node, fmt::format("there is no {}, and {} be", listed(alternatives, ", no "),
                                        alternatives.size() > 1 ? "one must" : "it must"));
  }
  for (const auto& parts : rule.exclusive)
    if (std::ranges::count_if(parts, there) > 1)
      findings_.error(node, fmt::format("there may be only one of {}", listed(parts)));
}

void Validation::value(pugi::xml_node node, pugi::xml_attribute attribute, const Attributed& rule) {
  if (rule.kind == Kind::ref || rule.kind == Kind::resource || rule.kind == Kind::model)
    return reference(node, attribute, rule);
  if (!is_of_kind(attribute.value(), rule))
    findings_.add(severity(rule), node,
                  fmt::format("\"{}\" as {}: {} is wanted", shown(attribute.value()),
                              attribute.name(), wanted(rule)));
}

void Validation::reference(pugi::xml_node node, pugi::xml_attribute attribute,
                           const Attributed& rule) {
  const auto found = ids_.find(attribute.value());
  if (found == ids_.end())
    return findings_.add(severity(rule), node,
                         fmt::format("\"{}\" as {}: no element has this id",
                                     shown(attribute.value()), attribute.name()));
  constexpr std::string_view resources[] = {"primitive", "group",    "clone", "master",
                                            "bundle",    "template", "tag"};
  const std::string_view name = found->second.name();
  const bool fits = rule.kind == Kind::resource
                        ? std::ranges::find(resources, name) != std::end(resources)
                        : rule.kind == Kind::ref || name == "template";
  if (!fits)
    findings_.error(
        node, fmt::format("\"{}\" as {}: that is {}, and a {} is wanted", shown(attribute.value()),
                          attribute.name(), path_of(found->second),
                          rule.kind == Kind::model ? "template" : "resource"));
}

void Validation::children(pugi::xml_node node, const Element& rule) {
  std::vector<std::size_t> counts(rule.children.size());
  for (const auto child : node) {
    if (child.type() != pugi::node_element) {
      findings_.error(node, "there is text in it");
      continue;
    }
    if (const Counted* const known = rule.child(child.name())) {
      ++counts[static_cast<std::size_t>(known - rule.children.data())];
      continue;
    }
    std::vector<std::string_view> names;
    for (const Counted& one : rule.children)
      names.insert(names.end(), one.names.begin(), one.names.end());
    findings_.error(child, fmt::format("is not known here; in <{}> {}", node.name(),
                                       names.empty() ? "there is no element"
                                                     : "there may be " + elements(names)));
  }
  for (std::size_t i = 0; i < counts.size(); ++i) {
    const auto& [names, least, most] = rule.children[i];
    if (counts[i] < least)
      findings_.error(node, fmt::format("{} is missing in it", elements(names, " or ")));
    if (counts[i] > most)
      findings_.error(node, fmt::format("{} times {} in it, and once is the most", counts[i],
                                        elements(names, " or ")));
  }
}

}  // namespace

bool to_be_validated(const Document& document) {
  const std::string_view schema = document.cib().attribute("validate-with").value();
  return !schema.empty() && schema != "none";
}

std::vector<Finding> validate(const Document& document) {
  if (!to_be_validated(document)) return {};
  return Validation(document).run();
}

}  // namespace gyre::rm
