#include "transport/sealed.hh"

#include <gtest/gtest.h>

#include <set>

#include "tests/transport/sealed_bed.hh"

namespace gyre::test {
namespace {

class SealedTest : public testing::Test {
 protected:
  void SetUp() override {
    if (sodium_init() < 0 || !available(Suite::aes256gcm)) GTEST_SKIP() << "no AES here";
  }
};

TEST_F(SealedTest, ASenderCountsOnceItHasAnsweredWhichCostsOneWayThereAndBack) {
  Node a(1, 1), b(2, 2);
  EXPECT_EQ(meet(a, b).size(), 5u) << "a frame, a question; the answer, a question, the frame";
  EXPECT_EQ(b.refused(Refusal::not_fresh), 1u);
  EXPECT_EQ(b.counters().proved, 1u);
  expect_met(a, b);
  const Datagram other_way = b.send("z");
  EXPECT_EQ(a.refused(Refusal::control), 1u);
  a.pass(pace);
  EXPECT_FALSE(a.takes(other_way)) << "each must hear it for itself";
}

TEST_F(SealedTest, WhatWasDroppedForItComesOnceMoreBehindTheAnswer) {
  Node a(1, 1), b(2, 2), c(3, 3);
  const Datagram hello = a.send("hello");
  EXPECT_FALSE(b.takes(hello));
  EXPECT_FALSE(c.takes(hello));
  std::vector<Datagram> questions = b.said();
  std::ranges::copy(c.said(), std::back_inserter(questions));
  a.take(questions);
  const std::vector<Datagram> said = a.said();
  EXPECT_EQ(b.take(said), std::vector<std::string>{"hello"});
  EXPECT_EQ(c.take(said), std::vector<std::string>{"hello"}) << "one for all that have asked";

  Node d(4, 4);
  d.takes(a.send("old news"));
  a.pass(pace);
  a.take(d.said());
  EXPECT_TRUE(d.take(a.said()).empty()) << "the ring above says it again by itself";
  EXPECT_EQ(a.pool.available(), a.pool.count());
  expect_met(a, d);
}

TEST_F(SealedTest, TwoThatChallengeEachOtherAtOnceBothGetThrough) {
  Node a(1, 1), b(2, 2);
  const Datagram of_a = a.send("a"), of_b = b.send("b");
  a.take({of_b});
  b.take({of_a});
  for (int i = 0; i < 2; ++i) {
    const auto said_a = a.said(), said_b = b.said();
    b.take(said_a);
    a.take(said_b);
  }
  expect_met(a, b);
  expect_met(b, a);
}

TEST_F(SealedTest, EveryLengthOfPayloadGetsThrough) {
  Node a(1, 1), b(2, 2);
  meet(a, b);
  for (std::size_t size = 0; size <= a.sealed->limits().payload_max; ++size) {
    const std::string text(size, 'q');
    EXPECT_EQ(b.take({a.send(text)}), std::vector<std::string>{text});
  }
  Send send{a.pool.take(), NodeIndex::everyone, Lane::data};
  send.frame.resize(a.sealed->limits().payload_max + 1);
  EXPECT_EQ(a.sealed->send(std::span(&send, 1)), 1u);
  EXPECT_EQ(a.counters().dropped_too_long, 1u);
  EXPECT_TRUE(a.said().empty());
}

TEST_F(SealedTest, NoDatagramShowsWhatIsInIt) {
  Node a(1, 1), b(2, 2);
  std::vector<Datagram> all = meet(a, b);
  const std::string text = "the list of the members";
  all.push_back(a.send(text));
  all.push_back(a.send(text, Lane::token));
  for (const Datagram& each : all) {
    const std::string bytes(reinterpret_cast<const char*>(each.bytes.data()), each.bytes.size());
    for (const std::string_view part : {"hello", "the list", "members"})
      EXPECT_EQ(bytes.find(part), std::string::npos);
  }
}

TEST_F(SealedTest, CVE_2018_1084_EveryLengthAndEveryBitOtherIsRefused) {
  Node a(1, 1), b(2, 2);
  meet(a, b);
  const Datagram good = a.send("a word");
  for (std::size_t size = 0; size < good.bytes.size() + 100; ++size) {
    Datagram other = good;
    other.bytes.resize(size);
    if (size == good.bytes.size()) continue;
    EXPECT_FALSE(b.takes(other));
    if (size < header_size) continue;
    Header header = header_of(good);
    header.length = static_cast<std::uint32_t>(size - header_size);
    set_header(other, header);
    EXPECT_FALSE(b.takes(other)) << size;
  }
  for (std::size_t bit = 0; bit < good.bytes.size() * 8; ++bit) {
    if (bit % 32 == 0) b.pass(milliseconds(1));
    Datagram other = good;
    other.bytes[bit / 8] ^= std::byte(1 << bit % 8);
    EXPECT_FALSE(b.takes(other)) << bit;
    other.lane = Lane::token;
    EXPECT_FALSE(b.takes(other)) << bit;
  }
  EXPECT_GT(b.refused(Refusal::forged), 300u);
  EXPECT_EQ(b.refused(Refusal::not_fresh), 1u) << "that of the meeting";
  EXPECT_TRUE(b.takes(good)) << "nothing of it left a trace in the window";
}

TEST_F(SealedTest, CVE_2013_0250_NoKeyAnotherKeyAndAZeroKeyAreRefused) {
  Node b(2, 2);
  for (const int key : {0, 2, 3}) {
    Node stranger(1, 1, key);
    Datagram datagram = stranger.send("hello");
    EXPECT_FALSE(b.takes(datagram));
    // Says that it has our key.
    datagram.bytes[7] = Node(3, 3).send("").bytes[7];
    EXPECT_FALSE(b.takes(datagram));
  }
  EXPECT_EQ(b.refused(Refusal::other_key) + b.refused(Refusal::forged), 6u);
  EXPECT_GE(b.refused(Refusal::forged), 3u);
  Datagram open{.lane = Lane::data, .bytes = std::vector<std::byte>(header_size + 8)};
  write_header({.cluster = cluster, .sender = NodeId{1}, .length = 8, .boot = 1, .counter = 1},
               std::span(open.bytes).first<header_size>());
  EXPECT_FALSE(b.takes(open));
  EXPECT_FALSE(b.takes(Node(1, 1, 1, Suite::chacha20poly1305).send("hello")));
  EXPECT_EQ(b.refused(Refusal::suite), 2u) << "never negotiated, an open frame neither";
  EXPECT_TRUE(b.said().empty()) << "nobody without the key gets an answer";
}

TEST_F(SealedTest, AReplayWithinTheRunIsRefused) {
  Node a(1, 1), b(2, 2);
  std::vector<Datagram> all = meet(a, b);
  for (int i = 0; i < 50; ++i) all.push_back(a.send("word", i % 3 ? Lane::data : Lane::token));
  EXPECT_EQ(b.take({all.begin() + 3, all.end()}).size(), 50u);
  for (int round = 0; round < 3; ++round) {
    b.pass(pace);
    EXPECT_TRUE(b.take(all).empty());
  }
}

TEST_F(SealedTest, AWholeRecordedBootIsRefusedAfterTheSendersRestart) {
  std::vector<Datagram> recorded;
  Node b(2, 2);
  {
    Node a(1, 1);
    recorded = meet(a, b);
    for (int i = 0; i < 50; ++i)
      recorded.push_back(a.send("word", i % 3 ? Lane::data : Lane::token));
    b.take({recorded.begin() + 3, recorded.end() - 10});
  }
  Node again(1, 11);
  b.pass(pace);
  meet(again, b);
  expect_met(again, b);
  for (int round = 0; round < 3; ++round) {
    b.pass(pace);
    EXPECT_TRUE(b.take(recorded).empty()) << "that boot is over for ever";
    again.pass(pace);
    again.take(b.said());
    EXPECT_TRUE(b.take(again.said()).empty());
  }
  expect_met(again, b);
}

TEST_F(SealedTest, NothingRecordedIsTakenAfterTheReceiversRestart) {
  Node a(1, 1);
  std::vector<Datagram> recorded;
  {
    Node b(2, 2);
    recorded = meet(a, b);
  }
  for (int i = 0; i < 50; ++i) recorded.push_back(a.send("word", i % 3 ? Lane::data : Lane::token));
  Node b(2, 22);
  EXPECT_TRUE(b.take(recorded).empty());
  a.pass(pace);
  a.take(b.said());
  EXPECT_TRUE(b.take(a.said()).empty()) << "the sender is there, and has answered";
  EXPECT_EQ(b.counters().proved, 1u);
  for (int round = 0; round < 3; ++round) {
    b.pass(pace);
    EXPECT_TRUE(b.take(recorded).empty()) << "but all that was before the answer is over";
  }
  expect_met(a, b);
}

TEST_F(SealedTest, AnAnswerHelpsOnlyWhoHasAskedAndOnlyOnce) {
  Node a(1, 1), b(2, 2), c(3, 3);
  const std::vector<Datagram> meeting = meet(a, b);
  c.take(meeting);
  EXPECT_EQ(c.counters().proved, 0u) << "an answer to somebody else";
  Node b_again(2, 22);
  b_again.take(meeting);
  EXPECT_EQ(b_again.counters().proved, 0u) << "an answer to another question";
}

TEST_F(SealedTest, AnAnswerMayBeLateButNotByAsMuchAsAPause) {
  for (const Duration late : {pace, pause_max}) {
    Node a(1, 1), b(2, 2);
    b.takes(a.send("hello"));
    a.take(b.said());
    const std::vector<Datagram> answer = a.said();
    for (Duration passed{}; passed < late; passed += pace) b.pass(pace);
    b.takes(a.send("hello"));
    EXPECT_EQ(b.counters().challenges, 2u);
    b.take(answer);
    EXPECT_EQ(b.counters().proved, late < pause_max ? 1u : 0u);
  }
}

TEST_F(SealedTest, ForgettingASenderBringsNothingBack) {
  Node b(2, 2, 1, Suite::aes256gcm, 2);
  Node a(1, 1);
  std::vector<Datagram> recorded = meet(a, b);
  for (int i = 0; i < 20; ++i) recorded.push_back(a.send("word"));
  for (std::uint32_t id = 3; id < 8; ++id) {
    b.pass(pace);
    Node other(id, id);
    meet(other, b);
    expect_met(other, b);
  }
  b.pass(pace);
  EXPECT_TRUE(b.take(recorded).empty());
  a.take(b.said());
  b.take(a.said());
  EXPECT_TRUE(b.take(recorded).empty());
  expect_met(a, b);
}

TEST_F(SealedTest, ReflectedFramesAreRefusedAndProveNoNamesake) {
  Node a(1, 1), b(2, 2);
  std::vector<Datagram> own = meet(a, b);
  own.push_back(a.send("word"));
  EXPECT_TRUE(a.take({own[0], own[2], own[3]}).empty());
  EXPECT_EQ(a.refused(Refusal::own), 3u);
  Node again(1, 11);
  EXPECT_TRUE(again.take(own).empty());
  EXPECT_EQ(again.refused(Refusal::own_id), 0u) << "frames of its last boot";
  Node namesake(1, 111);
  again.pass(pace);
  meet(namesake, again);
  EXPECT_FALSE(again.takes(namesake.send("here")));
  EXPECT_EQ(again.refused(Refusal::own_id), 2u) << "one that is there now: hello, here";
}

TEST_F(SealedTest, ASwappedSenderBootLaneCounterOrClusterIsRefused) {
  Node a(1, 1), b(2, 2), c(3, 3);
  meet(a, b);
  meet(c, b);
  const auto swapped = [&](auto change) {
    Datagram datagram = a.send("word");
    Header header = header_of(datagram);
    change(header);
    set_header(datagram, header);
    datagram.lane = header.lane;
    return datagram;
  };
  std::vector<Datagram> all;
  all.push_back(swapped([](Header& header) { header.sender = NodeId{3}; }));
  all.push_back(swapped([&](Header& header) {
    header.sender = NodeId{3};
    header.boot = c.sealed->boot();
  }));
  all.push_back(swapped([&](Header& header) { header.boot = c.sealed->boot(); }));
  all.push_back(swapped([](Header& header) { header.lane = Lane::token; }));
  all.push_back(swapped([](Header& header) { ++header.counter; }));
  all.push_back(swapped([](Header& header) { header.counter += 1ull << era_shift; }));
  all.push_back(swapped([](Header& header) { header.counter = ~0ull; }));
  EXPECT_TRUE(b.take(all).empty());
  EXPECT_EQ(b.refused(Refusal::forged), all.size());
  EXPECT_TRUE(b.take({swapped([](Header& header) { header.cluster ^= 1; })}).empty());
  EXPECT_EQ(b.refused(Refusal::cluster), 1u);
  expect_met(a, b);
}

TEST_F(SealedTest, AfterAPauseItIsAnotherBootAndNobodyIsBelieved) {
  Node a(1, 1), b(2, 2);
  meet(a, b);
  meet(b, a);
  const std::uint64_t before = a.sealed->boot();
  a.pass(pause_max);
  EXPECT_EQ(a.sealed->boot(), before);
  EXPECT_LE(a.sealed->deadline(), a.now + pause_max / 2) << "it sees to it that it is asked";
  a.pass(pause_max + milliseconds(1));
  EXPECT_NE(a.sealed->boot(), before);
  EXPECT_EQ(a.counters().new_boots, 1u);
  EXPECT_FALSE(a.takes(b.send("b")));
  a.said();
  EXPECT_FALSE(b.takes(a.send("a")));
  a.pass(pace), b.pass(pace), a.take({}), b.said();
  a.pass(pace), b.pass(pace);
  meet(a, b);
  expect_met(a, b);
}

// A machine's memory put back as it was: the node runs twice, with one boot.
TEST_F(SealedTest, PutBackToAnEarlierMemoryItDrawsANewBootOnceAPeerSaysSo) {
  Node first(1, 1), b(2, 2);
  meet(first, b);
  for (int i = 0; i < 20; ++i) EXPECT_TRUE(b.takes(first.send("word")));
  Node reverted(1, 1);  // the same dice
  ASSERT_EQ(reverted.sealed->boot(), first.sealed->boot());
  EXPECT_FALSE(b.takes(reverted.send("other")));
  EXPECT_EQ(b.counters().reports, 1u);
  reverted.take(b.said());
  EXPECT_NE(reverted.sealed->boot(), first.sealed->boot());
  EXPECT_EQ(reverted.counters().new_boots, 1u);
  b.pass(pace);
  meet(reverted, b);
  expect_met(reverted, b);
}

// Then nobody takes its frames for repeated: it has to answer first.
TEST_F(SealedTest, PutBackBehindItsOwnOrItsPeersLastBootItIsToldSoWhenItAnswers) {
  for (const bool own : {true, false}) {
    Node first(1, 1), b(2, 2);
    meet(first, b);
    const std::uint64_t boot = first.sealed->boot();
    for (int i = 0; i < 20; ++i) EXPECT_TRUE(b.takes(first.send("word")));
    if (own) {
      first.pass(pause_max + milliseconds(1));
      b.pass(pace);
      meet(first, b);
      expect_met(first, b);
      b.pass(pace);
    } else {
      b.pass(pause_max + milliseconds(1));
    }
    Node reverted(1, 1);
    ASSERT_EQ(reverted.sealed->boot(), boot);
    reverted.random.seed(11);
    const std::uint64_t proved = b.counters().proved;
    meet(reverted, b);
    EXPECT_EQ(b.counters().proved, proved);
    EXPECT_EQ(b.counters().reports, 1u);
    EXPECT_FALSE(b.takes(reverted.send("other")));
    reverted.pass(pace), b.pass(pace);
    b.takes(reverted.send("other"));
    reverted.take(b.said());
    b.take(reverted.said());
    reverted.take(b.said());
    EXPECT_NE(reverted.sealed->boot(), boot);
    EXPECT_EQ(reverted.counters().new_boots, 1u);
    reverted.pass(pace), b.pass(pace);
    meet(reverted, b);
    expect_met(reverted, b);
  }
}

TEST_F(SealedTest, ACopyOfAFrameMakesNobodyDrawANewBoot) {
  Node a(1, 1), b(2, 2);
  meet(a, b);
  const Datagram word = a.send("word");
  EXPECT_TRUE(b.takes(word));
  std::vector<Datagram> reports;
  for (int i = 0; i < 5; ++i) {
    EXPECT_FALSE(b.takes(word));
    std::ranges::copy(b.said(), std::back_inserter(reports));
  }
  EXPECT_EQ(reports.size(), 1u) << "one in that time";
  a.take(reports);
  EXPECT_EQ(a.counters().new_boots, 0u);
  expect_met(a, b);
  Datagram forged = word;
  forged.bytes.back() ^= std::byte{1};
  b.pass(pace);
  b.takes(forged);
  EXPECT_TRUE(b.said().empty()) << "nobody gets us to say something without the key";
}

TEST_F(SealedTest, AFloodOfForgedFramesIsNotOpenedForEver) {
  Node a(1, 1), b(2, 2), c(3, 3);
  meet(a, b);
  Datagram forged = Node(9, 9).send("word");
  forged.bytes.back() ^= std::byte{1};
  std::vector<Datagram> flood(1000, forged);
  flood.push_back(a.send("word"));
  flood.push_back(c.send("hello"));
  EXPECT_EQ(b.take(flood).size(), 1u) << "of who is there nothing is lost";
  EXPECT_EQ(b.refused(Refusal::forged), std::uint64_t{Sealed::failures_max});
  EXPECT_EQ(b.refused(Refusal::unopened), 1000u - Sealed::failures_max + 1);
  b.pass(pace);
  meet(c, b);
  expect_met(c, b);
}

TEST_F(SealedTest, RecordedFramesMakeItSayLittle) {
  Node b(2, 2);
  std::vector<Datagram> recorded;
  {
    Node a(1, 1), old_b(2, 3);
    old_b.send("hello");
    std::vector<Datagram> questions;
    a.take({old_b.send("hello")});
    questions = a.said();
    for (int i = 0; i < 100; ++i) recorded.push_back(a.send("word"));
    for (int i = 0; i < 100; ++i) recorded.push_back(questions.front());
  }
  b.take(recorded);
  EXPECT_LE(b.said().size(), 1u + Sealed::answers_max);
  EXPECT_EQ(b.counters().challenges, 1u);
}

TEST_F(SealedTest, NoNonceOfAKeyComesTwice) {
  std::set<std::tuple<std::uint64_t, std::uint8_t, std::uint64_t>> used;
  Node a(1, 1), b(2, 2);
  const auto use = [&](const std::vector<Datagram>& datagrams) {
    for (const Datagram& each : datagrams) {
      const Header header = header_of(each);
      if (header.sender != NodeId{1}) continue;
      EXPECT_TRUE(used.insert({header.boot, static_cast<std::uint8_t>(header.lane), header.counter})
                      .second);
    }
  };
  for (int i = 0; i < 300; ++i) {
    const bool pause = i % 50 == 49;
    a.pass(pause ? pause_max * 2 : Duration(milliseconds(3)));
    b.pass(milliseconds(3));
    use({a.send("word", i % 3 ? Lane::data : Lane::token)});
    a.take({b.send("word")});
    use(b.said());
    const std::vector<Datagram> said = a.said();
    use(said);
    b.take(said);
    a.take(b.said());
    use(a.said());
  }
  EXPECT_GT(a.counters().new_boots, 4u);
  EXPECT_GT(a.counters().answers, 4u);
}

TEST_F(SealedTest, KeysChangeOnTheirWayAndFramesOfTheOneBeforeStillOpen) {
  Node a(1, 1), b(2, 2);
  meet(a, b);
  std::vector<Datagram> kept;
  const std::uint64_t frames = (std::uint64_t{1} << era_shift) + 1000;
  Send send{a.pool.take(), NodeIndex::everyone, Lane::data};
  send.frame.resize(1);
  std::uint64_t taken = 0;
  for (std::uint64_t i = 0; i < frames; ++i) {
    ASSERT_EQ(a.sealed->send(std::span(&send, 1)), 1u);
    const std::uint64_t to_change = frames - i;
    if (to_change > 3000) {
      a.device->sent.clear();
      continue;
    }
    if (i % 2 == 0)
      kept.push_back(a.device->sent.back());
    else
      taken += b.takes(a.device->sent.back());
    a.device->sent.clear();
  }
  EXPECT_EQ(taken, 1500u);
  EXPECT_EQ(b.take(kept).size(), kept.size()) << "overtaken ones, of both keys";
}

}  // namespace
}  // namespace gyre::test
