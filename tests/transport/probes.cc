// What probes say of a link and of its peers, and what those that are old, forged or moved do not.
#include "tests/transport/links_fixture.hh"

namespace gyre::test {
namespace {

class Probes : public Links {};

// Recorded at any time, in this boot of either side or another: it says nothing of now.
TEST_P(Probes, AProbeThatWasRecordedCountsForNothing) {
  LinksBed bed(options());
  std::vector<Packet> recorded;
  bed.wire = [&](Packet& packet) {
    if (packet.link == 1 && probe(packet)) recorded.push_back(packet);
    return true;
  };
  meet(bed);
  bed.start(1);  // the same node, later
  meet(bed);
  bed.start(0);
  meet(bed);
  bed.wire = [](Packet& packet) { return packet.link == 0; };
  bed.until([&] { return bed.good(0, 1) == 1 && bed.good(1, 0) == 1; }, milliseconds(100));
  bed.run(milliseconds(700));
  const auto heard = bed.health(0).path(0, 1).failures;
  for (int round = 0; round < 3; ++round) {
    for (const Packet& packet : recorded) {
      bed.put(packet);
      if (bed.now().time_since_epoch().count() % 3 == 0) bed.step();
    }
    bed.run(milliseconds(300));
    EXPECT_EQ(bed.good(0, 1), 1);
    EXPECT_EQ(bed.good(1, 0), 1);
  }
  EXPECT_EQ(bed.health(0).path(0, 1).failures, heard);
  EXPECT_EQ(fault(bed, 0, 1), "nothing comes over it");
  bed.wire = [](Packet&) { return true; };
  bed.until([&] { return bed.good(0, 1) == 3 && bed.good(1, 0) == 3; }, milliseconds(500));
}

// An attacker who has taken the whole link over may keep it alive for as long as a challenge is
// young, and no longer.
TEST_P(Probes, AProbeThatIsHeldBackIsTooOldSoon) {
  LinksBed bed(options());
  meet(bed);
  std::vector<Packet> held;
  bed.wire = [&](Packet& packet) {
    if (packet.link == 0) return true;
    held.push_back(packet);
    return false;
  };
  bed.run(milliseconds(300));
  bed.run(milliseconds(700));
  const auto before = bed.health(1).counters().probes;
  bed.wire = [](Packet& packet) { return packet.link == 0; };
  std::size_t put = 0;
  for (Packet& packet : held) {
    if (packet.to != 1 || put++ > 30) continue;
    bed.put(std::move(packet));
    bed.step();
  }
  EXPECT_EQ(bed.good(1, 0), 1);
  EXPECT_GT(bed.health(1).counters().not_fresh, 20u);
  EXPECT_LT(bed.health(1).counters().probes - before, 3u * 31) << "those of the other link";
}

TEST_P(Probes, LinksWhoseCablesAreSwappedAreAtFault) {
  LinksBed bed(options(2, 3));
  bed.start(1, {0, 2, 1});
  meet(bed);
  bed.until([&] { return bed.good(0, 1) == 1 && bed.good(1, 0) == 1; }, std::chrono::seconds(2));
  bed.send(0, "x", NodeIndex(1));
  bed.run(milliseconds(2));
  EXPECT_EQ(bed.node(1).received, Texts{"x"});
}

TEST_P(Probes, ANodeThatPausesOrDiesIsNoLinksFault) {
  LinksBed bed(options(3));
  meet(bed);
  bed.node(1).paused = true;
  bed.run(milliseconds(300));
  bed.node(1).paused = false;
  bed.run(milliseconds(300));
  bed.node(1).paused = true;  // for longer than it may: it begins anew
  bed.run(std::chrono::seconds(2));
  bed.node(1).paused = false;
  bed.run(milliseconds(300));
  EXPECT_EQ(bed.health(1).counters().new_boots, 1u);
  bed.node(2).paused = true;
  bed.run(std::chrono::seconds(10));
  for (std::size_t i = 0; i < 3; ++i) EXPECT_TRUE(bed.node(i).events.empty()) << i;
  EXPECT_EQ(bed.health(0).neighbours(), 1u);
  bed.send(0, "x");  // behind a seal they have to meet again
  bed.run(milliseconds(20));
  ASSERT_FALSE(bed.node(1).received.empty());
  EXPECT_EQ(bed.node(1).received.back(), "x");
}

TEST_P(Probes, AFloodOfForgedProbesHidesNoneThatIsGenuine) {
  LinksBed bed(options());
  std::vector<Packet> genuine;
  bed.wire = [&](Packet& packet) {
    if (packet.link == 1 && probe(packet) && packet.to == 1) genuine.push_back(packet);
    return true;
  };
  meet(bed);
  bed.wire = [](Packet&) { return true; };
  std::mt19937_64 random(3);
  for (int i = 0; i < 500; ++i) {
    for (int j = 0; j < 20; ++j) {
      Packet forged = genuine[random() % genuine.size()];
      const std::size_t at = 24 + random() % (forged.bytes.size() - 24);
      if (GetParam()) forged.bytes[at] ^= std::byte(1 + random() % 255);
      bed.put(std::move(forged));
    }
    bed.step();
  }
  EXPECT_EQ(bed.good(1, 0), 3);
  EXPECT_TRUE(bed.node(1).events.empty());
  EXPECT_EQ(bed.health(1).neighbours(), 1u);
}

TEST_P(Probes, ProbesThatAreRarerThanAPauseIsLongAreNoPause) {
  LinksOptions asked = options();
  asked.pace.interval = std::chrono::seconds(1);
  LinksBed bed(asked);
  bed.run(std::chrono::seconds(10));
  EXPECT_EQ(bed.health(0).counters().new_boots, 0u);
  EXPECT_TRUE(bed.health(0).path(0, 1).heard);
}

// Most frames come over one link first, so what a node sends says little of where it is on others.
TEST_P(Probes, WhereNobodySaysWhereANodeIsItsProbesDo) {
  LinksOptions asked = options();
  asked.learns = true;
  LinksBed bed(asked);
  meet(bed);
  for (std::size_t link = 0; link < 2; ++link) {
    bed.cut(1 - link);
    bed.send(0, "token " + std::to_string(link), NodeIndex(1), Lane::token);
    bed.run(milliseconds(100));
    bed.cut(1 - link, false);
    bed.run(milliseconds(300));
  }
  EXPECT_EQ(bed.node(1).received, (Texts{"token 0", "token 1"}));
}

TEST_P(Probes, NeitherFramesNorOldProbesSayOtherwise) {
  LinksOptions asked = options(3);
  asked.learns = true;
  LinksBed bed(asked);
  std::vector<Packet> recorded;
  bed.wire = [&](Packet& packet) {
    if (packet.from == 1 && packet.to == 0 && probe(packet)) recorded.push_back(packet);
    return true;
  };
  meet(bed);
  bed.wire = [](Packet&) { return true; };
  const Address before = bed.node(0).redundant->learned(LinksBed::id(1), 1);
  EXPECT_NE(before, Address{});
  for (Packet& packet : recorded) {
    packet.from = 2;  // as if it came from there
    bed.put(packet);
  }
  bed.run(milliseconds(50));
  bed.node(0).transport->set_peer(NodeIndex(1), LinkIndex(1),
                                  bed.node(0).redundant->learned(LinksBed::id(2), 1));
  EXPECT_EQ(bed.node(0).redundant->learned(LinksBed::id(1), 1), before);
  bed.cut(0);
  bed.send(0, "token", NodeIndex(1), Lane::token);
  bed.run(milliseconds(10));
  EXPECT_EQ(bed.node(1).received, Texts{"token"});
}

INSTANTIATE_TEST_SUITE_P(Open, Probes, testing::Values(false));
INSTANTIATE_TEST_SUITE_P(Sealed, Probes, testing::Values(true));

}  // namespace
}  // namespace gyre::test
