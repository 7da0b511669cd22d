// Several links as one: what becomes of frames, and what a link's faults are taken for.
#include "transport/redundant.hh"

#include "tests/transport/links_fixture.hh"

namespace gyre::test {
namespace {

TEST_P(Links, WhatGoesOverAllComesThroughOnce) {
  LinksBed bed(options());
  meet(bed);
  const auto copies = bed.drops(1);
  for (int i = 0; i < 50; ++i) bed.send(0, std::to_string(i), NodeIndex(1), Lane(i % 2));
  bed.run(milliseconds(5));
  EXPECT_EQ(bed.node(1).received.size(), 50u);
  EXPECT_GE(bed.drops(1) - copies, 50u) << "one of each came over the other link";
}

// Each would be opened, and answered with a report that nobody needs.
TEST_P(Links, CopiesOfOtherLinksAreReportedToNobody) {
  LinksBed bed(options());
  meet(bed);
  const auto before = bed.node(1).top->stamp_counters().reports;
  for (int i = 0; i < 500; ++i) {
    bed.send(0, "x", NodeIndex(1), Lane(i % 2));
    bed.step();
  }
  EXPECT_GE(bed.drops(1), 500u);
  EXPECT_EQ(bed.node(1).top->stamp_counters().reports, before);
}

TEST_P(Links, AFaultIsMarkedAndEndsByItself) {
  LinksBed bed(options());
  meet(bed);
  bed.cut(1);
  const Duration taken = bed.until([&] { return bed.good(0, 1) == 1 && bed.good(1, 0) == 1; });
  EXPECT_LE(taken, milliseconds(50));
  bed.run(milliseconds(10));
  ASSERT_EQ(bed.node(0).events.size(), 1u);
  EXPECT_EQ(bed.node(0).events[0].kind, LinkEvent::Kind::down);
  EXPECT_EQ(bed.node(0).events[0].link, LinkIndex(1));
  EXPECT_EQ(bed.node(0).events[0].reason, "nothing comes over it");
  bed.send(0, "meanwhile", NodeIndex(1));
  bed.run(milliseconds(2));
  EXPECT_EQ(bed.node(1).received, Texts{"meanwhile"});
  bed.cut(1, false);
  bed.until([&] { return bed.good(0, 1) == 3 && bed.good(1, 0) == 3; }, milliseconds(200));
  bed.run(milliseconds(20));
  EXPECT_EQ(bed.node(0).events.size(), 2u);
  EXPECT_EQ(bed.node(0).events.back().kind, LinkEvent::Kind::up);
}

TEST_P(Links, ALinkAtFaultGetsProbesAndNothingElse) {
  LinksBed bed(options());
  meet(bed);
  bed.cut(1);
  bed.run(milliseconds(100));
  std::size_t frames = 0, probes = 0;
  bed.cut(1, false);
  bed.wire = [&](Packet& packet) {
    if (packet.link != 1) return true;
    ++(probe(packet) ? probes : frames);
    return false;
  };
  for (int i = 0; i < 50; ++i) bed.send(0, "x", NodeIndex(1));
  bed.run(milliseconds(100));
  EXPECT_EQ(frames, 0u);
  EXPECT_GT(probes, 20u);
}

// J1: all links down. Frames are taken and go nowhere, each once; the first link that works again
// is enough.
TEST_P(Links, J1_WithAllLinksDownNothingIsMadeUpAndNothingGoesRound) {
  LinksBed bed(options());
  meet(bed);
  std::size_t frames = 0;
  bool down = true;
  bed.wire = [&](Packet& packet) {
    frames += !probe(packet);
    return !down;
  };
  for (int i = 0; i < 20; ++i) {
    bed.send(0, "lost", NodeIndex(1));
    bed.run(milliseconds(20));
  }
  EXPECT_EQ(frames, 40u) << "on each link once, though nobody is there";
  EXPECT_TRUE(bed.node(0).events.empty()) << "the peer is silent, which is no link's fault";
  down = false;
  bed.cut(0);
  bed.run(milliseconds(20));
  bed.send(0, "back", NodeIndex(1));
  bed.run(milliseconds(200));
  EXPECT_EQ(bed.node(1).received.back(), "back");
  bed.send(0, "again", NodeIndex(1));
  bed.run(milliseconds(5));
  EXPECT_EQ(bed.node(1).received.back(), "again");
}

// J2: a high rate, and some loss, is no fault; frames are not what a link is judged by.
TEST_P(Links, J2_AHighRateAndSomeLossMarkNothing) {
  LinksBed bed(options());
  meet(bed);
  std::uint64_t packets = 0, frames = 0;
  bed.wire = [&](Packet& packet) {
    frames += !probe(packet);
    return packet.link == 0 || !(probe(packet) ? ++packets % 10 == 0 : true);
  };
  for (int i = 0; i < 4000; ++i) {
    bed.send(0, "x", NodeIndex(1));
    if (i % 10 == 0) bed.step();
  }
  bed.step();
  EXPECT_GT(frames, 8000u - 1);
  EXPECT_TRUE(bed.node(0).events.empty());
  EXPECT_TRUE(bed.node(1).events.empty());
  EXPECT_GT(bed.health(0).path(0, 1).loss_ppm, 50000u);
  EXPECT_EQ(bed.health(0).path(0, 0).loss_ppm, 0u);
}

// J3: a node that is alone has no fault to report, and what it sends is taken.
TEST_P(Links, J3_ANodeAloneFindsNoFault) {
  LinksBed bed(options());
  bed.cut(0);
  bed.cut(1);
  for (int i = 0; i < 100; ++i) bed.send(0, "is anybody there");
  bed.run(std::chrono::seconds(10));
  EXPECT_TRUE(bed.node(0).events.empty());
  EXPECT_EQ(bed.health(0).neighbours(), 0u);
  EXPECT_GT(bed.node(0).transport->deadline(), bed.now()) << "it sleeps until the next probe";
}

// J4: small frames get through, long ones do not.
TEST_P(Links, J4_ALinkThatSwallowsLongFramesIsAtFault) {
  LinksBed bed(options());
  meet(bed);
  bool narrow = true;
  bed.wire = [&](Packet& packet) {
    return packet.link != 1 || packet.from != 0 || !narrow || packet.bytes.size() <= 1399;
  };
  bed.until([&] { return bed.good(0, 1) == 1 && bed.good(1, 0) == 1; }, milliseconds(300));
  EXPECT_EQ(fault(bed, 1, 1), "long frames do not come over it");
  EXPECT_EQ(fault(bed, 0, 1), "long frames that are sent over it do not arrive");
  bed.run(std::chrono::seconds(3));
  EXPECT_EQ(bed.node(0).events.size(), 1u) << "it does not flap";
  narrow = false;
  bed.until([&] { return bed.good(0, 1) == 3 && bed.good(1, 0) == 3; }, milliseconds(500));
}

// J5: what an attacker takes from one link and puts on another.
TEST_P(Links, J5_WhatIsMovedToAnotherLinkCountsForNothing) {
  LinksBed bed(options());
  meet(bed);
  std::vector<Packet> moved;
  bed.wire = [&](Packet& packet) {
    if (packet.link == 1) return false;
    moved.push_back(packet);
    moved.back().link = 1;
    return true;
  };
  const auto counted = [&] {
    const auto& one = bed.node(1).redundant->link_counters(1);
    return one.probes_refused + bed.health(1).counters().moved + bed.health(1).counters().replayed +
           bed.health(1).counters().not_fresh;
  };
  const auto before = counted();
  std::size_t probes = 0;
  for (int i = 0; i < 300; ++i) {
    bed.send(0, std::to_string(i), NodeIndex(1));
    for (Packet& packet : std::exchange(moved, {})) {
      probes += probe(packet) && packet.to == 1;
      bed.put(std::move(packet));
    }
    bed.step();
  }
  bed.run(milliseconds(5));
  EXPECT_EQ(bed.good(1, 0), 1) << "not one moved probe was taken for the link's own";
  EXPECT_EQ(bed.good(0, 1), 1);
  EXPECT_GT(probes, 30u);
  EXPECT_GE(counted() - before, probes - 2);
  EXPECT_EQ(bed.node(1).received.size(), 300u) << "each frame once";
}

TEST_P(Links, ALinkThatWorksOneWayIsAtFaultOnBothSides) {
  LinksBed bed(options());
  meet(bed);
  bed.wire = [&](Packet& packet) { return packet.link != 1 || packet.from != 0; };
  bed.until([&] { return bed.good(0, 1) == 1 && bed.good(1, 0) == 1; }, milliseconds(100));
  EXPECT_EQ(fault(bed, 1, 1), "nothing comes over it");
  EXPECT_EQ(fault(bed, 0, 1), "nothing arrives that is sent over it");
  bed.run(std::chrono::seconds(20));
  EXPECT_EQ(bed.good(0, 1), 1) << "hearing alone brings it not back";
  EXPECT_EQ(bed.node(0).events.size(), 1u);
}

TEST_P(Links, OneLinkAloneThatWorksOneWayIsSeenToo) {
  LinksBed bed(options(2, 1));
  meet(bed);
  bed.wire = [&](Packet& packet) { return packet.from != 0; };
  bed.until([&] { return bed.good(0, 1) == 0; }, std::chrono::seconds(1));
  EXPECT_EQ(fault(bed, 0, 0), "nothing arrives that is sent over it");
}

TEST_P(Links, WhereOnlyOneLaneWorksTheLinkIsAtFault) {
  LinksBed bed(options());
  meet(bed);
  bed.wire = [&](Packet& packet) { return packet.link != 1 || packet.lane != Lane::token; };
  bed.until([&] { return bed.good(0, 1) == 1; }, milliseconds(200));
  EXPECT_EQ(fault(bed, 0, 1), "only what is for everyone comes over it");
}

TEST_P(Links, ALinkThatFlapsIsKeptDownForLongerAndLonger) {
  LinksBed bed(options());
  meet(bed);
  Duration last{};
  for (int i = 0; i < 12; ++i) {
    bed.cut(1);
    bed.until([&] { return bed.good(0, 1) == 1; });
    bed.cut(1, false);
    const Duration taken = bed.until([&] { return bed.good(0, 1) == 3; });
    if (i > 0 && i < 7) {
      EXPECT_GT(taken, last * 3 / 2) << i;
    }
    EXPECT_LE(taken, milliseconds(10200)) << "within bounds";
    last = taken;
  }
  bed.run(std::chrono::minutes(5));
  bed.cut(1);
  bed.until([&] { return bed.good(0, 1) == 1; });
  bed.cut(1, false);
  EXPECT_LT(bed.until([&] { return bed.good(0, 1) == 3; }), milliseconds(500)) << "forgiven";
}

TEST_P(Links, AnOperatorBringsALinkBackAtOnce) {
  LinksBed bed(options());
  meet(bed);
  fail_often(bed);
  bed.cut(1, false);
  bed.until([&] { return sound(bed, 0, 1) == 3; });
  EXPECT_EQ(bed.good(0, 1), 1) << "it failed too often";
  bed.node(0).redundant->reenable();
  EXPECT_EQ(bed.good(0, 1), 3);
  bed.run(milliseconds(500));
  EXPECT_EQ(bed.good(0, 1), 3) << "it works, and stays";
  EXPECT_EQ(bed.node(0).events.back().reason, "re-enabled by an operator");
  bed.cut(1);
  bed.until([&] { return bed.good(0, 1) == 1; }, milliseconds(100));
}

// It would take tokens along until the fault is found again.
TEST_P(Links, AnOperatorPutsNoLinkToUseThatDoesNotWork) {
  LinksBed bed(options());
  meet(bed);
  fail_often(bed);
  bed.node(0).redundant->reenable();
  bed.run(milliseconds(50));
  EXPECT_EQ(bed.good(0, 1), 1);
  EXPECT_EQ(bed.node(0).events.back().kind, LinkEvent::Kind::down);
  bed.cut(1, false);
  EXPECT_LE(bed.until([&] { return bed.good(0, 1) == 3; }), milliseconds(200))
      << "its earlier faults are forgotten";
}

TEST_P(Links, AnOperatorEndsAFaultThatNobodyIsLeftToTellOf) {
  LinksBed bed(options());
  meet(bed);
  bed.cut(1);
  bed.until([&] { return bed.good(0, 1) == 1; });
  bed.node(1).paused = true;
  bed.until([&] { return bed.health(0).neighbours() == 0; });
  EXPECT_TRUE(bed.health(0).at_fault(1));
  bed.node(0).redundant->reenable();
  EXPECT_FALSE(bed.health(0).at_fault(1));
}

TEST_P(Links, ASlowerLinkIsNoFaultAndKeepsNobodyBack) {
  LinksBed bed(options());
  bed.slower[1] = milliseconds(100);
  bed.start(0);
  bed.start(1);
  meet(bed);
  bed.run(std::chrono::seconds(2));
  EXPECT_EQ(bed.good(0, 1), 3);
  for (const LinkEvent& event : bed.node(0).events) ADD_FAILURE() << event.reason;
  EXPECT_GT(bed.health(0).path(0, 1).round_trip, milliseconds(190));
  EXPECT_LT(bed.health(0).path(0, 0).round_trip, milliseconds(5));
  bed.send(0, "x", NodeIndex(1));
  bed.run(milliseconds(2));
  EXPECT_EQ(bed.node(1).received, Texts{"x"});
}

TEST_P(Links, ALinkThatTakesLittleGoesWithoutAndTheOthersDoNotWait) {
  LinksBed bed(options());
  meet(bed);
  bed.node(0).devices[1]->takes = 1;
  bed.step();
  std::vector<Send> sends;
  for (int i = 0; i < 500; ++i) {
    Send send{bed.node(0).pool->take(), NodeIndex(1), Lane::data};
    send.frame.resize(4);
    std::memcpy(send.frame.data(), &i, 4);
    sends.push_back(std::move(send));
  }
  EXPECT_EQ(bed.node(0).transport->send(sends), 500u);
  sends.clear();
  bed.run(milliseconds(3));
  EXPECT_EQ(bed.node(1).received.size(), 500u);
  EXPECT_GT(bed.node(0).redundant->link_counters(1).skipped, 400u);
  EXPECT_EQ(bed.node(0).redundant->link_counters(0).skipped, 0u);
  EXPECT_LT(bed.node(0).pool->count() - bed.node(0).pool->available(), Redundant::frames_needed(2));
}

TEST_P(Links, WhatNoLinkTakesIsOfferedAgain) {
  LinksBed bed(options());
  meet(bed);
  for (LinkDevice* device : bed.node(0).devices) device->takes = 0;
  bed.step();
  std::size_t taken = 0;
  Send send{bed.node(0).pool->take(), NodeIndex(1), Lane::data};
  send.frame.resize(10);
  while (bed.node(0).transport->send(std::span(&send, 1)) == 1) ++taken;
  EXPECT_EQ(taken, Redundant::waiting_max);
  for (LinkDevice* device : bed.node(0).devices) device->takes = SIZE_MAX;
  bed.run(milliseconds(3));
  EXPECT_EQ(bed.node(1).received.size(), taken) << "what was taken arrives";
}

INSTANTIATE_TEST_SUITE_P(Open, Links, testing::Values(false));
INSTANTIATE_TEST_SUITE_P(Sealed, Links, testing::Values(true));

}  // namespace
}  // namespace gyre::test
