// The table keeps what it was given, within its limits, whatever was added and removed before.
#include "membership/group_table.hh"

#include <gtest/gtest.h>

#include <map>
#include <set>

#include "membership/barrier.hh"
#include "membership/quorum_wire.hh"
#include "tests/membership/trace.hh"

namespace gyre::membership {
namespace {

// Hashes that all fall together, so that the order of probes matters.
struct Clumsy {
  std::uint32_t value = 0;
  bool operator==(const Clumsy&) const = default;
  friend std::uint64_t hash(const Clumsy& key) { return key.value % 3 + 61; }
};

TEST(OpenTable, AgreesWithAMapWhenEveryProbeCollides) {
  OpenTable<Clumsy, int> table(31);
  std::map<std::uint32_t, int> model;
  Random random(1);
  for (int step = 0; step < 20'000; ++step) {
    const std::uint32_t key = random.below(40);
    if (model.count(key)) {
      table.erase({key});
      model.erase(key);
    } else if (model.size() < 31) {
      table.insert({key}, step);
      model[key] = step;
    }
    if (step % 5'000 == 4'999) {
      table.clear();
      model.clear();
    }
    ASSERT_EQ(table.size(), model.size());
    for (std::uint32_t k = 0; k < 40; ++k) {
      const int* found = table.find({k});
      ASSERT_EQ(found != nullptr, model.count(k) == 1) << "step " << step << " key " << k;
      if (found) {
        ASSERT_EQ(*found, model[k]);
      }
    }
  }
}

TEST(GroupTable, AgreesWithAModelWhileRunsMoveAbout) {
  GroupTable table({.groups = 8, .members = 40});
  table.reset(members_of({1, 2, 3}));
  std::map<std::string, std::set<Process>> model;
  std::size_t total = 0;
  Random random(2);
  for (int step = 0; step < 30'000; ++step) {
    const std::string name = "group " + std::to_string(random.below(10));
    const std::uint32_t client = random.below(8);
    const Process process{NodeId{1 + random.below(3)}, 1000 + client, client};
    const auto known = model.find(name);
    const bool is_member = known != model.end() && known->second.count(process);
    if (is_member && random.one_in(2)) {
      table.remove(group_id(name), process);
      table.drop_if_empty(group_id(name));
      known->second.erase(process);
      if (known->second.empty()) model.erase(known);
      --total;
    } else {
      const Refusal expected = is_member                                   ? Refusal::already_joined
                               : known == model.end() && model.size() == 8 ? Refusal::groups_full
                               : total == 40                               ? Refusal::members_full
                                                                           : Refusal::none;
      ASSERT_EQ(table.add(name, process), expected) << "step " << step;
      if (expected == Refusal::none) {
        model[name].insert(process);
        ++total;
      }
    }
    ASSERT_EQ(table.groups().size(), model.size());
    for (const auto& [each, processes] : model) {
      const Group* group = table.find(group_id(each));
      ASSERT_TRUE(group);
      ASSERT_EQ(group->name(), each);
      ASSERT_TRUE(std::ranges::equal(table.members(*group), processes));
    }
  }
}

TEST(GroupTable, FindsPidsAndTheMembersOfOneNode) {
  GroupTable table({.groups = 2, .members = 8});
  table.reset(members_of({1, 2, 3}));
  for (const Process& process : {Process{NodeId{2}, 20, 1}, Process{NodeId{3}, 30, 1},
                                 Process{NodeId{2}, 21, 2}, Process{NodeId{1}, 10, 1}})
    EXPECT_EQ(table.add("g", process), Refusal::none);
  const Group& group = *table.find(group_id("g"));
  EXPECT_EQ(text_of(table.members(group)), "1/10/1,2/20/1,2/21/2,3/30/1");
  EXPECT_EQ(text_of(table.members(group, NodeId{2})), "2/20/1,2/21/2");
  EXPECT_TRUE(table.members(group, NodeId{9}).empty());
  EXPECT_EQ(table.process(group.id, NodeId{2}, 2), (Process{NodeId{2}, 21, 2}));
  EXPECT_FALSE(table.process(group.id, NodeId{2}, 3));
  EXPECT_FALSE(table.process(group_id("h"), NodeId{2}, 2));
  table.reset(members_of({2}));
  EXPECT_TRUE(table.groups().empty());
  EXPECT_FALSE(table.process(group.id, NodeId{2}, 2));
  EXPECT_FALSE(table.knows(NodeId{1}));
}

// A node's list must fit into one message of the ring; the table refuses what would not.
TEST(GroupTable, KeepsANodesListWithinAMessage) {
  const GroupLimits limits{.groups = 20'000, .members = 20'000};
  GroupTable table(limits);
  table.reset(members_of({1, 2}));
  Barrier barrier(limits);
  std::uint32_t joined = 0;
  std::string name;
  for (;; ++joined) {
    name = std::to_string(joined);
    name.insert(0, group_name_max - name.size(), 'x');
    const Refusal refusal = table.add(name, {NodeId{1}, 1, 1});
    if (refusal == Refusal::none) continue;
    EXPECT_EQ(refusal, Refusal::node_full);
    break;
  }
  EXPECT_EQ(joined, barrier_list_max / (group_name_max + 5 + 8));
  barrier.start(ring_id(4), members_of({1, 2}), NodeId{1}, table, {}, {});
  EXPECT_LE(barrier.list().size(), totem::message_max - (64 << 10) + 8 + quorum_section_max);
  EXPECT_GT(barrier.list().size(), totem::message_max - (65 << 10));

  EXPECT_EQ(table.add(name, {NodeId{2}, 1, 1}), Refusal::none) << "the other node has room";
  EXPECT_EQ(table.add(name, {NodeId{1}, 1, 1}), Refusal::node_full);
  const std::string first = std::string(group_name_max - 1, 'x') + "0";
  table.remove(group_id(first), {NodeId{1}, 1, 1});
  table.drop_if_empty(group_id(first));
  EXPECT_EQ(table.add(first, {NodeId{1}, 2, 2}), Refusal::none) << "what was freed is free";
}

TEST(GroupTable, DefaultLimitsNeverMeetThatOfANodesList) {
  const GroupLimits limits;
  EXPECT_LE(limits.groups * (1 + group_name_max + 4) + limits.members * barrier_member_bytes,
            barrier_list_max);
}

}  // namespace
}  // namespace gyre::membership
