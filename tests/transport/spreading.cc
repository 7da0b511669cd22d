// Which links a frame takes, and that one good link is enough for all.
#include <algorithm>
#include <set>

#include "tests/transport/links_bed.hh"

namespace gyre::test {
namespace {

using Mode = Redundant::Mode;

LinksOptions options(Mode mode, std::size_t nodes = 2, std::size_t links = 2) {
  LinksOptions options;
  options.mode = mode;
  options.nodes = nodes;
  options.links = links;
  return options;
}

// Frames by link, that `node` has sent since.
struct Count {
  explicit Count(LinksBed& bed, std::size_t node) {
    bed.wire = [this, node](Packet& packet) {
      if (packet.from == node && !probe(packet)) ++frames[packet.link];
      return true;
    };
  }
  std::array<std::size_t, links_max> frames{};
};

// Node 0 sends one frame to all and the token to node 1, in one call.
void send_visit(LinksBed& bed) {
  std::array<Send, 2> visit;
  for (Send& send : visit) {
    send.frame = bed.node(0).pool->take();
    send.frame.resize(10);
  }
  visit[1].to = NodeIndex(1);
  visit[1].lane = Lane::token;
  EXPECT_EQ(bed.node(0).transport->send(visit), 2u);
}

TEST(Spreading, PassiveTakesTheLinkOfTheHighestPriorityThatWorks) {
  LinksOptions some = options(Mode::passive, 2, 3);
  some.priorities = {1, 5, 3};
  LinksBed bed(some);
  bed.run(milliseconds(200));
  Count count(bed, 0);
  for (int i = 0; i < 10; ++i) bed.send(0, "x", NodeIndex(1), Lane::token);
  for (int i = 0; i < 10; ++i) bed.send(0, "x");
  EXPECT_EQ(count.frames[1], 20u);
  bed.cut(1);
  bed.run(milliseconds(60));
  for (int i = 0; i < 10; ++i) bed.send(0, "x", NodeIndex(1), Lane::token);
  EXPECT_GE(count.frames[2], 10u);
  EXPECT_EQ(count.frames[0], 0u);
}

TEST(Spreading, RoundRobinTakesEachInTurn) {
  LinksBed bed(options(Mode::round_robin, 2, 3));
  bed.run(milliseconds(200));
  Count count(bed, 0);
  for (int i = 0; i < 30; ++i) {
    bed.send(0, "x");
    bed.send(0, "x", NodeIndex(1), Lane::token);
  }
  for (std::size_t link = 0; link < 3; ++link) EXPECT_EQ(count.frames[link], 20u) << link;
}

// Its successor would ask for what is on its way already, and who dies in between has announced
// what nobody has.
TEST(Spreading, ATokenGoesOutBehindTheDataThatItFollows) {
  LinksBed bed(options(Mode::passive, 3));
  bed.wire = [](Packet& packet) {
    return packet.link == 1 || packet.from + packet.to != 2 || packet.from == 1;
  };
  bed.until([&] { return bed.good(0, 2) == 2 && bed.good(2, 0) == 2; });
  std::vector<std::pair<std::size_t, Lane>> sent;
  bed.wire = [&](Packet& packet) {
    if (packet.from == 0 && packet.to == 1 && !probe(packet))
      sent.emplace_back(packet.link, packet.lane);
    return true;
  };
  send_visit(bed);
  const std::vector<std::pair<std::size_t, Lane>> wanted = {{1, Lane::data}, {0, Lane::token}};
  EXPECT_EQ(sent, wanted);
}

// Its successor would wait for it until the ring sends it again, after hundreds of milliseconds.
TEST(Spreading, ATokenThatADeadLinkTookIsSentOverAnother) {
  for (const Mode mode : {Mode::passive, Mode::round_robin}) {
    LinksBed bed(options(mode));
    bed.run(milliseconds(200));
    std::size_t taken_along = links_max;
    bed.wire = [&](Packet& packet) {
      if (!probe(packet) && packet.from == 0 && taken_along == links_max) taken_along = packet.link;
      return packet.link != taken_along;
    };
    bed.send(0, "token", NodeIndex(1), Lane::token);
    EXPECT_LE(bed.until([&] { return !bed.node(1).received.empty(); }), milliseconds(50));
    bed.run(milliseconds(300));
    EXPECT_EQ(bed.node(1).received, std::vector<std::string>{"token"});
    EXPECT_EQ(bed.node(0).redundant->link_counters(taken_along).sent_again, 1u);
  }
}

// After a pause the node begins anew, and has no more business with what it sent before.
TEST(Spreading, ATokenFromBeforeAPauseIsNotSentAgain) {
  LinksBed bed(options(Mode::passive));
  bed.run(milliseconds(200));
  bed.cut(0);
  bed.send(0, "token", NodeIndex(1), Lane::token);
  bed.node(0).paused = true;
  bed.run(milliseconds(600));
  bed.node(0).paused = false;
  bed.until([&] { return bed.good(0, 1) == 2; });
  bed.run(milliseconds(100));
  EXPECT_TRUE(bed.node(1).received.empty());
  EXPECT_EQ(bed.node(0).redundant->link_counters(0).sent_again, 0u);
}

// What the second link costs is not in the way of what the frames were sent for.
TEST(Spreading, WhereOneLinkReachesAllTheOthersCopiesGoOutInTheNextTurn) {
  LinksBed bed(options(Mode::active, 3));
  bed.run(milliseconds(200));
  std::vector<std::size_t> sent;
  bed.wire = [&](Packet& packet) {
    if (packet.from == 0 && !probe(packet)) sent.push_back(packet.link);
    return packet.link == 1 || packet.to != 2;
  };
  using Links = std::vector<std::size_t>;
  bed.send(0, "token", NodeIndex(1), Lane::token);
  EXPECT_EQ(sent, Links{0});
  EXPECT_FALSE(bed.node(0).transport->arm()) << "something is to be done yet";
  bed.turn(bed.node(0));
  EXPECT_EQ(sent, (Links{0, 1}));
  bed.until([&] { return bed.good(0, 2) == 2; });
  sent.clear();
  bed.send(0, "all");
  EXPECT_EQ(sent, (Links{1, 1})) << "link 0 does not reach all";
}

// The first link of the two takes no part in it, so its copies say nothing of the token.
TEST(Spreading, ATokenThatOneLinkAloneTakesDoesNotWaitForTheNextTurn) {
  LinksBed bed(options(Mode::active));
  bed.run(milliseconds(200));
  bed.node(0).transport->set_peer(NodeIndex(1), LinkIndex(0), Address{});
  std::vector<std::pair<std::size_t, Lane>> sent;
  bed.wire = [&](Packet& packet) {
    if (packet.from == 0 && !probe(packet)) sent.emplace_back(packet.link, packet.lane);
    return true;
  };
  send_visit(bed);
  ASSERT_EQ(sent.size(), 3u);
  EXPECT_EQ(sent.back(), std::pair(std::size_t{1}, Lane::token));
}

// A look in vain costs as much as one that finds something.
TEST(Spreading, ATurnLooksAtOneActiveLinkAndBeforeItSleepsAtAll) {
  LinksBed bed(options(Mode::active));
  bed.run(milliseconds(200));
  LinksBed::Node& node = bed.node(0);
  const auto looks = [&] {
    for (LinkDevice* device : node.devices) device->looks = 0;
    bed.turn(node);
    return std::pair(node.devices[0]->looks, node.devices[1]->looks);
  };
  const std::pair<std::size_t, std::size_t> at_first{2, 0}, at_second{0, 2};
  const auto one = looks();
  EXPECT_TRUE(one == at_first || one == at_second);
  EXPECT_FALSE(node.transport->arm());
  EXPECT_EQ(looks(), one == at_first ? at_second : at_first);
  EXPECT_TRUE(node.transport->arm());
  for (int i = 0; i < 2; ++i) {
    node.redundant->readable(lane_count);
    EXPECT_EQ(looks(), at_second);
    EXPECT_TRUE(node.transport->arm()) << "nothing is said of the first";
  }
  EXPECT_EQ(looks(), at_first);
  EXPECT_EQ(looks(), at_second);
}

// Each two are joined by some network, and no network joins all.
TEST(Spreading, WhereNoLinkReachesAllSeveralDo) {
  for (const Mode mode : {Mode::active, Mode::passive, Mode::round_robin}) {
    LinksBed bed(options(mode, 3, 3));
    bed.run(milliseconds(200));
    const auto joined = [](const Packet& packet) {  // link n joins all but node n
      return packet.from != packet.link && packet.to != packet.link;
    };
    bed.wire = joined;
    bed.run(milliseconds(300));
    for (int i = 0; i < 30; ++i) {
      for (std::size_t from = 0; from < 3; ++from) {
        bed.send(from, std::to_string(from) + " to all " + std::to_string(i));
        bed.send(from, "token " + std::to_string(i), bed.index_of((from + 1) % 3, from),
                 Lane::token);
      }
      bed.step();
    }
    bed.run(milliseconds(5));
    for (std::size_t to = 0; to < 3; ++to) {
      const std::set<std::string> all(bed.node(to).received.begin(), bed.node(to).received.end());
      EXPECT_EQ(all.size(), 90u) << int(mode) << " " << to;
      EXPECT_EQ(bed.node(to).received.size(), 90u);
    }
  }
}

// Whatever happens to the others: what is sent while one link works comes through, once.
class OneGoodLink : public testing::TestWithParam<bool> {};

TEST_P(OneGoodLink, IsEnoughForEverythingOnce) {
  if (GetParam() && (sodium_init() < 0 || !available(Suite::aes256gcm))) GTEST_SKIP();
  for (std::uint64_t seed = 1; seed <= 12; ++seed) {
    std::mt19937_64 random(seed);
    LinksOptions some = options(Mode::active, 3, 2 + random() % 3);
    some.sealed = GetParam();
    some.traits.multicast = random() % 2;
    some.traits.completes_in_send = random() % 2;
    LinksBed bed(some);
    for (std::size_t i = 0; i < 3; ++i) bed.send(i, "hello");
    bed.run(milliseconds(200));
    for (std::size_t i = 0; i < 3; ++i) bed.node(i).received.clear();
    const std::size_t good = random() % some.links;
    std::vector<std::uint64_t> badness(some.links);  // of a hundred
    bed.wire = [&](Packet& packet) {
      if (packet.link == good) return true;
      const std::uint64_t dice = random() % 100;
      if (dice < badness[packet.link]) return false;
      if (dice > 95) bed.put(packet);
      return true;
    };
    constexpr int count = 400;
    for (int i = 0; i < count; ++i) {
      if (random() % 20 == 0) badness[random() % some.links] = random() % 3 * 50;
      if (random() % 20 == 0) bed.slower[random() % some.links] = microseconds(random() % 3000);
      if (random() % 20 == 0)
        bed.node(0).devices[(good + 1) % some.links]->takes = random() % 2 ? 1 : SIZE_MAX;
      bed.send(0, "all " + std::to_string(i));
      bed.send(0, "one " + std::to_string(i), NodeIndex(1), Lane::token);
      if (random() % 3 == 0) bed.run(milliseconds(random() % 8));
    }
    bed.run(milliseconds(50));
    for (std::size_t to : {1, 2}) {
      const auto& received = bed.node(to).received;
      const std::set<std::string> all(received.begin(), received.end());
      EXPECT_EQ(all.size(), to == 1 ? 2u * count : count) << "seed " << seed;
      EXPECT_EQ(received.size(), all.size()) << "seed " << seed;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Under, OneGoodLink, testing::Bool(),
                         [](const auto& sealed) { return sealed.param ? "Sealed" : "Stamped"; });

}  // namespace
}  // namespace gyre::test
