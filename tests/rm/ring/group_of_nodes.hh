// The ordered group by the ring itself: whole nodes of the simulator, each with a program that is
// gyre-rm's end of the shared memory. What it reads becomes events as in production.
#pragma once

#include <string>
#include <vector>

#include "client/gyre/standings.hh"
#include "rm/daemon/group_stream.hh"
#include "tests/rm/control/group.hh"
#include "tests/sim/faults.hh"
#include "tests/sim/world.hh"

namespace gyre::rm::model {

// The end of a process that is there, as libgyre and gyre-rm keep it.
struct ProcessEnd {
  std::uint64_t life = 0;
  std::uint32_t client = 0;  // 0: not connected yet
  std::uint64_t told = 0;    // the last verdict
  client::Standings standings;
  std::optional<daemon::GroupStream> stream;
  std::vector<std::string> early;  // sent before it was connected
};

class GroupOfNodes final : public Group {
 public:
  GroupOfNodes(Timeline&, sim::Dice, Settings, Events);

  bool step(Time end) override;
  void power(Node, bool on) override;
  void set_side(Node, unsigned side) override;
  bool trouble() override;
  void calm_down(bool for_good) override;
  void join(Node) override;
  void leave(Node) override;
  void send(Node, std::string payload) override;
  bool has_lease(Node, std::uint64_t verdict) const override;
  std::optional<bool> may_act(Node) const override;
  std::optional<std::uint64_t> ring_of(Node) const override;
  std::uint64_t arrived() const override { return arrived_; }
  std::uint64_t hash() const override { return world_.run().hash.value(); }
  std::vector<check::Violation> finish(bool at_rest) override;

 private:
  struct Daemon {
    bool on = false;
    bool between_lives = false;  // not on, but its node is
    unsigned side = 0;
    std::optional<ProcessEnd> end;
  };

  Daemon& at(Node node) { return daemons_[node - 1]; }
  sim::Machine& machine(Node node) const { return world_.machine(node - 1); }
  void connect(Node, std::uint64_t life);
  void post(Node, const std::string& payload);
  void hear(Node, const shm::Record&);
  void look_after(Node);
  void start(Node);
  void kill_daemon(Node);
  void cut_sides();

  Timeline& timeline_;
  sim::Dice dice_;
  Settings settings_;
  Events events_;
  const sim::Swarm swarm_;
  mutable sim::World world_;
  sim::Faults faults_;
  std::vector<Daemon> daemons_;
  std::uint64_t lives_ = 0, posted_ = 0, arrived_ = 0;
  std::vector<check::Violation> violations_;
};

std::unique_ptr<Group> make_group_of_nodes(Timeline&, sim::Dice, Group::Settings, Group::Events);

}  // namespace gyre::rm::model
