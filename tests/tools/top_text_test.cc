#include "tools/top_text.hh"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sstream>

namespace gyre::tools {
namespace {

using Json = nlohmann::ordered_json;
using testing::HasSubstr;
using testing::Not;

// Node 1 of two; node 2 is behind.
Json look() {
  return {{"status", Json::parse(R"({
            "nodeid": 1, "name": "alpha", "cluster": "demo", "state": "operational",
            "ring": {"seq": 24, "representative": 1}, "view": 24, "uptime_ms": 10000,
            "transport": "udpu", "clients": 3,
            "token": {"age_ms": 7, "seq": 1000, "aru": 988, "aru_owner": 2, "frames": 3,
                      "backlog": 5},
            "rotation": {"count": 100, "total_ns": 5000000, "last_ns": 50000, "p50_ns": 44000,
                         "p99_ns": 95200, "longest_ns": 12100000},
            "peers": {"2": {"frames": 500, "silent_ms": 4, "joins": 2}},
            "counters": {"ring": {"messages_delivered": 10, "retransmits_requested": 1,
                                  "retransmits_sent": 2, "malformed": 0},
                         "clients": {"requests": 20, "events": 30, "cut_off": 0},
                         "groups": {"count": 2, "refused": 0},
                         "transport": {"sent": 100, "received": 200, "sent_bytes": 1000,
                                       "received_bytes": 2000, "dropped_error": 4},
                         "header": {"replayed": 9, "copied": 1}}})")},
          {"members", Json::parse(R"({"view": 24, "members": [
            {"nodeid": 1, "name": "alpha", "addresses": ["10.0.0.1"]},
            {"nodeid": 2, "name": "beta", "addresses": []}]})")}};
}

// Two seconds later.
Json later() {
  Json now = look();
  now["status"]["uptime_ms"] = 12000;
  now["status"]["rotation"]["count"] = 40100;
  now["status"]["rotation"]["total_ns"] = 5000000 + 40000ull * 47000;
  now["status"]["peers"]["2"]["frames"] = 1500;
  now["status"]["counters"]["ring"]["messages_delivered"] = 24700;
  now["status"]["counters"]["transport"]["sent_bytes"] = 3001000;
  now["status"]["counters"]["transport"]["dropped_error"] = 6;
  now["status"]["counters"]["header"]["replayed"] = 10;
  now["status"]["counters"]["header"]["copied"] = 10;
  return now;
}

TEST(Top, TellsWhatWentOnInASecond) {
  const Json told = summary(look(), later());
  EXPECT_EQ(told["interval_ms"], 2000);
  EXPECT_EQ(told["rotation"]["rate"], 20000.0);
  EXPECT_EQ(told["rotation"]["mean_ns"], 47000);
  EXPECT_EQ(told["messages"]["delivered_rate"], 12345.0);
  EXPECT_EQ(told["links"][0]["sent_bytes_rate"], 1.5e6);
  EXPECT_EQ(told["links"][0]["sent_rate"], 0.0);
  EXPECT_EQ(told["nodes"][1]["frames_rate"], 500.0);
}

TEST(Top, TellsWhoIsBehindAndWhatWasLost) {
  const Json told = summary(look(), later());
  EXPECT_EQ(told["nodes"][0]["behind"], 0);
  EXPECT_FALSE(told["nodes"][0].contains("silent_ms")) << "it is this one";
  EXPECT_EQ(told["nodes"][1]["behind"], 12);
  EXPECT_EQ(told["nodes"][1]["silent_ms"], 4);
  EXPECT_EQ(told["losses"], Json::parse(R"({"transport.dropped_error": 2, "header.replayed": 1})"));
}

TEST(Top, ADaemonThatStartedAnewHasNoRates) {
  Json restarted = later();
  restarted["status"]["uptime_ms"] = 500;
  const Json told = summary(look(), restarted);
  EXPECT_EQ(told["interval_ms"], 0);
  EXPECT_EQ(told["messages"]["delivered_rate"], 0.0);
  EXPECT_EQ(told["rotation"]["mean_ns"], 0);
  EXPECT_TRUE(told["losses"].empty());
}

TEST(Top, ANodeThatHasJustComeHasNoRate) {
  Json before = look();
  before["status"]["peers"].erase("2");
  EXPECT_EQ(summary(before, later())["nodes"][1]["frames_rate"], 0);
}

TEST(Top, ShowsItInAHundredColumns) {
  const std::string text = screen(summary(look(), later()));
  EXPECT_THAT(text, HasSubstr("node 1 (alpha) of demo: operational, ring 1.24, view 24, up 12 s\n"
                              "2 members, 3 programs in 2 groups\n"));
  EXPECT_THAT(text, HasSubstr("rotation   47.0 us, 20.0 k/s"));
  EXPECT_THAT(text, HasSubstr("since start p50 44.0 us, p99 95.2 us, longest 12.1 ms\n"));
  EXPECT_THAT(text, HasSubstr("messages   12.3 k/s delivered"));
  EXPECT_THAT(text, HasSubstr("1.50 M"));
  EXPECT_THAT(text, HasSubstr("dropped    transport.dropped_error 2, header.replayed 1\n"));
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) EXPECT_LE(line.size(), 100u) << line;
}

TEST(Top, SaysThatAnIdleRingsTokenRests) {
  const std::string text = screen(summary(look(), look()));
  EXPECT_THAT(text, HasSubstr("the token rests since 7 ms"));
  EXPECT_THAT(text, Not(HasSubstr("dropped")));
}

TEST(Top, ANameDoesNothingToTheScreen) {
  Json now = later();
  now["status"]["name"] = "\x1b[2Jx";
  now["members"]["members"][1]["name"] = std::string(60, 'n') + "\x1b";
  const std::string text = screen(summary(look(), now));
  EXPECT_EQ(text.find('\x1b'), text.npos);
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) EXPECT_LE(line.size(), 100u) << line;
}

}  // namespace
}  // namespace gyre::tools
