#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <vector>

#include "rm/cib/checks.hh"
#include "rm/cib/iso8601.hh"
#include "rm/cib/kinds.hh"
#include "rm/cib/values.hh"

namespace gyre::rm {

namespace {

constexpr std::string_view roles_advice =
    "Started, Stopped, or, in a promotable clone, Promoted or Unpromoted is wanted";

std::string_view text(pugi::xml_node node, const char* attribute) {
  return node.attribute(attribute).value();
}

// A value that stands directly in a meta attribute of the resource. Null: there is none.
pugi::xml_node find_meta(pugi::xml_node resource, std::string_view name) {
  for (const auto set : resource.children("meta_attributes"))
    for (const auto nvpair : set.children("nvpair"))
      if (text(nvpair, "name") == name && nvpair.attribute("value")) return nvpair;
  return {};
}

// A resource and what it is in.
struct Place {
  pugi::xml_node resource;
  bool promotable;  // or in one that is
};

bool is_promotable(pugi::xml_node resource) {
  const std::string_view kind = resource.name();
  return kind == "master" || kind == "bundle" ||
         parse_boolean(text(find_meta(resource, "promotable"), "value")).value_or(false);
}

void check_target_role(const Place& place, pugi::xml_node nvpair, Findings& findings) {
  const auto value = text(nvpair, "value");
  const auto is = [&](auto... words) { return (equal_ignoring_case(value, words) || ...); };
  if (is("Started", "Stopped", "#default")) return;
  const bool of_promotable = is("Promoted", "Unpromoted", "Master", "Slave");
  if (of_promotable && place.promotable) return;
  findings.error(
      nvpair,
      fmt::format("Ignoring 'target-role' for {} because '{}' {}",
                  shown(text(place.resource, "id")), shown(value),
                  of_promotable ? "only makes sense for promotable clones" : "is not valid"),
      std::string(roles_advice));
}

void check_meta(const Place& place, bool fencing, Findings& findings) {
  const auto resource = place.resource;
  if (const auto role = find_meta(resource, "target-role"))
    check_target_role(place, role, findings);
  const std::string id = shown(text(resource, "id"));
  if (const auto requires_what = find_meta(resource, "requires")) {
    const auto value = text(requires_what, "value");
    const auto is = [&](auto... words) { return (equal_ignoring_case(value, words) || ...); };
    if (!is("nothing", "quorum", "fencing", "unfencing"))
      findings.error(requires_what,
                     fmt::format("Resetting 'requires' for {} to '{}' because '{}' is not valid",
                                 id, fencing ? "fencing" : "quorum", shown(value)),
                     "nothing, quorum, fencing or unfencing is wanted");
    else if (!fencing && is("fencing", "unfencing"))
      findings.add(Finding::Severity::warning, requires_what,
                   fmt::format("{} requires fencing but fencing is disabled", id));
  }
  if (const auto active = find_meta(resource, "multiple-active")) {
    const auto value = text(active, "value");
    const auto is = [&](auto... words) { return (equal_ignoring_case(value, words) || ...); };
    if (!is("stop_start", "block", "stop_only", "stop_unexpected"))
      findings.add(Finding::Severity::warning, active,
                   fmt::format("{} is not a valid value for multiple-active, using default of "
                               "\"stop_start\"",
                               shown(value)),
                   "stop_start, block, stop_only or stop_unexpected is wanted");
  }
}

void check_on_fail(pugi::xml_node resource, pugi::xml_node op, bool fencing, Findings& findings) {
  const auto on_fail = text(op, "on-fail"), name = text(op, "name");
  const std::string id = shown(text(resource, "id"));
  if (on_fail == "fence" && !fencing) {
    const auto interval = parse_interval_ms(text(op, "interval")).value_or(0);
    findings.error(op,
                   fmt::format("Resetting 'on-fail' for operation '{}_{}_{}' to 'stop' because "
                               "'fence' is not valid when fencing is disabled",
                               id, shown(name), interval),
                   "enable fencing, or say what else is to be done");
  } else if (name == "stop" && (on_fail == "stop" || on_fail == "demote")) {
    findings.error(op,
                   fmt::format("Resetting 'on-fail' for {} stop action to default value because "
                               "'{}' is not allowed for stop",
                               id, on_fail),
                   "ignore, block, standby or fence is wanted");
  } else if (on_fail == "demote" && name != "promote" &&
             (name != "monitor" ||
              (text(op, "role") != "Promoted" && text(op, "role") != "Master"))) {
    findings.error(op,
                   fmt::format("Resetting 'on-fail' for {} {} action to default value because "
                               "'demote' is not allowed for it",
                               id, shown(name)),
                   "that is for promote, and for a recurring monitor with role Promoted");
  }
}

void check_operations(pugi::xml_node resource, bool fencing, Findings& findings) {
  std::map<std::pair<std::string_view, std::int64_t>, pugi::xml_node> recurring;
  for (const auto op : resource.child("operations").children("op")) {
    check_on_fail(resource, op, fencing, findings);
    const auto name = text(op, "name");
    const auto interval = parse_interval_ms(text(op, "interval")).value_or(0);
    if (interval == 0) continue;
    for (const std::string_view single : {"start", "stop", "promote", "demote"})
      if (name == single)
        findings.error(op,
                       fmt::format("Ignoring {} because {} action cannot be recurring",
                                   shown(text(op, "id")), name),
                       "an interval of 0 is wanted");
    const auto [first, is_new] = recurring.emplace(std::pair(name, interval), op);
    if (!is_new)
      findings.error(op,
                     fmt::format("Operation {} is duplicate of {} (do not use same name and "
                                 "interval combination more than once per resource)",
                                 shown(text(op, "id")), shown(text(first->second, "id"))),
                     "give it another interval, be it by a second");
  }
}

}  // namespace

void check_resources(const Document& document, bool fencing, Findings& findings) {
  std::vector<Place> open;
  const auto add = [&open](pugi::xml_node parent, bool promotable) {
    const auto from = static_cast<std::ptrdiff_t>(open.size());
    for (const auto child : parent) {
      constexpr std::string_view kinds[] = {"primitive", "template", "group",
                                            "clone",     "master",   "bundle"};
      if (std::ranges::find(kinds, std::string_view(child.name())) != std::end(kinds))
        open.push_back({child, promotable || is_promotable(child)});
    }
    std::reverse(open.begin() + from, open.end());
  };
  add(document.configuration().child("resources"), false);
  while (!open.empty()) {
    const Place place = open.back();
    open.pop_back();
    check_meta(place, fencing, findings);
    check_operations(place.resource, fencing, findings);
    add(place.resource, place.promotable);
  }
}

}  // namespace gyre::rm
