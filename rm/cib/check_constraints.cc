#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "rm/cib/checks.hh"
#include "rm/cib/kinds.hh"
#include "rm/cib/order_circles.hh"
#include "rm/cib/pattern.hh"
#include "rm/cib/values.hh"

namespace gyre::rm {

namespace {

std::string_view text(pugi::xml_node node, const char* attribute) {
  return node.attribute(attribute).value();
}

// What was said first of two things together, with one extreme score.
class Extremes {
 public:
  using Key = std::pair<std::string_view, std::string_view>;

  // The constraint that says the opposite of them.
  pugi::xml_node contradicted(Key key, Score score, pugi::xml_node constraint) {
    if (score.finite()) return {};
    seen_[score.is_infinity()].emplace(key, constraint);
    const auto& others = seen_[!score.is_infinity()];
    const auto found = others.find(key);
    return found == others.end() ? pugi::xml_node() : found->second;
  }

 private:
  std::map<Key, pugi::xml_node> seen_[2];
};

void check_colocations(pugi::xml_node constraints, Findings& findings) {
  Extremes extremes;
  for (const auto constraint : constraints.children("rsc_colocation")) {
    if (const auto influence = constraint.attribute("influence");
        influence && !parse_boolean(influence.value()))
      findings.error(constraint,
                     fmt::format("Constraint '{}' has invalid value for influence (using default)",
                                 shown(text(constraint, "id"))),
                     "true or false is wanted");
    const auto dependent = text(constraint, "rsc"), primary = text(constraint, "with-rsc");
    if (dependent.empty()) continue;
    const Score score = parse_score(text(constraint, "score")).value_or(Score());
    if (dependent == primary)
      findings.add(Finding::Severity::note, constraint,
                   fmt::format("{} with itself says nothing", shown(dependent)));
    if (constraint.attribute("rsc-role") || constraint.attribute("with-rsc-role") ||
        constraint.attribute("node-attribute"))
      continue;
    const Extremes::Key key = std::minmax(dependent, primary);
    if (const auto other = extremes.contradicted(key, score, constraint))
      findings.add(Finding::Severity::note, constraint,
                   fmt::format("{} and {} must be together and must not: {} says the opposite",
                               shown(dependent), shown(primary), path_of(other)),
                   "they never run at the same time; leave one of the constraints out");
  }
}

bool is_pattern(std::string_view pattern) {
  if (pattern.starts_with('!')) pattern.remove_prefix(1);
  return Pattern::compile(pattern).has_value();
}

void check_locations(pugi::xml_node constraints, Findings& findings) {
  Extremes extremes;
  for (const auto constraint : constraints.children("rsc_location")) {
    const std::string_view pattern = text(constraint, "rsc-pattern");
    if (!pattern.empty() && !is_pattern(pattern))
      findings.error(constraint,
                     fmt::format("Ignoring constraint '{}' because rsc-pattern has invalid value "
                                 "'{}'",
                                 shown(text(constraint, "id")), shown(pattern)),
                     "a POSIX extended regular expression is wanted");
    const auto resource = text(constraint, "rsc"), node = text(constraint, "node");
    if (resource.empty() || node.empty() || constraint.attribute("role")) continue;
    const Score score = parse_score(text(constraint, "score")).value_or(Score());
    if (const auto other = extremes.contradicted({resource, node}, score, constraint))
      findings.add(Finding::Severity::note, constraint,
                   fmt::format("{} must be on {} and must not: {} says the opposite",
                               shown(resource), shown(node), path_of(other)),
                   "-INFINITY counts; leave one of the constraints out");
  }
}

void check_rules(pugi::xml_node constraints, Findings& findings) {
  for (const auto constraint : constraints.children("rsc_location"))
    for (const auto rule : constraint.children("rule")) {
      if (const auto role = rule.attribute("role"); role && !is_role(role.value()))
        findings.error(rule,
                       fmt::format("Bad role specified for {}: {}", shown(text(rule, "id")),
                                   shown(role.value())),
                       "Started, Stopped, Promoted or Unpromoted is wanted");
      if (!rule.attribute("score") && !rule.attribute("score-attribute") &&
          !rule.attribute("id-ref"))
        findings.error(
            rule, fmt::format("Rule {}: no score specified.  Assuming 0.", shown(text(rule, "id"))),
            "give it a score");
    }
}

void check_orders(const Document& document, Findings& findings) {
  for (const auto constraint : document.configuration().child("constraints").children("rsc_order"))
    if (constraint.attribute("first") && text(constraint, "first") == text(constraint, "then") &&
        text(constraint, "first-action") == text(constraint, "then-action"))
      findings.error(constraint,
                     fmt::format("{} cannot come before itself", shown(text(constraint, "first"))));
  for (const OrderCircle& circle : find_order_circles(document))
    findings.add(
        Finding::Severity::note, circle.constraint,
        fmt::format("in this order each waits for the next, and none ever starts: {}", circle.text),
        "leave one of the orders out, or make it kind=\"Optional\"");
}

}  // namespace

void check_constraints(const Document& document, Findings& findings) {
  const auto constraints = document.configuration().child("constraints");
  check_locations(constraints, findings);
  check_rules(constraints, findings);
  check_colocations(constraints, findings);
  check_orders(document, findings);
}

}  // namespace gyre::rm
