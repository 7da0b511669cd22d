// What runs agents on a node, in virtual time: fake agents that take their time, fail, hang, lie
// and die. It outlives the process that it works for, and keeps what that has not acknowledged; if
// it dies itself, what runs on the node goes on.
#pragma once

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
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
  double lies = 0;                        // of an agent: it says what it was to say
  // Of a fence device: late is that it does it, once it was given up.
  double fence_fails = 0, fence_hangs = 0, fence_late = 0;
};

// What really is so on a node, told as it comes about. What an agent says counts as such where
// nobody could know better.
struct Truth {
  std::function<void(const Operation&)> begins, succeeded, failed;
  // A fence device does what it is told. It outlives the node that told it.
  std::function<void(const Operation&)> switches;
  std::function<void(const std::string& resource)> died;
  std::function<void(const std::string& resource)> demoted;
  // A monitor finds that it runs, or not, or comes to no end; or it says that it runs though it
  // does not, or the other way round.
  std::function<void(const Operation&, bool promoted)> found;
  std::function<void(const std::string& resource)> missed;
  std::function<void(const std::string& resource)> unseen;
  std::function<void(const std::string& resource)> pretended;
  std::function<void(const std::string& resource)> hidden;
  // What runs moves to another node. False: it cannot get there.
  std::function<bool(const std::string& resource, const std::string& target)> moves;
  // How good it would be to promote it here.
  std::function<void(const std::string& resource, std::optional<std::uint64_t> score)> rated;
};

class Executor {
 public:
  Executor(Timeline&, sim::Dice, const Troubles&, Truth);

  // What the agents' outcomes are told to; until it acknowledges them they are kept for the next.
  using Tell = std::function<void(const Outcome&)>;
  void connect(Tell);
  void disconnect() { tell_ = nullptr; }

  void begin(const Operation&, bool allowed);
  // What runs once and has begun goes on. Of what is over it says so, once more and unasked.
  void cancel(const std::string& key);
  void acknowledge(const std::string& key);
  // Of what was begun and is not acknowledged.
  std::set<std::string> known() const;
  // And of what moves something elsewhere, and is not over.
  std::set<std::string> moving() const;

  // It is gone, and agents go on, but nobody hears what comes of them, nor what is asked.
  void die();
  // Another one: kills what runs of agents and says that it is lost. Nothing recurs any more.
  void rise();
  bool is_up() const noexcept { return up_; }

  // Whom devices are at that were told by this node.
  const std::map<std::string, std::string>& fencings() const noexcept { return fencings_; }

  // The service of a resource dies, by itself.
  void let_die(const std::string& resource);
  // It came here from another node.
  void arrive(const std::string& resource) { resources_[resource].active = true; }
  std::vector<std::string> active() const;
  bool is_promoted(const std::string& resource) const;
  bool idle() const;
  std::int64_t seconds() const;

 private:
  struct Recurring {
    Operation operation;
    int last = -1;
  };
  struct Resource {
    bool active = false, promoted = false;
    std::deque<Operation> queue;
    bool busy = false;
    std::map<std::string, Recurring> recurring;  // by key
  };

  void fence(const Operation&);
  void lose(const std::string& name, Resource&);
  void next(const std::string& resource);
  void done(const std::string& resource, const Operation&, Outcome);
  void look(const std::string& resource, const std::string& key);
  Outcome run(const std::string& name, Resource&, const Operation&);
  int monitor(const std::string& name, Resource&, const Operation&);
  bool carry_out(const std::string& name, Resource&, const Operation&);
  void pretend(const std::string& name, const Resource&, const Operation&);
  void rate(const std::string& name, const Resource&);
  void tell(Outcome);

  Timeline& timeline_;
  sim::Dice dice_;
  const Troubles& troubles_;
  Truth truth_;
  std::uint64_t score_;
  Tell tell_;
  std::map<std::string, Resource> resources_;
  std::map<std::string, std::string> fencings_;  // that devices are at: targets, by key
  std::vector<Outcome> unacknowledged_;
  bool up_ = true;
  std::shared_ptr<bool> life_ = std::make_shared<bool>(true);
};

}  // namespace gyre::rm::model
