// What the coordinator does about nodes that are to be fenced: one step at a time, each a begin in
// the order. What came of it stands in the document, so whoever plans next goes on from there.
#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "rm/cib/iso8601.hh"
#include "rm/control/control.hh"
#include "rm/control/fence_records.hh"
#include "rm/control/fencing.hh"
#include "rm/control/members.hh"
#include "rm/control/property.hh"
#include "rm/control/records.hh"
#include "rm/schedule/unpack.hh"

namespace gyre::rm::control {

namespace {

constexpr int attempts_max = 10;  // stonith-max-attempts, unless written
constexpr std::int64_t recheck_s = 15 * 60;
constexpr int doublings_max = 6;

using schedule::attribute;

int number(std::string_view text, int otherwise) {
  int number = otherwise;
  std::from_chars(text.data(), text.data() + text.size(), number);
  return number;
}

// Ever later, and after many failures only as often as it is looked whether time has changed
// something.
std::int64_t patience_s(pugi::xml_node cib, int failures) {
  const int most = number(property(cib, "stonith-max-attempts"),
                          number(property(cib, "fencing-max-attempts"), attempts_max));
  if (failures < most) return std::int64_t{1} << std::min(failures - 1, doublings_max);
  const auto ms = parse_interval_ms(property(cib, "cluster-recheck-interval")).value_or(0);
  return ms > 0 ? std::max<std::int64_t>(ms / 1000, 1) : recheck_s;
}

}  // namespace

void Control::fence(pugi::xml_node action, std::int64_t now) {
  const std::string target(attribute(action, "on_node"));
  if (attribute(action, "operation_key").ends_with("-on"))
    return output_.notices.push_back(fmt::format(
        "{} has to be let in by a fence device (unfencing), and that is not built: what needs it "
        "waits",
        target));
  fencings_[target] = action.attribute("id").as_int();
  Fencing fencing{target,
                  std::string(attribute(action.child("attributes"), "CRM_meta_stonith_action")),
                  {},
                  now};
  for (const BusMember& each : view_.members)
    if (const auto state = state_of_node(cib(), each.node); attribute(state, "join") == "member")
      fencing.nodes.emplace_back(attribute(state, "uname"));
  auto step = next_step(cib(), fencing);
  if (!step) return give_up(target, fencing.action, now);
  Begin begin;
  begin.node = step->node;
  begin.operation = std::move(step->operation);
  begin.operation.key = transition_key(action);
  begin.needs_quorum = view_.quorate && property(cib(), "no-quorum-policy") != "ignore";
  begin.fencing = fencing.action;
  begin.level = step->level;
  begin.completes = step->completes;
  send_begin(std::move(begin), now);
}

// Until the next try.
void Control::give_up(const std::string& target, const std::string& action, std::int64_t now) {
  const int failures = failures_of(cib(), target) + 1;
  const std::int64_t wait = patience_s(cib(), failures);
  NotFenced not_fenced{to_text(view_.place),    target, action,    why_not_fenced(cib(), target),
                       configuration_of(cib()), now,    now + wait};
  output_.notices.push_back(fmt::format(
      "{0} has to be fenced, and could not be ({1}): what needs that waits. It is tried again in "
      "{2} s. If it is surely down, say so: stonith_admin --confirm {0}",
      target, not_fenced.why, wait));
  begins_sent_.insert(target);
  send(0, not_fenced);
}

// Whoever is asked next may have more luck: the node that was at it is there, but its manager
// hangs.
void Control::give_up_overdue(std::int64_t now) {
  if (!coordinates()) return;
  for (const Result& result : overdue(cib(), now)) {
    output_.notices.push_back(result.outcome.exit_reason + ": it is asked of another, or again");
    send(0, result);
  }
}

// What was begun of those that the plan does not want any more.
void Control::forget_fencings(std::int64_t now) {
  if (!in_transition_ || !fencings_in_flight(cib(), now).empty()) return;
  for (const std::string& target : fencings_left(cib())) {
    if (transition_.has("stonith", target)) continue;
    begins_sent_.insert(target);
    send(0, NotFenced{to_text(view_.place), target, "", "it is not to be fenced any more",
                      configuration_of(cib()), now, 0});
  }
}

void Control::was_fenced(const std::string& target, std::int64_t now) {
  if (!coordinates()) return;
  const auto found = fencings_.find(target);
  if (!in_transition_ || found == fencings_.end() || is_being_fenced(cib(), target))
    return changed();
  transition_.done(found->second);
  fire(now);
}

}  // namespace gyre::rm::control
