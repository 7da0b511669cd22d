#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "rm/cib/values.hh"
#include "rm/control/control.hh"
#include "rm/control/fence_records.hh"
#include "rm/control/members.hh"
#include "rm/control/property.hh"
#include "rm/control/records.hh"
#include "rm/schedule/unpack.hh"

namespace gyre::rm::control {

namespace {

using schedule::attribute;

// What must not happen on two sides at once.
bool needs_quorum(std::string_view task) {
  return task == "start" || task == "promote" || task == "migrate_to" || task == "migrate_from";
}

std::chrono::milliseconds milliseconds(pugi::xml_node attributes, const char* name,
                                       std::int64_t otherwise) {
  return std::chrono::milliseconds(attributes.attribute(name).as_llong(otherwise));
}

// As the executor is told, from the graph's element.
Operation operation_of(pugi::xml_node action, std::string key) {
  const pugi::xml_node agent = action.child("primitive"), attributes = action.child("attributes");
  Operation of;
  of.key = std::move(key);
  of.resource = attribute(agent, "id");
  of.standard = attribute(agent, "class");
  of.provider = attribute(agent, "provider");
  of.type = attribute(agent, "type");
  of.task = attribute(action, "operation");
  of.interval = milliseconds(attributes, "CRM_meta_interval", 0);
  of.timeout = milliseconds(attributes, "CRM_meta_timeout", 20'000);
  of.delay = milliseconds(attributes, "CRM_meta_start_delay", 0);
  for (pugi::xml_attribute each : attributes.attributes())
    of.parameters.emplace_back(each.name(), each.value());
  for (pugi::xml_node each : attributes.children("param"))
    of.parameters.emplace_back(attribute(each, "name"), attribute(each, "value"));
  std::ranges::sort(of.parameters);
  return of;
}

int action_of(std::string_view key) {
  int action = -1;
  std::from_chars(key.data(), key.data() + key.size(), action);
  return action;
}

}  // namespace

void Control::abort_transition() {
  transition_ = {};
  in_transition_ = false;
  fencings_.clear();
  begins_sent_.clear();
}

void Control::changed() {
  transition_ = {};
  in_transition_ = false;
  fencings_.clear();
  changed_ = true;
  want_plan();
}

void Control::expire(std::int64_t now) {
  const auto is_over = [&](std::optional<std::int64_t>& time) {
    if (!time || now < *time) return false;
    time.reset();
    return true;
  };
  const bool nobody_comes_back = is_over(deadline_);
  if (is_over(next_try_)) {
    give_up_overdue(now);
    next_try_ = next_try(cib(), now);
    changed();
  } else if (nobody_comes_back) {
    want_plan();
  }
}

std::optional<std::int64_t> Control::deadline() const noexcept {
  if (!deadline_ || !next_try_) return deadline_ ? deadline_ : next_try_;
  return std::min(*deadline_, *next_try_);
}

void Control::look_again() {
  if (coordinates()) send(0, Compare{to_text(view_.place), {}});
  changed();
}

// Not before it is known what runs on every member, nor while something is in the order that no
// plan knows of, nor while a process that was lost alone, and whose agents go on, may come back:
// its node would be fenced. Where nothing is fenced, what runs there is left alone for good.
void Control::want_plan() {
  const auto takes_part = [&](const BusMember& each) {
    return attribute(state_of_node(cib(), each.node), "join") == "member";
  };
  const bool fences = parse_boolean(property(cib(), "stonith-enabled")).value_or(true);
  const bool waits = deadline_ && fences;
  if (!changed_ || planning_ || !coordinates() || !begins_sent_.empty() || waits ||
      !std::ranges::all_of(view_.members, takes_part))
    return;
  changed_ = false;
  planning_ = true;
  output_.plan_wanted = true;
}

void Control::planned(std::string_view graph, std::int64_t now) {
  planning_ = false;
  if (!coordinates()) return;
  if (changed_ || !regular_) return want_plan();
  transition_ = Transition(graph);
  in_transition_ = true;
  ++transitions_;
  fire(now);
  forget_fencings(now);
}

void Control::fire(std::int64_t now) {
  if (!in_transition_ || !regular_) return;
  for (auto ready = transition_.take_ready(); !ready.empty(); ready = transition_.take_ready())
    for (const pugi::xml_node action : ready) fire(action, now);
}

void Control::fire(pugi::xml_node action, std::int64_t now) {
  const std::string_view task = attribute(action, "operation");
  if (task == "stonith") return fence(action, now);
  if (fire_by_message(action)) return transition_.done(action.attribute("id").as_int());
  Begin begin;
  begin.node = attribute(action, "on_node");
  begin.operation = operation_of(action, transition_key(action));
  begin.needs_quorum = needs_quorum(task) && property(cib(), "no-quorum-policy") != "ignore";
  if (task == "cancel")
    begin.cancelled_task = attribute(action.child("attributes"), "CRM_meta_operation");
  send_begin(std::move(begin), now);
}

void Control::send_begin(Begin begin, std::int64_t now) {
  begin.view = to_text(view_.place);
  begin.epoch = configuration_of(cib());
  begin.now = now;
  begins_sent_.insert(begin.operation.key);
  send(0, begin);
}

// What only changes the document: behind it in the order, it has.
bool Control::fire_by_message(pugi::xml_node action) {
  const std::string_view task = attribute(action, "operation");
  const bool failures = task == "clear_failcount";
  if (!failures && task != "delete" && task != "lrm_delete") return false;
  Cleanup forget;
  forget.resource = attribute(action.child("primitive"), "id");
  forget.node = attribute(action, "on_node");
  forget.failures_only = failures;
  ask(std::move(forget));
  return true;
}

// "ACTION:TRANSITION:RC:CLUSTER", of which the last says who plans in which view.
std::string Control::transition_key(pugi::xml_node action) const {
  const Place& at = view_.place;
  return fmt::format(
      "{}:{}:{}:{:08x}-{:04x}-{:04x}-{:04x}-{:012x}", attribute(action, "id"), transitions_,
      action.child("attributes").attribute("CRM_meta_op_target_rc").as_int(), settings_.node,
      at.seq >> 16 & 0xffff, at.seq & 0xffff, at.index & 0xffff, at.ring & 0xffffffffffff);
}

// A begin of ours is in the order.
void Control::came_about(const Begin& begin, bool valid) {
  const bool expected = begins_sent_.erase(begin.operation.key) > 0;
  if (!valid) return changed();
  if (expected && in_transition_ && begin.operation.task == "cancel") {
    transition_.done(action_of(begin.operation.key));
    return fire(begin.now);
  }
  // Planned before something changed: what comes next has to know of it.
  if (in_transition_) return;
  changed_ = true;
  want_plan();
}

void Control::came_about(std::string_view key, bool as_planned, std::int64_t now) {
  if (!coordinates()) return;
  const std::string transition = fmt::format(":{}:", transitions_);
  const std::string ours = transition_key({}).substr(transition_key({}).rfind(':'));
  const auto at = key.find(':');
  const bool of_this = in_transition_ && at != key.npos && key.substr(at).starts_with(transition) &&
                       key.ends_with(ours);
  if (!as_planned || !of_this) return changed();
  transition_.done(action_of(key));
  fire(now);
}

}  // namespace gyre::rm::control
