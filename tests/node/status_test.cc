#include "node/status.hh"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <thread>

namespace gyre::node {
namespace {

TEST(Seqlock, AReaderNeverSeesHalfAValue) {
  struct Words {
    std::array<std::uint64_t, 16> word{};
  };
  Seqlock<Words> lock;
  std::atomic<bool> stop{false};
  std::thread writer([&] {
    for (std::uint64_t n = 1; !stop; ++n) {
      Words words;
      words.word.fill(n);
      lock.write(words);
    }
  });
  std::uint64_t seen = 0, torn = 0;
  for (int reads = 0; reads < 20'000;) {
    Words words;
    if (!lock.read(words)) continue;
    ++reads;
    for (const std::uint64_t word : words.word) torn += word != words.word[0];
    EXPECT_GE(words.word[0], seen);
    seen = words.word[0];
  }
  stop = true;
  writer.join();
  EXPECT_EQ(torn, 0u);
}

constexpr Address somewhere{{std::byte{1}}};

struct Status : testing::Test {
  Status() {
    snapshot.self = NodeId{1};
    snapshot.state = "operational";
    snapshot.ring = {.seq = 12, .representative = NodeId{1}, .incarnation = 99};
    snapshot.view = 12;
    snapshot.started = 1'000'000'000;
    snapshot.taken = 3'500'000'000;
    snapshot.verdict.total_votes = 2;
    snapshot.verdict.expected_votes = 5;
    snapshot.verdict.quorum = 3;
    snapshot.verdict.reason = membership::Verdict::Reason::too_few;
    snapshot.verdict.flags = membership::Verdict::flag_wait_for_all;
    snapshot.member_count = 3;
    snapshot.members[0] = {.member = {NodeId{1}, 4}, .votes = 2};
    snapshot.members[1] = {.member = {NodeId{2}, 8}, .addresses = {{somewhere}}};
    snapshot.members[2] = {.member = {NodeId{3}, 8}, .addresses = {{somewhere}}};
    snapshot.add("ring", "messages", 7);
    snapshot.add("transport", "sent", 9);
    names.version = "0.1.0";
    names.transport = "udpu";
    names.nodes[NodeId{1}] = {"alpha", {"127.0.0.1"}};
    names.nodes[NodeId{2}] = {"be\xfft\"a", {}};
    names.address_text = [](const Address&) { return std::string("10.0.0.9"); };
  }
  Snapshot snapshot;
  StatusNames names;
};

TEST_F(Status, TellsTheAddressesOnAllLinks) {
  names.links = 2;
  names.nodes[NodeId{1}].addresses = {"127.0.0.1", "127.0.1.1"};
  snapshot.members[1].addresses = {Address{}, somewhere};
  EXPECT_EQ(names.addresses_of(snapshot.members[0]), "r(0) ip(127.0.0.1) r(1) ip(127.0.1.1) ");
  EXPECT_EQ(names.addresses_of(snapshot.members[1]), "r(0) ip() r(1) ip(10.0.0.9) ");
  const auto members = nlohmann::json::parse(members_json(snapshot, names))["members"];
  EXPECT_EQ(members[0]["addresses"], (nlohmann::json{"127.0.0.1", "127.0.1.1"}));
  EXPECT_EQ(members[1]["addresses"], nlohmann::json::array({"10.0.0.9"}));
}

TEST_F(Status, TellsStateRingMembersAndCounters) {
  const auto status = nlohmann::json::parse(status_json(snapshot, names));
  EXPECT_EQ(status["nodeid"], 1);
  EXPECT_EQ(status["name"], "alpha");
  EXPECT_EQ(status["state"], "operational");
  EXPECT_EQ(status["ring"]["seq"], 12);
  EXPECT_EQ(status["ring"]["representative"], 1);
  EXPECT_EQ(status["view"], 12);
  EXPECT_EQ(status["members"], (nlohmann::json{1, 2, 3}));
  EXPECT_EQ(status["quorum"]["quorate"], false);
  EXPECT_EQ(status["quorum"]["reason"], "too_few");
  EXPECT_EQ(status["quorum"]["why"], "not quorate: 2 of 5 expected votes, 3 needed");
  EXPECT_EQ(status["quorum"]["votes"], 2);
  EXPECT_EQ(status["quorum"]["fencing"], "not_needed");
  EXPECT_EQ(status["quorum"]["flags"], "WaitForAll ");
  EXPECT_EQ(status["transport"], "udpu");
  EXPECT_EQ(status["secauth"], false);
  names.secauth = true;
  EXPECT_EQ(nlohmann::json::parse(status_json(snapshot, names))["secauth"], true);
  EXPECT_EQ(status["version"], "0.1.0");
  EXPECT_EQ(status["uptime_ms"], 2500);
  EXPECT_EQ(status["counters"]["ring"]["messages"], 7);
  EXPECT_EQ(status["counters"]["transport"]["sent"], 9);
}

TEST_F(Status, NamesMembersAndWhereTheyAre) {
  const auto answer = nlohmann::json::parse(members_json(snapshot, names));
  EXPECT_EQ(answer["view"], 12);
  ASSERT_EQ(answer["members"].size(), 3u);
  EXPECT_EQ(answer["members"][0]["name"], "alpha");
  EXPECT_EQ(answer["members"][0]["votes"], 2);
  EXPECT_EQ(answer["members"][1]["votes"], 0);
  EXPECT_EQ(answer["members"][0]["addresses"][0], "127.0.0.1");
  EXPECT_EQ(answer["members"][1]["addresses"][0], "10.0.0.9") << "learnt from its frames";
  EXPECT_EQ(answer["members"][2]["nodeid"], 3);
  EXPECT_EQ(answer["members"][2]["name"], "");
}

}  // namespace
}  // namespace gyre::node
