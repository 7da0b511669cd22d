// Nodes with what stands around control in production: a bus, an executor, a disk, a planner and
// programs that ask for something; all in one thread and in virtual time.
#pragma once

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "rm/control/control.hh"
#include "tests/rm/control/checks.hh"
#include "tests/rm/control/executor.hh"
#include "tests/rm/control/group.hh"
#include "tests/rm/control/timeline.hh"
#include "tests/sim/dice.hh"

namespace gyre::rm::model {

Node node_named(const std::string& name);  // as nodes are called here: n1, n2 …

class Cluster {
 public:
  struct Settings {
    Node nodes = 3;
    bool two_node = false;
    bool verbose = false;    // trace what happens
    bool documents = false;  // and of what each plan was made, and what it is
    bool parts = true;       // the group may keep nodes apart
    MakeGroup make_group;    // none: a model of it
  };
  Cluster(std::uint64_t seed, Settings, Checks::Promises);
  Cluster(const Cluster&) = delete;
  Cluster& operator=(const Cluster&) = delete;

  Timeline& timeline() noexcept { return timeline_; }
  Checks& checks() noexcept { return checks_; }
  Group& group() noexcept { return *group_; }
  Troubles& troubles() noexcept { return troubles_; }
  Node nodes() const noexcept { return settings_.nodes; }
  std::int64_t seconds() const {
    return 1'700'000'000 + static_cast<std::int64_t>(timeline_.seconds());
  }

  void run(Duration);

  void boot(Node);
  void crash(Node);  // the whole node
  bool is_on(Node node) const { return machine(node).on; }
  void start_process(Node);
  void kill_process(Node);
  // gyre-exec, alone: gyre-rm ends once there is another one, and is begun again.
  void kill_executor(Node);
  // The resource manager is told to end, and does once nothing runs there any more.
  void leave(Node);
  bool is_leaving(Node node) const { return machine(node).leaving; }
  bool has_process(Node node) const { return machine(node).process != nullptr; }
  // Its process does not look at anything, and counts as there.
  void stall(Node, Duration);
  // What befalls a node as soon as something is to be started there, before its process knows.
  void lie_in_wait(Node, std::function<void()> strike);
  void let_die(Node, const std::string& resource);

  // Nothing: no process runs there. What it is called if it is a change of the configuration.
  const control::Control* control(Node) const;
  void ask(Node, control::Message, const std::string& mark);
  // A person sees that it is off, keeps it so, and says that at another node.
  void confirm(Node off, Node at);
  void set_side(Node, unsigned side);
  bool is_stalled(Node node) const { return machine(node).stalled > timeline_.now(); }
  void look_again(Node);
  // What a fence device does.
  void switch_power(const Operation&);
  // Where a service runs, whatever anybody says of it.
  std::set<Node> active_on(const std::string& resource) const;
  std::set<Node> promoted_on(const std::string& resource) const;

  Executor* executor(Node node) { return machine(node).executor.get(); }
  void trace(const std::string& line);
  // What the processes did, as one number.
  std::uint64_t hash() const { return hash_.value(); }
  const std::vector<std::string>& lines() const noexcept { return lines_; }

 private:
  struct Disk {
    std::string configuration, lineage;
  };
  struct Process {
    std::uint64_t life = 0;
    std::unique_ptr<control::Control> control;
    std::deque<Arrival> queue;
    bool looking = false;
    std::uint64_t verdict = 0;  // the last one that it knows
    bool regular = false;
    std::uint64_t handled = 0;
    std::optional<std::int64_t> deadline;
    std::map<std::uint64_t, std::string> marks;   // by request
    std::map<std::uint64_t, Node> confirmations;  // of whom
    std::uint64_t writing = 0;                    // the last one asked for
  };
  struct Machine {
    bool on = false;
    std::string boot;
    std::unique_ptr<Executor> executor;
    Disk disk;
    std::unique_ptr<Process> process;
    Time stalled{};
    unsigned side = 0;
    bool leaving = false;   // or not back since
    bool held_off = false;  // by a person
    std::function<void()> ambush;
  };

  Machine& machine(Node node) { return machines_[node - 1]; }
  const Machine& machine(Node node) const { return machines_[node - 1]; }
  // Later, if that process is still the same.
  void later(Node, Duration, std::function<void(Process&)>);
  void receive(Node, Arrival);
  void look(Node);
  void handle(Node, Process&, const Delivery&);
  void act(Node, Process&);
  void write(Node, Process&, control::Output::Write);
  void plan(Node, Process&);
  void connect_executor(Node);
  void renew_executor(Node);
  void forget_fencings(const Machine&);
  void forget_the_absent(const Machine&);
  void cut_off(Node);
  void crashed(Node);
  Truth truth_of(Node);
  bool move(const std::string& resource, Node from, const std::string& to);
  void rate(Node, const std::string& resource, std::optional<std::uint64_t> score);
  void let_on(Node);
  void left(Node);

  Settings settings_;
  Timeline timeline_;
  sim::Dice dice_;
  Checks checks_;
  Troubles troubles_;
  std::unique_ptr<Group> group_;
  std::vector<Machine> machines_;
  std::uint64_t lives_ = 0;
  sim::TraceHash hash_;
  std::vector<std::string> lines_;
};

}  // namespace gyre::rm::model
