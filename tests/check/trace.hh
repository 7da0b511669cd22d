// What the checker keeps of a run: messages, configurations and processes, each once and by number.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <map>
#include <string>
#include <unordered_map>
#include <vector>

#include "tests/check/checker.hh"

namespace gyre::check {

using Index = std::uint32_t;
inline constexpr Index none = std::numeric_limits<Index>::max();

struct RingHash {
  std::size_t operator()(const totem::RingId& ring) const noexcept {
    return (ring.seq * 0x9e3779b97f4a7c15) ^
           (ring.incarnation + static_cast<std::size_t>(ring.representative));
  }
};
struct PlaceHash {
  std::size_t operator()(const totem::Place& place) const noexcept {
    return RingHash{}(place.ring) + (number(place.seq) << 12) * 0xff51afd7ed558ccd + place.index;
  }
};

// A place within its ring.
struct Position {
  totem::Seq seq{};
  std::uint32_t index = 0;
  auto operator<=>(const Position&) const = default;
};
inline Position position(const totem::Place& place) {
  return {place.seq, place.index};
}

struct MessageTrace {
  totem::Place place;
  Content content;
  Index sent_by = none;  // process
  Position known;        // what its sender had delivered in the ring when it sent this
  bool delivered = false;
};

struct ConfigurationTrace {
  totem::Configuration::Kind kind{};
  totem::RingId ring;
  totem::RingId previous;  // of a regular one: that of whoever installed it first
  std::vector<NodeId> members;
  bool regular() const { return kind == totem::Configuration::Kind::regular; }
  bool has(NodeId node) const;
};

// A configuration at a process, with where its sends and deliveries begin; they end where those of
// the next one begin.
struct Install {
  Index configuration = none;
  std::size_t sends_begin = 0;
  std::size_t deliveries_begin = 0;
};

struct ProcessTrace {
  Process id;
  std::vector<Install> installs;
  std::vector<Index> sends, deliveries;  // messages
  bool failed = false;                   // it ended, and was seen to
  bool truncated = false;
};

struct Trace {
  std::vector<MessageTrace> messages;
  std::vector<ConfigurationTrace> configurations;
  std::vector<ProcessTrace> processes;
  std::unordered_map<totem::Place, Index, PlaceHash> message_at;
  std::unordered_map<totem::RingId, Index, RingHash> regular_of;
  std::map<std::pair<totem::RingId, totem::RingId>, Index> transitional_of;  // (ring, previous)
  std::map<Process, Index> process_of;
  std::map<NodeId, totem::RingId> newest_ring;  // of each node

  const ConfigurationTrace& configuration(const Install& install) const {
    return configurations[install.configuration];
  }
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

std::string text(const Process& process);
std::string text(const totem::RingId& ring);
std::string text(const totem::Place& place);
std::string text(const ConfigurationTrace& configuration);
std::string text(const std::vector<NodeId>& members);

// The clauses that need the events of several processes, or the end of the run.
void check_whole(const Trace& trace, bool quiescent, Findings& findings);

}  // namespace gyre::check
