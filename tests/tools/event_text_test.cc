#include "tools/event_text.hh"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <string_view>

namespace gyre::tools {
namespace {

using Json = nlohmann::json;

client::Message message(std::string_view payload) {
  client::Message message;
  message.group = "prices";
  message.sender = {.node = 3, .pid = 77, .client = 1};
  message.place = {.ring = {.seq = 12, .representative = 1}, .seq = 9, .index = 2};
  message.payload = std::as_bytes(std::span(payload));
  return message;
}

client::View view() {
  client::View view;
  view.number = 12;
  view.members = {{.node = 1}, {.node = 2}, {.node = 30}};
  view.joined = {30};
  view.oldest = 2;
  return view;
}

TEST(EventText, AViewIsItsNumberItsMembersAndItsVerdict) {
  EXPECT_EQ(plain_text(view()), "view 12 members 1,2,30 not quorate");
  client::View quorate = view();
  quorate.verdict.quorate = true;
  EXPECT_EQ(plain_text(quorate), "view 12 members 1,2,30 quorate");
}

TEST(EventText, AVerdictWithinAViewNamesIt) {
  client::VerdictChange change;
  change.place.ring.seq = 12;
  EXPECT_EQ(plain_text(change), "verdict 12 not quorate");
  change.verdict = {.quorate = true,
                    .reason = client::Verdict::Reason::heir,
                    .fencing = client::Verdict::Fencing::by_hand,
                    .votes = 2,
                    .expected = 3,
                    .needed = 2,
                    .highest = 5,
                    .withheld = 1};
  EXPECT_EQ(Json::parse(json_text(change)), Json::parse(R"({"event": "verdict", "view": 12,
                            "quorum": {"quorate": true, "reason": "heir", "votes": 2,
                                       "expected": 3, "needed": 2, "highest": 5, "withheld": 1,
                                       "fencing": "by_hand"}})"));
}

TEST(EventText, AMessageIsItsPlaceItsNodeAndItsPayload) {
  EXPECT_EQ(plain_text(message("a  b ")), "12.9.2 3 a  b ");
}

TEST(EventText, OneMessageIsOneLine) {
  EXPECT_EQ(plain_text(message("a\nb\n")), "12.9.2 3 a\\nb\\n");
  EXPECT_EQ(json_text(message("a\nb\n")).find('\n'), std::string::npos);
}

TEST(EventText, OtherEventsHaveNoPlainLine) {
  EXPECT_EQ(plain_text(client::Transitional{}), "");
  EXPECT_EQ(plain_text(client::GroupChange{}), "");
  EXPECT_EQ(plain_text(client::JoinRefused{}), "");
}

TEST(EventText, JsonOfAView) {
  const Json object = Json::parse(json_text(view()));
  EXPECT_EQ(object, Json::parse(R"({"event": "view", "view": 12, "members": [1, 2, 30],
                                    "joined": [30], "left": [], "oldest": 2,
                                    "quorum": {"quorate": false, "reason": "no_view", "votes": 0,
                                               "expected": 0, "needed": 0, "highest": 0,
                                               "withheld": 0, "fencing": "not_needed"}})"));
}

TEST(EventText, JsonOfAMessageKeepsItsText) {
  const Json object = Json::parse(json_text(message("a \"quoted\"\nline")));
  EXPECT_EQ(object["payload"], "a \"quoted\"\nline");
  EXPECT_EQ(object["ring"], 12);
  EXPECT_EQ(object["seq"], 9);
  EXPECT_EQ(object["index"], 2);
  EXPECT_EQ(object["node"], 3);
  EXPECT_EQ(object["guarantee"], "agreed");
}

TEST(EventText, JsonOfBytesThatAreNotText) {
  const Json object = Json::parse(json_text(message("\xff\x01")));
  EXPECT_EQ(object["payload_hex"], "ff01");
  EXPECT_FALSE(object.contains("payload"));
}

TEST(EventText, JsonOfAGroupChangeNamesTheReason) {
  client::GroupChange change;
  change.group = "prices";
  change.members = {{.node = 1, .pid = 10, .client = 1}};
  change.left = {
      {.process = {.node = 2, .pid = 20, .client = 1}, .reason = client::ChangeReason::node_down}};
  const Json object = Json::parse(json_text(change));
  EXPECT_EQ(object["members"][0]["pid"], 10);
  EXPECT_EQ(object["joined"], Json::array());
  EXPECT_EQ(object["left"][0]["node"], 2);
  EXPECT_EQ(object["left"][0]["reason"], "node_down");
}

TEST(EventText, JsonOfARefusedJoinNamesTheReason) {
  const Json object = Json::parse(json_text(client::JoinRefused{.group = "a", .reason = "full"}));
  EXPECT_EQ(object, Json::parse(R"({"event": "join_refused", "group": "a", "reason": "full"})"));
  EXPECT_EQ(Json::parse(json_text(client::JoinRefused{"a", "full", true}))["event"],
            "membership_refused");
}

}  // namespace
}  // namespace gyre::tools
