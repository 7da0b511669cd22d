#include "node/node.hh"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "tests/check/recording.hh"
#include "tests/node/bed.hh"
#include "tests/node/temporary.hh"
#include "transport/header.hh"

namespace gyre::node {
namespace {

using std::chrono::milliseconds;
using test::Cluster;
using test::Program;
using test::TestNode;

constexpr FakeOptions kind{
    .short_sends = false, .completes_after = 0, .resolves_after = Duration{}};
constexpr FakeOptions worst{.seed = 7, .loss = 0.02, .duplicate = 0.02, .reorder = 0.05};

std::vector<std::string> messages(Program& program, std::vector<std::string>& seen) {
  for (std::string& event : program.events()) seen.push_back(std::move(event));
  std::vector<std::string> only;
  for (const std::string& event : seen)
    if (event.find(": ") != std::string::npos) only.push_back(event);
  return only;
}

TEST(Node, AloneFormsARingAndServesItsPrograms) {
  Cluster cluster(1, kind);
  cluster.start();
  ASSERT_TRUE(cluster.run_until([&] { return cluster.whole(); }));
  Program program = cluster.nodes[0]->connect(cluster.now);
  program.join("prices");
  program.send("prices", "one");
  program.send("prices", "two", totem::Guarantee::safe);
  std::vector<std::string> seen;
  ASSERT_TRUE(cluster.run_until([&] { return messages(program, seen).size() == 2; }));
  EXPECT_EQ(seen, (std::vector<std::string>{"view 1", "change prices +1", "1: one", "1: two"}));
}

TEST(Node, NoRingBeforeItsSeqIsOnDisk) {
  Cluster cluster(1, kind);
  cluster.start();
  cluster.nodes[0]->reserve_at_once = false;
  cluster.run(std::chrono::seconds(1));
  EXPECT_EQ(cluster.nodes[0]->views(), 0u);
  cluster.nodes[0]->reserve_at_once = true;
  EXPECT_TRUE(cluster.run_until([&] { return cluster.whole(); }));
}

// Longer than all the frames that may wait for the token: it is taken in pieces.
TEST(Node, AloneTakesALongMessageWithoutWaitingForATimer) {
  Cluster cluster(1, kind);
  cluster.start();
  ASSERT_TRUE(cluster.run_until([&] { return cluster.whole(); }));
  Program program = cluster.nodes[0]->connect(cluster.now);
  std::vector<std::string> seen;
  ASSERT_TRUE(cluster.join(program, "prices", seen));
  ASSERT_TRUE(program.send("prices", std::string(200'000, 'x')));
  Time due = cluster.now;
  while (messages(program, seen).empty() && due < cluster.now + milliseconds(1)) {
    due += Cluster::tick;
    TestNode& node = *cluster.nodes[0];
    if (!node.turn(due)) due = std::max(due, node.node().deadline());
  }
  EXPECT_FALSE(messages(program, seen).empty());
}

// A turn may make another one due. It is not so again and again while a node waits for the disk of
// another, or for the token with more to tell the ring than goes at once.
TEST(Node, NothingIsDueAtOnceWhileThereIsNothingToDo) {
  Cluster cluster(3, kind);
  cluster.start();
  ASSERT_TRUE(cluster.run_until([&] { return cluster.whole(); }));
  std::vector<Program> programs;
  for (auto& node : cluster.nodes) programs.push_back(node->connect(cluster.now));
  std::vector<std::string> seen;
  for (int group = 0; group < 60; ++group)
    for (Program& program : programs)
      ASSERT_TRUE(cluster.join(program, fmt::format("{:0>100}", group), seen));

  std::vector<int> in_vain(3), longest(3);
  const auto run_until = [&](auto done) {
    for (const Time end = cluster.now + std::chrono::seconds(2); !done() && cluster.now < end;) {
      cluster.now += Cluster::tick;
      for (std::size_t i = 0; i < 3; ++i) {
        if (!cluster.nodes[i]) continue;
        TestNode& node = *cluster.nodes[i];
        const bool vain = !node.turn(cluster.now) && node.node().deadline() <= cluster.now;
        longest[i] = std::max(longest[i], in_vain[i] = vain ? in_vain[i] + 1 : 0);
      }
    }
    return done();
  };
  cluster.crash(1);
  cluster.nodes[0]->reserve_at_once = false;
  run_until([] { return false; });
  cluster.nodes[0]->reserve_at_once = true;
  EXPECT_TRUE(run_until([&] { return cluster.whole(); }));
  cluster.restart(1);
  EXPECT_TRUE(run_until([&] { return cluster.whole(); }));
  run_until([] { return false; });
  for (const int count : longest) EXPECT_LE(count, 1);
}

// On the worst device that there is: three programs, each sending from its own node, and all see
// the same events in the same order. Nothing is allocated on the way.
TEST(Node, ThreeNodesOneOrder) {
  Cluster cluster(3, worst);
  cluster.start();
  ASSERT_TRUE(cluster.run_until([&] { return cluster.whole(); }));
  std::vector<Program> programs;
  std::vector<std::vector<std::string>> seen(3);
  for (auto& node : cluster.nodes) programs.push_back(node->connect(cluster.now));
  for (std::size_t i = 0; i < 3; ++i) ASSERT_TRUE(cluster.join(programs[i], "prices", seen[i]));

  const std::size_t before = cluster.nodes[0]->allocations();
  constexpr int count = 300;
  const std::string large(5000, 'x');
  for (int n = 0; n < count; ++n)
    for (std::size_t i = 0; i < 3; ++i)
      programs[i].send("prices", n % 50 == 0 ? large : std::to_string(n),
                       n % 10 == 0 ? totem::Guarantee::safe : totem::Guarantee::agreed);
  ASSERT_TRUE(cluster.run_until([&] {
    for (std::size_t i = 0; i < 3; ++i)
      if (messages(programs[i], seen[i]).size() != 3 * count) return false;
    return true;
  }));
  std::vector<std::string> first = messages(programs[0], seen[0]);
  for (std::size_t i = 1; i < 3; ++i) EXPECT_EQ(messages(programs[i], seen[i]), first);
  std::vector<std::string> of_two;
  std::ranges::copy_if(first, std::back_inserter(of_two),
                       [](const std::string& event) { return event.starts_with("2: "); });
  for (int n = 0; n < count; ++n)
    EXPECT_EQ(of_two[static_cast<std::size_t>(n)],
              "2: " + (n % 50 == 0 ? large : std::to_string(n)));
  EXPECT_EQ(cluster.nodes[0]->allocations(), before);
}

TEST(Node, AProgramThatComesLaterStartsWithTheView) {
  Cluster cluster(2, kind);
  cluster.start();
  ASSERT_TRUE(cluster.run_until([&] { return cluster.whole(); }));
  cluster.run(milliseconds(50));
  Program program = cluster.nodes[1]->connect(cluster.now);
  EXPECT_EQ(program.events(), std::vector<std::string>{"view 1 2"});
}

TEST(Node, AProgramThatDiesLeavesItsGroupsEverywhere) {
  Cluster cluster(2, kind);
  cluster.start();
  ASSERT_TRUE(cluster.run_until([&] { return cluster.whole(); }));
  Program stays = cluster.nodes[0]->connect(cluster.now);
  std::vector<std::string> seen, of_dying;
  ASSERT_TRUE(cluster.join(stays, "prices", seen));
  {
    Program dies = cluster.nodes[1]->connect(cluster.now);
    ASSERT_TRUE(cluster.join(dies, "prices", of_dying));
    messages(stays, seen);
    cluster.nodes[1]->node().woken(dies.number(), true, cluster.now);
  }
  ASSERT_TRUE(cluster.run_until([&] {
    messages(stays, seen);
    return seen.back() == "change prices -2";
  }));
  EXPECT_EQ(cluster.nodes[1]->taken_back(), 1u);
  EXPECT_EQ(cluster.nodes[0]->taken_back(), 0u);
  cluster.nodes[1]->node().woken(99999, true, cluster.now);  // whoever that was
}

TEST(Node, AProgramThatTakesNothingIsCutOffAndTheRingGoesOn) {
  Cluster cluster(2, kind);
  cluster.start();
  ASSERT_TRUE(cluster.run_until([&] { return cluster.whole(); }));
  Program reader = cluster.nodes[0]->connect(cluster.now);
  Program sleeper = cluster.nodes[1]->connect(cluster.now);
  std::vector<std::string> seen, of_sleeper;
  ASSERT_TRUE(cluster.join(reader, "bulk", seen));
  ASSERT_TRUE(cluster.join(sleeper, "bulk", of_sleeper));
  const std::string chunk(100'000, 'y');
  std::size_t sent = 0;
  ASSERT_TRUE(cluster.run_until([&] {
    const std::size_t got = messages(reader, seen).size();
    for (; sent < 60 && sent < got + 4; ++sent) reader.send("bulk", chunk);
    return got == 60;
  }));
  EXPECT_NE(sleeper.ended(), 0u);
  EXPECT_TRUE(cluster.run_until([&] { return cluster.nodes[1]->taken_back() == 1; }));
  EXPECT_EQ(cluster.nodes[1]->node().counters().clients_cut_off, 1u);
  const auto log = cluster.nodes[1]->log();
  EXPECT_TRUE(std::ranges::any_of(
      log, [](const std::string& line) { return line.find("was cut off") != std::string::npos; }));
}

TEST(Node, ASilentNodeIsMissedAndOneThatLeavesSaysSo) {
  Cluster cluster(3, kind);
  cluster.start();
  ASSERT_TRUE(cluster.run_until([&] { return cluster.whole(); }));
  Program program = cluster.nodes[0]->connect(cluster.now);
  cluster.nodes[2].reset();
  ASSERT_TRUE(cluster.run_until([&] { return cluster.whole(); }));
  cluster.nodes[1]->node().leave(cluster.now);
  const Time began = cluster.now;
  ASSERT_TRUE(cluster.run_until([&] { return cluster.nodes[1]->node().left(); }));
  cluster.nodes[1].reset();
  ASSERT_TRUE(cluster.run_until([&] { return cluster.whole(); }));
  EXPECT_LT(cluster.now - began, TestNode::quick().token_loss) << "nobody waited for a timer";
  EXPECT_EQ(program.events(), (std::vector<std::string>{"view 1 2 3", "transitional", "view 1 2",
                                                        "transitional", "view 1"}));
}

TEST(Node, HasNotLeftBeforeItsDeviceTookTheLastWord) {
  Cluster cluster(2, kind);
  cluster.start();
  ASSERT_TRUE(cluster.run_until([&] { return cluster.whole(); }));
  TestNode& leaver = *cluster.nodes[1];
  leaver.device().full = true;
  leaver.node().leave(cluster.now);
  const auto left = [&] { return leaver.node().left(); };
  EXPECT_FALSE(cluster.run_until(left));
  leaver.device().full = false;
  EXPECT_TRUE(cluster.run_until(left));
}

TEST(Node, AnOpenRingLearnsWhereItsPeersAre) {
  FakeNetwork network(kind);
  std::vector<std::unique_ptr<TestNode>> nodes;
  nodes.push_back(
      std::make_unique<TestNode>(network, 1, kind.payload_max, TestNode::Options{.open = true}));
  nodes.push_back(std::make_unique<TestNode>(network, 2, kind.payload_max,
                                             TestNode::Options{.listed = {1}, .open = true}));
  Time now{std::chrono::seconds(1)};
  for (auto& node : nodes) node->start(nodes, now);
  for (int i = 0; i < 50'000 && nodes[0]->views() == 0; ++i, now += Cluster::tick)
    for (auto& node : nodes) node->turn(now);
  Snapshot page;
  nodes[0]->node().snapshot(page, now);
  ASSERT_EQ(page.member_count, 2u);
  EXPECT_EQ(page.members[1].addresses[0], nodes[1]->address());
}

TEST(Node, AFrameOfAnUnlistedNodeIsDroppedAndCounted) {
  FakeNetwork network(kind);
  std::vector<std::unique_ptr<TestNode>> nodes;
  nodes.push_back(std::make_unique<TestNode>(network, 1, kind.payload_max, TestNode::Options{}));
  Time now{std::chrono::seconds(1)};
  nodes[0]->start(nodes, now);
  std::array<std::byte, header_size + 4> frame{};
  write_header(
      {.cluster = cluster_tag("test"), .sender = NodeId{9}, .length = 4, .boot = 5, .counter = 1},
      std::span(frame).first<header_size>());
  network.inject(nodes[0]->address(), Lane::data, frame);
  for (int i = 0; i < 100; ++i) nodes[0]->turn(now += Cluster::tick);
  EXPECT_EQ(nodes[0]->node().counters().dropped_unlisted, 1u);
}

// What --record keeps of nodes that come and go satisfies the checker, to the last message.
TEST(Node, RecordsWhatItSentAndDelivered) {
  test::TemporaryDirectory directory;
  check::Checker checker;
  std::vector<std::string> paths;
  {
    FakeNetwork network(worst);
    std::vector<std::unique_ptr<FileRecorder>> recorders;
    std::vector<std::unique_ptr<TestNode>> nodes;
    for (std::uint32_t id = 1; id <= 3; ++id) {
      recorders.push_back(std::make_unique<FileRecorder>(directory / std::to_string(id), NodeId{id},
                                                         500 + id, std::size_t{1} << 24));
      paths.push_back(recorders.back()->path());
      nodes.push_back(
          std::make_unique<TestNode>(network, id, worst.payload_max,
                                     TestNode::Options{.listed = {id % 3 + 1, (id + 1) % 3 + 1},
                                                       .recorder = recorders.back().get()}));
    }
    Time now{std::chrono::seconds(1)};
    for (auto& node : nodes) node->start(nodes, now);
    std::vector<Program> programs;
    for (auto& node : nodes) programs.push_back(node->connect(now));
    for (Program& program : programs) program.join("prices");
    for (int n = 0; n < 25'000; ++n) {
      now += Cluster::tick;
      if (n % 50 == 0 && n < 10'000)
        programs[static_cast<std::size_t>(n / 50 % 3)].send("prices", std::string(n / 2, 'z'));
      for (std::size_t i = 0; i < 3; ++i)
        if (i != 2 || n < 10'000) nodes[i]->turn(now);  // the third falls silent
    }
  }
  std::size_t sent = 0, delivered = 0;
  for (const std::string& path : paths) {
    check::Recording recording(path);
    while (const auto event = recording.next()) {
      sent += std::holds_alternative<check::Sent>(*event);
      delivered += std::holds_alternative<check::Delivered>(*event);
      checker.add(recording.process(), *event);
    }
  }
  EXPECT_GT(sent, 150u);
  EXPECT_GT(delivered, 2 * 150u);
  for (const check::Violation& violation : checker.finish(false))
    ADD_FAILURE() << violation.clause << ": " << violation.text;
}

}  // namespace
}  // namespace gyre::node
