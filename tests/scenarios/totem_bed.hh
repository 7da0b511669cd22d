// What every scenario of the ring stands on: the simulation, what goes over its wires in the words
// of the protocol, what its nodes went through, and the rules that hold in every one of them.
#pragma once

#include <gtest/gtest.h>

#include <set>
#include <string>
#include <vector>

#include "tests/totem/simulation.hh"

namespace gyre::test {

using namespace std::chrono_literals;
using totem::Reason;
using totem::State;
using totem::wire::Type;

// A frame on its way.
struct Sight {
  std::size_t from = 0, to = 0;
  Type type{};
  totem::RingId ring{};    // not of a join
  std::uint64_t seq = 0;   // data: its seq; token: token_seq; join: join_seq
  std::uint32_t hop = 0;   // of a commit token
  bool recovered = false;  // data of an old ring inside
  std::span<const std::byte> bytes{};

  std::vector<std::byte> copy() const { return {bytes.begin(), bytes.end()}; }
  totem::wire::Token token() const;
  totem::wire::Join join() const;
  totem::wire::CommitToken commit() const;  // of one frame: up to 17 members
};

struct Entered {
  Time when{};
  std::size_t node = 0;
  totem::Transition transition;
};

struct Happened {
  std::size_t node = 0;
  bool configuration = false, regular = false, barrier = false;
  std::uint64_t ring = 0;  // the seq of: the configuration's ring, the message's ring
  std::vector<std::uint32_t> members{};
  std::vector<std::uint64_t> since{};  // of each member
  std::string payload{};
};

class Bed : public Simulation, private Observer {
 public:
  using Frame = std::vector<std::byte>;

  explicit Bed(std::size_t nodes, std::uint64_t seed = 1,
               const totem::Parameters& parameters = quick());

  // Set by a scenario, called with each frame and whom it goes to.
  std::function<bool(const Sight&)> lose;
  std::function<Duration(const Sight&)> delay;
  // Called in the middle of a turn: cut, crash (oneself too), start others, pause.
  std::function<void(std::size_t node, const totem::Transition&)> at_transition;

  // The clause that a scenario breaks itself, by what it injects.
  std::string excused;

  // Everyone starts, and there is one ring of all.
  void form();
  // One ring of all that are up within the bound.
  bool converges();
  // It has converged, everything is delivered, and no rule was broken.
  void end();
  Duration bound() const { return 5 * (parameters_.token_loss + parameters_.consensus); }

  const std::vector<Entered>& entered() const { return entered_; }
  std::size_t times(std::size_t node, Reason reason) const;
  std::size_t times(Reason reason) const;
  const std::vector<Happened>& events() const { return events_; }
  const totem::Counters& counters(std::size_t node) { return ring(node).counters(); }
  std::uint64_t sum(std::uint64_t totem::Counters::*counter);  // over all that are up
  State state(std::size_t node) { return ring(node).state(); }
  bool all_in(State wanted);  // of those that are up
  std::size_t frames_held(std::size_t node) const {
    return pool(node).count() - pool(node).available();
  }
  // Messages of that many bytes, each of its own.
  void say(std::size_t node, std::size_t count, std::size_t size,
           totem::Guarantee guarantee = totem::Guarantee::agreed);
  std::string story() const;  // the end of the trace

 private:
  void sends(std::size_t node, const Send& send) override;
  void enters(std::size_t node, const totem::Transition& transition) override;
  void installs(std::size_t node, const totem::Configuration& configuration) override;
  void delivers(std::size_t node, const totem::Message& message) override;
  void ends(std::size_t node) override;
  void broken(const std::string& rule);

  const totem::Parameters parameters_;
  std::vector<Entered> entered_;
  std::vector<Happened> events_;
  std::vector<totem::RingId> tried_;  // the last ring that each node tried to form
  std::set<std::string> broken_;
  std::uint64_t said_ = 0;
};

// The bytes of a frame that `write` fills.
Bed::Frame to_bytes(const std::function<void(FrameRef&)>& write);

Sight look(std::size_t from, std::size_t to, std::span<const std::byte> bytes);

}  // namespace gyre::test
