// The key changes while frames flow: two of them for a while.
#include <gtest/gtest.h>

#include "tests/transport/sealed_bed.hh"
#include "transport/sealed.hh"

namespace gyre::test {
namespace {

class SealedKeys : public testing::Test {
 protected:
  void SetUp() override {
    if (sodium_init() < 0 || !available(Suite::aes256gcm)) GTEST_SKIP() << "no AES here";
  }
};

TEST_F(SealedKeys, TheKeyChangesWhileFramesFlowAndNothingIsDropped) {
  Node a(1, 1), b(2, 2);
  meet(a, b);
  a.pass(pace);
  meet(b, a);
  const std::uint64_t asked = a.counters().challenges;
  for (Node* each : {&a, &b}) each->sealed->accept(key_of(2));
  expect_met(a, b);
  const Datagram late = a.send("of the old key");
  a.sealed->exchange_keys();
  EXPECT_NE(header_of(a.send("")).generation, header_of(late).generation);
  expect_met(a, b);
  EXPECT_TRUE(b.takes(late)) << "it has only been overtaken";
  EXPECT_FALSE(b.takes(late)) << "and comes once, whatever the key";
  expect_met(b, a);
  b.sealed->exchange_keys();
  expect_met(b, a);
  for (Node* each : {&a, &b}) each->sealed->forget_other_key();
  expect_met(a, b);
  expect_met(b, a);
  EXPECT_EQ(a.counters().challenges, asked) << "who was there still is";
  for (Node* each : {&a, &b})
    EXPECT_EQ(each->refused(Refusal::forged) + each->refused(Refusal::other_key), 0u);
}

TEST_F(SealedKeys, WhatIsSealedWithADroppedKeyIsRefused) {
  Node a(1, 1), b(2, 2), behind(3, 3);
  meet(a, b);
  const Datagram recorded = a.send("before");
  const Datagram not_yet = Node(4, 4, 2).send("hello");
  EXPECT_FALSE(b.takes(not_yet));
  EXPECT_EQ(b.refused(Refusal::other_key), 1u);
  for (Node* each : {&a, &b}) {
    each->sealed->accept(key_of(2));
    each->sealed->exchange_keys();
    each->sealed->forget_other_key();
  }
  EXPECT_FALSE(b.takes(recorded));
  EXPECT_FALSE(b.takes(behind.send("hello")));
  EXPECT_EQ(b.refused(Refusal::other_key), 3u);
  EXPECT_EQ(b.counters().other_key_from, NodeId{3});
  expect_met(a, b);
}

TEST_F(SealedKeys, AKeyThatComesAgainBringsNoRecordedFrameBack) {
  Node a(1, 1), b(2, 2);
  const std::vector<Datagram> first = meet(a, b);
  const Datagram unheard = a.send("never arrived");
  const auto change = [&](int key) {
    for (Node* each : {&a, &b}) each->sealed->accept(key_of(key));
    for (Node* each : {&a, &b}) each->sealed->exchange_keys();
    for (Node* each : {&a, &b}) each->sealed->forget_other_key();
    expect_met(a, b);
  };
  change(2);
  change(1);
  for (const Datagram& each : first) EXPECT_FALSE(b.takes(each));
  EXPECT_TRUE(b.takes(unheard)) << "once it may come";
  EXPECT_FALSE(b.takes(unheard));
}

// What was made of a key must not stand there when one comes that looks the same.
TEST_F(SealedKeys, ADroppedKeyLeavesNoSealBehindForOneWithItsId) {
  const std::uint8_t id = key_of(1).id();
  int same = 2, other = 3;
  while (same < 256 && key_of(same).id() != id) ++same;
  if (same == 256) {  // of 254 keys, almost surely
    SUCCEED();
    return;
  }
  while (key_of(other).id() == id) ++other;
  Node a(1, 1), b(2, 2);
  EXPECT_FALSE(a.sealed->can_tell(key_of(same)));
  EXPECT_TRUE(a.sealed->can_tell(key_of(other)));
  meet(a, b);
  for (const int key : {other, same}) {
    for (Node* each : {&a, &b}) each->sealed->accept(key_of(key));
    for (Node* each : {&a, &b}) each->sealed->exchange_keys();
    for (Node* each : {&a, &b}) each->sealed->forget_other_key();
    expect_met(a, b);
  }
  EXPECT_EQ(b.refused(Refusal::forged), 0u);
}

TEST_F(SealedKeys, WhoeverMeetsWhileKeysChangeProvesItselfUnderEither) {
  Node a(1, 1), b(2, 2);
  for (Node* each : {&a, &b}) each->sealed->accept(key_of(2));
  b.sealed->exchange_keys();
  meet(a, b);
  expect_met(a, b);
  a.sealed->exchange_keys();
  expect_met(a, b);
  a.pass(pace);
  meet(b, a);
  expect_met(b, a);
}

}  // namespace
}  // namespace gyre::test
