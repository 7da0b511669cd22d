// What programs may ask beside the stream, and how it is refused.
#include "node/topics.hh"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "node/config.hh"

namespace gyre::node {
namespace {

using testing::HasSubstr;

class Asking : public testing::Test {
 protected:
  Asking() {
    snapshot.members[0].member.node = NodeId{7};
    snapshot.member_count = snapshot.known_count = 1;
  }
  Answer answer(const std::string& topic, const std::vector<std::string>& arguments) {
    return topics.at(topic)({.snapshot = snapshot, .arguments = arguments, .uid = 0, .pid = 0});
  }

  LogWriter writer{{.to_stderr = false, .to_syslog = false, .logfile = {}}, false};
  Topics topics = make_topics({}, writer);
  Snapshot snapshot;
};

TEST_F(Asking, OnlyAMemberIsKilled) {
  const Answer order = answer("kill", {"7"});
  ASSERT_TRUE(std::holds_alternative<Order>(order));
  EXPECT_EQ(std::get<Order>(order).command.node, NodeId{7});
  EXPECT_THAT(std::get<std::string>(answer("kill", {"8"})), HasSubstr("node 8 is not a member"));
  for (const std::vector<std::string>& wrong : std::vector<std::vector<std::string>>{
           {}, {""}, {"seven"}, {"7a"}, {"7", "8"}, {"-7"}, {"4294967303"}}) {
    const Answer refused = answer("kill", wrong);
    ASSERT_TRUE(std::holds_alternative<Refused>(refused));
    EXPECT_EQ(std::get<Refused>(refused).reason, "expected arguments: nodeid");
  }
}

}  // namespace
}  // namespace gyre::node
