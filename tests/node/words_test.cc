// What daemons say to each other in the order: who is to end, and which configuration counts.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <random>

#include "tests/node/bed.hh"

namespace gyre::node {
namespace {

using std::chrono::milliseconds;
using test::Cluster;
using test::TestNode;

constexpr FakeOptions kind{
    .short_sends = false, .completes_after = 0, .resolves_after = Duration{}};

TEST(Word, ThatKillsANodeIsHeardByItAlone) {
  Cluster cluster(3, kind);
  cluster.start();
  ASSERT_TRUE(cluster.run_until([&] { return cluster.whole(); }));
  const auto say = [&](std::uint32_t node, std::uint64_t request) {
    return cluster.nodes[0]->node().say({.what = static_cast<std::uint8_t>(What::kill),
                                         .subject = node,
                                         .request = request,
                                         .text = {}});
  };
  EXPECT_TRUE(say(9, 7));  // nobody
  EXPECT_TRUE(say(2, 8));
  ASSERT_TRUE(cluster.run_until([&] { return cluster.nodes[1]->node().killed_by().has_value(); }));
  cluster.run(milliseconds(10));
  EXPECT_EQ(cluster.nodes[1]->node().killed_by(), NodeId{1});
  EXPECT_FALSE(cluster.nodes[0]->node().killed_by());
  EXPECT_FALSE(cluster.nodes[2]->node().killed_by());
  EXPECT_EQ(cluster.nodes[0]->answers(), (std::vector<std::string>{"7", "8"}));
  EXPECT_TRUE(cluster.nodes[1]->answers().empty());
}

TEST(Word, WaitsForARingAndIsRefusedWhenTooMuchWaits) {
  Cluster cluster(2, kind);
  cluster.start();
  std::size_t taken = 0;
  const membership::wire::Word word{
      .what = static_cast<std::uint8_t>(What::kill), .subject = 0, .request = 5, .text = "x"};
  while (cluster.nodes[0]->node().say(word)) ++taken;
  EXPECT_EQ(taken, 16u);
  ASSERT_TRUE(cluster.run_until([&] { return cluster.nodes[0]->answers().size() == taken; }));
  EXPECT_TRUE(cluster.nodes[0]->node().say(word));
}

// ---- reload ----

class Reloading : public testing::Test {
 protected:
  Reloading() {
    cluster.start();
    EXPECT_TRUE(cluster.run_until([&] { return cluster.whole(); }));
  }

  TestNode& node(std::size_t i) { return *cluster.nodes[i]; }
  void propose(std::size_t i, std::uint64_t request) {
    EXPECT_TRUE(node(i).node().say(Reload::prepare(request)));
  }
  // Everyone reads, and those in `refusing` do not like it.
  void read_all(const std::vector<std::size_t>& refusing = {}) {
    ASSERT_TRUE(cluster.run_until([&] {
      return std::ranges::all_of(cluster.nodes, [&](auto& each) {
        return !each || (each->to_read() != read_ && each->to_read() == node(0).to_read());
      });
    }));
    read_ = node(0).to_read();
    for (std::size_t i = 0; i < cluster.nodes.size(); ++i)
      if (cluster.nodes[i])
        node(i).node().configuration_read(
            node(i).to_read(), std::ranges::count(refusing, i) ? "ring.conf:7: no" : "", timers);
  }
  bool ended(std::size_t count) {
    return cluster.run_until([&] {
      return std::ranges::all_of(
          cluster.nodes, [&](auto& each) { return !each || each->reloads().size() == count; });
    });
  }
  // Whether each that is there went by its file at last.
  std::vector<bool> applied() {
    std::vector<bool> all;
    for (auto& each : cluster.nodes)
      if (each) all.push_back(!each->reloads().empty() && each->reloads().back().second);
    return all;
  }

  std::uint64_t data_sent(std::size_t i) {
    Snapshot page;
    node(i).node().snapshot(page, cluster.now);
    const auto counters = std::span(page.counters).first(page.counter_count);
    return std::ranges::find(counters, std::string_view("data_sent"), &Snapshot::Counter::name)
        ->value;
  }

