// What members say comes back as it was said, of whatever kind; what is none of it is refused.
#include "rm/control/messages.hh"

#include <gtest/gtest.h>

namespace gyre::rm::control {
namespace {

// What was encoded is what is decoded, and what that encodes to is the same again.
template <typename T>
T there_and_back(const T& message) {
  const std::string text = encode(7, message);
  const auto envelope = decode(text);
  EXPECT_TRUE(envelope) << text;
  if (!envelope || !std::holds_alternative<T>(envelope->message)) return {};
  EXPECT_EQ(envelope->serial, 7u);
  EXPECT_EQ(encode(7, envelope->message), text);
  return std::get<T>(envelope->message);
}

TEST(Messages, AHello) {
  const auto back = there_and_back(
      Hello{"1.2.3", "n1", "model", "boot", "1.0.0_1.2.0-1", {1, 2, 3}, "digest", true, true, 4});
  EXPECT_EQ(back.view, "1.2.3");
  EXPECT_EQ(back.version, (Version{1, 2, 3}));
  EXPECT_TRUE(back.quorate && back.live);
  EXPECT_EQ(back.feature_set, 4u);
}

TEST(Messages, APieceWithBytesOfAnyValue) {
  const std::string bytes("\0{}\xff\0z", 6);
  const std::string text = encode(0, Piece{"1.2.3", 4, 5, bytes});
  const auto envelope = decode(text);
  ASSERT_TRUE(envelope);
  const auto& back = std::get<Piece>(envelope->message);
  EXPECT_EQ(back.number, 4u);
  EXPECT_EQ(back.of, 5u);
  EXPECT_EQ(back.bytes, bytes);
}

TEST(Messages, AHistoryOfEachKind) {
  for (const auto what :
       {OwnHistory::What::nothing, OwnHistory::What::kept, OwnHistory::What::told})
    EXPECT_EQ(there_and_back(OwnHistory{"1.2.3", "boot", what, "<node_state/>"}).what, what);
}

TEST(Messages, WhatIsAskedFor) {
  EXPECT_EQ(there_and_back(Configure{"root", "crm", "now", "<diff/>"}).difference, "<diff/>");
  EXPECT_EQ(there_and_back(AttributeChange{"n1", "a", std::nullopt, false}).value, std::nullopt);
  EXPECT_EQ(there_and_back(AttributeChange{"n1", "a", "", true}).value, "");
  const auto cleanup = there_and_back(Cleanup{"r", "n1", "monitor", 10'000, false});
  EXPECT_EQ(cleanup.interval_ms, 10'000);
  EXPECT_FALSE(cleanup.failures_only);
  EXPECT_EQ(there_and_back(Confirm{"n1", 7}).node, "n1");
  EXPECT_EQ(there_and_back(Confirm{"n1", 7}).now, 7);
}

TEST(Messages, ABegin) {
  Begin begin;
  begin.view = "1.2.3";
  begin.epoch = "0.7";
  begin.node = "n1";
  begin.operation.key = "1:2:0:key";
  begin.operation.task = "monitor";
  begin.operation.interval = std::chrono::seconds(10);
  begin.operation.parameters = {{"ip", "10.0.0.1"}, {"odd", "\"\\\n\xc3\xa4"}};
  begin.needs_quorum = false;
  begin.now = 1'700'000'000;
  const Begin back = there_and_back(begin);
  EXPECT_EQ(back.operation, begin.operation);
  EXPECT_FALSE(back.needs_quorum);
  EXPECT_EQ(back.now, begin.now);
}

TEST(Messages, AStepOfAFencing) {
  Begin begin;
  begin.operation.target = "n3";
  begin.fencing = "reboot";
  begin.level = 2;
  begin.completes = true;
  const Begin back = there_and_back(begin);
  EXPECT_EQ(back.operation.target, "n3");
  EXPECT_EQ(back.fencing, "reboot");
  EXPECT_EQ(back.level, 2);
  EXPECT_TRUE(back.completes);
  const NotFenced failed = there_and_back(NotFenced{"1.2.3", "n3", "off", "why", "0.7", 5, 6});
  EXPECT_EQ(failed.view + failed.target + failed.fencing + failed.why + failed.epoch,
            "1.2.3n3offwhy0.7");
  EXPECT_EQ(failed.now, 5);
  EXPECT_EQ(failed.again, 6);
  const Taken taken = there_and_back(Taken{"1.2.3", "1:2:0:key"});
  EXPECT_EQ(taken.view + taken.key, "1.2.31:2:0:key");
}

TEST(Messages, AResult) {
  Outcome outcome{"1:2:0:key",
                  Outcome::Status::timed_out,
                  1,
                  "why",
                  "what it said",
                  1'700'000'000,
                  std::chrono::milliseconds(5),
                  std::chrono::milliseconds(6)};
  EXPECT_EQ(there_and_back(Result{"n1", outcome}).outcome, outcome);
}

TEST(Messages, WhatIsOnDisk) {
  const auto back = there_and_back(Kept{"1.0.0_1.2.0-1", 1, 2});
  EXPECT_EQ(back.lineage, "1.0.0_1.2.0-1");
  EXPECT_EQ(back.epoch, 2);
}

TEST(Messages, ALongOneGoesShort) {
  const Configure long_one{"root", "crm", "now", std::string(100'000, 'x')};
  EXPECT_LT(encode(7, long_one).size(), 10'000u);
  EXPECT_EQ(there_and_back(long_one).difference, long_one.difference);
}

// Bytes that no agent's output promises not to have.
TEST(Messages, WhatIsNoUtf8IsReplaced) {
  Outcome outcome;
  outcome.output = "\xff\xfe";
  const auto envelope = decode(encode(1, Result{"n1", outcome}));
  ASSERT_TRUE(envelope);
  EXPECT_EQ(std::get<Result>(envelope->message).outcome.output, "\xef\xbf\xbd\xef\xbf\xbd");
}

TEST(Messages, GarbageIsRefused) {
  for (const char* text :
       {"", "z", "zzzzzzzzzzzzzzzz", "{", "[]", "7", "null", "{}", R"({"kind":7,"serial":1})",
        R"({"kind":"none","serial":1})", R"({"kind":"confirm","serial":1})",
        R"({"kind":"confirm","node":7,"serial":1})", R"({"kind":"confirm","node":"n1"})",
        R"({"kind":"confirm","node":"n1","serial":-1})",
        R"({"kind":"kept","lineage":"","admin_epoch":0.5,"epoch":0,"serial":1})",
        R"({"kind":"kept","lineage":"","admin_epoch":"0","epoch":0,"serial":1})"})
    EXPECT_FALSE(decode(text)) << text;
}

TEST(Messages, APartOfOneIsRefused) {
  const std::string text = encode(7, Confirm{"n1"});
  for (std::size_t size = 0; size < text.size(); ++size)
    EXPECT_FALSE(decode(text.substr(0, size))) << size;
}

}  // namespace
}  // namespace gyre::rm::control
