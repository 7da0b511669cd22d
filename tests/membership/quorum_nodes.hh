// What the tests of votes count them with.
#pragma once

#include <gtest/gtest.h>

#include <map>
#include <vector>

#include "membership/quorum.hh"

namespace gyre::membership::test {

inline NodeId id(std::uint32_t node) {
  return NodeId{node};
}

// Some nodes that count votes, and the rings that they are in.
class Nodes {
 public:
  explicit Nodes(const QuorumSettings& settings) : settings_(settings) {}

  // A view of these nodes; who was not there before starts now. One member's verdict.
  Verdict view(const std::vector<std::uint32_t>& nodes) {
    std::vector<QuorumMember> members;
    for (const std::uint32_t node : nodes) {
      Quorum& quorum = nodes_.try_emplace(node, settings_, id(node)).first->second;
      quorum.retire(!broken_);
      members.push_back({id(node), quorum.status()});
    }
    broken_ = false;
    ++seq_;
    for (const std::uint32_t node : nodes) nodes_.at(node).view({seq_, id(nodes[0]), 7}, members);
    for (const std::uint32_t node : nodes)
      EXPECT_EQ(nodes_.at(node).verdict(), nodes_.at(nodes[0]).verdict());
    return nodes_.at(nodes[0]).verdict();
  }
  void start(std::uint32_t node, const QuorumSettings& settings) {
    nodes_.try_emplace(node, settings, id(node));
  }
  void crash(std::uint32_t node) { nodes_.erase(node); }
  // The window of last_man_standing is over for all.
  void pass_window() {
    for (auto& [node, quorum] : nodes_) quorum.window_over();
  }
  // The ring breaks before anyone knows that the others had what the view came from.
  void break_ring() { broken_ = true; }
  void leave(const std::vector<std::uint32_t>& ring, std::uint32_t node) {
    for (const std::uint32_t each : ring) nodes_.at(each).leaves(id(node));
    crash(node);
  }
  Quorum& operator[](std::uint32_t node) { return nodes_.at(node); }

 private:
  QuorumSettings settings_;
  std::map<std::uint32_t, Quorum> nodes_;
  std::uint64_t seq_ = 0;
  bool broken_ = false;
};

inline QuorumSettings section(std::uint32_t expected) {
  QuorumSettings settings;
  settings.section = true;
  settings.expected_votes = expected;
  return settings;
}

}  // namespace gyre::membership::test
