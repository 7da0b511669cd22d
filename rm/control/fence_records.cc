#include "rm/control/fence_records.hh"

#include <fmt/format.h>

#include <algorithm>

#include "rm/cib/values.hh"
#include "rm/control/members.hh"
#include "rm/control/records.hh"
#include "rm/schedule/unpack.hh"
#include "rm/simulate/history.hh"

namespace gyre::rm::control {

namespace {

using schedule::attribute;
using simulate::set;

constexpr std::size_t unknown_max = 2;     // tries of which nobody knows what came
constexpr std::int64_t answer_max_s = 20;  // beyond what a device may take, until it is told

pugi::xml_node history(pugi::xml_node cib) {
  return cib.child("status").child("fence_history");
}

std::string process_of(const BusMember& member) {
  return fmt::format("{}.{}.{}", member.node, member.process, member.since);
}

pugi::xml_node last_of(pugi::xml_node cib, std::string_view target) {
  for (pugi::xml_node event = history(cib).last_child(); event; event = event.previous_sibling())
    if (attribute(event, "target") == target) return event;
  return {};
}

pugi::xml_node attempt_under_way(pugi::xml_node event) {
  return event.find_child_by_attribute("fence_attempt", "status", "pending");
}

// The longest that is written there, for whichever node.
std::int64_t longest_ms(const Operation& of, std::string_view name) {
  constexpr std::string_view between = ":;= \t\n";
  std::int64_t longest = 0;
  for (const auto& [key, value] : of.parameters)
    for (std::size_t at = 0; key == name && at < value.size();) {
      const auto end = std::min(value.find_first_of(between, at), value.size());
      longest = std::max(longest, parse_duration_ms(value.substr(at, end - at)).value_or(0));
      at = end + 1;
    }
  return longest;
}

std::int64_t takes_s(const Operation& of) {
  const std::int64_t delay_ms =
      std::max(longest_ms(of, "pcmk_delay_base"), longest_ms(of, "pcmk_delay_max"));
  return (of.timeout.count() + delay_ms + 999) / 1000;
}

bool is_taken(pugi::xml_node attempt) {
  return attempt && !attempt.attribute("takes");
}

// When who has taken it should have said what came of it. What a node asks of one device is done
// one after the other.
std::int64_t answers_until(pugi::xml_node cib, pugi::xml_node attempt) {
  std::int64_t from = attempt.attribute("since").as_llong();
  for (pugi::xml_node event : history(cib).children())
    if (const auto before = attempt_under_way(event);
        is_taken(before) && attribute(before, "device") == attribute(attempt, "device") &&
        attribute(before, "delegate") == attribute(attempt, "delegate"))
      from = std::max<std::int64_t>(from, before.attribute("until").as_llong());
  return from + attempt.attribute("takes").as_llong() + answer_max_s;
}

bool waits_for_leaving(pugi::xml_node event) {
  return event.attribute("leaves");
}

std::string_view life_of(pugi::xml_node cib, std::string_view target) {
  return attribute(state_of(cib, target), "executor");
}

// The oldest give way.
pugi::xml_node add_event(pugi::xml_node cib, std::string_view target) {
  pugi::xml_node status = cib.child("status");
  if (!history(cib)) status.append_child("fence_history");
  std::vector<pugi::xml_node> before;
  for (pugi::xml_node event : history(cib).children())
    if (attribute(event, "target") == target) before.push_back(event);
  for (std::size_t i = 0; i + fence_events_max <= before.size(); ++i)
    history(cib).remove_child(before[i]);
  pugi::xml_node event = history(cib).append_child("fence_event");
  set(event, "target", target);
  set(event, "life", life_of(cib, target));
  return event;
}

void give_up(pugi::xml_node event, std::string_view why, std::int64_t now) {
  set(event, "status", "failed");
  set(event, "completed", std::to_string(now));
  set(event, "exit-reason", why);
}

pugi::xml_node begin_event(pugi::xml_node cib, std::string_view target, std::string_view action,
                           std::string_view origin, std::int64_t now) {
  if (const pugi::xml_node event = fencing_under_way(cib, target)) return event;
  if (pugi::xml_node last = last_of(cib, target); attribute(last, "status") == "pending")
    give_up(last, "it came back as another", now);
  const std::string failures = std::to_string(failures_of(cib, target));
  pugi::xml_node event = add_event(cib, target);
  set(event, "action", action);
  set(event, "client", "gyre-rm");
  set(event, "origin", origin);
  set(event, "status", "pending");
  set(event, "since", std::to_string(now));
  if (failures != "0") set(event, "failures", failures);
  return event;
}

bool is_member(pugi::xml_node cib, std::string_view target, const std::vector<BusMember>& members) {
  const std::uint32_t node = state_of(cib, target).attribute("id").as_uint();
  return std::ranges::find(members, node, &BusMember::node) != members.end();
}

bool runs_nothing(pugi::xml_node state) {
  for (pugi::xml_node resource : state.child("lrm").child("lrm_resources").children())
    if (resource.child("lrm_rsc_op")) return false;
  return true;
}

// A later life that has come back, and that was begun nothing on as long as its node was being
// fenced, may have been hit as well, or not: nothing is lost with it if it leaves.
void settle_success(pugi::xml_node cib, pugi::xml_node event,
                    const std::vector<BusMember>& members) {
  const auto target = attribute(event, "target");
  event.remove_attribute("leaves");
  const auto life = life_of(cib, target);
  if (life != attribute(event, "life") && !runs_nothing(state_of(cib, target))) return;
  set(event, "life", life);
  if (is_member(cib, target, members))
    set(event, "leaves", "true");
  else
    mark_down(cib, target);
}

// A reboot by several devices is done once the node was off.
bool counts_as_success(pugi::xml_node event, pugi::xml_node attempt) {
  return attribute(attempt, "status") == "success" ||
         (attribute(event, "action") == "reboot" && attribute(attempt, "action") == "on");
}

std::string reason_of(const Outcome& outcome) {
  if (!outcome.exit_reason.empty()) return outcome.exit_reason;
  if (outcome.status == Outcome::Status::timed_out) return "timed out";
  if (outcome.status == Outcome::Status::cancelled) return "not begun";
  return fmt::format("exit status {}", outcome.rc);
}

// True: with it the whole is over.
bool end_attempt(pugi::xml_node cib, pugi::xml_node attempt, std::string_view completed,
                 const std::vector<BusMember>& members) {
  pugi::xml_node event = attempt.parent();
  if (!attempt.attribute("completes") || !counts_as_success(event, attempt)) return false;
  set(event, "status", "success");
  set(event, "completed", completed);
  event.remove_attribute("failures");
  settle_success(cib, event, members);
  return true;
}

void lose(pugi::xml_node cib, pugi::xml_node attempt, const std::vector<BusMember>& members,
          std::vector<Fenced>& over) {
  const pugi::xml_node event = attempt.parent();
  const Fenced fenced{Fenced::Came::over, std::string(attribute(event, "target")),
                      std::string(attribute(event, "life"))};
  set(attempt, "status", "unknown");
  set(attempt, "exit-reason", "the node that was at it was lost");
  if (end_attempt(cib, attempt, attribute(attempt, "since"), members)) over.push_back(fenced);
}

}  // namespace

pugi::xml_node fencing_under_way(pugi::xml_node cib, std::string_view target) {
  const pugi::xml_node event = last_of(cib, target);
  const bool it =
      attribute(event, "status") == "pending" && attribute(event, "life") == life_of(cib, target);
  return it ? event : pugi::xml_node();
}

bool is_being_fenced(pugi::xml_node cib, std::string_view target) {
  const pugi::xml_node event = last_of(cib, target);
  return attempt_under_way(event) || waits_for_leaving(event);
}

Tried tried_before(pugi::xml_node event, int level, std::string_view device,
                   std::string_view task) {
  std::size_t unknown = 0;
  for (pugi::xml_node attempt : event.children("fence_attempt")) {
    if (attempt.attribute("level").as_int() != level || attribute(attempt, "device") != device ||
        attribute(attempt, "action") != task)
      continue;
    if (attribute(attempt, "status") == "success") return Tried::succeeded;
    if (attribute(attempt, "status") == "failed" || ++unknown == unknown_max) return Tried::failed;
  }
  return Tried::never;
}

std::size_t failures_by(pugi::xml_node cib, std::string_view target, std::string_view device,
                        std::string_view node) {
  std::size_t failures = 0;
  for (pugi::xml_node event = last_of(cib, target); event; event = event.previous_sibling()) {
    if (attribute(event, "target") != target) continue;
    if (attribute(event, "status") == "success") break;
    for (pugi::xml_node attempt : event.children("fence_attempt"))
      failures += attribute(attempt, "device") == device &&
                  attribute(attempt, "delegate") == node &&
                  attribute(attempt, "status") != "success";
  }
  return failures;
}

std::string why_not_fenced(pugi::xml_node cib, std::string_view target) {
  std::string why;
  for (pugi::xml_node attempt : fencing_under_way(cib, target).children("fence_attempt"))
    if (attribute(attempt, "status") != "success")
      why += fmt::format("{}{} by {} on {}: {}", why.empty() ? "" : "; ",
                         attribute(attempt, "action"), attribute(attempt, "device"),
                         attribute(attempt, "delegate"), attribute(attempt, "exit-reason"));
  return why.empty() ? "no fence device can" : why;
}

int failures_of(pugi::xml_node cib, std::string_view target) {
  const pugi::xml_node last = last_of(cib, target);
  if (attribute(last, "life") != life_of(cib, target)) return 0;
  return last.attribute("failures").as_int();
}

void record_fence_begin(pugi::xml_node cib, const Begin& begin, std::string_view origin,
                        const BusMember& delegate) {
  const Operation& of = begin.operation;
  pugi::xml_node event = begin_event(cib, of.target, begin.fencing, origin, begin.now);
  while (static_cast<std::size_t>(std::ranges::distance(event.children())) >= fence_attempts_max)
    event.remove_child(event.first_child());
  set(event, "action", begin.fencing);
  set(event, "device", of.resource);
  set(event, "delegate", begin.node);
  pugi::xml_node attempt = event.append_child("fence_attempt");
  set(attempt, "level", std::to_string(begin.level));
  set(attempt, "device", of.resource);
  set(attempt, "action", of.task);
  set(attempt, "delegate", begin.node);
  set(attempt, "process", process_of(delegate));
  set(attempt, "key", of.key);
  set(attempt, "since", std::to_string(begin.now));
  set(attempt, "until", std::to_string(begin.now + take_max_s));
  set(attempt, "takes", std::to_string(takes_s(of)));
  set(attempt, "status", "pending");
  if (begin.completes) set(attempt, "completes", "true");
}

bool record_taken(pugi::xml_node cib, const Taken& taken, const BusMember& by) {
  for (pugi::xml_node event : history(cib).children()) {
    pugi::xml_node attempt = attempt_under_way(event);
    if (!attempt || is_taken(attempt) || attribute(attempt, "key") != taken.key ||
        attribute(attempt, "process") != process_of(by))
      continue;
    set(attempt, "until", std::to_string(answers_until(cib, attempt)));
    attempt.remove_attribute("takes");
    return true;
  }
  return false;
}

Fenced record_fence_result(pugi::xml_node cib, const Result& result,
                           const std::vector<BusMember>& members) {
  for (pugi::xml_node event : history(cib).children()) {
    pugi::xml_node attempt = attempt_under_way(event);
    const Outcome& outcome = result.outcome;
    if (!attempt || attribute(attempt, "key") != outcome.key) continue;
    const bool well = outcome.status == Outcome::Status::done && outcome.rc == 0;
    const bool begun = outcome.status != Outcome::Status::cancelled;
    set(attempt, "status", well ? "success" : begun ? "failed" : "unknown");
    if (!well) set(attempt, "exit-reason", reason_of(outcome));
    const auto ended = attempt.attribute("since").as_llong() + outcome.ran.count() / 1000;
    Fenced fenced{Fenced::Came::step, std::string(attribute(event, "target")),
                  std::string(attribute(event, "life"))};
    if (end_attempt(cib, attempt, std::to_string(ended), members)) fenced.came = Fenced::Came::over;
    return fenced;
  }
  return {};
}

void record_not_fenced(pugi::xml_node cib, const NotFenced& not_fenced, std::string_view origin) {
  const bool for_good = not_fenced.again == 0;
  pugi::xml_node event =
      for_good ? last_of(cib, not_fenced.target)
               : begin_event(cib, not_fenced.target, not_fenced.fencing, origin, not_fenced.now);
  if (attribute(event, "status") != "pending") return;
  give_up(event, not_fenced.why, not_fenced.now);
  if (for_good) return;
  set(event, "failures", std::to_string(event.attribute("failures").as_int() + 1));
  set(event, "again", std::to_string(not_fenced.again));
  set(event, "configuration", not_fenced.epoch);
}

void record_confirmed(pugi::xml_node cib, const Confirm& confirm, std::string_view origin) {
  pugi::xml_node event = begin_event(cib, confirm.node, "off", origin, confirm.now);
  if (pugi::xml_node attempt = attempt_under_way(event)) set(attempt, "status", "unknown");
  set(event, "status", "success");
  set(event, "client", "a person");
  set(event, "device", "manual_ack");
  set(event, "delegate", "a person");
  set(event, "completed", std::to_string(confirm.now));
  event.remove_attribute("failures");
}

std::vector<Fenced> follow_members(pugi::xml_node cib, const std::vector<BusMember>& members) {
  std::vector<Fenced> over;
  const auto is_there = [&](std::string_view process) {
    return std::ranges::any_of(members,
                               [&](const BusMember& each) { return process_of(each) == process; });
  };
  for (pugi::xml_node event : history(cib).children()) {
    if (waits_for_leaving(event)) settle_success(cib, event, members);
    pugi::xml_node attempt = attempt_under_way(event);
    if (attempt && !is_there(attribute(attempt, "process"))) lose(cib, attempt, members, over);
  }
  return over;
}

std::vector<Fenced> lose_steps_of(pugi::xml_node cib, const BusMember& delegate,
                                  const std::vector<BusMember>& members) {
  std::vector<Fenced> over;
  for (pugi::xml_node event : history(cib).children())
    if (pugi::xml_node attempt = attempt_under_way(event);
        attempt && attribute(attempt, "process") == process_of(delegate))
      lose(cib, attempt, members, over);
  return over;
}

void speaks_still(pugi::xml_node cib, std::uint32_t node) {
  const auto target = attribute(state_of_node(cib, node), "uname");
  if (pugi::xml_node event = last_of(cib, target)) event.remove_attribute("leaves");
}

std::vector<schedule::InFlight> fencings_in_flight(pugi::xml_node cib, std::int64_t now) {
  std::vector<schedule::InFlight> all;
  const std::string configuration = configuration_of(cib);
  for (pugi::xml_node event : history(cib).children()) {
    const bool waits = event.attribute("again").as_llong() > now &&
                       attribute(event, "configuration") == configuration &&
                       event == last_of(cib, attribute(event, "target"));
    if (attempt_under_way(event) || waits_for_leaving(event) || waits)
      all.push_back({.node = attribute(event, "target"), .task = "stonith"});
  }
  return all;
}

std::optional<std::int64_t> next_try(pugi::xml_node cib, std::int64_t now) {
  std::optional<std::int64_t> first;
  const auto at = [&](std::int64_t time) { first = std::min(first.value_or(time), time); };
  for (pugi::xml_node event : history(cib).children()) {
    const std::int64_t again = event.attribute("again").as_llong();
    if (again > now && event == last_of(cib, attribute(event, "target"))) at(again);
    if (const pugi::xml_node attempt = attempt_under_way(event))
      at(std::max<std::int64_t>(attempt.attribute("until").as_llong(), now + 1));
  }
  return first;
}

std::vector<Result> overdue(pugi::xml_node cib, std::int64_t now) {
  std::vector<Result> results;
  for (pugi::xml_node event : history(cib).children()) {
    const pugi::xml_node attempt = attempt_under_way(event);
    if (!attempt || attempt.attribute("until").as_llong() > now) continue;
    Result result{std::string(attribute(attempt, "delegate")), {}};
    result.outcome.key = attribute(attempt, "key");
    result.outcome.status = Outcome::Status::cancelled;
    result.outcome.exit_reason = fmt::format("{} did not say in time what came of it", result.node);
    results.push_back(std::move(result));
  }
  return results;
}

std::vector<std::string> fencings_left(pugi::xml_node cib) {
  std::vector<std::string> targets;
  for (pugi::xml_node event : history(cib).children())
    if (attribute(event, "status") == "pending" && !attempt_under_way(event))
      targets.emplace_back(attribute(event, "target"));
  return targets;
}

}  // namespace gyre::rm::control
