// What a node tells of itself and of those that it knows.
#include <gtest/gtest.h>

#include <string_view>

#include "tests/node/bed.hh"

namespace gyre::node {
namespace {

using std::chrono::milliseconds;
using test::Cluster;

constexpr FakeOptions kind{
    .short_sends = false, .completes_after = 0, .resolves_after = Duration{}};

Snapshot snapshot_of(Cluster& cluster, std::size_t node) {
  Snapshot page;
  cluster.nodes[node]->node().snapshot(page, cluster.now);
  return page;
}

const Snapshot::Member* find(const Snapshot& page, std::uint32_t node) {
  for (std::size_t i = 0; i < page.known_count; ++i)
    if (page.members[i].member.node == NodeId{node}) return &page.members[i];
  return nullptr;
}

std::uint64_t counter(const Snapshot& page, std::string_view name) {
  for (std::size_t i = 0; i < page.counter_count; ++i)
    if (page.counters[i].name == name) return page.counters[i].value;
  return ~std::uint64_t{0};
}

TEST(Snapshot, CountsHowOftenEachNodeJoinedAndKeepsThoseThatLeft) {
  Cluster cluster(3, kind);
  cluster.start();
  ASSERT_TRUE(cluster.run_until([&] { return cluster.whole(); }));
  Snapshot page = snapshot_of(cluster, 0);
  EXPECT_EQ(page.member_count, 3u);
  EXPECT_EQ(page.known_count, 3u);
  for (const std::uint32_t node : {1, 2, 3}) EXPECT_EQ(find(page, node)->joins, 1u) << node;

  cluster.crash(1);
  ASSERT_TRUE(cluster.run_until([&] { return cluster.whole(); }));
  page = snapshot_of(cluster, 0);
  EXPECT_EQ(page.member_count, 2u);
  EXPECT_EQ(page.known_count, 3u);
  EXPECT_EQ(page.members[2].member.node, NodeId{2});
  EXPECT_EQ(page.members[2].joins, 1u);

  cluster.restart(1);
  ASSERT_TRUE(cluster.run_until([&] { return cluster.whole(); }));
  page = snapshot_of(cluster, 0);
  EXPECT_EQ(page.member_count, 3u);
  EXPECT_EQ(find(page, 1)->joins, 1u);
  EXPECT_EQ(find(page, 2)->joins, 2u);
  EXPECT_EQ(find(page, 3)->joins, 1u);
  EXPECT_EQ(find(snapshot_of(cluster, 1), 3)->joins, 1u);
}

TEST(Snapshot, CountsTheFramesOfEachAndWhenItWasHeard) {
  Cluster cluster(2, kind);
  cluster.start();
  ASSERT_TRUE(cluster.run_until([&] { return cluster.whole(); }));
  const std::uint64_t before = find(snapshot_of(cluster, 0), 2)->frames;
  EXPECT_GT(before, 0u);
  cluster.run(milliseconds(500));
  Snapshot page = snapshot_of(cluster, 0);
  EXPECT_GT(find(page, 2)->frames, before);
  EXPECT_LE(find(page, 2)->heard, page.taken);
  EXPECT_EQ(find(page, 1)->heard, 0u);  // itself
  EXPECT_LE(page.token, page.taken);
  EXPECT_GT(page.token, 0u);

  const std::uint64_t heard = find(page, 2)->heard;
  cluster.nodes[1]->paused = true;
  cluster.run(milliseconds(20));
  page = snapshot_of(cluster, 0);
  EXPECT_LE(find(page, 2)->heard, heard + 1'000'000);
  EXPECT_GE(page.taken - find(page, 2)->heard, 19'000'000u);
}

TEST(Snapshot, TellsUntilWhenTheVerdictHolds) {
  Cluster cluster(3, kind);
  cluster.start();
  EXPECT_EQ(snapshot_of(cluster, 0).lease, 0u);
  ASSERT_TRUE(cluster.run_until([&] { return cluster.whole(); }));
  cluster.run(milliseconds(500));
  const Snapshot page = snapshot_of(cluster, 0);
  EXPECT_TRUE(page.verdict.quorate);
  EXPECT_GT(page.lease, page.taken);
  cluster.crash(1);
  cluster.crash(2);
  cluster.run(milliseconds(500));
  EXPECT_EQ(snapshot_of(cluster, 0).lease, 0u);
}

TEST(Snapshot, MeasuresRotationsWithinARingAndStatesEntered) {
  Cluster cluster(2, kind);
  cluster.start();
  ASSERT_TRUE(cluster.run_until([&] { return cluster.whole(); }));
  cluster.run(milliseconds(100));
  Snapshot page = snapshot_of(cluster, 0);
  const std::uint64_t rotations = page.rotations.count();
  EXPECT_GT(rotations, 1u);
  EXPECT_LT(page.rotations.count(), counter(page, "rotations"));  // the first ends no rotation
  EXPECT_EQ(counter(page, "operationals"), 1u);
  EXPECT_EQ(counter(page, "gathers_in_a_row"), 0u);
  const std::uint64_t longest = page.rotations.longest();

  // On request the ring is formed anew; what lies between the two rings is no rotation.
  const std::uint64_t view = page.view;
  cluster.nodes[0]->node().gather(cluster.now);
  ASSERT_TRUE(
      cluster.run_until([&] { return cluster.whole() && snapshot_of(cluster, 0).view != view; }));
  page = snapshot_of(cluster, 0);
  EXPECT_EQ(counter(page, "operationals"), 2u);
  EXPECT_EQ(find(page, 2)->joins, 1u);  // it came along
  EXPECT_LE(page.rotations.longest(), std::max<std::uint64_t>(longest, 1'000'000));
}

TEST(Snapshot, TellsWhenTheNodeDidNotRun) {
  Cluster cluster(2, kind);
  cluster.start();
  ASSERT_TRUE(cluster.run_until([&] { return cluster.whole(); }));
  cluster.run(milliseconds(50));
  ASSERT_EQ(snapshot_of(cluster, 0).pauses.count, 0u);
  cluster.nodes[0]->paused = true;
  cluster.run(milliseconds(800));
  cluster.nodes[0]->paused = false;
  cluster.step();
  const Snapshot page = snapshot_of(cluster, 0);
  ASSERT_EQ(page.pauses.count, 1u);
  EXPECT_EQ(counter(page, "pauses"), 1u);
  EXPECT_NEAR(static_cast<double>(page.pauses.last[0].length), 800e6, 1e6);
  EXPECT_NEAR(static_cast<double>(page.pauses.last[0].end), static_cast<double>(page.taken), 1e6);
  const auto log = cluster.nodes[0]->log();
  EXPECT_TRUE(std::ranges::any_of(log, [](const std::string& line) {
    return line.find("this node did not run for 800 ms") != std::string::npos;
  }));
}

}  // namespace
}  // namespace gyre::node
