// Whether two sides can be quorate at once, over every sequence of six events; more with
// GYRE_QUORUM_DEPTH, which then also has pauses and every partition for five nodes.
#include <gtest/gtest.h>

#include <cstdlib>
#include <random>

#include "tests/models/quorum_documented.hh"
#include "tests/models/quorum_world.hh"

namespace gyre::membership {
namespace {

std::size_t deeper() {
  const char* depth = std::getenv("GYRE_QUORUM_DEPTH");
  return depth ? static_cast<std::size_t>(std::atoi(depth)) : 0;
}

struct Options {
  bool wait = false, last_man = false, tie = false, downscale = false;
};

QuorumSettings section(std::size_t nodes, Options options = {}) {
  QuorumSettings settings;
  settings.section = true;
  settings.expected_votes = static_cast<std::uint32_t>(nodes);
  settings.downscale_min = 1;
  settings.wait_for_all = options.wait;
  settings.last_man_standing = options.last_man;
  settings.allow_downscale = options.downscale;
  if (options.tie) settings.tie_breaker = TieBreaker::lowest;
  return settings;
}

QuorumSettings with_device(std::size_t nodes, std::uint32_t votes, bool master_wins) {
  QuorumSettings settings = section(nodes);
  settings.device_votes = votes;
  settings.expected_votes += votes;
  settings.device_master_wins = master_wins;
  return settings;
}

std::vector<Cluster> clusters_of(std::size_t nodes) {
  std::vector<Cluster> clusters;
  const auto add = [&](const char* name, const QuorumSettings& settings) {
    clusters.push_back({name, nodes, settings, nullptr, false, nodes != 5});
  };
  add("majority", section(nodes));
  add("wait_for_all", section(nodes, {.wait = true}));
  add("auto_tie_breaker", section(nodes, {.tie = true}));
  add("auto_tie_breaker_and_wait_for_all", section(nodes, {.wait = true, .tie = true}));
  add("last_man_standing", section(nodes, {.last_man = true}));
  add("last_man_standing_and_auto_tie_breaker", section(nodes, {.last_man = true, .tie = true}));
  add("allow_downscale", section(nodes, {.downscale = true}));
  add("all_together", section(nodes, {.last_man = true, .tie = true, .downscale = true}));
  const auto most = static_cast<std::uint32_t>(nodes - 1);
  add("device", with_device(nodes, 1, false));
  add("device_of_many_votes", with_device(nodes, most, false));
  add("device_master_wins", with_device(nodes, most, true));
  add("device_of_one_vote_master_wins", with_device(nodes, 1, true));
  return clusters;
}

std::vector<Cluster> all_clusters() {
  std::vector<Cluster> clusters;
  for (const std::size_t nodes : {2, 3, 4, 5})
    for (const Cluster& cluster : clusters_of(nodes)) clusters.push_back(cluster);
  return clusters;
}

class OneSide : public testing::TestWithParam<Cluster> {};

TEST_P(OneSide, AtMostIsQuorate) {
  Cluster cluster = GetParam();
  if (deeper() != 0) cluster.pauses = true;
  const Found found = explore<Quorum>(cluster, deeper() ? deeper() : 6, deeper() != 0);
  EXPECT_EQ(found.most, 1u) << found.how;
  EXPECT_TRUE(found.agree);
  RecordProperty("states", std::to_string(found.states));
  RecordProperty("steps", std::to_string(found.steps));
}

INSTANTIATE_TEST_SUITE_P(All, OneSide, testing::ValuesIn(all_clusters()), [](const auto& name) {
  return std::to_string(name.param.nodes) + "_" + name.param.name;
});

// A ring that breaks while it opens leaves members that do not know what the others know.
class Breaks : public testing::TestWithParam<Cluster> {};

std::vector<Cluster> clusters_that_break() {
  std::vector<Cluster> clusters;
  for (const std::size_t nodes : {2, 3, 4})
    for (Cluster cluster : clusters_of(nodes)) {
      if (cluster.settings.device_votes != 0) continue;
      cluster.pauses = false;
      cluster.breaks = true;
      clusters.push_back(cluster);
    }
  return clusters;
}

TEST_P(Breaks, LeaveOneSideQuorateAtMost) {
  const bool few = GetParam().nodes < 4;
  const Found found = explore<Quorum>(GetParam(), few && deeper() ? 6 : few ? 5 : 4, false);
  EXPECT_EQ(found.most, 1u) << found.how;
  EXPECT_TRUE(found.agree);
  RecordProperty("states", std::to_string(found.states));
  RecordProperty("steps", std::to_string(found.steps));
}

INSTANTIATE_TEST_SUITE_P(All, Breaks, testing::ValuesIn(clusters_that_break()),
                         [](const auto& name) {
                           return std::to_string(name.param.nodes) + "_" + name.param.name;
                         });

// What needs more nodes or more events, by chance: a node that missed views comes back with what it
// knew, and meets some that know less.
TEST(OneSideByChance, IsAtMostQuorateInLongSequencesOfSevenNodes) {
  const std::size_t runs = deeper() ? 20'000 : 1'000;
  for (const std::size_t nodes : {5, 6, 7})
    for (Cluster cluster : clusters_of(nodes)) {
      cluster.pauses = cluster.breaks = cluster.young = true;
      const std::vector<Event> list = events(cluster, false);
      std::map<Event::Kind, std::vector<Event>> kinds;
      for (const Event& event : list) kinds[event.kind].push_back(event);
      for (std::uint32_t seed = 0; seed < runs; ++seed) {
        cluster.young = seed % 2 == 1;  // the others start as if they had grown up
        std::mt19937 random(seed);
        World<Quorum> world(cluster, true);
        std::string how;
        for (std::size_t length = 0; length < 60; ++length) {
          const auto kind = std::next(kinds.begin(), random() % kinds.size());
          const Event& event = kind->second[random() % kind->second.size()];
          world.apply(event);
          how += text(event, nodes) + ", ";
          ASSERT_LE(world.quorate_sides(), 1u) << cluster.name << " seed " << seed << ": " << how;
        }
        ASSERT_TRUE(world.agree()) << cluster.name << " seed " << seed << ": " << how;
      }
    }
}

TEST(TwoSides, CanBeWithTwoNodeAndWithoutASectionAndSaySo) {
  QuorumSettings two = section(2, {.wait = true});
  two.two_node = true;
  QuorumSettings fewer = section(5);
  fewer.expected_votes = 3;  // five nodes have two more: known once they have met
  for (const Cluster& cluster : {Cluster{"two_node", 2, two}, Cluster{"open", 4, {}}}) {
    const Found found = explore<Quorum>(cluster, 6, true);
    EXPECT_EQ(found.most, 2u) << cluster.name;
    EXPECT_FALSE(found.unwarned) << cluster.name << ": " << found.how;
  }
  const Found found = explore<Quorum>(Cluster{"fewer", 5, fewer, nullptr, false, false}, 6, false);
  EXPECT_EQ(found.most, 2u);
  EXPECT_TRUE(found.unwarned) << "before they have met, nobody knows";
}

// A rule that reads one fact wrongly: each of these bugs is found.
class Wrong : public testing::TestWithParam<Cluster> {};

TEST_P(Wrong, IsFound) {
  const Found found = explore<Quorum>(GetParam(), GetParam().breaks ? 4 : 6, false);
  EXPECT_GE(found.most, 2u);
  RecordProperty("how", found.how);
}

QuorumSettings one_vote_short(std::size_t nodes) {
  QuorumSettings settings = section(nodes);
  settings.expected_votes -= 1;
  return settings;
}

INSTANTIATE_TEST_SUITE_P(
    Rule, Wrong,
    testing::Values(
        Cluster{"threshold_off_by_one", 4, one_vote_short(4)},
        Cluster{"who_was_quorate_goes_on", 4, section(4, {.last_man = true}),
                [](QuorumMember& member) { member.status.claim.total = 0; }},
        Cluster{"what_is_left_of_a_quorum_is_all", 4, section(4, {.last_man = true}),
                [](QuorumMember& member) { member.status.claim.total = member.status.votes; }},
        Cluster{"shrunk_for_whoever_comes", 4, section(4, {.last_man = true, .tie = true}),
                [](QuorumMember& member) { member.status.highest = member.status.expected; }},
        Cluster{"a_tie_makes_a_quorum", 4, section(4, {.tie = true}),
                [](QuorumMember& member) {
                  member.status.quorate = true;
                  member.status.claim = {.ring = {1, NodeId{1}, 1},
                                         .votes = 1,
                                         .total = 2,
                                         .expected = 4,
                                         .tie_breaker = member.node};
                }},
        Cluster{"device_lasts", 4, with_device(4, 1, false), nullptr, true},
        Cluster{"what_was_tried_is_forgotten", 4, section(4, {.tie = true}),
                [](QuorumMember& member) { member.status.attempt_count = 0; }, false, false, true},
        Cluster{"what_was_tried_has_come_about", 4, section(4, {.tie = true}),
                [](QuorumMember& member) {
                  QuorumStatus& status = member.status;
                  if (status.attempt_count == 0) return;
                  status.claim = status.attempts[--status.attempt_count];
                  status.attempt_count = 0;
                },
                false, false, true}),
    [](const auto& name) { return name.param.name; });

// Where votequorum's documented rules let two sides be quorate, and ours is stricter: what shrank
// is unknown to who was not there (last_man_standing, with and without wait_for_all;
// allow_downscale), and half of an odd number is not a half.
struct Documentary {
  const char* name;
  std::size_t nodes;
  Options options;
  std::size_t sides;
};
class AsDocumented : public testing::TestWithParam<Documentary> {};

TEST_P(AsDocumented, Allows) {
  const auto& [name, nodes, options, sides] = GetParam();
  const Found found = explore<Documented>(
      {name, nodes, section(nodes, options), nullptr, false, nodes < 5}, 6, false);
  EXPECT_EQ(found.most, sides) << found.how;
  RecordProperty("how", found.how);
}

INSTANTIATE_TEST_SUITE_P(
    Votequorum, AsDocumented,
    testing::Values(Documentary{"majority", 4, {}, 1}, Documentary{"wait", 4, {.wait = true}, 1},
                    Documentary{"tie", 4, {.tie = true}, 1},
                    Documentary{"tie_of_odd", 5, {.tie = true}, 2},
                    Documentary{"tie_wait", 4, {.wait = true, .tie = true}, 1},
                    Documentary{"last_man", 4, {.last_man = true}, 2},
                    Documentary{"last_man_of_five", 5, {.last_man = true}, 2},
                    Documentary{"last_man_wait", 4, {.wait = true, .last_man = true}, 2},
                    Documentary{"last_man_wait_of_five", 5, {.wait = true, .last_man = true}, 2},
                    Documentary{
                        "last_man_tie_wait", 4, {.wait = true, .last_man = true, .tie = true}, 2},
                    Documentary{"downscale", 4, {.downscale = true}, 2},
                    Documentary{"downscale_wait", 4, {.wait = true, .downscale = true}, 2}),
    [](const auto& name) { return name.param.name; });

}  // namespace
}  // namespace gyre::membership
