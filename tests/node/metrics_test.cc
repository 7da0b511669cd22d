#include "node/metrics.hh"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/node/bed.hh"
#include "transport/header.hh"

namespace gyre::node {
namespace {

using testing::HasSubstr;
using testing::UnorderedElementsAreArray;

struct Metrics : testing::Test {
  Metrics() {
    snapshot.self = NodeId{1};
    snapshot.state = "operational";
    snapshot.view = 12;
    snapshot.started = 1'000'000'000;
    snapshot.taken = 3'500'000'000;
    snapshot.token = 3'250'000'000;
    snapshot.seq = 100;
    snapshot.aru = 93;
    snapshot.rotations.add(std::chrono::microseconds(40));
    snapshot.rotations.add(std::chrono::microseconds(60));
    snapshot.member_count = 2;
    snapshot.known_count = 3;
    snapshot.members[0] = {.member = {NodeId{1}, 4}, .joins = 1};
    snapshot.members[1] = {.member = {NodeId{2}, 8}, .joins = 2, .frames = 9};
    snapshot.members[1].heard = 3'000'000'000;
    snapshot.members[2] = {.member = {NodeId{3}, 8}, .joins = 1};
    names.version = "0.1.0";
    names.nodes[NodeId{2}] = {"be\xfft\"a\\\n", {}};
  }
  std::string text() const { return metrics_text(snapshot, names); }
  Snapshot snapshot;
  StatusNames names;
};

TEST_F(Metrics, OfTheNodeItsTokenAndItsMembers) {
  EXPECT_THAT(text(), HasSubstr("# TYPE gyre_uptime_seconds gauge\n"
                                "# UNIT gyre_uptime_seconds seconds\n"
                                "# HELP gyre_uptime_seconds Since the data plane started.\n"
                                "gyre_uptime_seconds 2.5\n"));
  EXPECT_THAT(text(), HasSubstr("gyre_operational 1\n"));
  EXPECT_THAT(text(), HasSubstr("gyre_token_age_seconds 0.25\n"));
  EXPECT_THAT(text(), HasSubstr("gyre_ring_behind_frames 7\n"));
  EXPECT_THAT(text(), HasSubstr("# TYPE gyre_rotation_seconds histogram\n"));
  EXPECT_THAT(text(), HasSubstr("gyre_rotation_seconds_bucket{le=\"3.2768e-05\"} 0\n"
                                "gyre_rotation_seconds_bucket{le=\"6.5536e-05\"} 2\n"));
  EXPECT_THAT(text(), HasSubstr("gyre_rotation_seconds_bucket{le=\"+Inf\"} 2\n"
                                "gyre_rotation_seconds_count 2\n"
                                "gyre_rotation_seconds_sum 0.0001\n"));
  EXPECT_THAT(text(), HasSubstr("gyre_rotation_longest_seconds 6e-05\n"));
  EXPECT_THAT(text(), HasSubstr("gyre_member{node=\"1\",name=\"\"} 1\n"));
  EXPECT_THAT(text(), HasSubstr("gyre_member{node=\"3\",name=\"\"} 0\n"));
  EXPECT_THAT(text(), HasSubstr("gyre_peer_silence_seconds{node=\"2\",name="));
  EXPECT_TRUE(text().ends_with("# EOF\n"));
}

TEST_F(Metrics, OfVotesAndTheLease) {
  EXPECT_THAT(text(), HasSubstr("gyre_quorate 0\n"));
  EXPECT_THAT(text(), HasSubstr("gyre_lease_seconds 0\n"));
  snapshot.verdict.quorate = true;
  snapshot.verdict.total_votes = 3;
  snapshot.verdict.expected_votes = 5;
  snapshot.verdict.quorum = 2;
  snapshot.lease = snapshot.taken + 250'000'000;
  EXPECT_THAT(text(), HasSubstr("gyre_quorate 1\n"));
  EXPECT_THAT(text(), HasSubstr("gyre_votes 3\n"));
  EXPECT_THAT(text(), HasSubstr("gyre_votes_expected 5\n"));
  EXPECT_THAT(text(), HasSubstr("gyre_votes_needed 2\n"));
  EXPECT_THAT(text(), HasSubstr("gyre_lease_seconds 0.25\n"));
  snapshot.lease = snapshot.taken - 1;
  EXPECT_THAT(text(), HasSubstr("gyre_lease_seconds 0\n"));
}

TEST_F(Metrics, NamesAreLabelsWhateverBytesTheyHold) {
  EXPECT_THAT(text(), HasSubstr("gyre_member_joins_total{node=\"2\",name=\"be\xef\xbf\xbdt"
                                R"(\"a\\\n"} 2)"));
}

TEST_F(Metrics, CountersHaveATypeAHelpAndAUnit) {
  snapshot.add("ring", "rotations", 7);
  snapshot.add("transport", "sent_bytes", 8);
  snapshot.add("groups", "count", 9);
  snapshot.add("new", "thing", 10);
  EXPECT_THAT(text(), HasSubstr("# TYPE gyre_ring_rotations counter\n"
                                "# HELP gyre_ring_rotations Visits of the token in operation.\n"
                                "gyre_ring_rotations_total 7\n"));
  EXPECT_THAT(text(), HasSubstr("# UNIT gyre_transport_sent_bytes bytes\n"));
  EXPECT_THAT(text(), HasSubstr("gyre_transport_sent_bytes_total 8\n"));
  EXPECT_THAT(text(), HasSubstr("# TYPE gyre_groups_count gauge\n"));
  EXPECT_THAT(text(), HasSubstr("\ngyre_groups_count 9\n"));
  EXPECT_THAT(text(), HasSubstr("# HELP gyre_new_thing new.thing\ngyre_new_thing_total 10\n"));
}

TEST_F(Metrics, OfLinksAreOneFamilyWithASampleForEach) {
  for (const char* link : {"link0", "link1"}) {
    snapshot.add(link, "faulty", link[4] == '1');
    snapshot.add(link, "sent_bytes", 7);
  }
  EXPECT_THAT(text(), HasSubstr("# TYPE gyre_link_faulty gauge\n"
                                "# HELP gyre_link_faulty 1 while the link is at fault, else 0.\n"
                                "gyre_link_faulty{link=\"0\"} 0\n"
                                "gyre_link_faulty{link=\"1\"} 1\n"));
  EXPECT_THAT(text(), HasSubstr("gyre_link_sent_bytes_total{link=\"1\"} 7\n"));
  EXPECT_THAT(text(), testing::Not(HasSubstr("gyre_link0")));
}

// What a node and its device really count, and nothing else.
TEST(MetricsHelp, EveryCounterOfANodeSaysWhatItCounts) {
  test::Cluster cluster(1, {.short_sends = false, .completes_after = 0, .resolves_after = {}});
  cluster.start();
  Snapshot page;
  cluster.nodes[0]->node().snapshot(page, cluster.now);
  for (std::size_t i = 1; i < refusal_count; ++i)
    page.add("header", gyre::text(static_cast<Refusal>(i)).data(), 0);
  for (const char* name : {"copied", "dropped_no_buffer", "dropped_too_long", "challenges",
                           "answers", "reports", "proved", "new_boots"})
    page.add("header", name, 0);
  std::vector<std::string> told, explained;
  for (const auto& counter : std::span(page.counters).first(page.counter_count))
    told.push_back(fmt::format("{}.{}", counter.group, counter.name));
  for (const char* name : {"faulty", "sent", "received", "sent_bytes", "received_bytes", "skipped",
                           "probes_sent", "probes_refused"})
    told.push_back(std::string("link.") + name);  // only where there are several
  for (const CounterHelp& help : counter_helps()) {
    explained.push_back(fmt::format("{}.{}", help.group, help.name));
    EXPECT_FALSE(help.text.empty()) << explained.back();
  }
  EXPECT_THAT(explained, UnorderedElementsAreArray(told));
}

}  // namespace
}  // namespace gyre::node
