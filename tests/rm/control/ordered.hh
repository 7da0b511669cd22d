// Several controls side by side: what each sends is delivered to all members, in one order, and
// what each wants planned is planned at once. Agents succeed, but for those of fence devices: what
// they come to the test says.
#pragma once

#include <gtest/gtest.h>

#include <deque>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "rm/control/control.hh"
#include "rm/control/planning.hh"

namespace gyre::rm::control {

class Ordered {
 public:
  explicit Ordered(const std::string& configuration, std::uint32_t nodes = 3)
      : configuration_(configuration) {
    for (std::uint32_t node = 1; node <= nodes; ++node) start(node);
  }

  // A node that comes up, with another life of its executor.
  void start(std::uint32_t node) {
    ++lives_[node];
    start_process(node);
  }
  // Only its resource manager.
  void start_process(std::uint32_t node) {
    Node& at = nodes_[node];
    at = {};
    at.self = {node, ++processes_, processes_};
    const std::string name = "n" + std::to_string(node);
    at.control = std::make_unique<Control>(
        Settings{node, name, "test", name + "-" + std::to_string(lives_[node])},
        std::get<Document>(Document::load(configuration_)), "");
  }
  void kill(std::uint32_t node) { nodes_.erase(node); }
  // It is as good as dead, and nobody knows yet.
  void silence(std::uint32_t node) { nodes_.at(node).silent = true; }
  // It looks at nothing, and then at all that came meanwhile, or only at what came first.
  void hang(std::uint32_t node) { nodes_.at(node).hangs = true; }
  void wake(std::uint32_t node, bool for_good = true) {
    Node& at = nodes_.at(node);
    at.hangs = false;
    for (bool looks = !at.missed.empty(); looks; looks = for_good && !at.missed.empty()) {
      const auto [place, sender, payload] = std::move(at.missed.front());
      at.missed.pop_front();
      at.control->handle(BusMessage{place, sender, payload}, now);
      while (take(at)) continue;
    }
    at.hangs = !for_good;
    run();
  }

  // All that run are its members; in the ring is nobody else, or these.
  void view(bool quorate = true, std::vector<std::uint32_t> ring = {}) {
    BusView view{{++ring_, 0, 0}, {}, {}, std::move(ring), quorate, false};
    seq_ = 0;
    order_.clear();
    for (const auto& [node, at] : nodes_) view.members.push_back(at.self);
    if (view.nodes.empty())
      for (const auto& [node, at] : nodes_) view.nodes.push_back(node);
    for (auto& [node, at] : nodes_) {
      view.together.clear();
      for (const auto& [other, there] : nodes_)
        if (other == node || (at.settled && there.settled)) view.together.push_back(other);
      at.control->handle(view, now);
    }
    for (auto& [node, at] : nodes_) at.settled = true;
    run();
  }

  void run() {
    for (;;) {
      for (auto& [node, at] : nodes_)
        while (take(at)) continue;
      if (order_.empty()) return;
      const auto [sender, payload] = std::move(order_.front());
      order_.pop_front();
      const BusMessage message{{ring_, ++seq_, 0}, sender, payload};
      for (auto& [node, at] : nodes_)
        if (at.hangs)
          at.missed.emplace_back(message.place, sender, payload);
        else
          at.control->handle(message, now);
    }
  }
  void wait(std::int64_t seconds) {
    for (const std::int64_t until = now + seconds; now < until;) {
      ++now;
      for (auto& [node, at] : nodes_)
        if (const auto deadline = at.control->deadline(); deadline && *deadline <= now && !at.hangs)
          at.control->expire(now);
      run();
    }
  }

  // What a fence device came to that this node was to use first.
  void outcome(std::uint32_t node, int rc, Outcome::Status status = Outcome::Status::done) {
    ASSERT_FALSE(nodes_.at(node).fencings.empty());
    Outcome outcome;
    outcome.key = nodes_.at(node).fencings.front().key;
    nodes_.at(node).fencings.erase(nodes_.at(node).fencings.begin());
    outcome.rc = rc;
    outcome.status = status;
    nodes_.at(node).control->finished(outcome);
    run();
  }
  // Of all nodes, as "n1: reboot n3 with d1".
  std::vector<std::string> fencings() const {
    std::vector<std::string> all;
    for (const auto& [node, at] : nodes_)
      for (const Operation& each : at.fencings)
        all.push_back("n" + std::to_string(node) + ": " + each.task + ' ' + each.target + " with " +
                      each.resource);
    return all;
  }
  const Operation& fencing(std::uint32_t node) const { return nodes_.at(node).fencings.at(0); }
  // What was begun of a resource since this was asked last, as "n1: start".
  std::vector<std::string> begun() { return std::exchange(begun_, {}); }
  // From here on that task of that resource does not succeed there.
  void let_fail(const std::string& what) { failing_.insert(what); }

  Control& control(std::uint32_t node) { return *nodes_.at(node).control; }
  const std::string& fatal(std::uint32_t node) { return nodes_.at(node).fatal; }
  const std::vector<std::string>& notices(std::uint32_t node) { return nodes_.at(node).notices; }
  const BusMember& self(std::uint32_t node) { return nodes_.at(node).self; }
  pugi::xml_node cib() { return nodes_.begin()->second.control->cib(); }

  std::int64_t now = 1'700'000'000;

 private:
  struct Node {
    BusMember self;
    std::unique_ptr<Control> control;
    std::vector<Operation> fencings;
    std::set<std::string> active;
    std::vector<std::string> notices;
    std::string fatal;
    bool settled = false, silent = false, hangs = false;
    std::deque<std::tuple<Place, BusMember, std::string>> missed;
  };

  // True: that was not all.
  bool take(Node& at) {
    if (at.hangs) return false;
    Output output = at.control->take_output();
    if (at.silent) return false;
    for (std::string& each : output.sends) order_.emplace_back(at.self, std::move(each));
    for (std::string& each : output.notices) at.notices.push_back(std::move(each));
    if (!output.fatal.empty()) at.fatal = output.fatal;
    for (const auto& each : output.begun) begin(at, each.operation);
    if (output.plan_wanted) at.control->planned(make_plan(at.control->cib(), now), now);
    return output.plan_wanted || !output.begun.empty();
  }

  void begin(Node& at, const Operation& operation) {
    if (!operation.target.empty()) return at.fencings.push_back(operation);
    if (operation.standard == "ocf" && operation.task != "monitor")
      begun_.push_back("n" + std::to_string(at.self.node) + ": " + operation.task);
    Outcome outcome;
    outcome.key = operation.key;
    if (failing_.contains("n" + std::to_string(at.self.node) + ": " + operation.task))
      outcome.rc = 1;
    else if (operation.task == "start")
      at.active.insert(operation.resource);
    else if (operation.task == "stop")
      at.active.erase(operation.resource);
    else if (!at.active.contains(operation.resource))
      outcome.rc = 7;
    at.control->finished(outcome);
  }

  std::string configuration_;
  std::map<std::uint32_t, Node> nodes_;
  std::map<std::uint32_t, int> lives_;
  std::deque<std::pair<BusMember, std::string>> order_;
  std::vector<std::string> begun_;
  std::set<std::string> failing_;
  std::uint64_t processes_ = 0, ring_ = 0, seq_ = 0;
};

}  // namespace gyre::rm::control
