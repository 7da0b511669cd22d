#include "node/device_topic.hh"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace gyre::node {
namespace {

using membership::QuorumChange;
using membership::wire::Votes;
using testing::HasSubstr;
using Arguments = std::vector<std::string>;

// What a program on a node of the ring 3.16 asks, and is answered.
class Program : public testing::Test {
 protected:
  Program() { snapshot_->ring = {.seq = 16, .representative = NodeId{3}, .incarnation = 77}; }

  Answer ask(const std::string& what, const Arguments& arguments) {
    return topics_.at("quorum.device" + what)({*snapshot_, arguments});
  }
  Votes said(const std::string& what, const Arguments& arguments) {
    const Answer answer = ask(what, arguments);
    const auto* order = std::get_if<Order>(&answer);
    return order ? order->command.votes : Votes{};
  }
  std::string told(const std::string& what, const Arguments& arguments) {
    const Answer answer = ask(what, arguments);
    const auto* text = std::get_if<std::string>(&answer);
    return text ? *text : "?";
  }
  std::string error(const std::string& what, const Arguments& arguments) {
    return nlohmann::json::parse(told(what, arguments)).value("error", "");
  }
  bool is_wrong(const std::string& what, const Arguments& arguments) {
    return std::holds_alternative<Refused>(ask(what, arguments));
  }

  membership::QuorumSettings settings_{.device_master_wins = true, .device_votes = 1};
  std::unique_ptr<Snapshot> snapshot_ = std::make_unique<Snapshot>();
  Topics topics_ = device_topics(settings_);
};

TEST_F(Program, RegistersAndSaysForWhichRingTheDeviceVotes) {
  EXPECT_EQ(said(".register", {"tie"}).subject, Votes::device_registered);
  EXPECT_EQ(told("", {}), R"({"name":"tie","master_wins":false})");
  const Votes in_favour = said(".poll", {"tie", "1", "3", "16"});
  EXPECT_EQ(in_favour.what, Votes::What::device);
  EXPECT_EQ(in_favour.subject,
            Votes::device_registered | Votes::device_alive | Votes::device_votes);
  EXPECT_EQ(in_favour.ring, snapshot_->ring) << "for that one only";
  EXPECT_EQ(said(".poll", {"tie", "0", "3", "16"}).subject,
            Votes::device_registered | Votes::device_alive);
  EXPECT_EQ(told(".master_wins", {"tie", "1"}), "{}");
  EXPECT_EQ(said(".poll", {"tie", "1", "3", "16"}).subject,
            in_favour.subject | Votes::device_master_wins);
  EXPECT_EQ(told(".update", {"tie", "knot"}), "{}");
  const Votes gone = said(".unregister", {"knot"});
  EXPECT_EQ(gone.what, Votes::What::device);
  EXPECT_EQ(gone.subject, 0u);
  EXPECT_EQ(error(".poll", {"knot", "1", "3", "16"}), "CS_ERR_NOT_EXIST");
}

TEST_F(Program, VotesForNoRingThatIsOver) {
  said(".register", {"tie"});
  EXPECT_EQ(error(".poll", {"tie", "1", "3", "12"}), "CS_ERR_MESSAGE_ERROR");
  EXPECT_EQ(error(".poll", {"tie", "1", "2", "16"}), "CS_ERR_MESSAGE_ERROR");
  const Answer answer = ask(".poll", {"tie", "1", "3", "16"});
  Outcome outcome;
  outcome.votes = QuorumChange::too_late;
  EXPECT_THAT(std::get<Order>(answer).then(outcome), HasSubstr("CS_ERR_MESSAGE_ERROR"));
  EXPECT_EQ(std::get<Order>(answer).then({}), "{}");
}

TEST_F(Program, OneNameAtATime) {
  EXPECT_EQ(error(".unregister", {"tie"}), "CS_ERR_NOT_EXIST");
  said(".register", {"tie"});
  EXPECT_EQ(error(".register", {"other"}), "CS_ERR_EXIST");
  EXPECT_EQ(said(".register", {"tie"}).what, Votes::What::device) << "after it was started anew";
  for (const char* what : {".unregister", ".poll", ".master_wins", ".update"}) {
    Arguments arguments = {"other"};
    if (what == std::string(".poll")) arguments.insert(arguments.end(), {"1", "3", "16"});
    if (what == std::string(".master_wins") || what == std::string(".update"))
      arguments.push_back("1");
    EXPECT_EQ(error(what, arguments), "CS_ERR_INVALID_PARAM") << what;
  }
  EXPECT_EQ(error(".update", {"tie", std::string(255, 'x')}), "CS_ERR_INVALID_PARAM");
  EXPECT_EQ(told(".update", {"tie", std::string(254, 'x')}), "{}");
}

TEST_F(Program, WhatIsNoQuestionIsRefused) {
  EXPECT_EQ(error(".register", {""}), "CS_ERR_INVALID_PARAM");
  said(".register", {"tie"});
  for (const Arguments& arguments : {Arguments{},
                                     {"tie", "1", "3"},
                                     {"tie", "2", "3", "16"},
                                     {"tie", "yes", "3", "16"},
                                     {"tie", "1", "", "16"},
                                     {"tie", "1", "3", "-1"},
                                     {"tie", "1", "4294967296", "16"}})
    EXPECT_TRUE(is_wrong(".poll", arguments));
  EXPECT_TRUE(is_wrong("", {"x"}));
  EXPECT_TRUE(is_wrong(".register", {}));
  EXPECT_TRUE(is_wrong(".unregister", {"tie", "x"}));
  EXPECT_TRUE(is_wrong(".update", {"tie"}));
  EXPECT_TRUE(is_wrong(".master_wins", {"tie", "2"}));
}

TEST_F(Program, NeedsADeviceInTheFile) {
  topics_ = device_topics({});
  EXPECT_EQ(error(".register", {"tie"}), "CS_ERR_ACCESS");
  settings_.device_master_wins = false;
  topics_ = device_topics(settings_);
  said(".register", {"tie"});
  EXPECT_EQ(error(".master_wins", {"tie", "1"}), "CS_ERR_ACCESS") << "others do not count on it";
  EXPECT_EQ(told(".master_wins", {"tie", "0"}), "{}");
}

}  // namespace
}  // namespace gyre::node