  Cluster cluster{3, kind};
  totem::Parameters timers = TestNode::quick();  // in everyone's file
  std::uint64_t read_ = 0;                       // the last ticket that all have answered
};

TEST_F(Reloading, CountsWhenAllAreReady) {
  propose(0, 7);
  read_all();
  ASSERT_TRUE(ended(1));
  EXPECT_EQ(applied(), (std::vector<bool>{true, true, true}));
  EXPECT_EQ(node(0).answers(), std::vector<std::string>{"7"});
  EXPECT_TRUE(node(1).answers().empty());
}

TEST_F(Reloading, TimersCountOnceAllAreReady) {
  const auto rotations_in_a_second = [&] {
    const auto count = [&] {
      Snapshot page;
      node(0).node().snapshot(page, cluster.now);
      return page.rotations.count();
    };
    const std::uint64_t before = count();
    cluster.run(std::chrono::seconds(1));
    return count() - before;
  };
  timers.hold = milliseconds(90);
  timers.token_retransmit = milliseconds(95);
  const std::uint64_t quick = rotations_in_a_second();
  propose(0, 7);
  read_all({2});
  ASSERT_TRUE(ended(1));
  EXPECT_GT(rotations_in_a_second(), quick / 2);
  propose(0, 8);
  read_all();
  ASSERT_TRUE(ended(2));
  rotations_in_a_second();  // the ring becomes idle
  EXPECT_LT(rotations_in_a_second(), quick / 2);
}

TEST_F(Reloading, NothingChangesIfOneRefuses) {
  propose(1, 7);
  read_all({2});
  ASSERT_TRUE(ended(1));
  EXPECT_EQ(applied(), (std::vector<bool>{false, false, false}));
  EXPECT_EQ(node(1).answers(), std::vector<std::string>{"7 ring.conf:7: no"});

  propose(1, 8);
  read_all();
  ASSERT_TRUE(ended(2));
  EXPECT_EQ(applied(), (std::vector<bool>{true, true, true}));
}

TEST_F(Reloading, AReasonMovesNoCursor) {
  propose(0, 7);
  ASSERT_TRUE(cluster.run_until([&] { return node(1).to_read() != 0; }));
  node(1).node().configuration_read(node(1).to_read(), "\x1b[2Jno\n\x7f: caf\u00e9", {});
  ASSERT_TRUE(ended(1));
  EXPECT_EQ(node(0).answers(), std::vector<std::string>{"7 ?[2Jno??: caf\u00e9"});
}

TEST_F(Reloading, OneAtATime) {
  propose(0, 7);
  propose(1, 9);
  read_all();
  ASSERT_TRUE(ended(1));
  EXPECT_EQ(applied(), (std::vector<bool>{true, true, true}));
  const std::vector<std::string> yes[] = {{"7"}, {"9"}};
  const std::string no = " another reload is under way";
  const bool first = node(0).answers() == yes[0];
  EXPECT_EQ(node(first ? 1 : 0).answers(), std::vector<std::string>{(first ? "9" : "7") + no});
  EXPECT_EQ(node(first ? 0 : 1).answers(), yes[first ? 0 : 1]);
}

TEST_F(Reloading, AViewEndsIt) {
  propose(0, 7);
  ASSERT_TRUE(cluster.run_until([&] { return node(1).to_read() != 0; }));
  cluster.crash(2);
  ASSERT_TRUE(ended(1));
  EXPECT_EQ(applied(), (std::vector<bool>{false, false}));
  EXPECT_EQ(node(0).answers(), std::vector<std::string>{"7 the ring changed meanwhile"});
  node(0).node().configuration_read(node(0).to_read(), "", {});  // too late for that one
  read_ = node(0).to_read();
  propose(0, 8);
  read_all();
  ASSERT_TRUE(ended(2));
  EXPECT_EQ(applied(), (std::vector<bool>{true, true}));
  EXPECT_EQ(node(0).answers().back(), "8");
}

TEST_F(Reloading, AWordAboutAnEarlierOneCountsForNone) {
  propose(0, 7);
  read_all({2});
  ASSERT_TRUE(ended(1));
  propose(0, 8);
  ASSERT_TRUE(cluster.run_until([&] { return node(2).to_read() != read_; }));
  for (std::size_t i = 0; i < 3; ++i)
    node(i).node().say({.what = static_cast<std::uint8_t>(What::reload_ready),
                        .subject = 1,
                        .request = read_,
                        .text = {}});
  cluster.run(milliseconds(50));
  EXPECT_EQ(node(0).reloads().size(), 1u);
  read_all();
  ASSERT_TRUE(ended(2));
  EXPECT_EQ(applied(), (std::vector<bool>{true, true, true}));
}

// The last word was said, and nobody else is left to have it: who knows what the others do?
TEST_F(Reloading, IsNotCalledDoneIfTheRingBrokeAtThatMoment) {
  propose(0, 7);
  ASSERT_TRUE(cluster.run_until([&] {
    return std::ranges::all_of(cluster.nodes, [](auto& each) { return each->to_read() != 0; });
  }));
  for (const std::size_t i : {1, 2})
    node(i).node().configuration_read(node(i).to_read(), "", timers);
  cluster.run(milliseconds(50));
  const std::uint64_t said = data_sent(0);
  node(0).node().configuration_read(node(0).to_read(), "", timers);
  ASSERT_TRUE(cluster.run_until([&] { return data_sent(0) > said; }));
  cluster.crash(1);
  cluster.crash(2);
  ASSERT_TRUE(ended(1));
  EXPECT_EQ(applied(), (std::vector<bool>{true}));
  ASSERT_EQ(node(0).answers().size(), 1u);
  EXPECT_NE(node(0).answers()[0].find("7 the ring broke at that moment"), std::string::npos);
}

TEST_F(Reloading, WhoDoesNotAnswerIsNotWaitedForForEver) {
  propose(0, 7);
  ASSERT_TRUE(cluster.run_until([&] { return node(1).to_read() != 0; }));
  node(0).node().configuration_read(node(0).to_read(), "", {});
  ASSERT_TRUE(
      cluster.run_until([&] { return node(0).answers().size() == 1; }, std::chrono::seconds(25)));
  EXPECT_EQ(node(0).answers()[0], "7 a member does not answer");
  ASSERT_TRUE(ended(1));
  EXPECT_EQ(applied(), (std::vector<bool>{false, false, false}));
}

// In the turn in which it is due: nothing else would wake a node that sleeps for the next one.
TEST_F(Reloading, IsGivenUpAtOnceWhenItIsDue) {
  propose(0, 7);
  ASSERT_TRUE(cluster.run_until([&] { return node(0).to_read() != 0; }));
  const Time due = cluster.now + std::chrono::seconds(20);
  ASSERT_TRUE(cluster.run_until([&] { return cluster.now + Cluster::tick >= due; },
                                std::chrono::seconds(25)));
  const auto said = [&] {
    const totem::Counters& counters = node(0).node().ring().counters();
    return counters.data_sent + counters.hold_cancels_sent;
  };
  const std::uint64_t before = said();
  cluster.step();
  EXPECT_EQ(said(), before + 1);
}

// Whatever happens at whatever instant, members that stay together do the same.
TEST(ReloadAtAnyInstant, OfACrashIsAppliedByAllThatStayOrByNone) {
  std::size_t applied = 0, aborted = 0;
  for (std::uint32_t seed = 0; seed < 300; ++seed) {
    Cluster cluster(3, {.seed = seed + 1, .loss = 0.02, .duplicate = 0.02, .reorder = 0.05});
    cluster.start();
    ASSERT_TRUE(cluster.run_until([&] { return cluster.whole(); })) << seed;
    ASSERT_TRUE(cluster.nodes[seed % 2]->node().say(Reload::prepare(1)));
    std::mt19937 dice(seed);
    std::vector<std::uint64_t> read(3);
    const Time crash_at = cluster.now + std::chrono::microseconds(dice() % 6000);
    const auto over = [&](std::size_t i) { return !cluster.nodes[i]->reloads().empty(); };
    const bool done = cluster.run_until([&] {
      if (cluster.now >= crash_at && cluster.nodes[2]) cluster.crash(2);
      for (std::size_t i = 0; i < 3; ++i)
        if (cluster.nodes[i] && cluster.nodes[i]->to_read() != read[i])
          cluster.nodes[i]->node().configuration_read(read[i] = cluster.nodes[i]->to_read(), "",
                                                      {});
      return !cluster.nodes[2] && over(0) && over(1);
    });
    if (!done) continue;  // the crash came before anyone began
    const auto how = [&](std::size_t i) { return cluster.nodes[i]->reloads().front().second; };
    EXPECT_EQ(how(0), how(1)) << "seed " << seed;
    ++(how(0) ? applied : aborted);
  }
  EXPECT_GT(applied, 10u);
  EXPECT_GT(aborted, 10u);
}

// Whether the reload that node 2 asks for is done, as it is told; with all files good.
bool is_done(Cluster& cluster) {
  const auto there = [&](TestNode& node) {
    return cluster.run_until([&] { return node.to_read() != 0; }, milliseconds(500));
  };
  EXPECT_TRUE(cluster.run_until([&] { return cluster.whole(); }));
  EXPECT_TRUE(cluster.nodes[2]->node().say(Reload::prepare(1)));
  for (auto& node : cluster.nodes)
    if (there(*node)) node->node().configuration_read(node->to_read(), "", TestNode::quick());
  const std::vector<std::string>& answers = cluster.nodes[2]->answers();
  return cluster.run_until([&] { return !answers.empty(); }) && answers[0] == "1";
}

// Who asked is told that it is done, and is gone in the next moment.
TEST(ReloadAtAnyInstant, WhatIsCalledDoneIsDoneByAll) {
  std::size_t done = 0;
  for (std::uint32_t seed = 0; seed < 100; ++seed) {
    Cluster cluster(3, {.seed = seed + 1, .loss = 0.3});
    cluster.start();
    if (!is_done(cluster)) continue;  // the ring changed meanwhile
    ++done;
    cluster.crash(2);
    for (const std::size_t i : {0, 1}) {
      const TestNode& node = *cluster.nodes[i];
      ASSERT_TRUE(cluster.run_until([&] { return !node.reloads().empty(); })) << seed;
      EXPECT_TRUE(node.reloads().back().second) << "seed " << seed << ", node " << i;
    }
  }
  EXPECT_GT(done, 50u);
}

}  // namespace
}  // namespace gyre::node
