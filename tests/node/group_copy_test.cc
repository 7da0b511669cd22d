// A copy of the groups that is made while they change.
#include "node/group_copy.hh"

#include <gtest/gtest.h>

#include <map>
#include <string>

#include "tests/node/bed.hh"

namespace gyre::node {
namespace {

using test::Cluster;
using test::Program;

constexpr FakeOptions kind{
    .short_sends = false, .completes_after = 0, .resolves_after = Duration{}};
constexpr std::size_t group_count = 200;

class Copying : public testing::Test {
 protected:
  Copying() {
    for (std::size_t i = 0; i < group_count; ++i) first.join(name(i));
    settle(1 + group_count);  // a view is the first
  }

  static std::string name(std::size_t i) { return "group " + std::to_string(i); }

  // What node 1 has at the end of a copy, by name: its members' connections.
  using Groups = std::map<std::string, std::vector<std::uint32_t>>;
  static Groups content(const GroupCopy& copy) {
    Groups groups;
    for (const GroupCopy::Group& group : copy.groups())
      for (const membership::Process& process : copy.members(group))
        groups[std::string(group.name())].push_back(process.client);
    return groups;
  }
  std::pair<Groups, std::size_t> copy_all() {
    GroupCopy copy{membership::GroupLimits{}};
    std::size_t turns = 1;
    while (!cluster.nodes[0]->node().copy_groups(copy)) ++turns;
    EXPECT_EQ(copy.groups().size(), content(copy).size());
    return {content(copy), turns};
  }
  // Until the program has seen that many changes.
  void settle(std::size_t changes) {
    EXPECT_TRUE(cluster.run_until([&] { return (seen += first.events().size()) >= changes; }));
    seen = 0;
  }

  struct Started : Cluster {
    Started() : Cluster(1, kind) {
      start();
      EXPECT_TRUE(run_until([&] { return whole(); }));
    }
  } cluster;
  Program first{cluster.nodes[0]->connect(cluster.now)};
  std::size_t seen = 0;
};

TEST_F(Copying, IsDoneInPieces) {
  const auto [groups, turns] = copy_all();
  EXPECT_GE(turns, 3u);
  ASSERT_EQ(groups.size(), group_count);
  for (const auto& [group, members] : groups)
    EXPECT_EQ(members, std::vector<std::uint32_t>{first.number()}) << group;
}

TEST_F(Copying, BeginsAnewWhenAGroupChangesAndIsThenDoneAtOnce) {
  GroupCopy copy{membership::GroupLimits{}};
  EXPECT_FALSE(cluster.nodes[0]->node().copy_groups(copy));
  first.leave(name(0));
  first.join("another");
  first.leave(name(1));
  settle(3);
  EXPECT_TRUE(cluster.nodes[0]->node().copy_groups(copy));
  const Groups groups = content(copy);
  EXPECT_EQ(groups, copy_all().first);
  EXPECT_EQ(groups.size(), group_count - 1);
  EXPECT_FALSE(groups.contains(name(0)));
  EXPECT_TRUE(groups.contains("another"));
}

TEST_F(Copying, OfNothingIsDoneAtOnce) {
  Cluster empty(1, kind);
  empty.start();
  GroupCopy copy{membership::GroupLimits{}};
  EXPECT_TRUE(empty.nodes[0]->node().copy_groups(copy));
  EXPECT_TRUE(copy.groups().empty());
}

}  // namespace
}  // namespace gyre::node
