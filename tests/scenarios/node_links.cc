// Two links, and what becomes of the ring when one fails, or both.
#include <random>

#include "tests/scenarios/node_scenario.hh"
#include "transport/probe.hh"

namespace gyre::test {
namespace {

using std::chrono::milliseconds;

class LinkScenario : public Scenario {
 protected:
  const LinkHealth& health(std::size_t node) { return cluster().nodes[node]->links().health(); }
  bool faulty(std::size_t link) {
    for (std::size_t node = 0; node < programs_.size(); ++node)
      if (health(node).at_fault(link)) return true;
    return false;
  }
  std::vector<std::uint64_t> views() {
    std::vector<std::uint64_t> all;
    for (const auto& node : cluster().nodes) all.push_back(node->views());
    return all;
  }
  // Node 0 sends so many messages in this time; all arrive once and in order, in the same view.
  void unnoticed(Duration span, std::size_t messages = 200) {
    const auto before = views();
    const std::size_t came = seen(2).size();
    for (std::size_t i = 0; i < messages; ++i) {
      ASSERT_TRUE(run_until([&] { return send(0, text_of_length(1200, sent_)); }));
      ++sent_;
      run(span / static_cast<int>(messages));
      for (std::size_t node = 0; node < programs_.size(); ++node) seen(node);
    }
    EXPECT_TRUE(run_until([&] { return seen(2).size() == came + messages; }));
    EXPECT_EQ(views(), before);
    for (std::size_t i = 0; i < messages; ++i)
      ASSERT_EQ(seen(2)[came + i],
                "1: " + text_of_length(1200, sent_ - static_cast<std::uint32_t>(messages - i)));
  }

 private:
  std::uint32_t sent_ = 0;
};

// With all links faulty the sender went round and round over them, and one interface that went down
// took both links along (0eade8de, #204, #569). A frame is offered to each link once.
TEST_F(LinkScenario, J1_WhereAllLinksAreFaultyEachIsAViewOfItsOwnAndAllComeBack) {
  open_on_two_links(3);
  std::uint64_t frames = 0;
  bool down = true;
  loses = [&](const Passing&) { return ++frames, down; };
  ASSERT_TRUE(run_until([&] { return whole({0}) && whole({1}) && whole({2}); }));
  frames = 0;
  const auto before = views();
  run(std::chrono::seconds(1));
  EXPECT_EQ(views(), before);
  EXPECT_LT(frames, 3000u) << "joins, merge detects and probes of three nodes";
  down = false;
  EXPECT_TRUE(run_until([&] { return whole(); }, convergence()));
  EXPECT_TRUE(run_until([&] { return !faulty(0) && !faulty(1); }));
  for (const std::size_t link : {0, 1}) {  // and one of them takes nothing along
    loses = [&](const Passing& frame) {
      return frame.link == link && (frame.from == 1 || frame.to == 1);
    };
    unnoticed(milliseconds(200));
    EXPECT_TRUE(faulty(link));
    loses = [](const Passing&) { return false; };
    EXPECT_TRUE(run_until([&] { return !faulty(0) && !faulty(1); }));
  }
  const auto whole_views = views();  // faulty, but not dead: what little gets through is tried
  loses = [](const Passing& frame) { return frame.frame.size() > 700; };
  ASSERT_TRUE(run_until([&] { return faulty(0) && faulty(1); }));
  send(0, "short");
  EXPECT_TRUE(run_until([&] { return count(2, "1: short") == 1; }));
  EXPECT_EQ(views(), whole_views);
}

// A link was accused at a high rate, as the counters of two links drifted apart (752239ea,
// 8f21967d). Only probes count for a link.
TEST_F(LinkScenario, J2_ManyFramesAndSomeLossAccuseNoLink) {
  open_on_two_links(3);
  std::mt19937 random(5);
  std::size_t lost = 0;
  loses = [&](const Passing& frame) {
    const bool gone = frame.link == 1 && random() % 100 < 5;
    lost += gone && !is_probe(frame.frame);
    return gone;
  };
  unnoticed(milliseconds(400), 800);
  EXPECT_GT(lost, 50u);
  for (const auto& node : cluster().nodes)
    for (const std::string& line : node->log()) EXPECT_EQ(line.find("FAULTY"), line.npos) << line;
}

TEST_F(LinkScenario, J3_ANodeThatLosesOneInterfaceGoesOnAndWithoutBothItIsAlone) {
  open_on_two_links(3);
  std::size_t interfaces = 1;
  loses = [&](const Passing& frame) {
    return (frame.from == 2 || frame.to == 2) && frame.link < interfaces;
  };
  unnoticed(milliseconds(200));
  interfaces = 2;
  ASSERT_TRUE(run_until([&] { return whole({2}) && whole({0, 1}); }));
  send(2, "to myself");
  EXPECT_TRUE(run_until([&] { return count(2, "3: to myself") == 1; }));
  interfaces = 1;
  EXPECT_TRUE(run_until([&] { return whole(); }, convergence()));
  interfaces = 0;
  EXPECT_TRUE(run_until([&] { return !faulty(0) && !faulty(1); }));
}

// A link counted as up whose MTU was never tried, and long frames vanished (knet#434, 30865b99).
TEST_F(LinkScenario, J4_ALinkThatSwallowsLongFramesIsMarkedAndNobodyNotices) {
  open_on_two_links(3);
  loses = [&](const Passing& frame) {
    return frame.link == 1 && frame.from == 1 && frame.frame.size() > 700;
  };
  unnoticed(milliseconds(300));
  EXPECT_TRUE(faulty(1));
  const std::vector<std::string> log = cluster().nodes[0]->log();
  EXPECT_NE(std::ranges::find(log, "ring 1: long frames do not come over it"), log.end());
  EXPECT_NE(std::ranges::find(log, "Marking ringid 1 interface second FAULTY"), log.end());
  loses = [](const Passing&) { return false; };
  EXPECT_TRUE(run_until([&] { return !faulty(1); }));
  const std::vector<std::string> later = cluster().nodes[0]->log();
  EXPECT_NE(std::ranges::find(later, "Automatically recovered ring 1"), later.end());
}

// A packet of one link that arrived on another was taken for that one's (knet bab591c2).
TEST_F(LinkScenario, J5_WhatIsMovedToAnotherLinkIsDeliveredOnceAndSaysNothingOfIt) {
  open_on_two_links(3);
  std::vector<std::pair<std::size_t, std::pair<Lane, std::vector<std::byte>>>> moved;
  loses = [&](const Passing& frame) {
    if (frame.link == 0)
      moved.push_back({frame.to, {frame.lane, {frame.frame.begin(), frame.frame.end()}}});
    return frame.link == 1;
  };
  const auto before = views();
  for (int i = 0; i < 2000; ++i) {
    if (i % 20 == 0) send(0, std::to_string(i));
    run(Cluster::tick);
    for (const auto& [to, frame] : std::exchange(moved, {}))
      inject(to, frame.first, frame.second, 1);
  }
  EXPECT_TRUE(run_until([&] { return seen(2).size() >= 100; }));
  for (int i = 0; i < 2000; i += 20) EXPECT_EQ(count(2, "1: " + std::to_string(i)), 1u);
  EXPECT_EQ(views(), before);
  EXPECT_TRUE(faulty(1)) << "nothing that was moved to it made it look sound";
  EXPECT_FALSE(faulty(0));
}

}  // namespace
}  // namespace gyre::test
