// The machines of one run on their network, and virtual time.
#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "tests/sim/forger.hh"
#include "tests/sim/machine.hh"
#include "tests/sim/strangers.hh"
#include "tests/sim/swarm.hh"

namespace gyre::sim {

class World {
 public:
  World(const Swarm& swarm, std::uint64_t seed);

  void run_until(Time end);
  // As far as `done`, which is asked after each step; false: `end` came first.
  bool run_until(Time end, const std::function<bool()>& done);

  // To the next instant at which someone has something to do, and all of it. False: there is none
  // by `end`, and it is `end` now.
  bool step(Time end);
  // What was wrong, of all that watch; asked once. See check::Checker::finish().
  std::vector<check::Violation> finish(bool quiescent);

  Run& run() { return run_; }
  const Settings& settings() const { return run_.settings; }
  Strangers& strangers() { return strangers_; }
  const Forger& forger() const { return forger_; }
  Machine& machine(MachineIndex index) { return *machines_[index]; }
  std::size_t size() const { return machines_.size(); }
  Time now() const { return run_.now; }

 private:
  Time soonest() const;
  Time take_arrivals(Time end);
  bool advance(Time now);

  Run run_;
  std::vector<std::unique_ptr<Machine>> machines_;
  Strangers strangers_;
  Forger forger_;
  std::uint64_t steps_ = 0;
};

}  // namespace gyre::sim
