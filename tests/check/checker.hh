// Checks extended virtual synchrony in what processes sent, delivered and installed.
//
// The clauses are those of the specification (Moser, Amir, Melliar-Smith, Agarwal, 1994), 1 to 7,
// W0 to W4, which make a trace well-formed, and 8, which is the quorum's:
//
//   W0   one id, one configuration            3    a sender delivers its own messages
//   W1   a node's rings only grow             4    those who go on together delivered the same
//   W2   configurations are R (T R)*          5    what a message's sender knew comes before it
//   W3   a start comes from a ring alone      6.1  places agree with causes and deliveries
//   W4   nothing after the end                6.2  one place, one message
//   1.1  nothing precedes its own cause       6.3  no holes, but by senders lost in T
//   1.3  delivered as sent, once sent         7.1  safe: all members deliver it or fail
//   1.4  sent in R, delivered once            7.2  safe in R: all members installed R
//   2.1  at rest all members share the last configuration
//   2.2  events belong to the configuration in which they happen
//   2.3  all installs of one configuration are one event: still no cycle
//   8.1  quorate configurations stand one after the other, never side by side
//   8.2  two that follow each other share a node
//   8.3  a verdict on the quorum is about the configuration in which it comes
//   8.4  all members come to the same verdict at one place
//
// 1.2 holds by the form of the trace: the events of a process come one by one. W1 is not asked of
// a node whose file was lost. In 8 a node that started again stands for what it was before, since
// quorum is counted in nodes; 8.1 and 8.2 are asked of configurations that nobody holds to need
// fencing.
//
// A checker takes the events of many processes, in any interleaving, but those of one process in
// their order, and the incarnations of a node in theirs. It needs linear time (and the sorting of
// each ring's places). What one process' events can show is found at once; what needs several is
// found when the ring is over: by settle(), or else by finish().
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <variant>
#include <vector>

#include "membership/quorum.hh"
#include "node/record.hh"
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
// A verdict on the quorum: at a view (Seq::none), or within one.
struct Judged {
  totem::Place place;
  bool quorate = false;
  bool fencing = false;    // it says that fencing is needed
  std::uint64_t hash = 0;  // of all that it says
};
Judged judged(const totem::RingId& ring, const node::record_format::OfVerdict&);
struct Failed {};     // the process ended, in whatever way
struct Truncated {};  // the process went on, but what it did is not known
using Event = std::variant<Sent, Delivered, Installed, Judged, Failed, Truncated>;

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
  void verdict(const Process&, const totem::Place&, const membership::Verdict&);
  void fail(const Process&);
  void add(const Process&, const Event&);

  // The ring-seq file of this node is lost, old or torn: its next start may install a lower ring.
  // To be called before that start's first event.
  void file_lost(NodeId);

  // Checks and forgets the rings that are over: whoever installed them has failed or installed its
  // next ring, and each of their members has come at least as far. Memory then follows the rings
  // that are open; of others the id stays. To be called now and then, by those only who hand in
  // the events of all processes in one order of time: no cause may come after its effect, and no
  // file_lost() after the start that suffers from it.
  void settle();

  // What was found so far.
  const std::vector<Violation>& violations() const noexcept;
  // Messages that are kept at present.
  std::size_t messages() const noexcept;

  // To be called once, after the last event. `quiescent`: faults are off, the run is drained, and
  // each process that did not fail has shown all that it ever will. Otherwise the trace just ends,
  // and every process is taken to have failed there.
  std::vector<Violation> finish(bool quiescent);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace gyre::check
