// What is configured for the case that an operation fails, and how often operations have failed.
#include <algorithm>
#include <charconv>

#include "rm/cib/attribute_sets.hh"
#include "rm/schedule/history.hh"
#include "rm/schedule/remote.hh"
#include "rm/schedule/unpack.hh"

namespace gyre::rm::schedule {

namespace {

// Calls take(value) for each attribute that counts for that resource. "fail-count-d#monitor_10000"
// counts for d, and for each anonymous instance of it; there may be some for every resource.
void for_each_counting(const Node& node, std::string_view prefix, std::string_view name,
                       auto take) {
  const auto all = node.attributes.beginning_with(prefix);
  const auto after_prefix = [&](const Attributes::Entry& entry) {
    return entry.name.substr(prefix.size());
  };
  for (auto entry = std::ranges::lower_bound(all, name, {}, after_prefix);
       entry != all.end() && after_prefix(*entry).starts_with(name); ++entry) {
    const auto resource = after_prefix(*entry).substr(0, after_prefix(*entry).find('#'));
    if (resource == name || resource.substr(0, resource.rfind(':')) == name) take(entry->value);
  }
}

std::int64_t number(std::string_view text) {
  std::int64_t value = 0;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

// How the attributes that count failures call it.
std::string_view counted_name(const Resource& resource) {
  std::string_view name = resource.history_name.empty() ? resource.id : resource.history_name;
  bool unique = false;
  for (const Resource* r = &resource; r; r = r->parent) unique |= r->unique;
  if (!resource.in_clone() || unique) return name;
  const auto colon = name.rfind(':');
  return colon == name.npos ? name : name.substr(0, colon);
}

bool blocks(const Operation& operation) {
  return attribute(operation.xml, "on-fail") == "block";
}

}  // namespace

bool failed_for_good(const Resource& resource, const Node& node) {
  if (std::ranges::none_of(resource.operations, blocks)) return false;
  const auto failed = [&](const OperationRecord& record) {
    const Operation* operation = find_operation(resource, record.task, record.interval_ms);
    return operation && blocks(*operation) && record.exit != std::max(record.expected, rc::ok);
  };
  return std::ranges::any_of(resource.history, [&](const auto& of_node) {
    return of_node.node == &node && std::ranges::any_of(sorted_operations(of_node.xml), failed);
  });
}

Resource& counted(Resource& resource) {
  Resource& top = *resource.topmost();
  return top.is(Kind::clone) && !top.unique ? top : resource;
}

FailCount fail_count(const Cluster& cluster, const Resource& resource, const Node& node, bool raw) {
  FailCount found;
  Score count;
  const auto name = counted_name(resource);
  for_each_counting(node, "fail-count-", name,
                    [&](std::string_view value) { count += parse_score(value).value_or(Score()); });
  for_each_counting(node, "last-failure-", name, [&](std::string_view value) {
    found.last_failure = std::max(found.last_failure, number(value));
  });
  found.count = count.value();
  if (raw || found.count == 0 || resource.failure_timeout_s == 0) return found;
  if (failed_for_good(resource, node)) return found;
  if (found.last_failure > 0 && found.last_failure + resource.failure_timeout_s < cluster.now)
    found.count = 0;
  return found;
}

const Operation* find_operation(const Resource& resource, std::string_view name,
                                std::int64_t interval_ms) {
  for (const Operation& operation : resource.operations)
    if (operation.name == name && operation.interval_ms == interval_ms && operation.enabled)
      return &operation;
  return nullptr;
}

const Operation* find_even_disabled(const Resource& resource, std::string_view name,
                                    std::int64_t interval_ms) {
  if (const Operation* enabled = find_operation(resource, name, interval_ms)) return enabled;
  const auto found = std::ranges::find_if(resource.operations, [&](const Operation& operation) {
    return operation.name == name && operation.interval_ms == interval_ms;
  });
  return found == resource.operations.end() ? nullptr : &*found;
}

std::string_view operation_option(Cluster& cluster, const Resource& resource,
                                  const Operation* operation, std::string_view task,
                                  std::int64_t interval_ms, std::string_view option) {
  Attributes found;
  RuleInput input{.now = cluster.now, .ids = cluster.ids.get()};
  input.resource = RuleResource{resource.standard, resource.provider, resource.type};
  input.operation = RuleOperation{task, interval_ms};
  if (operation) {
    const auto own = attribute(operation->xml, std::string(option).c_str());
    if (!own.empty()) return own;
    gather(operation->xml, "meta_attributes", input, found);
    gather(operation->xml, "instance_attributes", input, found);
  }
  gather(cluster.cib.child("configuration").child("op_defaults"), "meta_attributes", input, found);
  return found.find(option).value_or("");
}

// A demote without an own say does what the monitors of the promoted role do.
static std::string_view of_promoted_monitor(const Resource& resource) {
  for (const Operation& operation : resource.operations)
    if (operation.name == "monitor" && operation.role == Role::promoted && operation.enabled &&
        operation.interval_ms > 0 && operation.xml.attribute("on-fail"))
      return attribute(operation.xml, "on-fail");
  return {};
}

OnFail on_fail_of(Cluster& cluster, const Resource& resource, std::string_view task,
                  std::int64_t interval_ms, const Operation* operation, Role& fail_role) {
  auto value = operation_option(cluster, resource, operation, task, interval_ms, "on-fail");
  if (value.empty() && task == "demote") value = of_promoted_monitor(resource);
  const bool may_demote = task == "promote" || task == "demote" ||
                          (operation && interval_ms > 0 && operation->role == Role::promoted);
  if (value == "demote" && !may_demote) value = {};
  fail_role = task == "promote" ? Role::unpromoted : Role::started;
  const auto stop = [&] {
    fail_role = Role::stopped;
    return OnFail::stop;
  };
  if (value == "block") return OnFail::block;
  if (value == "fence") return cluster.options.fencing ? OnFail::fence : stop();
  if (value == "standby") return OnFail::standby;
  if (value == "ignore" || value == "nothing") return OnFail::ignore;
  if (value == "migrate" || value == "ban") return OnFail::ban;
  if (value == "stop") return stop();
  if (value == "demote") return OnFail::demote;
  const OnFail anew = resource.container ? OnFail::restart_container : OnFail::restart;
  if (value == "restart-container") return anew;
  if (value == "restart") return OnFail::restart;
  if (resource.container) return anew;
  const bool first_connect = task == "start" && interval_ms == 0;
  if (resource.is_remote && !first_connect) {
    if (!resource.managed) return stop();
    if (resource.reconnects_later) fail_role = Role::stopped;
    return OnFail::reset_remote;
  }
  if (task == "stop") return cluster.options.fencing ? OnFail::fence : OnFail::block;
  return OnFail::restart;
}

bool can_fence(const Cluster& cluster, const Node* node) noexcept {
  if (node && is_guest(*node))
    return std::ranges::all_of(node->connection->container->running_on, [&](const Node* host) {
      return host->online || (!is_guest(*host) && can_fence(cluster, host));
    });
  if (!cluster.options.fencing || !cluster.options.have_fence_device) return false;
  if (cluster.quorate || cluster.options.no_quorum == NoQuorum::ignore) return true;
  return node && node->online;
}

}  // namespace gyre::rm::schedule
