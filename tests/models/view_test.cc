// Views and process groups of two to five nodes, over every sequence of six events: a node starts
// or crashes, the network parts into two sides or heals. After each event, rings form wherever who
// is together is not one ring, and hand the real Membership what extended virtual synchrony
// promises. In disturbed sequences, which are shorter for more than three nodes, an event may also
// come while the barrier after the last is under way, and a node may start again at once.
//
// Sequences that lead to the same state go on alike. So it is states that are explored, each by one
// of its shortest sequences, run anew for every event that may follow. A state is all that the
// future depends on: sides, rings, the order of ages, and of each node its last view, who of it
// came along, and what it knows of the group. Two that differ in the names of the nodes only are
// one; as names decide between nodes of one age, and whose list is the last, all is done with names
// in the opposite order, too.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <map>
#include <memory>
#include <numeric>
#include <set>

#include "membership/groups.hh"

namespace gyre::membership {
namespace {

constexpr std::size_t nodes_most = 5;

using Set = std::uint32_t;  // of nodes, by bit
constexpr Set bit(std::size_t node) {
  return Set{1} << node;
}
// Nodes are places from 0 on. Their ids ascend or descend with them.
struct Names {
  std::size_t count = 0;
  bool descending = false;

  NodeId id(std::size_t node) const {
    return NodeId{static_cast<std::uint32_t>(descending ? count - node : node + 1)};
  }
  std::size_t node(NodeId id) const {
    const auto number = static_cast<std::size_t>(id);
    return descending ? count - number : number - 1;
  }
  Set set(std::span<const NodeId> ids) const {
    Set set = 0;
    for (const NodeId each : ids) set |= bit(node(each));
    return set;
  }
};

// How far the barrier of a new ring comes before the next event.
enum class Barrier : std::uint8_t {
  through,
  lacks_last,  // list: it is not sent yet
  at_last,     // its sender alone has the last list
  at_first,    // the sender of the first list alone has that: for the others all are behind a hole
};
struct Event {
  enum class Kind : std::uint8_t { turn, restart, part, heal } kind = Kind::heal;
  Set what = 0;  // the node that starts, crashes or does both at once; one of the sides
  Barrier barrier = Barrier::through;
};

// The lists of one ring's barrier, in their order.
struct Lists {
  std::vector<std::pair<Process, std::vector<std::byte>>> all;
  std::size_t sent = 0;
};

// One incarnation of a node, and a program on it that is to be in the group "all".
class Living final : public Sink {
 public:
  Living(const Names& all, std::size_t at, std::uint32_t incarnation, std::uint64_t seq)
      : names(all),
        node(at),
        process{names.id(at), 1, incarnation},
        ring{seq, process.node, incarnation},
        membership(process.node, {.groups = 2, .members = 16}, *this) {}

  void transitional(const totem::Configuration&) override {}
  void view(const View& told) override {
    EXPECT_GT(told.number, number) << "the numbers of views grow";
    number = told.number;
    oldest = told.oldest;
    const Set joined = names.set(told.joined), left = names.set(told.left);
    EXPECT_EQ(joined, members & ~along);
    EXPECT_EQ(left, last_view & ~along);
    EXPECT_EQ((last_view & ~left) | joined, members);
    Set shown = 0;
    for (const totem::Member& member : told.members) shown |= bit(names.node(member.node));
    EXPECT_EQ(shown, members);
    last_view = along = members;
  }
  // What a program keeps that listens to nothing but changes.
  void group_change(const GroupChange& change) override {
    EXPECT_FALSE(change.left.empty() && change.joined.empty());
    for (const Change& gone : change.left) EXPECT_EQ(std::erase(known, gone.process), 1u);
    for (const Change& come : change.joined) {
      EXPECT_FALSE(knows(come.process));
      known.insert(std::ranges::lower_bound(known, come.process), come.process);
    }
    EXPECT_TRUE(std::ranges::equal(known, change.members));
  }
  void join_refused(const Process&, std::string_view, std::string_view) override { ADD_FAILURE(); }
  void message(const GroupMessage&) override {}
  void verdict(const VerdictChange&) override { ADD_FAILURE(); }
  void votes_answered(std::uint64_t, QuorumChange) override { ADD_FAILURE(); }
  void barrier_done() override { open = true; }

