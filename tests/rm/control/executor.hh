// What runs agents on a node, in virtual time: fake agents that take their time, fail, hang and
// die. It outlives the process that it works for, and keeps what that has not acknowledged.
#pragma once

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "rm/operation.hh"
#include "tests/rm/control/timeline.hh"
#include "tests/sim/dice.hh"

namespace gyre::rm::model {

struct Troubles {
  double fails = 0, hangs = 0, slow = 0;  // of an operation
  // Of a fence device: late is that it does it, once it was given up.
  double fence_fails = 0, fence_hangs = 0, fence_late = 0;
};

// What really is so on a node, told as it comes about.
struct Truth {
  std::function<void(const Operation&)> begins, succeeded, failed;
  // A fence device does what it is told. It outlives the node that told it.
  std::function<void(const Operation&)> switches;
  std::function<void(const std::string& resource)> died;
};

class Executor {
 public:
  Executor(Timeline&, sim::Dice, const Troubles&, Truth);

  // What the agents' outcomes are told to; until it acknowledges them they are kept for the next.
  using Tell = std::function<void(const Outcome&)>;
  void connect(Tell);
  void disconnect() { tell_ = nullptr; }

  void begin(const Operation&, bool allowed);
  // Of what is over it says so, once more and unasked.
  void cancel(const std::string& key);
  void acknowledge(const std::string& key);
  // Of what was begun and is not acknowledged.
  std::set<std::string> known() const;

  // Whom devices are at that were told by this node.
  const std::map<std::string, std::string>& fencings() const noexcept { return fencings_; }

  // The service of a resource dies, by itself.
  void let_die(const std::string& resource);
  // A recurring monitor of it runs.
  bool watches(const std::string& resource) const;
  std::vector<std::string> active() const;
  bool idle() const;
  std::int64_t seconds() const;

 private:
  struct Recurring {
    Operation operation;
    int last = -1;
    std::uint64_t life = 0;
  };
  struct Resource {
    bool active = false, promoted = false;
    std::deque<Operation> queue;
    bool busy = false;
    std::map<std::pair<std::string, std::int64_t>, Recurring> recurring;
  };

  void fence(const Operation&);
  void next(const std::string& resource);
  void done(const std::string& resource, const Operation&, Outcome);
  void look(const std::string& resource, std::pair<std::string, std::int64_t>, std::uint64_t life);
  Outcome run(Resource&, const Operation&);
  void tell(Outcome);

  Timeline& timeline_;
  sim::Dice dice_;
  const Troubles& troubles_;
  Truth truth_;
  Tell tell_;
  std::map<std::string, Resource> resources_;
  std::map<std::string, std::string> fencings_;  // that devices are at: targets, by key
  std::vector<Outcome> unacknowledged_;
  std::uint64_t lives_ = 0;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

}  // namespace gyre::rm::model
