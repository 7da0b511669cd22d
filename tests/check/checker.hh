// Checks extended virtual synchrony in what processes sent, delivered and installed.
//
// The clauses are those of the specification (Moser, Amir, Melliar-Smith, Agarwal, 1994), 1 to 7,
// and W0 to W4, which make a trace well-formed:
//
//   W0   one id, one configuration            3    a sender delivers its own messages
//   W1   a node's rings only grow             4    those who go on together delivered the same
//   W2   configurations are R (T R)*          5    what a message's sender knew comes before it
//   W3   a start comes from a ring alone      6.1  messages are delivered in the order of places
//   W4   nothing after the end                6.3  no holes, but by senders lost in T
//   1.1  nothing precedes its own cause       7.1  safe: all members deliver it or fail
//   1.3  delivered as sent, once sent         7.2  safe in R: all members installed R
//   1.4  sent in R, delivered once
//   2.1  at rest all members share the last configuration
//   2.2  events belong to the configuration in which they happen
//
// The rest of the specification follows from these. 1.1 and 2.3 (no cycle, also with the installs
// of one configuration taken as one): the messages of a ring are delivered in the order of their
// places, a place is greater than all that its sender had delivered, members of one transitional
// configuration enter it at one place (4), and rings grow (W1). 6.2 is a bijection of places and
// messages: 1.3 and 1.4.
//
// A checker takes the events of many processes, in any interleaving, but those of one process in
// their order, and the incarnations of a node in theirs. It keeps a few dozen bytes of each event
// and needs linear time (and the sorting of each ring's places).
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <variant>
#include <vector>

#include "totem/types.hh"

namespace gyre::check {

// One start of a node.
struct Process {
  NodeId node = NodeId::none;
  std::uint64_t incarnation = 0;
  auto operator<=>(const Process&) const = default;
};

// A message as a process saw it: what counts of its payload is hash and length.
struct Content {
  NodeId sender = NodeId::none;
  totem::Guarantee guarantee = totem::Guarantee::agreed;
  std::uint64_t hash = 0;
  std::uint32_t length = 0;
  bool operator==(const Content&) const = default;
};

struct Sent {  // when the message got its place
  totem::Place place;
  Content content;
};
struct Delivered {
  totem::Place place;
  Content content;
};
struct Installed {
  totem::Configuration::Kind kind{};
  totem::RingId ring, previous;
  std::vector<NodeId> members;
};
struct Failed {};     // the process ended, in whatever way
struct Truncated {};  // the process went on, but what it did is not known
using Event = std::variant<Sent, Delivered, Installed, Failed, Truncated>;

struct Violation {
  std::string clause;
  std::string text;  // with the nodes, the ring and the place
};

class Checker {
 public:
  Checker();
  ~Checker();

  void send(const Process&, const totem::Place&, totem::Guarantee,
            std::span<const std::byte> payload);
  void deliver(const Process&, const totem::Message&);
  void configuration(const Process&, const totem::Configuration&);
  void fail(const Process&);
  void add(const Process&, const Event&);

  // What single processes' own events have shown so far; the rest is found by finish().
  const std::vector<Violation>& violations() const noexcept;

  // To be called once, after the last event. `quiescent`: faults are off, the run is drained, and
  // each process that did not fail has shown all that it ever will. Otherwise the trace just ends,
  // and every process is taken to have failed there.
  std::vector<Violation> finish(bool quiescent);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace gyre::check