  void deliver(const Process& from, std::span<const std::byte> payload, bool is_list) {
    ++place.seq;
    place.ring = ring;
    membership.message({place, from.node, totem::Guarantee::agreed, is_list, payload});
  }
  void deliver_lists(std::size_t up_to) {
    for (; delivered < up_to; ++delivered)
      deliver(lists->all[delivered].first, lists->all[delivered].second, true);
  }
  // In the transitional configuration of `along`: what they sent, behind what they lack.
  void deliver_lists_of(Set along_now) {
    for (; delivered < lists->sent; ++delivered)
      if (along_now & bit(names.node(lists->all[delivered].first.node)))
        deliver(lists->all[delivered].first, lists->all[delivered].second, true);
  }
  bool knows(const Process& other) const { return std::ranges::binary_search(known, other); }

  const Names names;
  const std::size_t node;
  const Process process;
  totem::RingId ring;  // at first one that no other incarnation was ever in
  totem::Place place;
  Set members = 0;  // of that ring; none: it was never installed
  std::uint64_t since = 0;
  bool open = false;                                         // the barrier of that ring is through
  bool in_group = false;                                     // the program's join was delivered
  std::shared_ptr<Lists> lists = std::make_shared<Lists>();  // of that ring
  std::size_t delivered = 0, in_regular = 0;                 // of them
  Set last_view = 0, along = 0;
  std::uint64_t number = 0;
  NodeId oldest{};
  std::vector<Process> known;  // sorted
  Membership membership;
};

// All renamings of so many nodes, and what they make of each set.
class Renamings {
 public:
  explicit Renamings(std::size_t count) {
    std::vector<std::size_t> names(count);
    std::iota(names.begin(), names.end(), std::size_t{0});
    do {
      Renaming& each = all.emplace_back();
      for (std::size_t node = 0; node < count; ++node) each.node[node] = names[node];
      for (Set set = 0; set < bit(count); ++set)
        for (std::size_t node = 0; node < count; ++node)
          if (set & bit(node)) each.set[set] |= bit(names[node]);
    } while (std::ranges::next_permutation(names).found);
  }
  struct Renaming {
    std::array<std::size_t, nodes_most> node{};
    std::array<Set, bit(nodes_most)> set{};
  };
  std::vector<Renaming> all;
};

class World {
 public:
  using State = std::array<std::uint64_t, nodes_most + 1>;

  // `descending`: the lower a node's place, the higher its id.
  World(std::size_t count, bool up, bool descending) : names_{count, descending} {
    for (std::size_t node = 0; up && node < count; ++node) start(node);
    form(Barrier::through);
  }

  void apply(const Event& event) {
    if (event.kind == Event::Kind::part) side_ = event.what;
    if (event.kind == Event::Kind::heal) side_ = 0;
    if (event.kind == Event::Kind::turn && living_[event.what])
      living_[event.what].reset();
    else if (event.kind == Event::Kind::turn || event.kind == Event::Kind::restart)
      start(event.what);
    form(event.barrier);
  }

  // The least over all names. Ages count as ranks only: new rings are younger than all.
  State state(const Renamings& renamings) const {
    std::set<std::uint64_t> ages;
    for (const auto& node : living_)
      if (node) ages.insert(node->since);
    std::array<std::uint64_t, nodes_most> marks{};
    std::array<std::array<Set, 5>, nodes_most> sets{};
    for (std::size_t i = 0; i < names_.count; ++i) {
      const Living* node = living_[i].get();
      if (!node) continue;
      const auto age = std::distance(ages.begin(), ages.find(node->since));
      marks[i] = 1u | Set{node->open} << 1 | Set{node->in_group} << 2 | Set{node->since == 0} << 3 |
                 static_cast<std::uint64_t>(age) << 4 | std::uint64_t{node->delivered} << 48 |
                 std::uint64_t{node->lists->sent} << 52;
      sets[i] = {0, 0, 0, node->last_view, node->along};
      for (std::size_t j = 0; j < names_.count; ++j) {
        if (!living_[j]) continue;
        if (node->knows(living_[j]->process)) sets[i][0] |= bit(j);
        if (living_[j]->ring == node->ring) sets[i][1] |= bit(j);
      }
      for (const Process& process : node->known) sets[i][2] |= bit(names_.node(process.node));
    }
    State least;
    least.fill(~std::uint64_t{0});
    for (const auto& renaming : renamings.all) {
      State state{};
      const Set other = side_ == 0 ? 0 : bit(names_.count) - 1 - side_;
      state[nodes_most] = std::min(renaming.set[side_], renaming.set[other]);
      for (std::size_t i = 0; i < names_.count; ++i) {
        std::uint64_t& word = state[renaming.node[i]] = marks[i];
        for (std::size_t part = 0; part < sets[i].size(); ++part)
          word |= std::uint64_t{renaming.set[sets[i][part]]} << (8 + 8 * part);
      }
      least = std::min(least, state);
    }
    return least;
  }

