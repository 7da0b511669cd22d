// A sink that writes down what it is told, line by line, and the small parts that tests of the
// membership share.
#pragma once

#include <cstdint>
#include <random>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "membership/groups.hh"

namespace gyre::membership {

// Chance by seed, alike on every machine.
class Random {
 public:
  explicit Random(std::uint32_t seed) : engine_(seed) {}
  std::uint32_t below(std::size_t bound) { return static_cast<std::uint32_t>(engine_() % bound); }
  bool one_in(std::size_t chances) { return below(chances) == 0; }

 private:
  std::mt19937 engine_;
};

// Two names with one id: FNV-1a does not defend itself, so the groups must.
inline constexpr std::string_view collision_a = "\xd6\x4f\xdb\x5d\x81\xa4\x3a\x41";
inline constexpr std::string_view collision_b = "\x7f\x79\xe3\xd5\x6b\x8d\x2d\x0e";

inline totem::RingId ring_id(std::uint64_t seq) {
  return {seq, NodeId{1}, 77};
}

inline std::vector<totem::Member> members_of(std::initializer_list<std::uint32_t> nodes) {
  std::vector<totem::Member> members;
  for (const std::uint32_t node : nodes) members.push_back({NodeId{node}, 100 + node});
  return members;
}

std::vector<std::byte> bytes_of(std::string_view text);
std::string text_of(std::span<const std::byte> bytes);
std::string text_of(const totem::Place&);
std::string text_of(const Process&);  // node/pid/client
std::string text_of(std::span<const Process>);
std::string text_of(std::span<const Change>);  // process:reason
std::string text_of(std::span<const NodeId>);
std::string text_of(std::span<const totem::Member>);

class Trace : public Sink {
 public:
  void transitional(const totem::Configuration&) override;
  void view(const View&) override;
  void group_change(const GroupChange&) override;
  void join_refused(const Process&, std::string_view name, std::string_view reason) override;
  void message(const GroupMessage&) override;
  void verdict(const VerdictChange&) override;
  void votes_answered(std::uint64_t request, QuorumChange) override;
  void barrier_done() override;

  // What was written since the last call.
  std::vector<std::string> take() { return std::exchange(lines_, {}); }

 private:
  std::vector<std::string> lines_;
};

// A node's membership with its trace, driven by hand.
struct Node {
  explicit Node(std::uint32_t id, const GroupLimits& limits = {},
                const QuorumSettings& settings = {}, const KeptVotes& kept = {})
      : self(NodeId{id}), membership(self, limits, trace, settings, kept) {}

  void regular(std::uint64_t ring, std::span<const totem::Member> members) {
    at = {ring_id(ring), {}, 0};
    membership.configuration({totem::Configuration::Kind::regular, at.ring, at.ring, members, {}});
  }
  void transitional(std::uint64_t next, std::span<const totem::Member> members,
                    totem::Seq stable = {}) {
    membership.configuration(
        {totem::Configuration::Kind::transitional, ring_id(next), at.ring, members, stable});
  }
  void deliver(NodeId from, std::span<const std::byte> payload, bool barrier = false) {
    ++at.seq;
    membership.message({at, from, totem::Guarantee::agreed, barrier, payload});
  }

  NodeId self;
  Trace trace;
  Membership membership;
  totem::Place at;
};

// Nodes that all see one stream at one pace.
class OrderedRing {
 public:
  explicit OrderedRing(std::vector<Node*> nodes) : nodes_(std::move(nodes)) {}

  // A regular configuration of all nodes, and its barrier.
  void open(std::uint64_t ring);
  void regular(std::uint64_t ring);
  // The barrier list of `from`, delivered to all.
  void barrier(const Node& from);
  void send(const Node& from, std::span<const std::byte> payload);
  void send(const Node& from, const wire::Encoded& head, std::string_view payload = {});

  // The one trace of all nodes since the last call; a failure if they differ.
  std::vector<std::string> take();

 private:
  std::vector<Node*> nodes_;
};

}  // namespace gyre::membership
