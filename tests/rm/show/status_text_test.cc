#include "rm/show/status_text.hh"

#include <gtest/gtest.h>

#include "tests/rm/show/small_cluster.hh"

namespace gyre::rm::show {

using schedule::Kind;
using schedule::Resource;
using schedule::Role;

std::string shown(const schedule::Cluster& cluster, Outline::Style style = Outline::Style::fancy) {
  Outline out(style);
  status(out, "Status", cluster);
  return out.take();
}
std::string resources_of(const schedule::Cluster& cluster) {
  const std::string text = shown(cluster);
  return text.substr(text.find("Resources:\n") + 11);
}

TEST(StatusText, IsAListOfNodesAndOneOfResources) {
  SmallCluster cluster{"n1", "n2"};
  cluster.node(1).online = false;
  cluster.run(cluster.add("a"), 0);
  cluster.add("b").provider = {};
  EXPECT_EQ(shown(cluster),
            "Status:\n  * Node List:\n    * Online: [ n1 ]\n    * OFFLINE: [ n2 ]\n\n"
            "  * Full List of Resources:\n    * a\t(ocf:pacemaker:Dummy):\t Started n1\n"
            "    * b\t(ocf:Dummy):\t Stopped\n");
  EXPECT_EQ(
      shown(cluster, Outline::Style::plain),
      "[ n1 ]\n[ n2 ]\n\na\t(ocf:pacemaker:Dummy):\t Started n1\nb\t(ocf:Dummy):\t Stopped\n");
}

TEST(StatusText, SaysThatThereIsNothing) {
  SmallCluster cluster{};
  cluster.add("gone").orphan = true;
  EXPECT_EQ(shown(cluster), "Status:\n  * Full List of Resources:\n    * No resources\n");
}

TEST(StatusText, ListsNodesByNameWithNumbersByValue) {
  SmallCluster cluster{"n10", "N9", "n2", "n02", "m"};
  EXPECT_NE(shown(cluster).find("Online: [ m n02 n2 N9 n10 ]"), std::string::npos);
}

TEST(StatusText, SaysOfEachPeculiarNodeWhatItIs) {
  const auto line = [](auto change) {
    SmallCluster cluster{"n"};
    change(cluster, cluster.node(0));
    const std::string text = shown(cluster);
    const auto begin = text.find("    * ") + 6;
    return text.substr(begin, text.find('\n', begin) - begin);
  };
  using C = SmallCluster&;
  using N = schedule::Node&;
  EXPECT_EQ(line([](C, N n) { n.unclean = true; }), "Node n: UNCLEAN (online)");
  EXPECT_EQ(line([](C, N n) { n.unclean = true, n.online = false; }), "Node n: UNCLEAN (offline)");
  EXPECT_EQ(line([](C, N n) { n.unclean = n.pending = true, n.online = false; }),
            "Node n: UNCLEAN (pending)");
  EXPECT_EQ(line([](C, N n) { n.pending = true; }), "Node n: pending");
  EXPECT_EQ(line([](C, N n) { n.standby = true; }), "Node n: standby");
  EXPECT_EQ(line([](C c, N n) { n.standby = true, c.run(c.add("a"), 0); }),
            "Node n: standby (with active resources)");
  EXPECT_EQ(line([](C c, N n) { n.standby_on_fail = true, c.run(c.add("a"), 0); }),
            "Node n: standby (on-fail)");
  EXPECT_EQ(line([](C, N n) { n.standby = true, n.online = false; }), "Node n: OFFLINE (standby)");
  EXPECT_EQ(line([](C, N n) { n.maintenance = true; }), "Node n: maintenance");
  EXPECT_EQ(line([](C, N n) { n.maintenance = true, n.online = false; }),
            "Node n: OFFLINE (maintenance)");
  const auto healthy = [&](const char* health, const char* strategy) {
    return line([&](C c, N n) {
      n.attributes.set("#health-disk", health);
      c.options.all.set("node-health-strategy", strategy);
    });
  };
  EXPECT_EQ(healthy("yellow", "custom"), "Node n: online (health is YELLOW)");
  EXPECT_EQ(healthy("-10", "custom"), "Online: [ n ]");
  EXPECT_EQ(healthy("-INFINITY", "custom"), "Node n: online (health is RED)");
  EXPECT_EQ(healthy("red", "custom"), "Node n: online (health is RED)");
  EXPECT_EQ(healthy("green", "custom"), "Online: [ n ]");
  EXPECT_EQ(healthy("red", "none"), "Online: [ n ]");
}

TEST(StatusText, ListsRemoteNodesAndGuestsApart) {
  SmallCluster cluster{"n1", "r1", "r2", "r3", "g1", "g2"};
  Resource& container = cluster.add("vm");
  Resource& way = cluster.add("g1-way");
  way.is_remote = true;
  way.container = &container;
  for (std::size_t i = 1; i < 6; ++i) cluster.node(i).remote = true;
  cluster.node(4).connection = cluster.node(5).connection = &way;
  cluster.node(2).online = cluster.node(5).online = false;
  cluster.node(3).unclean = true;
  const std::string text = shown(cluster);
  EXPECT_NE(text.find("    * RemoteNode r3: UNCLEAN (online)\n    * Online: [ n1 ]\n"
                      "    * RemoteOnline: [ r1 ]\n    * RemoteOFFLINE: [ r2 ]\n"
                      "    * GuestOnline: [ g1 ]\n\n"),
            std::string::npos);
  EXPECT_EQ(text.find("g1-way"), std::string::npos);
}

TEST(StatusText, LeavesOutAnInstanceOnANodeThatIsGone) {
  SmallCluster cluster{"n1", "n2"};
  Resource& clone = cluster.add_clone("c", "a");
  cluster.run(*clone.children[0], 0);
  cluster.run(*clone.children[1], 1);
  cluster.node(1).online = false;
  EXPECT_EQ(resources_of(cluster), "    * Clone Set: c [a]:\n      * Started: [ n1 ]\n");
}

TEST(StatusText, SaysOfEachPeculiarResourceWhatItIs) {
  const auto line = [](auto change) {
    SmallCluster cluster{"n1", "n2"};
    Resource& a = cluster.add("a");
    change(cluster, a);
    const std::string text = resources_of(cluster);
    const auto begin = text.rfind("\t ") + 2;
    return text.substr(begin, text.find('\n', begin) - begin);
  };
  using C = SmallCluster&;
  using R = Resource&;
  EXPECT_EQ(line([](C c, R a) { c.run(a, 0), a.failed = true; }), "FAILED n1");
  EXPECT_EQ(line([](C c, R a) { c.run(a, 0), a.failed = a.blocked = true, a.managed = false; }),
            "FAILED n1 (blocked)");
  EXPECT_EQ(line([](C c, R a) { c.run(a, 0, Role::promoted), a.failed = true; }),
            "FAILED Promoted n1");
  EXPECT_EQ(line([](C c, R a) { c.run(a, 0), c.run(a, 1), a.failed = a.blocked = true; }),
            "FAILED (blocked) [ n1 n2 ]");
  EXPECT_EQ(line([](C c, R a) { c.run(a, 0), a.orphan = true; }), "ORPHANED Started n1");
  EXPECT_EQ(line([](C c, R a) { c.run(a, 0), a.target_role = Role::stopped, a.managed = false; }),
            "Started n1 (disabled, unmanaged)");
  EXPECT_EQ(line([](C c, R a) { c.run(a, 0), a.maintenance = true; }), "Started n1 (unmanaged)");
  EXPECT_EQ(line([](C c, R a) { c.run(a, 0), a.failure_ignored = true; }),
            "Started n1 (failure ignored)");
  EXPECT_EQ(line([](C c, R a) { c.run(a, 0), c.node(0).online = false, c.node(0).unclean = true; }),
            "Started n1 (UNCLEAN)");
  EXPECT_EQ(line([](C c, R a) { c.run(a, 0), a.pending_task = "start"; }), "Starting n1");
  EXPECT_EQ(line([](C c, R a) { c.run(a, 0), a.pending_task = "migrate_to"; }), "Migrating n1");
  EXPECT_EQ(line([](C c, R a) { c.run(a, 0), a.pending_task = "monitor"; }),
            "Started n1 (Monitoring)");
}

TEST(StatusText, ShowsAGroupWithItsMembers) {
  SmallCluster cluster{"n1"};
  Resource& group = cluster.add("g", Kind::group);
  group.target_role = Role::stopped;
  group.managed = false;
  cluster.add("a", Kind::primitive, &group);
  EXPECT_EQ(resources_of(cluster),
            "    * Resource Group: g (unmanaged, disabled):\n"
            "      * a\t(ocf:pacemaker:Dummy):\t Stopped\n");
}

TEST(StatusText, ListsTheInstancesOfAClone) {
  SmallCluster cluster{"n1", "n2", "n3", "n4"};
  Resource& clone = cluster.add_clone("c", "a");
  clone.promotable = true;
  cluster.run(*clone.children[0], 1, Role::promoted);
  cluster.run(*clone.children[1], 0, Role::unpromoted);
  cluster.run(*clone.children[2], 2, Role::unpromoted);
  clone.children[2]->failed = true;
  EXPECT_EQ(resources_of(cluster),
            "    * Clone Set: c [a] (promotable):\n"
            "      * a\t(ocf:pacemaker:Dummy):\t FAILED n3\n"
            "      * Promoted: [ n2 ]\n      * Unpromoted: [ n1 ]\n      * Stopped: [ n4 ]\n");
}

TEST(StatusText, KnowsWhenACloneHasAllThatItWants) {
  SmallCluster cluster{"n1", "n2"};
  Resource& clone = cluster.add_clone("c", "a");
  clone.target_role = Role::stopped;
  cluster.run(*clone.children[0], 0);
  EXPECT_EQ(resources_of(cluster),
            "    * Clone Set: c [a] (disabled):\n      * Started: [ n1 ]\n"
            "      * Stopped (disabled): [ n2 ]\n");
  clone.clone_max = 1;
  EXPECT_EQ(resources_of(cluster), "    * Clone Set: c [a] (disabled):\n      * Started: [ n1 ]\n");
}

TEST(StatusText, TellsUniqueInstancesApart) {
  SmallCluster cluster{"n1", "n2"};
  Resource& clone = cluster.add_clone("c", "a");
  clone.unique = true;
  cluster.run(*clone.children[1], 0);
  EXPECT_EQ(resources_of(cluster),
            "    * Clone Set: c [a] (unique):\n      * a:0\t(ocf:pacemaker:Dummy):\t Stopped\n"
            "      * a:1\t(ocf:pacemaker:Dummy):\t Started n1\n");
}

TEST(StatusText, NotesWhatIsOffBeforeAllElse) {
  SmallCluster cluster{"n1"};
  cluster.add("a").target_role = Role::stopped;
  cluster.add("b").blocked = true;
  cluster.add("gone").orphan = true;
  cluster.add_clone("c", "i").children[0]->orphan = true;
  EXPECT_EQ(status_notes(cluster),
            "1 of 2 resource instances DISABLED and 1 BLOCKED from further action due to "
            "failure\n\n");
  cluster.options.maintenance = true;
  EXPECT_TRUE(status_notes(cluster).starts_with(
      "\n              *** Resource management is DISABLED ***\n"));
  EXPECT_EQ(status_notes(SmallCluster{"n1"}), "");
}

}  // namespace gyre::rm::show
