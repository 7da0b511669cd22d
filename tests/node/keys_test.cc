// The cluster's key changes while its nodes talk.
#include <gtest/gtest.h>

#include <algorithm>

#include "tests/node/bed.hh"

namespace gyre::node {
namespace {

using std::chrono::milliseconds;
using test::Cluster;
using test::Program;
using test::TestNode;

constexpr FakeOptions kind{
    .short_sends = false, .completes_after = 0, .resolves_after = Duration{}};

class Keys : public testing::Test {
 protected:
  Keys() {
    if (sodium_init() < 0) throw std::runtime_error("libsodium does not start");
    cluster.start();
    EXPECT_TRUE(cluster.run_until([&] { return cluster.whole(); }));
  }
  static TestNode::Options sealed() {
    TestNode::Options options;
    options.key = 1;
    options.files = {{"/two", 2}, {"/three", 3}};
    return options;
  }
  TestNode& node(std::size_t i) { return *cluster.nodes[i]; }
  static std::uint64_t fingerprint(int key) { return TestNode::key_of(key).fingerprint(); }
  void rotate(std::size_t i, int key, const std::string& file) {
    node(i).node().rotate(++request, fingerprint(key), file);
  }
  bool answered(std::size_t i, Duration limit = std::chrono::seconds(5)) {
    const std::string number = std::to_string(request);
    return cluster.run_until(
        [&] { return !node(i).answers().empty() && node(i).answers().back().starts_with(number); },
        limit);
  }
  std::string answer(std::size_t i) { return node(i).answers().back(); }
  std::string done() const { return std::to_string(request); }
  void lose_the_third_while_the_second_reads() {
    node(1).reads_keys = false;
    rotate(0, 2, "/two");
    cluster.run(milliseconds(5));
    cluster.crash(2);
    ASSERT_TRUE(cluster.run_until([&] { return cluster.whole(); }));
  }
  // Soon after the one that asked.
  bool all_have(int key) {
    const auto has = [&](auto& each) {
      return !each || (each->sealed().key().fingerprint() == fingerprint(key) &&
                       !each->sealed().other_key());
    };
    return cluster.run_until([&] { return std::ranges::all_of(cluster.nodes, has); },
                             milliseconds(50));
  }
  Snapshot page(std::size_t i) {
    Snapshot snapshot;
    node(i).node().snapshot(snapshot, cluster.now);
    return snapshot;
  }

