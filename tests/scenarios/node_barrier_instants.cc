// A second change of the ring at every instant of a first one, from its agreement to the end of its
// barrier: what joins, merges and dies between two configurations leaves no ghosts in the groups
// and takes nobody along.
#include <algorithm>

#include "tests/scenarios/node_scenario.hh"

namespace gyre::test {
namespace {

using std::chrono::milliseconds;
using totem::State;
using Nodes = std::vector<std::uint32_t>;

class Instants : public Scenario {
 protected:
  std::uint64_t counter(std::size_t node, std::string_view name) {
    node::Snapshot page;
    cluster().nodes[node]->node().snapshot(page, cluster().now);
    for (const auto& entry : std::span(page.counters).first(page.counter_count))
      if (std::string_view(entry.group) == "groups" && entry.name == name) return entry.value;
    ADD_FAILURE() << "no counter " << name;
    return 0;
  }
  std::uint64_t lists(std::size_t node) { return counter(node, "lists"); }

  // Runs `first` and, `instant` steps after node 0 agreed to its ring, `second`. False: the first
  // change was over by then.
  bool strike(std::size_t instant, const std::function<void()>& first,
              const std::set<std::size_t>& ends_as, const std::function<void()>& second) {
    const auto known = counter(0, "barriers");
    first();
    EXPECT_TRUE(run_until([&] { return ring(0).state() == State::commit; }));
    const auto before = lists(0);
    pass(instant, ends_as);
    if (whole(ends_as) || HasFailure()) return false;
    // Node 0 knows what some of the others are in, and not yet what all are in.
    if (counter(0, "barriers") == known && lists(0) > before) ++in_barrier_;
    second();
    return true;
  }

  // So many steps, or all that there are. Those behind a hundred in which but the token passed do
  // not count: a ring that waits for a lease to be over before it opens is the same at thousands of
  // them.
  void pass(std::size_t steps, const std::set<std::size_t>& ends_as) {
    std::size_t quiet = 0;
    const auto before = std::exchange(loses, {});
    loses = [&](const Passing& frame) {
      if (!frame.token()) quiet = 0;
      return before(frame);
    };
    const Time end = cluster().now + std::chrono::seconds(5);
    for (std::size_t i = 0; i < steps && !whole(ends_as) && cluster().now < end; ++quiet) {
      cluster().step();
      i += quiet < 100;
    }
    loses = before;
    EXPECT_LT(cluster().now, end) << "the first change, to " << ends_as.size()
                                  << " nodes, is not over after " << steps << " steps";
  }

  // What the programs of all these nodes were told of nodes that came and went, and are left with.
  void expect_settled(const std::set<std::size_t>& side, const Nodes& ids, std::size_t instant) {
    ASSERT_TRUE(run_until([&] { return whole(side); })) << instant;
    run(milliseconds(1));
    for (const std::size_t node : side) {
      seen(node);
      EXPECT_EQ(members(node), ids) << "node " << node + 1 << " at instant " << instant;
    }
  }
  // How often a group change of this program names the node with this sign.
  std::size_t told(std::size_t node, const std::string& sign_and_id) {
    std::size_t times = 0;
    for (const std::string& event : seen(node))
      if (event.starts_with("change all"))
        times += (event + ' ').find(' ' + sign_and_id + ' ') != event.npos;
    return times;
  }

  std::size_t in_barrier_ = 0;
};

// 2ab885ab, at whichever instant: node 4 dies, and before the ring without it stands, node 2 does,
// which may have sent its list or not.
TEST_F(Instants, I1_AMemberDiesAtEveryInstantOfTheNextRing) {
  for (std::size_t instant = 0;; ++instant) {
    open(4);
    if (!strike(
            instant, [&] { crash(3); }, {0, 1, 2}, [&] { crash(1); }))
      break;
    expect_settled({0, 2}, {1, 3}, instant);
    for (const std::size_t node : {0, 2})
      for (const char* gone : {"-2", "-4"})
        EXPECT_EQ(told(node, gone), 1u) << gone << " at node " << node + 1 << ", " << instant;
  }
  EXPECT_GT(in_barrier_, 0u) << "no instant was within the barrier";
}

// Node 4 comes with a program that is in a group of its own, and dies again at whichever instant.
TEST_F(Instants, I1_ANewcomerDiesAtEveryInstantOfItsFirstRing) {
  for (std::size_t instant = 0;; ++instant) {
    open(4);
    crash(3);
    ASSERT_TRUE(run_until([&] { return whole({0, 1, 2}); }));
    std::optional<Program> newcomer;
    const auto come = [&] {
      cluster().restart(3);
      newcomer.emplace(cluster().nodes[3]->connect(cluster().now));
      newcomer->join("all");
      newcomer->join("ghosts");
    };
    const auto go = [&] {
      newcomer.reset();
      cluster().crash(3);
    };
    if (!strike(instant, come, {0, 1, 2, 3}, go)) break;
    expect_settled({0, 1, 2}, {1, 2, 3}, instant);
    for (const std::size_t node : {0, 1, 2})
      EXPECT_EQ(told(node, "-4"), told(node, "+4") + 1) << "node " << node + 1 << ", " << instant;
    EXPECT_EQ(counter(0, "count"), 1u) << "groups, at instant " << instant;
  }
  EXPECT_GT(in_barrier_, 0u) << "no instant was within the barrier";
}

// Two sides that were apart merge, and one member of the other side dies at whichever instant.
TEST_F(Instants, I1_AMemberDiesAtEveryInstantOfAMerge) {
  for (std::size_t instant = 0;; ++instant) {
    open(4);
    const auto side = [](std::size_t node) { return node / 2; };
    loses = [&](const Passing& frame) { return side(frame.from) != side(frame.to); };
    ASSERT_TRUE(run_until([&] { return whole({0, 1}) && whole({2, 3}); }));
    const auto heal = [&] { loses = [](const Passing&) { return false; }; };
    if (!strike(instant, heal, {0, 1, 2, 3}, [&] { crash(3); })) break;
    expect_settled({0, 1, 2}, {1, 2, 3}, instant);
    for (const std::size_t node : {0, 1}) {
      EXPECT_EQ(told(node, "-3"), 1u) << "the partition, " << instant;
      EXPECT_EQ(told(node, "+3"), 1u) << "the merge, " << instant;
      EXPECT_EQ(told(node, "-4"), told(node, "+4") + 1) << "node " << node + 1 << ", " << instant;
    }
    EXPECT_EQ(told(2, "-4"), 1u) << instant;
  }
  EXPECT_GT(in_barrier_, 0u) << "no instant was within the barrier";
}

}  // namespace
}  // namespace gyre::test
