// What the checker keeps of a run: each ring that is open with its messages and who is in it; of a
// ring that is over only where it stood among the others.
#pragma once

#include <cstddef>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "tests/check/checker.hh"
#include "tests/check/flat_map.hh"

namespace gyre::check {

struct ProcessHash {
  std::size_t operator()(const Process& process) const noexcept {
    return mixed(process.incarnation ^ mixed(static_cast<std::uint64_t>(process.node)));
  }
};
struct RingHash {
  std::size_t operator()(const totem::RingId& ring) const noexcept {
    return mixed(ring.seq ^
                 mixed(ring.incarnation + static_cast<std::uint64_t>(ring.representative)));
  }
};

// A place within its ring.
struct Position {
  totem::Seq seq{};
  std::uint32_t index = 0;
  auto operator<=>(const Position&) const = default;
};
struct PositionHash {
  std::size_t operator()(const Position& position) const noexcept {
    return mixed(number(position.seq) << 12 ^ position.index);
  }
};
inline Position position(const totem::Place& place) {
  return {place.seq, place.index};
}

struct MessageTrace {
  Position position;
  Content content;
  Index sent_by = none;  // process
  Position known;        // what its sender had delivered in the ring when it sent this
  bool delivered = false;
};

// What a process did with one message of a ring.
class Act {
 public:
  Act(Index message, bool sent) : bits_(message << 1 | Index{sent}) {}
  Index message() const { return bits_ >> 1; }
  bool sent() const { return bits_ & 1; }  // or else delivered
  bool operator==(const Act&) const = default;

 private:
  Index bits_;
};

// A transitional configuration that leads out of a ring.
struct Exit {
  totem::RingId to;
  std::vector<NodeId> members;
  bool has(NodeId node) const;
};

// A process in one regular configuration and the transitional one that it may have installed next:
// the span in which it delivers the messages of the ring.
struct Stay {
  Index process = none;
  std::vector<Act> acts;
  Index exit = none;                 // in the ring's exits: the transitional configuration, if any
  std::size_t exit_begin = 0;        // its first act
  bool in_regular = false;           // not so when a process comes from a ring of its own
  bool ended = false, left = false;  // it failed or installed its next ring; it did the latter
  Position sent_to, delivered_to;
};

struct RingTrace {
  totem::RingId id;
  bool installed = false;       // someone installed it, with these members
  std::vector<NodeId> members;  // ascending
  std::vector<Stay> stays;
  std::size_t stays_open = 0;
  std::vector<Exit> exits;
  std::vector<std::pair<NodeId, totem::RingId>> came_from;  // by transitional configurations
  std::vector<totem::RingId> after;                         // which rings processes installed next
  Index started_by = none;  // the process that came from it as from its own
  std::vector<MessageTrace> messages;
  FlatMap<Position, PositionHash> message_at;
  std::map<Position, std::uint64_t> verdicts;
  bool effect_first = false;  // the events came in an order that may hide a cycle

  bool has(NodeId node) const;
};

// Where a ring stands among the others, for the primary component.
struct Lineage {
  std::vector<totem::RingId> before;  // rings that its nodes installed last before it
  std::vector<NodeId> nodes;          // that installed it
  bool quorate = false;
  bool fencing = false;  // some verdict says that it is needed
};

struct ProcessTrace {
  Process id;
  std::optional<Installed> in;  // its present configuration
  RingTrace* ring = nullptr;    // whose messages it delivers at present
  Index stay = none;            // in that ring
  bool failed = false;          // it ended, and was seen to
  bool truncated = false;
};

struct NodeTrace {
  std::optional<totem::RingId> newest;  // of the rings that it installed
  Index newest_by = none;               // process
  bool file_lost = false;               // since then
};

// The violations, with a bound: a broken run shows its first ones of each clause.
class Findings {
 public:
  void add(const std::string& clause, std::string text);
  const std::vector<Violation>& list() const noexcept { return list_; }

 private:
  static constexpr std::size_t each_clause_max = 20;
  std::vector<Violation> list_;
  std::map<std::string, std::size_t> counts_;
};

struct Trace {
  std::vector<ProcessTrace> processes;
  FlatMap<Process, ProcessHash> process_of;
  std::map<NodeId, NodeTrace> nodes;
  std::unordered_map<totem::RingId, std::unique_ptr<RingTrace>, RingHash> rings;  // open
  std::unordered_map<totem::RingId, Lineage, RingHash> lineage;                   // all
  std::size_t messages = 0;                                                       // kept at present
  Findings findings;

  bool truncated(NodeId node) const;  // what it did is not all known
};

std::string text(NodeId node);
std::string text(const Process& process);
std::string text(const totem::RingId& ring);
std::string text(const RingTrace& ring, const MessageTrace& message);
std::string text(const totem::Place& place);
std::string text(const Installed& configuration);
std::string text(const std::vector<NodeId>& members);

// The clauses that need the events of several processes in one ring. `at_rest`: who has not failed
// will do nothing more in it.
void check_ring(Trace& trace, const RingTrace& ring, bool at_rest);
// Clauses 1.1 and 2.3 within the ring.
void check_cycles(Trace& trace, const RingTrace& ring);
// Clause 2.1.
void check_rest(Trace& trace);
// Clauses 8.1 and 8.2.
void check_primary(Trace& trace);

}  // namespace gyre::check
