#include "rm/control/records.hh"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "rm/cib/digest.hh"
#include "rm/cib/values.hh"
#include "rm/control/property.hh"
#include "rm/simulate/history.hh"

namespace gyre::rm::control {

namespace {

using simulate::set;

constexpr const char* feature_set = "3.16.1";
constexpr const char* pending = "-1";
constexpr int unknown_rc = 193;

pugi::xml_node find(pugi::xml_node parent, const char* element, const char* attribute,
                    std::string_view value) {
  for (pugi::xml_node child : parent.children(element))
    if (child.attribute(attribute).value() == value) return child;
  return {};
}

pugi::xml_node resource_in(pugi::xml_node state, std::string_view resource) {
  return find(state.child("lrm").child("lrm_resources"), "lrm_resource", "id", resource);
}

// As the last failure of its resource it stands there twice.
bool is_copy(pugi::xml_node operation) {
  return std::string_view(operation.attribute("id").value()).ends_with("_last_failure_0");
}

bool recurs(pugi::xml_node operation) {
  return operation.attribute("interval").as_llong() > 0 && !is_copy(operation);
}

bool is_pending(pugi::xml_node operation) {
  return std::string_view(operation.attribute("op-status").value()) == pending;
}

std::string_view parameter(const Operation& operation, std::string_view name) {
  for (const auto& [key, value] : operation.parameters)
    if (key == name) return value;
  return {};
}

// A new one takes the place of the old one with its identity.
std::string record_id(const Operation& of) {
  if (of.task == "notify")
    return fmt::format("{}_{}_notify_{}_0", of.resource, parameter(of, "CRM_meta_notify_type"),
                       parameter(of, "CRM_meta_notify_operation"));
  const bool kept = of.task == "migrate_to" || of.task == "migrate_from" || of.recurs();
  return kept ? fmt::format("{}_{}_{}", of.resource, of.task, of.interval.count())
              : of.resource + "_last_0";
}

// A reload is recorded as the start that it stands for.
std::string_view recorded_task(const Operation& of) {
  return of.task == "reload" || of.task == "reload-agent" ? "start" : std::string_view(of.task);
}

Digest digest_of(const Operation& of) {
  Attributes parameters;
  std::string_view timeout;
  for (const auto& [name, value] : of.parameters) {
    if (name == "CRM_meta_timeout") timeout = value;
    if (!name.starts_with("CRM_meta_")) parameters.set(name, value);
  }
  return digest(parameters, of.recurs() ? timeout : std::string_view());
}

// "ACTION:TRANSITION:RC:CLUSTER"
int expected_rc(std::string_view key) {
  int rc = 0;
  for (int skip = 0; skip < 2; ++skip) key.remove_prefix(std::min(key.find(':') + 1, key.size()));
  std::from_chars(key.data(), key.data() + key.size(), rc);
  return rc;
}

// All that a node was asked to do, as far as it is recorded.
std::vector<pugi::xml_node> operations_of(pugi::xml_node state) {
  std::vector<pugi::xml_node> all;
  for (pugi::xml_node resource : state.child("lrm").child("lrm_resources").children())
    for (pugi::xml_node operation : resource.children("lrm_rsc_op")) all.push_back(operation);
  return all;
}

const char* key_of(pugi::xml_node operation) {
  return operation.attribute("transition-key").value();
}

int last_call(pugi::xml_node state) {
  int last = 0;
  for (pugi::xml_node operation : operations_of(state))
    last = std::max(last, operation.attribute("call-id").as_int());
  return last;
}

// Where it stands among all that came about, on whichever node: seconds are too coarse for that.
std::int64_t order_now(pugi::xml_node cib) {
  return cib.attribute("epoch").as_llong() << 32 | cib.attribute("num_updates").as_llong();
}

void write_outcome(pugi::xml_node operation, const Outcome& of, int call) {
  const int status = static_cast<int>(of.status);
  set(operation, "transition-magic", fmt::format("{}:{};{}", status, of.rc, of.key));
  set(operation, "exit-reason", of.exit_reason);
  set(operation, "call-id", std::to_string(call));
  set(operation, "rc-code", std::to_string(of.rc));
  set(operation, "op-status", std::to_string(status));
  set(operation, "last-rc-change", std::to_string(of.began));
  set(operation, "order", std::to_string(order_now(operation.root().child("cib"))));
  set(operation, "exec-time", std::to_string(of.ran.count()));
  set(operation, "queue-time", std::to_string(of.queued.count()));
}

// As the last failure of its resource.
pugi::xml_node copy_as_failure(pugi::xml_node resource, pugi::xml_node operation) {
  const std::string id = std::string(resource.attribute("id").value()) + "_last_failure_0";
  if (const auto old = find(resource, "lrm_rsc_op", "id", id)) resource.remove_child(old);
  pugi::xml_node copy = resource.append_copy(operation);
  set(copy, "id", id);
  return copy;
}

// A start or stop that fails is never tried again there unless it is forgotten; of a probe nothing
// is counted.
void count(pugi::xml_node state, std::string_view resource, pugi::xml_node operation) {
  const std::string_view task = operation.attribute("operation").value();
  const auto interval = operation.attribute("interval").as_llong();
  if (task == "notify" || (task == "monitor" && interval == 0)) return;
  const bool start_is_fatal =
      parse_boolean(property(state.root().child("cib"), "start-failure-is-fatal")).value_or(true);
  const bool fatal = task == "stop" || (task == "start" && start_is_fatal);
  simulate::count_failure(state, fmt::format("{}#{}_{}", resource, task, interval),
                          operation.attribute("last-rc-change").as_llong(),
                          fatal ? simulate::Failures::never_again : simulate::Failures::one_more);
}

// What moves there now: that it once came from the same node says nothing any more.
void forget_arrival(pugi::xml_node cib, const Operation& of) {
  pugi::xml_node resource =
      resource_in(state_of(cib, parameter(of, "CRM_meta_migrate_target")), of.resource);
  resource.remove_child(find(resource, "lrm_rsc_op", "operation", "migrate_from"));
}

// The record that an outcome is of: by the key of what was begun last under its identity.
pugi::xml_node record_of(pugi::xml_node state, std::string_view key) {
  for (pugi::xml_node operation : operations_of(state))
    if (key_of(operation) == key && !is_copy(operation)) return operation;
  return {};
}

}  // namespace

pugi::xml_node state_of(pugi::xml_node cib, std::string_view node) {
  return find(cib.child("status"), "node_state", "uname", node);
}

std::string configuration_of(pugi::xml_node cib) {
  return fmt::format("{}.{}", cib.attribute("admin_epoch").as_llong(),
                     cib.attribute("epoch").as_llong());
}

bool is_under_way(pugi::xml_node cib, std::string_view node, std::string_view resource) {
  for (pugi::xml_node operation : resource_in(state_of(cib, node), resource).children("lrm_rsc_op"))
    if (is_pending(operation) && operation.attribute("interval").as_llong() == 0) return true;
  return false;
}

void record_begin(pugi::xml_node cib, const Begin& begin) {
  const Operation& of = begin.operation;
  pugi::xml_node state = state_of(cib, begin.node);
  if (!state || of.task == "do_shutdown") return;
  for (const std::string& key : ended_by(cib, begin)) {
    pugi::xml_node ended = record_of(state, key);
    ended.parent().remove_child(ended);
  }
  if (of.task == "cancel") return;
  if (of.task == "migrate_to") forget_arrival(cib, of);
  pugi::xml_node resource =
      simulate::resource_record(state, {of.resource, of.standard, of.provider, of.type});
  const std::string id = record_id(of);
  pugi::xml_node operation = find(resource, "lrm_rsc_op", "id", id);
  if (!operation) operation = resource.append_child("lrm_rsc_op");
  operation.remove_attributes();
  set(operation, "id", id);
  set(operation, "operation_key",
      fmt::format("{}_{}_{}", of.resource, recorded_task(of), of.interval.count()));
  set(operation, "operation", recorded_task(of));
  set(operation, "crm_feature_set", feature_set);
  set(operation, "transition-key", of.key);
  set(operation, "transition-magic", fmt::format("{}:{};{}", pending, unknown_rc, of.key));
  set(operation, "on_node", begin.node);
  set(operation, "call-id", "-1");
  set(operation, "rc-code", std::to_string(unknown_rc));
  set(operation, "op-status", pending);
  set(operation, "interval", std::to_string(of.interval.count()));
  set(operation, "last-rc-change", std::to_string(begin.now));
  set(operation, "op-digest", digest_of(of).view());
  for (const char* end : {"migrate_source", "migrate_target"})
    if (const auto node = parameter(of, std::string("CRM_meta_") + end); !node.empty())
      set(operation, end, node);
}

std::vector<std::string> ended_by(pugi::xml_node cib, const Begin& begin) {
  const Operation& of = begin.operation;
  const bool one = of.task == "cancel" || of.recurs();
  const std::string_view task = of.task == "cancel" ? begin.cancelled_task : of.task;
  std::vector<std::string> keys;
  if (!one && (of.task == "monitor" || of.task == "notify")) return keys;
  for (pugi::xml_node each : resource_in(state_of(cib, begin.node), of.resource).children()) {
    const bool it = each.attribute("interval").as_llong() == of.interval.count() &&
                    each.attribute("operation").value() == task;
    if (recurs(each) && (!one || it)) keys.emplace_back(key_of(each));
  }
  return keys;
}

bool is_recorded(pugi::xml_node cib, std::string_view node, std::string_view key) {
  return record_of(state_of(cib, node), key) ||
         cib.child("status").child("fence_history").find_node([&](pugi::xml_node each) {
           return each.attribute("key").value() == key;
         });
}

std::set<std::string> recurring_on(pugi::xml_node cib, std::string_view node) {
  std::set<std::string> keys;
  for (pugi::xml_node operation : operations_of(state_of(cib, node)))
    if (recurs(operation)) keys.emplace(key_of(operation));
  return keys;
}

std::vector<std::string> begun_on(pugi::xml_node cib, std::string_view node) {
  std::vector<std::string> keys;
  for (pugi::xml_node operation : operations_of(state_of(cib, node)))
    if (is_pending(operation)) keys.emplace_back(key_of(operation));
  return keys;
}

Came record_result(pugi::xml_node cib, const Result& result) {
  pugi::xml_node state = state_of(cib, result.node);
  pugi::xml_node operation = record_of(state, result.outcome.key);
  if (!operation) return Came::unasked;
  pugi::xml_node resource = operation.parent();
  const bool comes_again = recurs(operation);
  if (!is_pending(operation) && !comes_again) return Came::unasked;
  const bool notifies = std::string_view(operation.attribute("operation").value()) == "notify";
  const bool cancelled = result.outcome.status == Outcome::Status::cancelled;
  // What was never begun took the place of what was known: all of its resource is to be looked at.
  if (cancelled && !comes_again && !notifies)
    resource.parent().remove_child(resource);
  else if (cancelled || notifies)
    resource.remove_child(operation);
  if (cancelled) return Came::failed;
  if (notifies) return Came::expected;
  const int call = last_call(state) + 1;
  const bool as_planned = result.outcome.status == Outcome::Status::done &&
                          result.outcome.rc == expected_rc(result.outcome.key);
  // Of a recurring one that fails its last success stays.
  if (as_planned || !comes_again) write_outcome(operation, result.outcome, call);
  if (as_planned) return Came::expected;
  const pugi::xml_node failure = copy_as_failure(resource, operation);
  if (comes_again) write_outcome(failure, result.outcome, call);
  count(state, resource.attribute("id").value(), failure);
  return Came::failed;
}

std::vector<schedule::InFlight> under_way(pugi::xml_node cib) {
  std::vector<schedule::InFlight> all;
  for (pugi::xml_node state : cib.child("status").children("node_state")) {
    const std::string_view process = state.attribute("crmd").value();
    if (process != "online" && process != "away") continue;
    for (pugi::xml_node operation : operations_of(state))
      if (is_pending(operation))
        all.push_back({.resource = operation.parent().attribute("id").value(),
                       .node = state.attribute("uname").value(),
                       .task = operation.attribute("operation").value(),
                       .interval_ms = operation.attribute("interval").as_llong()});
  }
  return all;
}

}  // namespace gyre::rm::control
