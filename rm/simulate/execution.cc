#include "rm/simulate/execution.hh"

#include <algorithm>
#include <unordered_map>
#include <unordered_set>

namespace gyre::rm::simulate {

namespace {

using schedule::Action;
using schedule::Cluster;
using schedule::Kind;
using schedule::Resource;
using schedule::Step;

// Whether it may still be done once something has failed: it ends what was begun.
bool closes(const Action& action) {
  if (action.key.find("_post_notify_") != std::string::npos) return true;
  if (!action.pseudo || !action.resource || !action.resource->is(Kind::clone)) return false;
  return action.task == "running" || action.task == "stopped" || action.task == "promoted" ||
         action.task == "demoted";
}

// "a_post_notify_start_0": which of both, and of what.
std::string notification(std::string_view key) {
  for (const std::string_view mark : {"_pre_notify_", "_post_notify_"})
    if (const auto at = key.find(mark); at != key.npos)
      return std::string(key.substr(at + 1, key.rfind('_') - at - 1));
  return {};
}

bool anonymous(const Resource& resource) {
  for (const Resource* r = resource.parent; r; r = r->parent)
    if (r->is(Kind::clone)) return !r->unique;
  return false;
}

class Execution {
 public:
  Execution(Cluster& cluster, const std::vector<Step>& steps,
            const std::vector<OperationResult>& failures)
      : cluster_(cluster), cib_(cluster.cib), steps_(steps), failures_(failures) {
    records_.resize(cluster.nodes.size());
    for (const schedule::Node& node : cluster.nodes)
      if (has_state(cib_, node.name))
        for (pugi::xml_node of : node_state(cib_, node.id, node.name)
                                     .child("lrm")
                                     .child("lrm_resources")
                                     .children("lrm_resource")) {
          recorded_.insert(of.attribute("id").value());
          records_[node.index].emplace(of.attribute("id").value(), of);
        }
  }

  // Pass after pass in the order of the graph: what becomes possible in one is done in it if it
  // stands behind, and in the next one if before.
  std::vector<Done> run() {
    std::unordered_map<const Action*, std::vector<std::size_t>> waiting;
    std::vector<std::size_t> missing(steps_.size());
    for (std::size_t i = 0; i < steps_.size(); ++i) {
      missing[i] = steps_[i].inputs.size();
      for (const Action* input : steps_[i].inputs) waiting[input].push_back(i);
    }
    std::vector<std::size_t> now, next;
    for (std::size_t i = 0; i < steps_.size(); ++i)
      if (missing[i] == 0) next.push_back(i);
    while (!next.empty()) {
      now.swap(next);
      next.clear();
      std::make_heap(now.begin(), now.end(), std::greater<>());
      while (!now.empty()) {
        std::pop_heap(now.begin(), now.end(), std::greater<>());
        const std::size_t at = now.back();
        now.pop_back();
        if (aborted_ && !closes(*steps_[at].action)) continue;
        done_.push_back(fire(*steps_[at].action));
        for (const std::size_t then : waiting[steps_[at].action]) {
          if (--missing[then] > 0) continue;
          auto& turn = then > at ? now : next;
          turn.push_back(then);
          if (&turn == &now) std::push_heap(now.begin(), now.end(), std::greater<>());
        }
      }
    }
    return std::move(done_);
  }

 private:
  Done fire(const Action& action) {
    Done done{&action, {}, {}, {}, {}};
    if (action.resource && !action.pseudo) {
      const std::string shared = action.resource->xml.attribute("id").value();
      done.name = recorded_.contains(shared) ? shared : action.resource->id;
    }
    if (action.node) done.node_id = action.node->id;
    if (action.pseudo || !action.node) return done;
    if (action.task == "stonith")
      fence(action);
    else if (action.resource && action.task != "delete" && action.task != "lrm_delete" &&
             action.task != "clear_failcount")
      operate(action, done);
    return done;
  }

  void fence(const Action& action) {
    if (fence_action(action) == "on") return;
    pugi::xml_node state = node_state(cib_, action.node->id, action.node->name);
    if (!state) return;
    set(state, "in_ccm", "false");
    set(state, "join", "down");
    set(state, "crmd", "offline");
    set(state, "expected", "down");
    set(state, "crm-debug-origin", "simulate_fencing_action");
    state.remove_child("lrm");
    state.remove_child("transient_attributes");
    records_[action.node->index].clear();
    count_update(cib_);
  }

  const OperationResult* told_to_fail(const Action& action, const std::string& name) const {
    for (const OperationResult& failure : failures_)
      if ((failure.resource == name || failure.resource == action.resource->id) &&
          failure.task == action.task && failure.interval_ms == action.interval_ms &&
          failure.node == action.node->name)
        return &failure;
    return nullptr;
  }

  void operate(const Action& action, Done& done) {
    pugi::xml_node state = node_state(cib_, action.node->id, action.node->name);
    if (!state) return;
    const Resource& resource = *action.resource;
    const std::string shared =
        anonymous(resource) ? resource.xml.attribute("id").value() : resource.id;
    Record of;
    of.task = action.task == "reload-agent" || action.task == "reload" ? "start" : action.task;
    of.interval_ms = action.interval_ms;
    of.now = cluster_.now;
    of.rc = of.expected_rc = std::max(action.target_rc, 0);
    if (action.task == "migrate_to" || action.task == "migrate_from") migration(action, of);
    const std::string notified = action.task == "notify" ? notification(action.key) : "";
    of.notification = notified;
    const Digest digest =
        schedule::digest_now(cluster_, resource, *action.node, of.task, of.interval_ms);
    of.digest = digest.view();
    if (const OperationResult* failure = told_to_fail(action, done.name)) {
      of.rc = failure->rc;
      of.exit_reason = "User-injected result";
      done.failed = failure->rc;
      aborted_ = true;
      done.counted = count_failure(
          state,
          done.name + '#' + std::string(action.task) + '_' + std::to_string(action.interval_ms),
          cluster_.now);
    }
    record(record_of(*action.node, resource, shared), shared, of);
    count_update(cib_);
  }

  static void migration(const Action& action, Record& of) {
    const Resource& resource = *action.resource;
    const schedule::Node* source = resource.migration_source;
    if (!source && !resource.running_on.empty()) source = resource.running_on.front();
    if (source) of.source = source->name;
    if (resource.assigned_to) of.target = resource.assigned_to->name;
  }

  // Where the instance that was there has its results, whatever it was called.
  pugi::xml_node record_of(const schedule::Node& node, const Resource& resource,
                           const std::string& shared) {
    auto& records = records_[node.index];
    for (const std::string& name : {resource.history_name, resource.id, shared})
      if (const auto found = records.find(name); found != records.end()) return found->second;
    return records[shared] =
               resource_record(node_state(cib_, node.id, node.name),
                               {shared, resource.standard, resource.provider, resource.type});
  }

  Cluster& cluster_;
  pugi::xml_node cib_;
  const std::vector<Step>& steps_;
  const std::vector<OperationResult>& failures_;
  std::unordered_set<std::string> recorded_;                              // at first, anywhere
  std::vector<std::unordered_map<std::string, pugi::xml_node>> records_;  // by node
  std::vector<Done> done_;
  bool aborted_ = false;
};

}  // namespace

std::string_view fence_action(const Action& action) {
  const std::string_view key = action.key;
  return key.substr(key.rfind('-') + 1);
}

std::vector<Done> carry_out(Cluster& cluster, const std::vector<Step>& steps,
                            const std::vector<OperationResult>& failures) {
  return Execution(cluster, steps, failures).run();
}

}  // namespace gyre::rm::simulate
