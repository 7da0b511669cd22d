// Rings under a few given faults: quiet weather, the same in every run, and nothing else goes
// wrong.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "tests/explore/fault.hh"
#include "tests/totem/simulation.hh"

namespace gyre::test {

// How much there was to go wrong, and where.
struct Points {
  std::size_t packets = 0, frames = 0;
};

class World final : public Observer {
 public:
  World(std::size_t nodes, std::vector<Fault> faults);

  // For scripts: time goes on, and nodes that crashed by a fault come back.
  void run(Duration span);
  bool run_until(const std::function<bool()>& done, Duration limit = std::chrono::seconds(1));
  // Like those of the simulation, but a fault may have been faster.
  void start(std::size_t node);
  void crash(std::size_t node);
  void leave(std::size_t node);
  void submit(std::size_t node, std::string_view payload,
              totem::Guarantee guarantee = totem::Guarantee::agreed);

  // What `node` multicasts reaches no one, until this is said without a node.
  void silence(std::optional<std::size_t> node) { silent_ = node; }
  void begin() { counting_ = true; }  // from here on things may go wrong
  // What was wrong: the run did not come together in time, did not drain, or broke a clause.
  std::vector<std::string> end();

  Simulation& simulation() { return simulation_; }
  Points points() const { return points_; }
  Points fired_at() const { return fired_at_; }  // when the last of the faults struck
  std::size_t fired() const { return fired_; }
  Duration took() const { return took_; }  // to come together after the last of them
  static Duration bound();                 // on that: 5 × (token + consensus)

 private:
  void sends(std::size_t from, const Send& send) override;
  bool loses(std::size_t from, std::size_t to, std::span<const std::byte> bytes);
  bool strike(Fault::Kind kind, std::size_t from, std::size_t to, std::span<const std::byte> bytes);
  void fired_now(Duration span = Duration());  // and how long it goes on
  bool start_due();

  struct Held {
    std::size_t from, to;
    int past;  // packets to the same node
    std::vector<std::byte> bytes;
  };
  struct Restart {
    Time when;
    std::size_t node;
  };
  Simulation simulation_;
  std::vector<Fault> faults_;
  std::vector<Held> held_;
  std::vector<Restart> restarts_;
  std::optional<std::size_t> silent_;
  bool counting_ = false;
  Points points_, fired_at_;
  std::size_t fired_ = 0;
  Duration took_{};
  Time disturbed_{};                        // when something last went wrong
  std::optional<std::size_t> crash_after_;  // this node, when the frame is on its way
};

}  // namespace gyre::test
