// Nodes that have a rotation each, and an order of words in each view that they have.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "node/rotation.hh"

namespace gyre::node::test {

using Step = Rotation::Step;
using Stage = Rotation::Stage;
inline constexpr std::uint64_t old_key = 1, new_key = 2, third_key = 3;

struct Spoken {
  NodeId sender{};
  membership::wire::Encoded word;
};

struct Side;

struct Member {
  NodeId id{};
  std::unique_ptr<Rotation> rotation;
  std::uint64_t seals = old_key;
  std::optional<std::uint64_t> other;
  std::uint64_t in_file = new_key;  // 0: there is none
  bool reads = true;                // at once
  bool to_read = false;
  std::size_t heard = 0;  // of the words of its side
  std::vector<Step> steps;
  std::vector<std::string> answers;
  std::shared_ptr<Side> side;

  bool takes(std::uint64_t key) const { return key == seals || key == other; }
  bool is_done() const { return seals == new_key && !other; }
  bool is_untouched() const { return seals == old_key && !other; }
};

// Members that are in one view, and what has been said in it.
struct Side {
  std::vector<Member*> members;
  std::deque<Spoken> words;
};

inline bool hear_each_other(const Member& a, const Member& b) {
  return a.takes(b.seals) && b.takes(a.seals);
}

class World {
 public:
  explicit World(std::size_t count) {
    for (std::size_t i = 0; i < count; ++i) {
      members.push_back(std::make_unique<Member>());
      members.back()->id = NodeId(static_cast<std::uint32_t>(i + 1));
      start(i, old_key);
    }
  }
  Member& operator[](std::size_t i) { return *members[i]; }
  void start(std::size_t i, std::uint64_t key) {
    Member& member = *members[i];
    member.rotation = std::make_unique<Rotation>(member.id, key);
    member.seals = key;
    member.other.reset();
    member.to_read = false;
  }
  void view(const std::vector<std::size_t>& who) {
    auto side = std::make_shared<Side>();
    for (const std::size_t i : who) side->members.push_back(members[i].get());
    std::vector<totem::Member> listed;
    for (const Member* member : side->members) listed.push_back({.node = member->id});
    ++views_;
    for (Member* member : side->members) {
      member->side = side;
      member->heard = 0;
      member->rotation->view(views_, listed);
      note_answer(*member);
    }
  }
  void propose(std::size_t i, std::uint64_t key = new_key, std::string_view file = "/k") {
    if (!members[i]->rotation->propose(7, key, file)) members[i]->answers.emplace_back("busy");
  }
  // Three who see each other; the first asks, and one of them does not come to read its file.
  void ask_all_while_silent(std::size_t one) {
    view({0, 1, 2});
    members[one]->reads = false;
    propose(0);
    run();
  }
  void speak(Member& member) {
    for (membership::wire::Word word; member.rotation->next(word); member.rotation->said())
      member.side->words.push_back({member.id, membership::wire::word(word)});
  }
  bool hear(Member& member) {
    if (member.heard == member.side->words.size()) return false;
    hear(member, member.side->words[member.heard++]);
    return true;
  }
  void hear(Member& member, const Spoken& spoken) {
    const auto word = membership::wire::read_word(spoken.word.view());
    ASSERT_TRUE(word && Rotation::concerns(*word));
    const Step step = member.rotation->word(spoken.sender, *word);
    if (step != Step::none) member.steps.push_back(step);
    switch (step) {
      case Step::none:
        break;
      case Step::read:
        member.other.reset();
        member.to_read = true;
        break;
      case Step::send:
        ASSERT_TRUE(member.other);
        std::swap(member.seals, *member.other);
        break;
      case Step::forget:
      case Step::drop:
        ASSERT_TRUE(member.other);
        member.other.reset();
        break;
    }
    EXPECT_EQ(member.rotation->present(), member.seals);
    note_answer(member);
  }
  void read(Member& member) {
    if (!std::exchange(member.to_read, false)) return;
    if (member.rotation->stage() != Stage::reading) return;
    if (member.in_file == 0) return member.rotation->refuse("no file");
    if (member.in_file != member.rotation->wanted()) return member.rotation->refuse("another key");
    member.other = member.in_file;
    member.rotation->accepted();
  }
  // Until nobody has anything to say.
  void run() {
    for (bool active = true; active;) {
      active = false;
      for (auto& member : members) {
        if (!member->side) continue;
        if (member->reads) read(*member);
        speak(*member);
        while (hear(*member)) active = true;
      }
    }
  }
  void note_answer(Member& member) {
    if (Rotation::Answer answer; member.rotation->ended(answer))
      member.answers.emplace_back(answer.refused.text());
  }
  std::string given_up(std::size_t i) {
    Rotation::Answer answer;
    return members[i]->rotation->give_up(answer) ? std::string(answer.refused.text()) : "nothing";
  }
  bool all_done() {
    return std::ranges::all_of(members, [](auto& each) { return each->is_done(); });
  }

  std::vector<std::unique_ptr<Member>> members;

 private:
  std::uint64_t views_ = 0;
};

}  // namespace gyre::node::test
