#include "rm/show/transition_text.hh"

#include <gtest/gtest.h>

#include "tests/rm/show/small_cluster.hh"

namespace gyre::rm::show {

using schedule::Action;
using schedule::Resource;
using schedule::Role;

struct Transition : testing::Test {
  SmallCluster cluster{"n1", "n2"};
  Resource& a = cluster.add("a");

  void next(Role role, std::size_t on) {
    a.next_role = role;
    a.assigned_to = &cluster.node(on);
  }
  std::string summary() {
    Outline out(Outline::Style::fancy);
    transition_summary(out, cluster);
    const std::string text = out.take();
    return text.substr(text.find('\n') + 1);
  }
};

TEST_F(Transition, WithNothingToDo) {
  cluster.run(a, 0);
  next(Role::started, 0);
  cluster.act("start", &a, &cluster.node(0)).optional = true;
  EXPECT_EQ(summary(), "");
}

TEST_F(Transition, Start) {
  next(Role::started, 1);
  Action& start = cluster.act("start", &a, &cluster.node(1));
  EXPECT_EQ(summary(), "  * Start      a       (    n2 )\n");
  start.runnable = false;
  EXPECT_EQ(summary(), "  * Start      a       (    n2 )  blocked\n");
  start.reason = "no quorum";
  EXPECT_EQ(summary(), "  * Start      a       (    n2 )  due to no quorum (blocked)\n");
}

TEST_F(Transition, Stop) {
  cluster.run(a, 0);
  a.next_role = Role::stopped;
  Action& stop = cluster.act("stop", &a, &cluster.node(0));
  EXPECT_EQ(summary(), "  * Stop       a       (    n1 )  due to node availability\n");
  stop.reason = "no quorum";
  EXPECT_EQ(summary(), "  * Stop       a       (    n1 )  due to no quorum\n");
}

TEST_F(Transition, MoveRecoverAndRestart) {
  cluster.run(a, 0);
  next(Role::started, 1);
  cluster.act("stop", &a, &cluster.node(0));
  cluster.act("start", &a, &cluster.node(1));
  EXPECT_EQ(summary(), "  * Move       a       ( n1 -> n2 )\n");
  a.failed = true;
  EXPECT_EQ(summary(), "  * Recover    a       ( n1 -> n2 )\n");
  cluster.act("start", &a, &cluster.node(0));
  next(Role::started, 0);
  EXPECT_EQ(summary(), "  * Recover    a       (    n1 )\n");
  a.failed = false;
  a.actions.back()->reason = "required b start";
  EXPECT_EQ(summary(), "  * Restart    a       (    n1 )  due to required b start\n");
  a.actions.back()->runnable = false;
  EXPECT_EQ(summary(), "  * Stop       a       (    n1 )  due to required b start\n");
}

TEST_F(Transition, MigrateAndReload) {
  cluster.run(a, 0);
  next(Role::started, 1);
  cluster.act("migrate_to", &a, &cluster.node(0));
  EXPECT_EQ(summary(), "  * Migrate    a       ( n1 -> n2 )\n");
  next(Role::started, 0);
  cluster.act("reload-agent", &a, &cluster.node(0));
  EXPECT_EQ(summary(), "  * Reload     a       (    n1 )\n");
}

TEST_F(Transition, ChangesOfRoles) {
  a.promotable = true;
  next(Role::promoted, 0);
  cluster.act("start", &a, &cluster.node(0));
  EXPECT_EQ(summary(), "  * Promote    a       ( Stopped -> Promoted n1 )\n");
  a.actions.clear();
  cluster.run(a, 0, Role::unpromoted);
  cluster.act("promote", &a, &cluster.node(0));
  EXPECT_EQ(summary(), "  * Promote    a       ( Unpromoted -> Promoted n1 )\n");
  a.actions.clear();
  a.role = Role::promoted;
  next(Role::unpromoted, 0);
  cluster.act("demote", &a, &cluster.node(0));
  EXPECT_EQ(summary(), "  * Demote     a       ( Promoted -> Unpromoted n1 )\n");
  cluster.act("start", &a, &cluster.node(0));
  EXPECT_EQ(summary(), "  * Restart    a       ( Promoted -> Unpromoted n1 )\n");
  a.role = Role::unpromoted;
  next(Role::unpromoted, 1);
  cluster.act("stop", &a, &cluster.node(0));
  cluster.act("start", &a, &cluster.node(1));
  EXPECT_EQ(summary(), "  * Move       a       ( n1 -> n2 Unpromoted )\n");
}

TEST_F(Transition, NodesComeFirst) {
  Action& fence = cluster.act("stonith", nullptr, &cluster.node(1));
  fence.key = "stonith-n2-reboot";
  fence.reason = "node is unclean";
  next(Role::started, 0);
  cluster.act("start", &a, &cluster.node(0));
  EXPECT_EQ(summary(),
            "  * Fence (reboot) n2 'node is unclean'\n  * Start      a       (    n1 )\n");
}

TEST_F(Transition, ColumnsAreAsWideAsTheirWidest) {
  next(Role::started, 0);
  cluster.act("start", &a, &cluster.node(0));
  Resource& longer = cluster.add("longer");
  cluster.run(longer, 0);
  longer.next_role = Role::started;
  longer.assigned_to = &cluster.node(1);
  cluster.act("stop", &longer, &cluster.node(0));
  cluster.act("start", &longer, &cluster.node(1));
  EXPECT_EQ(summary(),
            "  * Start      a          (       n1 )\n  * Move       longer     ( n1 -> n2 )\n");
}

TEST_F(Transition, WhatWasDone) {
  Action& start = cluster.act("start", &a, &cluster.node(0));
  Action& monitor = cluster.act("monitor", &a, &cluster.node(0));
  monitor.interval_ms = 10000;
  Action& pseudo = cluster.act("running", &a);
  pseudo.pseudo = true;
  Action& fence = cluster.act("stonith", nullptr, &cluster.node(1));
  fence.key = "stonith-n2-off";
  Action& clear = cluster.act("clear_failcount", &a, &cluster.node(0));
  Action& leave = cluster.act("do_shutdown", nullptr, &cluster.node(1));
  Outline out(Outline::Style::fancy);
  executed(out, {{&start, "a", 1, {"fail-count-a#start_0=value++"}, "id1"},
                 {&monitor, "a", {}, {}, {}},
                 {&pseudo, {}, {}, {}, {}},
                 {&fence, {}, {}, {}, {}},
                 {&clear, "a", {}, {}, {}},
                 {&leave, {}, {}, {}, {}}});
  EXPECT_EQ(out.take(),
            "Executing Cluster Transition:\n"
            "  * Resource action: a               start on n1\n"
            "Pretending action 1 failed with rc=1\n"
            "  * Injecting attribute fail-count-a#start_0=value++ into /node_state 'id1'\n"
            "  * Resource action: a               monitor=10000 on n1\n"
            "  * Pseudo action:   a_running_0\n"
            "  * Fencing n2 (off)\n"
            "  * Cluster action:  clear_failcount for a on n1\n"
            "  * Cluster action:  do_shutdown on n2\n");
}

}  // namespace gyre::rm::show
