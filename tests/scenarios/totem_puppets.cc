// One node and the joins of others, which the scenario writes: what it makes of them. Classes D1,
// D6 and D7.

#include <algorithm>
#include <optional>

#include "tests/scenarios/totem_bed.hh"

namespace gyre::test {
namespace {

using totem::wire::Join;

// Node 0 runs; of the others there is what they say.
class Puppets : public testing::Test {
 protected:
  Puppets() {
    bed.lose = [this](const Sight& sight) {
      if (sight.type == Type::join && sight.to == 1) said.push_back(sight.join());
      return false;
    };
  }
  // A join of `node`, which hears these. `others`: it proposes one, too, whom nobody knows.
  struct Words {
    std::vector<std::size_t> hears, gives_up{};
    bool closed = false, others = true;
    std::uint64_t ring_seq = 0, since = 0;
  };
  void say(std::size_t node, const Words& words) {
    Join join;
    join.flags = words.closed ? Join::closed : 0;
    join.sender = bed.id(node);
    join.incarnation = 70 + node;
    join.join_seq = ++joins;
    join.ring_seq = words.ring_seq;
    join.since = words.since;
    join.frame_max = Simulation::quick().frame_max;
    const auto add = [&](NodeId id, std::uint8_t marks) {
      join.entries[join.count++] = {.node = id, .marks = marks};
    };
    add(bed.id(0), heard(words, 0));
    for (const std::size_t each : words.hears)
      if (each != 0) add(bed.id(each), Join::heard);
    for (const std::size_t each : words.gives_up) add(bed.id(each), Join::failed);
    if (words.others) add(NodeId{99}, 0);
    const auto write = [&](FrameRef& frame) { totem::wire::write_join(frame, join); };
    bed.inject(node, 0, to_bytes(write), 1us);
  }
  static std::uint8_t heard(const Words& words, std::size_t node) {
    return std::ranges::count(words.hears, node) ? Join::heard : 0;
  }
  // What the last join of node 0 says of another; nothing: does not name it.
  static std::optional<std::uint8_t> marks(const Join& join, NodeId node) {
    for (std::size_t i = 0; i < join.count; ++i)
      if (join.entries[i].node == node) return join.entries[i].marks;
    return std::nullopt;
  }
  std::optional<std::uint8_t> marks(std::size_t node) const {
    return marks(said.back(), bed.id(node));
  }

  Bed bed{4};
  std::vector<Join> said;
  std::uint64_t joins = 0;
};

// Who begins anew hears no one at first: what it heard before stays true.
TEST_F(Puppets, D6_WhoBeginsAnewIsTakenToHearWhatItHeard) {
  bed.start(0);
  say(1, {.hears = {0, 1}});
  bed.run(1ms);
  ASSERT_EQ(bed.state(0), State::gather);
  say(1, {.hears = {1}, .others = false});
  bed.run(1ms);
  EXPECT_EQ(bed.state(0), State::commit) << bed.story();
}

// A node in commit was silent, and those who still gathered took it for dead.
TEST_F(Puppets, D6_WhoFormsARingGoesOnSayingWhatItSaid) {
  bed.start(0);
  say(1, {.hears = {0, 1}, .others = false});
  bed.run(1ms);
  ASSERT_EQ(bed.state(0), State::commit);
  const auto before = said.size();
  bed.run(Simulation::quick().token_loss - 2ms);
  ASSERT_EQ(bed.state(0), State::commit);
  EXPECT_GE(said.size() - before, 7u);  // one each 2 ms
  EXPECT_EQ(marks(1), Join::heard);
}

// Whose joins do not all come may soon be gone: although it came first, it takes no one's place.
TEST_F(Puppets, D7_WhoseJoinsDoNotAllComeTakesNobodysPlace) {
  bed.start(0);
  const auto closes = Simulation::quick().consensus;
  for (Duration at = 0ms; at < closes + 10ms; at += 1ms) {
    const bool closed = at >= closes;
    if (at % 2ms == 0ms) {
      say(1, {.hears = {0, 1, 2, 3}, .closed = closed, .since = 5});
      say(2, {.hears = {0, 1, 2}, .closed = closed, .since = 5});
    }
    if (at % 5ms == 0ms) say(3, {.hears = {0, 1, 3}, .closed = closed, .since = 1});
    bed.run(1ms);
  }
  ASSERT_TRUE(said.back().flags & Join::closed);
  EXPECT_FALSE(*marks(2) & Join::failed) << bed.story();
  EXPECT_TRUE(*marks(3) & Join::failed);
}

// Who was in an attempt at a ring meanwhile said nothing to others, but was there.
TEST_F(Puppets, D7_WhoWasInAnAttemptMeanwhileWasNotSilent) {
  bed.start(0);
  say(1, {.hears = {0, 1}});
  bed.run(Simulation::quick().consensus / 2 + 3ms);
  while (said.empty() || !(said.back().flags & Join::closed)) {
    say(1, {.hears = {0, 1}, .ring_seq = 1});
    bed.run(2ms);
    ASSERT_LT(bed.now() - Time{}, 2 * Simulation::quick().consensus);
  }
  EXPECT_TRUE(*marks(1) & Join::heard) << bed.story();
}

// It could agree with none of the others: a working ring goes on.
TEST_F(Puppets, D7_AStrangerThatGivesUpAMemberBreaksNothing) {
  bed.start(0);
  bed.start(1);
  ASSERT_TRUE(bed.converges());
  const totem::RingId ring = bed.ring(0).ring();
  for (int turn = 0; turn < 5; ++turn) {
    say(3, {.hears = {0, 3}, .gives_up = {1}, .others = false});
    bed.run(2ms);
  }
  EXPECT_EQ(bed.ring(0).ring(), ring) << bed.story();
  EXPECT_EQ(bed.state(0), State::operational);
  EXPECT_EQ(bed.counters(0).joins_divisive, 5u);
}

// When nobody agrees those who came last are given up first, the others after them.
TEST_F(Puppets, D1_WhoCameLastIsGivenUpFirst) {
  bed.start(0);
  std::vector<std::pair<bool, bool>> with;  // 1, 3
  for (int turn = 0; turn < 100; ++turn) {
    const bool closed = !said.empty() && said.back().flags & Join::closed;
    say(1, {.hears = {0, 1, 3}, .closed = closed, .since = 1});
    say(3, {.hears = {0, 1, 3}, .closed = closed, .since = 5});
    bed.run(2ms);
    if (!closed) continue;
    const auto goes_with = [&](std::size_t node) { return (*marks(node) & Join::heard) != 0; };
    const std::pair now{goes_with(1), goes_with(3)};
    if (with.empty() || with.back() != now) with.push_back(now);
    if (now == std::pair{false, false}) break;
  }
  const std::vector<std::pair<bool, bool>> expected{{true, true}, {true, false}, {false, false}};
  EXPECT_EQ(with, expected) << bed.story();
}

}  // namespace
}  // namespace gyre::test