 private:
  using Ring = std::vector<Living*>;

  void start(std::size_t node) {
    living_[node] = std::make_unique<Living>(names_, node, ++incarnations_, ring_seq_);
  }

  void form(Barrier barrier) {
    for (const Set side : {side_, ~side_}) {
      Ring ring;
      Set members = 0;
      for (std::size_t i = 0; i < names_.count; ++i) {
        if (!living_[i] || !(side & bit(i))) continue;
        ring.push_back(living_[i].get());
        members |= bit(i);
      }
      if (ring.empty()) continue;
      if (names_.descending) std::ranges::reverse(ring);
      if (!std::ranges::all_of(ring, [&](const Living* node) {
            return node->ring == ring[0]->ring && node->members == members;
          }))
        install(ring, members);
      advance(ring, barrier);
    }
  }

  static void advance(const Ring& ring, Barrier barrier) {
    Lists& lists = *ring[0]->lists;
    const std::size_t all = lists.all.size();
    lists.sent = std::max(lists.sent, barrier == Barrier::lacks_last ? all - 1 : all);
    if (barrier == Barrier::at_first) return ring.front()->deliver_lists(all);
    if (barrier == Barrier::at_last) ring.back()->deliver_lists(all);
    for (Living* node : ring) node->deliver_lists(barrier == Barrier::through ? all : all - 1);
    if (barrier == Barrier::through) settle(ring);
  }

  void install(const Ring& ring, Set members) {
    for (Living* node : ring) node->in_regular = node->delivered;
    const std::uint64_t seq = ++ring_seq_;
    const totem::RingId id{seq, ring[0]->process.node, ring[0]->process.client};
    std::vector<totem::Member> all;
    for (Living* node : ring) {
      if (node->since == 0 && ring.size() > 1) node->since = seq;
      all.push_back({node->process.node, node->since});
    }
    const auto lists = std::make_shared<Lists>();
    for (Living* node : ring) retire(*node, ring, id, all);
    for (Living* node : ring) {
      node->membership.configuration({totem::Configuration::Kind::regular, id, node->ring, all});
      const auto list = node->membership.barrier();
      lists->all.emplace_back(node->process, std::vector(list.begin(), list.end()));
    }
    for (Living* node : ring) {
      node->ring = id;
      node->members = members;
      node->open = false;
      node->lists = lists;
      node->delivered = 0;
    }
  }

  // The end of the node's old ring: the same for all who come along from it.
  static void retire(Living& node, const Ring& ring, const totem::RingId& next,
                     std::span<const totem::Member> all) {
    std::vector<totem::Member> members;
    Set along = 0;
    std::size_t delivered = 0;
    for (std::size_t i = 0; i < ring.size(); ++i) {
      if (ring[i]->lists != node.lists) continue;
      members.push_back(all[i]);
      along |= bit(ring[i]->node);
      delivered = std::max(delivered, ring[i]->in_regular);
    }
    node.deliver_lists(delivered);
    node.membership.configuration(
        {totem::Configuration::Kind::transitional, next, node.ring, members});
    node.deliver_lists_of(along);
    node.along &= along;
  }

