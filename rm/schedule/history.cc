#include "rm/schedule/history.hh"

#include <algorithm>
#include <charconv>

#include "rm/schedule/unpack.hh"

namespace gyre::rm::schedule {

namespace {

std::int64_t number(std::string_view text, std::int64_t otherwise) {
  std::int64_t value = otherwise;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

// transition-magic is status:rc;action:transition:expected:uuid, the key what follows the
// semicolon.
class Magic {
 public:
  explicit Magic(std::string_view key) {
    if (const auto semicolon = key.find(';'); semicolon != key.npos)
      key.remove_prefix(semicolon + 1);
    for (auto& part : parts_) {
      const auto colon = key.find(':');
      part = key.substr(0, colon);
      key = colon == key.npos ? std::string_view{} : key.substr(colon + 1);
    }
  }
  std::int64_t transition() const { return number(parts_[1], -1); }
  std::int64_t expected() const { return number(parts_[2], -1); }
  std::string_view uuid() const { return parts_[3]; }

 private:
  std::string_view parts_[4];
};

// There are more of these than of anything else in a document: one walk over each, and no more of
// it is measured than is wanted.
OperationRecord read_record(pugi::xml_node xml) {
  OperationRecord record{.xml = xml};
  record.call_id = -1;
  record.exit = rc::unknown;
  std::string_view key, magic;
  for (auto each = xml.first_attribute(); each; each = each.next_attribute()) {
    const std::string_view name = each.name();
    const auto integer = [&](int otherwise) {
      return static_cast<int>(number(each.value(), otherwise));
    };
    if (name == "id")
      record.id = each.value();
    else if (name == "operation")
      record.task = each.value();
    else if (name == "operation_key")
      record.key = each.value();
    else if (name == "interval")
      record.interval_ms = number(each.value(), 0);
    else if (name == "last-rc-change")
      record.last_change = number(each.value(), 0);
    else if (name == "call-id")
      record.call_id = integer(-1);
    else if (name == "rc-code")
      record.exit = integer(rc::unknown);
    else if (name == "op-status")
      record.status = static_cast<Status>(integer(0));
    else if (name == "transition-key")
      key = each.value();
    else if (name == "transition-magic")
      magic = each.value();
  }
  if (record.key.empty()) record.key = record.id;
  if (key.empty()) key = magic;
  if (!key.empty()) record.expected = static_cast<int>(Magic(key).expected());
  return record;
}

bool comes_before(const OperationRecord& a, const OperationRecord& b) {
  if (a.call_id >= 0 && b.call_id >= 0) {
    if (a.call_id != b.call_id) return a.call_id < b.call_id;
    return a.last_change < b.last_change;
  }
  const auto magic = [](const OperationRecord& r) {
    return Magic(attribute(r.xml, "transition-magic"));
  };
  const Magic of_a = magic(a), of_b = magic(b);
  const std::int64_t from_a = of_a.transition(), from_b = of_b.transition();
  if (of_a.uuid() != of_b.uuid() || from_a == from_b) return b.call_id < 0 && a.call_id >= 0;
  return (from_a >= 0 && from_a < from_b) || (b.call_id < 0 && a.call_id >= 0);
}

bool promotable(const Resource& resource) {
  return resource.topmost()->promotable;
}

}  // namespace

std::vector<OperationRecord> sorted_operations(pugi::xml_node record) {
  std::vector<OperationRecord> found;
  for (auto xml : record.children("lrm_rsc_op")) found.push_back(read_record(xml));
  if (found.size() > 1) std::ranges::stable_sort(found, comes_before);
  return found;
}

void History::activate() {
  resource.role = promotable(resource) ? Role::unpromoted : Role::started;
}

// From what the agent said to what it means here.
void History::interpret(OperationRecord& r) {
  if (r.exit == rc::degraded || r.exit == rc::degraded_promoted)
    cluster.failures.push_back({&resource, &node, r.xml, r.key, true});
  if (r.exit == rc::degraded) r.exit = rc::ok;
  if (r.exit == rc::degraded_promoted) r.exit = rc::promoted;
  const bool finished = r.status == Status::done || r.status == Status::error ||
                        r.status == Status::not_installed || r.status == Status::not_supported;
  if (!finished && r.status != Status::error_hard && r.status != Status::error_fatal) return;
  if (r.status == Status::done && r.expected >= 0 && r.exit != r.expected)
    r.status = Status::error;
  else if (r.expected >= 0 && r.exit == r.expected && r.status == Status::error)
    r.status = Status::done;
  switch (r.exit) {
    case rc::ok:
      if (r.probe() && r.expected == rc::not_running) r.status = Status::done;
      break;
    case rc::not_running:
      if (r.probe() || r.expected == rc::not_running || !resource.managed) {
        r.status = Status::done;
        resource.role = Role::stopped;
        on_fail = OnFail::ignore;
        resource.next_role = Role::unknown;
      }
      break;
    case rc::promoted:
      if (r.probe() && r.expected != rc::promoted) r.status = Status::done;
      resource.role = Role::promoted;
      break;
    case rc::failed_promoted:
      r.status = Status::error;
      resource.role = Role::promoted;
      break;
    case rc::not_configured:
      r.status = Status::error_fatal;
      break;
    case rc::unimplemented:
      if (r.interval_ms > 0) {
        r.status = Status::not_supported;
        break;
      }
      [[fallthrough]];
    case rc::not_installed:
    case rc::arguments:
    case rc::permission:
      r.status =
          !can_fence(cluster, &node) && r.task == "stop" ? Status::error : Status::error_hard;
      break;
    default:
      if (r.status == Status::done && r.expected < 0) r.status = Status::error;
  }
}

bool History::expired(const OperationRecord& r) {
  if (resource.failure_timeout_s == 0 || r.last_change == 0) return false;
  if (cluster.now < r.last_change + resource.failure_timeout_s) return false;
  const auto now_counts = fail_count(cluster, resource, node).count;
  if (fail_count(cluster, resource, node, true).count > 0) {
    if (now_counts > 0) return false;
    cluster.forgotten.push_back({&resource, &node, "it expired"});
  }
  const bool says_where = r.exit == rc::ok || r.exit == rc::promoted;
  return !(r.probe() && says_where);
}

// Whether it might end better with today's parameters.
bool History::of_other_parameters(const OperationRecord& r) const {
  if (!r.id.ends_with("_last_failure_0") || !r.xml.attribute("op-digest")) return false;
  return (r.task == "start" || r.task == "monitor") &&
         change_since(cluster, resource, node, r) != Consequence::none;
}

void History::apply(OperationRecord r) {
  if (r.task.empty() || r.task == "notify" || r.task == "meta-data") return;
  if (r.status == Status::cancelled || r.status == Status::invalid) return;
  if (r.status != Status::pending) interpret(r);
  // Whatever an old record says, failures as old as that are forgotten.
  const bool old = expired(r);
  if (old && r.status != Status::done) {
    expired_records.push_back(r.xml);
    return;
  }
  if (r.status == Status::pending) return pend(r);
  if (r.status != Status::done && of_other_parameters(r))
    cluster.forgotten.push_back({&resource, &node, "resource parameters have changed"});
  switch (r.status) {
    case Status::done:
      return succeed(r);
    case Status::error_hard:
    case Status::error_fatal:
    case Status::not_installed:
      fail(r);
      return ban(r);
    default:
      return fail(r);
  }
}

void History::ban(const OperationRecord& r) {
  const bool everywhere = r.status == Status::error_fatal;
  Resource* what = &resource;
  if (resource.is_instance() && !resource.parent->unique) what = resource.parent;
  if (r.status == Status::not_installed && r.exit != rc::not_installed) return;
  add_location(cluster, *what, everywhere ? nullptr : &node, Score::minus_infinity(),
               everywhere ? "fatal-error" : "hard-error");
}

bool History::in_flight(const OperationRecord& r) const {
  const std::string_view name = attribute(r.xml.parent(), "id");
  return std::ranges::any_of(cluster.in_flight, [&](const InFlight& each) {
    return each.resource == name && each.node == node.name && each.task == r.task;
  });
}

void History::pend(const OperationRecord& r) {
  if (r.task == "start") {
    resource.start_pending = true;
    activate();
  } else if (r.task == "promote") {
    resource.role = Role::promoted;
  } else if (r.task == "stop") {
    if (resource.role < Role::started) activate();  // until it is known to have ended
    resource.stop_pending |= in_flight(r);
  } else if (r.task == "demote" && in_flight(r)) {
    activate();
  } else if (r.task == "migrate_to" && node.unclean) {
    if (Node* target = cluster.node_by_name(attribute(r.xml, "migrate_target")))
      resource.stop_wanted.push_back(target);
  }
  // Whatever it was about on a node that is lost, something was there, or is.
  if (!node.online && !r.probe() && resource.role < Role::started) activate();
  if (!resource.pending_task.empty() || r.probe()) return;
  resource.pending_task = r.task;
  resource.pending_node = &node;
}

void History::succeed(const OperationRecord& r) {
  bool clears = false;
  if (r.exit == rc::not_running) {
    clears = true;
  } else if (r.exit == rc::not_installed) {
    resource.role = Role::stopped;
  } else if (r.task == "monitor") {
    clears = !last_failure.empty() && last_failure == r.key;
    if (resource.role < Role::started) activate();
  } else if (r.task == "start") {
    resource.role = Role::started;
    clears = true;
  } else if (r.task == "stop") {
    resource.role = Role::stopped;
    clears = true;
  } else if (r.task == "promote") {
    resource.role = Role::promoted;
    clears = true;
  } else if (r.task == "demote") {
    clears = on_fail == OnFail::demote;
    resource.role = Role::unpromoted;
  } else if (r.task == "migrate_from") {
    resource.role = Role::started;
    clears = true;
  } else if (r.task == "migrate_to") {
    migrated_away(r);
  } else if (resource.role < Role::started) {
    activate();
  }
  const bool lasting = on_fail == OnFail::stop || on_fail == OnFail::fence ||
                       on_fail == OnFail::ban || on_fail == OnFail::standby ||
                       (on_fail == OnFail::reset_remote && resource.reconnects_later);
  if (!clears || lasting) return;
  on_fail = OnFail::ignore;
  resource.next_role = Role::unknown;
}

void History::role_after_failure(const OperationRecord& r, OnFail told) {
  if (r.task == "demote") {
    if (told == OnFail::block) {
      resource.role = Role::promoted;
      resource.next_role = Role::stopped;
    } else {
      resource.role = r.exit == rc::not_running ? Role::stopped : Role::unpromoted;
    }
  } else if (r.task == "promote") {
    resource.role = Role::promoted;
  }
  if (r.probe() && (r.exit == rc::not_installed || r.exit == rc::arguments))
    resource.role = Role::stopped;
  else if (resource.role < Role::started)
    activate();
}

void History::fail(const OperationRecord& r) {
  cluster.failures.push_back({&resource, &node, r.xml, r.key});
  last_failure = r.key;
  Role fail_role = Role::started;
  const Operation* operation = find_even_disabled(resource, r.task, r.interval_ms);
  const OnFail told = on_fail_of(cluster, resource, r.task, r.interval_ms, operation, fail_role);
  if (told == OnFail::ignore) {
    // As if it had gone well, but it is shown.
    resource.failure_ignored = true;
    OperationRecord good = r;
    good.exit = r.expected >= 0 ? r.expected : rc::ok;
    good.status = Status::done;
    return succeed(good);
  }
  on_fail = std::max(on_fail, told);
  if (r.task == "stop")
    add_location(cluster, resource, &node, Score::minus_infinity(), "__stop_fail__");
  else if (r.task == "migrate_to" || r.task == "migrate_from")
    migration_failed(r);
  role_after_failure(r, told);
  if (fail_role != Role::started && resource.next_role < fail_role) resource.next_role = fail_role;
  if (fail_role == Role::stopped)
    add_location(cluster, counted(resource), nullptr, Score::minus_infinity(), "__failed_role__");
}

std::size_t active_from(const std::vector<OperationRecord>& operations) {
  int start = -1, stop = -1, implied_start = -1, implied_clone_start = -1, i = -1;
  for (const auto& r : operations) {
    ++i;
    if (r.task == "stop" && r.status == Status::done)
      stop = i;
    else if (r.task == "start" || r.task == "migrate_from")
      start = i;
    else if (r.task == "monitor" && start <= stop && implied_start <= stop &&
             (r.exit == rc::ok || r.exit == rc::promoted))
      implied_start = i;
    else if (r.task == "promote" || r.task == "demote")
      implied_clone_start = i;
  }
  if (start < 0) start = implied_clone_start >= 0 ? implied_clone_start : implied_start;
  if (start < stop) start = stop + 1;
  return static_cast<std::size_t>(std::max(start, 0));
}

void remember_recurring(const History& history) {
  const auto& operations = history.operations;
  for (std::size_t i = active_from(operations); i < operations.size(); ++i) {
    const auto& r = operations[i];
    if (!history.node.online || r.interval_ms == 0 || r.status == Status::pending ||
        r.status == Status::cancelled)
      continue;
    const bool expired =
        std::ranges::find(history.expired_records, r.xml) != history.expired_records.end();
    history.resource.recurring.push_back({&history.node, r.task, r.interval_ms, r.xml, expired});
  }
}

}  // namespace gyre::rm::schedule