  Cluster cluster{3, kind, sealed()};
  std::uint64_t request = 0;
};

TEST_F(Keys, ChangeUnderLoadAndNothingIsLost) {
  std::vector<Program> programs;
  for (auto& each : cluster.nodes) programs.push_back(each->connect(cluster.now));
  std::vector<std::vector<std::string>> seen(3);
  for (std::size_t i = 0; i < 3; ++i) ASSERT_TRUE(cluster.join(programs[i], "g", seen[i]));
  cluster.run(milliseconds(5));
  for (auto& program : programs) program.events();
  const std::uint64_t views = node(0).views();
  std::vector<std::size_t> allocations;
  for (auto& each : cluster.nodes) allocations.push_back(each->allocations());

  for (auto& all : seen) all.clear();
  const auto listen = [&] {
    for (std::size_t i = 0; i < 3; ++i)
      for (std::string& event : programs[i].events()) seen[i].push_back(std::move(event));
  };
  std::size_t messages = 0;
  for (int rotation = 0; rotation < 20; ++rotation) {
    const int key = rotation % 2 == 0 ? 2 : 3;
    rotate(static_cast<std::size_t>(rotation) % 3, key, key == 2 ? "/two" : "/three");
    const auto asker = static_cast<std::size_t>(rotation) % 3;
    ASSERT_TRUE(cluster.run_until([&] {
      messages += programs[messages % 3].send("g", std::to_string(messages));
      listen();
      return !node(asker).answers().empty() && node(asker).answers().back() == done();
    })) << (node(asker).answers().empty() ? "" : answer(asker));
    EXPECT_TRUE(all_have(key)) << rotation;
  }
  ASSERT_TRUE(cluster.run_until([&] {
    listen();
    return std::ranges::all_of(seen, [&](auto& all) { return all.size() == messages; });
  }));
  EXPECT_GT(messages, 200u);
  EXPECT_EQ(seen[0], seen[1]);
  EXPECT_EQ(seen[0], seen[2]);
  std::ranges::sort(seen[0]);
  EXPECT_EQ(std::ranges::adjacent_find(seen[0]), seen[0].end());
  EXPECT_EQ(node(0).views(), views) << "the ring has noticed nothing";
  for (std::size_t i = 0; i < 3; ++i) {
    EXPECT_EQ(node(i).transport().refused(Refusal::forged), 0u);
    EXPECT_EQ(node(i).keys_taken_back, 20u);
    EXPECT_EQ(node(i).allocations(), allocations[i]);
  }
}

TEST_F(Keys, StayIfOneNodeCannotReadTheNewOne) {
  node(2).files().erase("/two");
  rotate(0, 2, "/two");
  ASSERT_TRUE(answered(0));
  EXPECT_EQ(answer(0), done() + " node 3: there is no key file");
  EXPECT_TRUE(all_have(1));
  node(2).files()["/two"] = 3;
  rotate(1, 2, "/two");
  ASSERT_TRUE(answered(1));
  EXPECT_EQ(answer(1), done() + " node 3: the file holds another key here");
  EXPECT_TRUE(all_have(1));
  node(2).files()["/two"] = 2;
  rotate(1, 2, "/two");
  ASSERT_TRUE(answered(1));
  EXPECT_EQ(answer(1), done());
  EXPECT_TRUE(all_have(2));
}

TEST_F(Keys, ThatLookLikeThePresentOneOnTheWireAreRefused) {
  const std::uint8_t id = TestNode::key_of(1).id();
  int same = 2;
  while (same < 256 && TestNode::key_of(same).id() != id) ++same;
  if (same == 256) GTEST_SKIP() << "there is none among so few";
  for (std::size_t i = 0; i < 3; ++i) node(i).files()["/same"] = same;
  rotate(0, same, "/same");
  ASSERT_TRUE(answered(0));
  EXPECT_NE(answer(0).find("draw another"), std::string::npos) << answer(0);
  EXPECT_TRUE(all_have(1));
}

TEST_F(Keys, ADiskThatHangsRefusesInTime) {
  node(1).reads_keys = false;
  rotate(0, 2, "/two");
  cluster.run(milliseconds(10));
  EXPECT_STREQ(page(0).rotation, "accepting");
  EXPECT_EQ(page(0).rotation_waits_for, NodeId{2});
  EXPECT_EQ(page(0).next_key, fingerprint(2));
  EXPECT_STREQ(page(1).rotation, "reading");
  for (int i = 0; i < 16000 && node(0).answers().empty(); ++i) {
    cluster.now += milliseconds(1);
    cluster.step();
  }
  ASSERT_FALSE(node(0).answers().empty());
  EXPECT_EQ(answer(0), done() + " node 2: the file could not be read in time");
  EXPECT_TRUE(all_have(1));
  EXPECT_STREQ(page(0).rotation, "none");
  EXPECT_EQ(page(0).key, fingerprint(1));
  node(1).reads_keys = true;
  cluster.run(milliseconds(10));
  EXPECT_EQ(node(1).keys_taken_back, 1u) << "which came too late";
  EXPECT_TRUE(all_have(1));
}

TEST_F(Keys, ANodeThatStartsAnewMeanwhileReadsTheFileFirst) {
  lose_the_third_while_the_second_reads();
  cluster.run(milliseconds(5));
  EXPECT_EQ(page(0).rotation_waits_for, NodeId{3});
  cluster.restart(2);
  ASSERT_TRUE(cluster.run_until([&] { return cluster.whole(); }));
  node(1).reads_keys = true;
  ASSERT_TRUE(answered(0));
  EXPECT_EQ(answer(0), done());
  EXPECT_TRUE(all_have(2));
}

TEST_F(Keys, WithoutWhoIsAwayOnlyIfAskedAgain) {
  lose_the_third_while_the_second_reads();
  node(1).reads_keys = true;
  for (int i = 0; i < 26000 && node(0).answers().empty(); ++i) {
    cluster.now += milliseconds(1);
    cluster.step();
  }
  ASSERT_FALSE(node(0).answers().empty());
  EXPECT_NE(answer(0).find("node 3 is away"), std::string::npos) << answer(0);
  EXPECT_TRUE(node(0).sealed().other_key());
  rotate(1, 2, "/two");
  ASSERT_TRUE(answered(1));
  EXPECT_EQ(answer(1), done());
  EXPECT_TRUE(all_have(2));
  cluster.restart(2);
  cluster.run(milliseconds(500));
  EXPECT_FALSE(cluster.whole()) << "it has the old key";
  EXPECT_GT(node(0).transport().refused(Refusal::other_key), 0u);
  EXPECT_GT(node(2).transport().refused(Refusal::other_key), 0u);
  cluster.crash(2);
  cluster.restarts[2].key = 2;
  cluster.restart(2);
  EXPECT_TRUE(cluster.run_until([&] { return cluster.whole(); }));
}

// Or the sides of a ring that broke meanwhile would come to have different ones.
TEST_F(Keys, StayWhereTheRingBreaksAndThisSideIsNotQuorate) {
  rotate(0, 2, "/two");
  cluster.crash(1);
  cluster.crash(2);
  ASSERT_TRUE(answered(0));
  EXPECT_EQ(answer(0), done() + " this side is not quorate: another one may have the old key");
  EXPECT_EQ(node(0).sealed().key().fingerprint(), fingerprint(1));
  EXPECT_FALSE(node(0).sealed().other_key());
}

TEST_F(Keys, OneChangeAtATime) {
  node(2).reads_keys = false;
  rotate(0, 2, "/two");
  cluster.run(milliseconds(5));
  rotate(0, 2, "/two");
  EXPECT_EQ(answer(0), done() + " another rotation is under way");
  rotate(1, 3, "/three");
  ASSERT_TRUE(answered(1));
  EXPECT_EQ(answer(1), done() + " another rotation is under way");
}

TEST(OpenFrames, HaveNoKey) {
  Cluster cluster(1, kind);
  cluster.start();
  ASSERT_TRUE(cluster.run_until([&] { return cluster.whole(); }));
  cluster.nodes[0]->node().rotate(5, 1, "/two");
  EXPECT_EQ(cluster.nodes[0]->answers().back(), "5 secauth is off: there is no key");
}

}  // namespace
}  // namespace gyre::node
