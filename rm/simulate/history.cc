#include "rm/simulate/history.hh"

#include <algorithm>
#include <charconv>

#include "rm/cib/pairs.hh"

namespace gyre::rm::simulate {

namespace {

constexpr const char* transition = "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx";
constexpr const char* feature_set = "3.16.1";  // of the Pacemaker whose records these are like

template <typename Number>
bool whole_number(std::string_view text, Number& number) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  return error == std::errc() && end == text.data() + text.size() && !text.empty();
}

pugi::xml_node find(pugi::xml_node parent, const char* element, const char* attribute,
                    std::string_view value) {
  for (pugi::xml_node child : parent.children(element))
    if (child.attribute(attribute).value() == value) return child;
  return {};
}

pugi::xml_node child_of(pugi::xml_node parent, const char* element) {
  const pugi::xml_node child = parent.child(element);
  return child ? child : parent.append_child(element);
}

int next_call(pugi::xml_node resource_record) {
  int last = 0;
  for (pugi::xml_node operation : resource_record.children("lrm_rsc_op"))
    last = std::max(last, operation.attribute("call-id").as_int());
  return last + 1;
}

// Its identity says what it takes the place of.
std::string record_id(std::string_view resource, const Record& of) {
  const std::string base(resource);
  if (!of.notification.empty()) return base + '_' + std::string(of.notification) + "_0";
  if (of.task == "migrate_to" || of.task == "migrate_from" || of.interval_ms != 0)
    return base + '_' + std::string(of.task) + '_' + std::to_string(of.interval_ms);
  return base + "_last_0";
}

void write(pugi::xml_node resource_record, const std::string& id, std::string_view resource,
           const Record& of, int call) {
  pugi::xml_node operation = find(resource_record, "lrm_rsc_op", "id", id);
  if (!operation) operation = resource_record.append_child("lrm_rsc_op");
  const std::string key =
      std::to_string(call) + ":-1:" + std::to_string(of.expected_rc) + ':' + transition;
  const std::string interval = std::to_string(of.interval_ms);
  set(operation, "id", id);
  set(operation, "operation_key",
      std::string(resource) + '_' + std::string(of.task) + '_' + interval);
  set(operation, "operation", of.task);
  set(operation, "crm-debug-origin", "crm_simulate");
  set(operation, "crm_feature_set", feature_set);
  set(operation, "transition-key", key);
  set(operation, "transition-magic", "0:" + std::to_string(of.rc) + ';' + key);
  set(operation, "exit-reason", of.exit_reason);
  set(operation, "call-id", std::to_string(call));
  set(operation, "rc-code", std::to_string(of.rc));
  set(operation, "op-status", "0");
  set(operation, "interval", interval);
  set(operation, "last-rc-change", std::to_string(of.now));
  set(operation, "exec-time", "0");
  set(operation, "queue-time", "0");
  if (!of.source.empty()) set(operation, "migrate_source", of.source);
  if (!of.target.empty()) set(operation, "migrate_target", of.target);
  if (!of.digest.empty()) set(operation, "op-digest", of.digest);
}

pugi::xml_node transient_set(pugi::xml_node node_state) {
  const std::string_view id = node_state.attribute("id").value();
  pugi::xml_node attributes = child_of(node_state, "transient_attributes");
  if (!attributes.attribute("id")) set(attributes, "id", id);
  pugi::xml_node pairs = child_of(attributes, "instance_attributes");
  if (!pairs.attribute("id")) set(pairs, "id", "status-" + std::string(id));
  return pairs;
}

pugi::xml_node transient(pugi::xml_node pairs, const std::string& name) {
  pugi::xml_node pair = find(pairs, "nvpair", "name", name);
  if (pair) return pair;
  return add_pair(pairs, name, "");
}

}  // namespace

std::optional<OperationResult> parse_operation_result(std::string_view text, int& parts) {
  OperationResult result;
  parts = 1;
  const auto at = text.find('@');
  const auto equals = text.rfind('=');
  if (at == text.npos || equals == text.npos || equals < at) return std::nullopt;
  const std::string_view key = text.substr(0, at);
  const auto interval = key.rfind('_');
  const auto task = interval == key.npos ? key.npos : key.rfind('_', interval - 1);
  if (task == key.npos || task == 0) return std::nullopt;
  parts = 2;
  result.resource = key.substr(0, task);
  result.task = key.substr(task + 1, interval - task - 1);
  // These two have a name with the mark in it.
  for (const std::string_view migrate : {"_migrate", "_pre_notify", "_post_notify"})
    if (result.resource.ends_with(migrate)) {
      result.task = std::string(migrate.substr(1)) + '_' + result.task;
      result.resource.resize(result.resource.size() - migrate.size());
    }
  result.node = text.substr(at + 1, equals - at - 1);
  if (!whole_number(key.substr(interval + 1), result.interval_ms) || result.interval_ms < 0 ||
      !whole_number(text.substr(equals + 1), result.rc) || result.node.empty() ||
      result.resource.empty())
    return std::nullopt;
  return result;
}

bool has_state(pugi::xml_node cib, std::string_view name) {
  return find(cib.child("status"), "node_state", "uname", name) != nullptr;
}

pugi::xml_node node_state(pugi::xml_node cib, std::string_view id, std::string_view name) {
  pugi::xml_node status = cib.child("status");
  pugi::xml_node state = find(status, "node_state", "uname", name);
  if (state || !status) return state;
  state = status.append_child("node_state");
  set(state, "id", id);
  set(state, "uname", name);
  return state;
}

pugi::xml_node resource_record(pugi::xml_node node_state, const Agent& agent) {
  pugi::xml_node lrm = child_of(node_state, "lrm");
  if (!lrm.attribute("id")) set(lrm, "id", node_state.attribute("id").value());
  pugi::xml_node resources = child_of(lrm, "lrm_resources");
  pugi::xml_node found = find(resources, "lrm_resource", "id", agent.id);
  if (found) return found;
  found = resources.append_child("lrm_resource");
  set(found, "id", agent.id);
  set(found, "class", agent.standard);
  if (!agent.provider.empty()) set(found, "provider", agent.provider);
  set(found, "type", agent.type);
  return found;
}

void record(pugi::xml_node resource_record, std::string_view resource, const Record& of) {
  const int call = next_call(resource_record);
  if (of.rc == of.expected_rc)
    return write(resource_record, record_id(resource, of), resource, of, call);
  write(resource_record, std::string(resource) + "_last_failure_0", resource, of, call);
  if (of.interval_ms == 0) write(resource_record, record_id(resource, of), resource, of, call);
}

std::vector<std::string> count_failure(pugi::xml_node node_state, std::string_view operation,
                                       std::int64_t now, Failures how) {
  const std::string counted = "fail-count-" + std::string(operation);
  const std::string last = "last-failure-" + std::string(operation);
  pugi::xml_node pairs = transient_set(node_state);
  pugi::xml_node count = transient(pairs, counted);
  const std::string_view before = count.attribute("value").value();
  int failures = 0;
  if (how == Failures::never_again)
    set(count, "value", "INFINITY");
  else if (before != "INFINITY")
    set(count, "value",
        std::to_string(whole_number(before, failures) && failures < 1'000'000 ? failures + 1 : 1));
  set(transient(pairs, last), "value", std::to_string(now));
  return {counted + "=value++", last + '=' + std::to_string(now)};
}

void count_update(pugi::xml_node cib) {
  set(cib, "num_updates", std::to_string(cib.attribute("num_updates").as_llong() + 1));
}

}  // namespace gyre::rm::simulate
