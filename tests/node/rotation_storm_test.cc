// Another key for the cluster, while its ring breaks and comes together at any moment.
#include <gtest/gtest.h>

#include <random>

#include "tests/node/rotation_world.hh"

namespace gyre::node::test {
namespace {

// Rings that break and come together at any moment, files that are there or not, nodes that were
// not asked; with `restarts`, also nodes that start anew.
class Storm {
 public:
  Storm(std::uint64_t seed, bool restarts)
      : dice_(seed), world_(2 + seed % 5), count_(world_.members.size()) {
    asked_.assign(count_, true);
    restarts_ = restarts;
    sides_.emplace_back();
    for (std::size_t i = 0; i < count_; ++i) sides_[0].push_back(i);
    if (count_ > 2 && chance(3)) {  // one that is not there when it begins
      sides_.push_back({count_ - 1});
      sides_[0].pop_back();
      asked_[count_ - 1] = false;
    }
    for (const auto& side : sides_) world_.view(side);
    for (auto& member : world_.members) {
      member->reads = false;
      if (chance(8)) member->in_file = 0;
    }
    world_.propose(0);
    world_.speak(world_[0]);
    world_.hear(world_[0]);
  }

  void run() {
    for (int i = 0; i < 300 && !testing::Test::HasFailure(); ++i) {
      const std::uint64_t what = dice_() % 40;
      Member& member = world_[dice_() % count_];
      if (what < 10)
        world_.speak(member);
      else if (what < 30)
        world_.hear(member);
      else if (what < 34)
        world_.read(member);
      else if (what < 36)
        split();
      else if (what < 39)
        merge();
      else if (restarts_)
        restart();
      check();
    }
    end();
  }

 private:
  bool chance(std::uint64_t one_in) { return dice_() % one_in == 0; }

  // What is safe and was heard by one is heard by all; of what comes behind it, those that stay
  // together hear their own, and of the others up to where something is missing.
  void part(const std::vector<std::size_t>& side,
            const std::vector<std::vector<std::size_t>>& into) {
    std::size_t heard = 0;
    for (const std::size_t i : side) heard = std::max(heard, world_[i].heard);
    const auto words = world_[side[0]].side->words;
    for (const auto& group : into) {
      const auto in_group = [&](NodeId id) {
        return std::ranges::any_of(group, [&](std::size_t i) { return world_[i].id == id; });
      };
      bool hole = false;
      std::vector<std::size_t> heard_by_group;
      for (std::size_t w = 0; w < words.size(); ++w) {
        if (w >= heard && !in_group(words[w].sender)) hole = hole || chance(2);
        if (w < heard || !hole || in_group(words[w].sender)) heard_by_group.push_back(w);
      }
      for (const std::size_t i : group)
        for (const std::size_t w : heard_by_group)
          if (w >= world_[i].heard) world_.hear(world_[i], words[w]);
    }
    for (const auto& group : into) world_.view(group);
  }
  void split() {
    const std::size_t which = dice_() % sides_.size();
    const auto side = sides_[which];
    std::vector<std::vector<std::size_t>> into(2);
    for (const std::size_t i : side) into[chance(2)].push_back(i);
    std::erase_if(into, [](const auto& group) { return group.empty(); });
    sides_.erase(sides_.begin() + static_cast<std::ptrdiff_t>(which));
    sides_.insert(sides_.end(), into.begin(), into.end());
    part(side, into);
  }
  void merge() {
    if (sides_.size() < 2) return;
    std::ranges::shuffle(sides_, dice_);
    auto one = sides_[0], two = sides_[1];
    for (const std::size_t a : one)
      for (const std::size_t b : two)
        if (!hear_each_other(world_[a], world_[b])) return;
    part(one, {one});
    part(two, {two});
    for (const std::size_t a : one)
      for (const std::size_t b : two)
        if (!hear_each_other(world_[a], world_[b])) return;
    sides_.erase(sides_.begin(), sides_.begin() + 2);
    one.insert(one.end(), two.begin(), two.end());
    sides_.push_back(one);
    world_.view(one);
  }
  void restart() {
    const std::size_t i = dice_() % count_;
    for (std::size_t s = 0; s < sides_.size(); ++s) {
      if (std::ranges::count(sides_[s], i) == 0) continue;
      const auto side = sides_[s];
      std::vector<std::vector<std::size_t>> rest = {side};
      std::erase(rest[0], i);
      sides_.erase(sides_.begin() + static_cast<std::ptrdiff_t>(s));
      if (!rest[0].empty()) {
        part(side, rest);
        sides_.push_back(rest[0]);
      }
      break;
    }
    world_.start(i, chance(2) ? old_key : new_key);
    asked_[i] = false;
    sides_.push_back({i});
    world_.view({i});
  }
  void check() {
    for (std::size_t a = 0; a < count_; ++a)
      for (std::size_t b = 0; b < count_; ++b)
        EXPECT_TRUE(!asked_[a] || !asked_[b] || hear_each_other(world_[a], world_[b]))
            << a + 1 << " and " << b + 1;
  }
  // All files are there, all who hear each other come together, the operator asks once more.
  void end() {
    for (auto& member : world_.members) {
      member->reads = true;
      member->in_file = new_key;
    }
    for (int i = 0; i < 100 && sides_.size() > 1; ++i) merge();
    std::ranges::sort(sides_, {}, [](const auto& side) { return side.size(); });
    EXPECT_TRUE(restarts_ || sides_.size() <= 1u + !asked_.back());
    const auto core = sides_.back();
    for (const std::size_t i : core) world_.given_up(i);
    world_.run();
    for (const std::size_t i : core) world_.given_up(i);
    world_.propose(core[0]);
    world_.run();
    for (const std::size_t i : core) EXPECT_TRUE(world_[i].is_done()) << i + 1;
  }

  std::mt19937_64 dice_;
  World world_;
  const std::size_t count_;
  std::vector<bool> asked_;  // and has not started since
  std::vector<std::vector<std::size_t>> sides_;
  bool restarts_ = false;
};

TEST(Rotation, WhoeverWasAskedIsHeardWhateverBreaks) {
  for (std::uint64_t seed = 1; seed <= 500; ++seed) {
    SCOPED_TRACE(seed);
    Storm(seed, false).run();
    if (HasFailure()) break;
  }
}

TEST(Rotation, WhoeverStartsAnewKeepsNobodyElseFromIt) {
  for (std::uint64_t seed = 1; seed <= 500; ++seed) {
    SCOPED_TRACE(seed);
    Storm(seed, true).run();
    if (HasFailure()) break;
  }
}

}  // namespace
}  // namespace gyre::node::test
