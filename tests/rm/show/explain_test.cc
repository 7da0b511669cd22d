#include "rm/show/explain.hh"

#include <gtest/gtest.h>

#include "tests/rm/show/small_cluster.hh"

namespace gyre::rm::show {

using schedule::Resource;
using schedule::Role;

struct Explained : testing::Test {
  SmallCluster cluster{"n1", "n2"};
  Resource& a = cluster.add("a");
  Resource& b = cluster.add("b");

  void prefer(Resource& resource, std::string_view id, std::size_t on, Score score) {
    schedule::Location& location = cluster.locations.emplace_back();
    location.id = id;
    location.nodes.emplace_back(&cluster.node(on), score);
    resource.locations.push_back(&location);
  }
};

TEST_F(Explained, WithScoresConstraintsAndStates) {
  cluster.run(a, 0);
  a.next_role = Role::started;
  a.assigned_to = &cluster.node(0);
  a.weights = {{Score(101), true}, {Score::minus_infinity(), true}};
  a.target_role = Role::started;
  prefer(a, "stickiness", 0, Score(1));
  prefer(a, "l1", 0, Score(100));
  prefer(a, "l2", 1, Score(5));
  cluster.node(1).standby = true;
  schedule::Colocation& with = cluster.colocations.emplace_back();
  with.id = "c1", with.dependent = &a, with.primary = &b, with.score = Score::infinity();
  a.colocations.push_back(&with);
  b.colocated_here.push_back(&with);
  cluster.quorate = true;
  EXPECT_EQ(explain(cluster, a),
            "a: Started on n1, and stays\n"
            "  target-role is Started\n"
            "  colocation c1 with b, nowhere: INFINITY\n"
            "  n1: 101, chosen\n"
            "    it runs there (resource-stickiness): 1\n"
            "    location l1: 100\n"
            "  n2: -INFINITY\n"
            "    the node is in standby\n"
            "    location l2: 5\n");
  EXPECT_NE(explain(cluster, b).find("  colocation c1 of a, on n1: INFINITY\n"), std::string::npos);
}

TEST_F(Explained, WithWhatBecomesOfIt) {
  a.next_role = Role::started;
  a.assigned_to = &cluster.node(1);
  schedule::Action& start = cluster.act("start", &a, &cluster.node(1));
  start.reason = "no quorum";
  start.runnable = false;
  a.failed = true;
  a.blocked = true;
  EXPECT_TRUE(explain(cluster, a)
                  .starts_with("a: Stopped; Start ( n2 ) due to no quorum, which cannot be done\n"
                               "  a failure or the loss of a ticket blocks it\n"
                               "  the nodes have no quorum (no-quorum-policy)\n"
                               "  it failed where it runs\n"));
}

TEST_F(Explained, WithAllThatBelongsToIt) {
  Resource& clone = cluster.add_clone("cl", "c");
  prefer(clone, "l1", 1, Score(7));
  const std::string text = explain(cluster, clone);
  EXPECT_TRUE(text.starts_with("cl: a clone of 2\n  location l1 on n2: 7\nc:0: Stopped"));
  EXPECT_NE(text.find("\nc:1: Stopped, and stays so\n"), std::string::npos);
}

}  // namespace gyre::rm::show
