// The agreement on who goes on where not everyone hears everyone (PROTOCOL.md, deviations 3 and 4),
// for every graph of up to six nodes that were in no ring together: each knows from the joins who
// hears whom, and keeps the largest clique that it is in.
#include <gtest/gtest.h>

#include <array>
#include <bit>
#include <cstdio>

#include "totem/clique.hh"

namespace gyre::totem {
namespace {

constexpr std::size_t nodes_most = 6;
using Set = unsigned;  // of nodes by ascending id, by bit
constexpr Set bit(std::size_t node) {
  return 1u << node;
}
using Hearing = std::array<Set, nodes_most>;  // symmetric, without loops

// As the node itself calls it: it is NodeIndex::self in its own tables, and the others come in an
// order of their own.
Set best_clique(const Hearing& hearing, Set among, std::size_t self) {
  const auto index = [&](std::size_t node) {
    return NodeIndex(node == self ? 0 : node < self ? self - node : node);
  };
  Graph graph;
  std::array<NodeIndex, nodes_most> order{};
  std::size_t count = 0;
  for (std::size_t a = 0; a < nodes_most; ++a) {
    if (!(among & bit(a))) continue;
    order[count++] = index(a);
    for (std::size_t b = 0; b < nodes_most; ++b)
      if (hearing[a] & among & bit(b)) graph.neighbours[at(index(a))].add(index(b));
  }
  const Members best = largest_clique(graph, NodeIndex::self, {order.data(), count});
  Set set = 0;
  for (std::size_t node = 0; node < nodes_most; ++node)
    if ((among & bit(node)) && best.has(index(node))) set |= bit(node);
  return set;
}

bool is_clique(const Hearing& hearing, Set set) {
  for (std::size_t node = 0; node < nodes_most; ++node)
    if ((set & bit(node)) && (set & ~bit(node) & ~hearing[node])) return false;
  return true;
}

// Of all, the one with the lowest ids: that which has the lowest of those in which two differ.
Set largest_of_all(const Hearing& hearing, std::size_t count) {
  Set best = 0;
  for (Set set = 1; set < bit(count); ++set) {
    if (!is_clique(hearing, set)) continue;
    const int larger = std::popcount(set) - std::popcount(best);
    const Set differ = set ^ best;
    if (larger > 0 || (larger == 0 && (set & differ & -differ))) best = set;
  }
  return best;
}

template <typename Visit>
std::size_t every_graph(std::size_t count, Visit visit) {
  const std::size_t edges = count * (count - 1) / 2;
  for (std::size_t graph = 0; graph < std::size_t{1} << edges; ++graph) {
    Hearing hearing{};
    std::size_t edge = 0;
    for (std::size_t a = 0; a < count; ++a)
      for (std::size_t b = 0; b < a; ++b)
        if (graph >> edge++ & 1) hearing[a] |= bit(b), hearing[b] |= bit(a);
    visit(hearing);
    if (testing::Test::HasFailure()) break;
  }
  return std::size_t{1} << edges;
}

TEST(CliqueModel, AllOfTheLargestKeepJustIt) {
  std::size_t graphs = 0;
  for (std::size_t count = 1; count <= nodes_most; ++count)
    graphs += every_graph(count, [&](const Hearing& hearing) {
      const Set largest = largest_of_all(hearing, count);
      for (std::size_t node = 0; node < count; ++node) {
        const Set kept = best_clique(hearing, bit(count) - 1, node);
        EXPECT_TRUE((kept & bit(node)) && is_clique(hearing, kept));
        if (largest & bit(node)) {
          EXPECT_EQ(kept, largest);
        }
      }
    });
  std::printf("%zu graphs\n", graphs);
}

// One gather of all: in each round every node whose proposal is not that of all in it gives up whom
// it cannot keep, and hears of those who gave it up. `late` nodes have no timer run out in odd
// rounds: timers are not in step.
class Gathering {
 public:
  Gathering(const Hearing& hearing, std::size_t count, Set late)
      : hearing_(hearing), count_(count), late_(late) {
    for (std::size_t node = 0; node < count; ++node) proposals_[node] = bit(count) - 1;
  }