  // The barrier is through everywhere, and programs that are not in the group yet join it.
  static void settle(const Ring& ring) {
    for (const Living* node : ring) EXPECT_TRUE(node->open);
    for (Living* joining : ring) {
      if (std::exchange(joining->in_group, true)) continue;
      const auto join = wire::join(joining->process.pid, joining->process.client, "all");
      for (Living* node : ring) node->deliver(joining->process, join.view(), false);
    }
    expect_alike(ring);
  }

  static void expect_alike(const Ring& ring) {
    std::vector<Process> processes;
    const Living* oldest = ring[0];
    for (const Living* node : ring) {
      processes.push_back(node->process);
      if (node->since < oldest->since) oldest = node;
    }
    for (const Living* node : ring) {
      EXPECT_EQ(node->number, ring[0]->ring.seq);
      EXPECT_EQ(node->oldest, oldest->process.node);
      EXPECT_EQ(node->known, processes) << "no ghosts, nobody missing";
      EXPECT_EQ(node->membership.group_count(), 1u);
      EXPECT_TRUE(std::ranges::equal(node->membership.group(0).members, processes));
      EXPECT_EQ(node->membership.counters().early, 0u);
    }
  }

  const Names names_;
  Set side_ = 0;  // the rest is the other one
  std::array<std::unique_ptr<Living>, nodes_most> living_;
  std::uint64_t ring_seq_ = 0;
  std::uint32_t incarnations_ = 0;
};

std::vector<Event> events(std::size_t count, bool disturbed) {
  std::vector<Event> all;
  for (const Barrier barrier :
       {Barrier::through, Barrier::lacks_last, Barrier::at_last, Barrier::at_first}) {
    if (barrier != Barrier::through && !disturbed) break;
    for (Set node = 0; node < count; ++node) {
      all.push_back({Event::Kind::turn, node, barrier});
      if (disturbed) all.push_back({Event::Kind::restart, node, barrier});
    }
    for (Set side = 1; side < bit(count - 1); ++side)  // the last node is on the other one
      all.push_back({Event::Kind::part, side, barrier});
    all.push_back({Event::Kind::heal, 0, barrier});
  }
  return all;
}

struct Range {
  std::size_t count = 0, length = 0;
  bool disturbed = false;
};
using Case = std::tuple<Range, bool, bool>;  // at first up; ids descending

class Views : public testing::TestWithParam<Case> {};

TEST_P(Views, AreRightAfterEverySequence) {
  const auto [range, up, descending] = GetParam();
  const auto [count, length, disturbed] = range;
  const std::vector<Event> each = events(count, disturbed);
  const Renamings renamings(count);
  std::set<World::State> known{World(count, up, descending).state(renamings)};
  std::vector<std::vector<Event>> shortest{{}};
  std::uint64_t steps = 0, sequences = 1;
  for (std::size_t depth = 0; depth < length && !HasFailure(); ++depth, sequences *= each.size()) {
    std::vector<std::vector<Event>> next;
    for (const std::vector<Event>& sequence : shortest)
      for (const Event& event : each) {
        if (depth + 1 == length && event.barrier != Barrier::through) continue;  // no one would see
        World world(count, up, descending);
        for (const Event& earlier : sequence) world.apply(earlier);
        world.apply(event);
        ++steps;
        if (depth + 1 == length || !known.insert(world.state(renamings)).second) continue;
        (next.emplace_back() = sequence).push_back(event);
      }
    shortest = std::move(next);
  }
  std::printf("%zu nodes, %s, %s: %lu sequences of %zu events, as %lu steps from %zu states\n",
              count, up ? "up" : "down", disturbed ? "disturbed" : "settled", sequences, length,
              steps, known.size());
}

INSTANTIATE_TEST_SUITE_P(Settled, Views,
                         testing::Combine(testing::Values(Range{2, 6}, Range{3, 6}, Range{4, 6},
                                                          Range{5, 6}),
                                          testing::Bool(), testing::Bool()));
INSTANTIATE_TEST_SUITE_P(Disturbed, Views,
                         testing::Combine(testing::Values(Range{2, 6, true}, Range{3, 6, true},
                                                          Range{4, 5, true}, Range{5, 4, true}),
                                          testing::Bool(), testing::Bool()));

}  // namespace
}  // namespace gyre::membership
