#include "totem/clique.hh"

#include <gtest/gtest.h>

#include <numeric>
#include <random>

namespace gyre::totem {
namespace {

void connect(Graph& graph, std::size_t a, std::size_t b) {
  graph.neighbours[a].add(NodeIndex(b));
  graph.neighbours[b].add(NodeIndex(a));
}

std::vector<NodeIndex> order(std::size_t count) {
  std::vector<NodeIndex> nodes;
  for (std::size_t i = 0; i < count; ++i) nodes.push_back(NodeIndex(i));
  return nodes;
}

Members set(std::initializer_list<int> nodes) {
  Members members;
  for (int node : nodes) members.add(NodeIndex(node));
  return members;
}

TEST(Clique, AloneIsACliqueOfOne) {
  EXPECT_EQ(largest_clique({}, NodeIndex{2}, order(5)), set({2}));
}

TEST(Clique, AllWhoHearEachOther) {
  Graph graph;
  for (std::size_t a = 0; a < 6; ++a)
    for (std::size_t b = 0; b < a; ++b) connect(graph, a, b);
  EXPECT_EQ(largest_clique(graph, NodeIndex{3}, order(6)), set({0, 1, 2, 3, 4, 5}));
}

TEST(Clique, OfEqualOnesTheLowestWins) {
  Graph graph;  // 0 - 1 - 2 - 3: seen from 1
  connect(graph, 0, 1);
  connect(graph, 1, 2);
  connect(graph, 2, 3);
  EXPECT_EQ(largest_clique(graph, NodeIndex{1}, order(4)), set({0, 1}));
  EXPECT_EQ(largest_clique(graph, NodeIndex{2}, order(4)), set({1, 2}));
}

TEST(Clique, AgreesWithTryingAllSubsets) {
  std::mt19937 random(7);
  for (int round = 0; round < 300; ++round) {
    const std::size_t count = 2 + random() % 9;
    Graph graph;
    for (std::size_t a = 0; a < count; ++a)
      for (std::size_t b = 0; b < a; ++b)
        if (random() % 3) connect(graph, a, b);
    std::size_t best = 0;
    for (unsigned subset = 1; subset < 1u << count; subset += 2) {  // with node 0
      bool clique = true;
      for (std::size_t a = 0; a < count; ++a)
        for (std::size_t b = 0; b < a; ++b)
          if ((subset >> a & 1) && (subset >> b & 1))
            clique &= graph.neighbours[a].has(NodeIndex(b));
      if (clique)
        best = std::max<std::size_t>(best, static_cast<std::size_t>(std::popcount(subset)));
    }
    EXPECT_EQ(largest_clique(graph, NodeIndex::self, order(count)).size(), best);
  }
}

TEST(Clique, TheSearchIsBounded) {
  std::mt19937 random(8);
  Graph graph;
  for (std::size_t a = 0; a < nodes_max; ++a)
    for (std::size_t b = 0; b < a; ++b)
      if (random() % 10) connect(graph, a, b);
  EXPECT_GT(largest_clique(graph, NodeIndex::self, order(nodes_max)).size(), 10u);
}

}  // namespace
}  // namespace gyre::totem