  bool agreed(std::size_t node) const {
    for (std::size_t other = 0; other < count_; ++other)
      if ((proposals_[node] & bit(other)) && proposals_[other] != proposals_[node]) return false;
    return is_clique(hearing_, proposals_[node]);
  }
  bool done() const {
    for (std::size_t node = 0; node < count_; ++node)
      if (!agreed(node)) return false;
    return true;
  }
  Set proposal(std::size_t node) const { return proposals_[node]; }

  void round() {
    const auto before = proposals_;
    ++rounds_;
    for (std::size_t node = 0; node < count_; ++node) {
      if (agreed_in(before, node) || (rounds_ % 2 == 1 && (late_ & bit(node)))) continue;
      const Set kept = best_clique(known_hearing(before, node), before[node], node);
      Set lost = before[node] & ~kept;
      if (lost == 0 && waited_[node])
        for (std::size_t other = 0; other < count_; ++other)
          if ((before[node] & bit(other)) && before[other] != before[node]) lost |= bit(other);
      waited_[node] = lost == 0;
      EXPECT_EQ(lost & bit(node), 0u);
      proposals_[node] &= ~lost;
    }
    for (std::size_t node = 0; node < count_; ++node)
      for (std::size_t other = 0; other < count_; ++other)
        if (hears(node, other) && !(proposals_[other] & bit(node))) give_up(node, other);
  }

 private:
  bool hears(std::size_t a, std::size_t b) const { return hearing_[a] & bit(b); }
  bool agreed_in(const Hearing& proposals, std::size_t node) const {
    for (std::size_t other = 0; other < count_; ++other)
      if ((proposals[node] & bit(other)) && proposals[other] != proposals[node]) return false;
    return is_clique(hearing_, proposals[node]);
  }
  void give_up(std::size_t node, std::size_t other) {
    if (proposals_[node] & bit(other)) waited_[node] = false;
    proposals_[node] &= ~bit(other);
  }
  // Who hears whom by the joins that the node itself hears, less whom they have given up.
  Hearing known_hearing(const Hearing& proposals, std::size_t node) const {
    Hearing known{};
    for (std::size_t a = 0; a < count_; ++a)
      for (std::size_t b = 0; b < count_; ++b) {
        const bool word_of_a = a == node || hears(node, a), word_of_b = b == node || hears(node, b);
        const bool kept = (proposals[a] & bit(b)) && (proposals[b] & bit(a));
        if (word_of_a && word_of_b && kept && hears(a, b)) known[a] |= bit(b);
      }
    return known;
  }

  const Hearing hearing_;
  const std::size_t count_;
  const Set late_;
  Hearing proposals_{};
  std::array<bool, nodes_most> waited_{};
  std::size_t rounds_ = 0;
};

TEST(CliqueModel, GatherEndsInCliquesThatAgree) {
  std::size_t runs = 0, longest = 0;
  for (std::size_t count = 1; count <= nodes_most; ++count) {
    const Set all_late = count < nodes_most ? bit(count) - 1 : 0;
    for (Set late = 0; late <= all_late; ++late)
      runs += every_graph(count, [&](const Hearing& hearing) {
        Gathering gathering(hearing, count, late);
        std::size_t rounds = 0;
        for (; !gathering.done() && rounds <= 4 * count; ++rounds) gathering.round();
        longest = std::max(longest, rounds);
        EXPECT_LE(rounds, late == 0 ? count : 2 * count);
        const Set largest = largest_of_all(hearing, count);
        for (std::size_t node = 0; node < count; ++node) {
          const Set kept = gathering.proposal(node);
          EXPECT_TRUE(gathering.agreed(node) && (kept & bit(node)));
          if ((largest & bit(node)) && late == 0) {
            EXPECT_EQ(kept, largest);
          }
        }
      });
  }
  std::printf("%zu gatherings, the longest of %zu rounds\n", runs, longest);
}

}  // namespace
}  // namespace gyre::totem
