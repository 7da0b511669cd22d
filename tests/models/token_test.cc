// The token of three members in operational, as far as deviations 15 and 17 of PROTOCOL.md reach:
// it is held when nothing happens, handed to whoever asks, and lingered with. What a member does is
// written down here as in totem/operational.cc and token.cc, by the same names; time is chance: any
// timer may run out whenever it is set. Frames arrive in any order, any time, or are lost.
//
// In each of all states: there is one token, and nothing is stable that a member lacks. From each
// of them: all messages can still become stable everywhere.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cstdio>

#include "tests/models/explore.hh"

namespace gyre::model {
namespace {

using Small = std::uint8_t;
constexpr Small members = 3, nobody = members;
constexpr Small linger_frames = 8;
constexpr Small bit(Small n) {
  return static_cast<Small>(1u << n);
}

struct Bounds {
  Small messages = 0, losses = 0, unchanged = 0;  // the last: visits before the token is held
  bool linger = true;
};

struct Token {
  Small token_seq = 0, seq = 0, aru = 0, aru_owner = nobody, fcc = 0, backlog = 0;
  Small rtr = 0;  // a set of seqs
  bool operator==(const Token&) const = default;
};

struct Member {
  Small has = 0;  // a set of seqs
  Small pending = 0;
  Small held = 0, holding = 0, lingering = 0;
  Token token;  // held, or as passed on while that may have to be repeated
  Small token_seq = 0, sent_to = nobody;
  Small seq_before = 0, aru_before = 0, frames_before = 0, backlog_before = 0;
  Small stable = 0, unchanged = 0, asked_by = nobody;
  Small received_seq = 0, resent = 0, may_hold = 0;  // of the visit under way

  Small aru() const { return static_cast<Small>(std::countr_one(static_cast<Small>(has >> 1))); }
};

// A token in flight is a copy of what its sender keeps as passed on.
struct State {
  std::array<Member, members> member;
  std::array<Small, members> data{}, cancels{};  // on their way to it: seqs; from whom
  Small token_in_flight = 0, submitted = 0, lost = 0;
  Small second_token = 0;  // came to a member that had one
};

class Model {
 public:
  Model(const Bounds& bounds, const State& state) : bounds_(bounds), state_(state) {}

  static State first() {
    State state;
    state.member[0].held = 1;
    state.member[0].token_seq = state.member[0].token.token_seq = 1;
    return state;
  }

  // The one step; then what can never matter again is forgotten.
  const State& after(const auto& step) {
    step();
    for (Small i = 0; i < members; ++i) tidy(i);
    const auto low = std::ranges::min(state_.member, {}, &Member::token_seq).token_seq;
    for (Member& member : state_.member) {
      member.token_seq = static_cast<Small>(member.token_seq - low);
      if (member.held || member.sent_to != nobody)
        member.token.token_seq = member.token_seq;
      else
        member.token = {};
    }
    return state_;
  }

  void submit(Small i) {
    ++state_.member[i].pending;
    ++state_.submitted;
  }
  void receive_data(Small i, Small seq) {
    Member& member = state_.member[i];
    state_.data[i] = static_cast<Small>(state_.data[i] & ~bit(seq));
    member.has |= bit(seq);
    if (seq > member.seq_before) forget_sent(member);
  }
  void receive_token(Small i, const Token& token) {
    Member& member = state_.member[i];
    state_.token_in_flight = 0;
    state_.second_token |= member.held;
    member.held = 1;
    member.token = token;
    member.token_seq = token.token_seq;
    member.sent_to = nobody;
  }
  void receive_hold_cancel(Small i, Small from) {
    Member& member = state_.member[i];
    state_.cancels[i] = static_cast<Small>(state_.cancels[i] & ~bit(from));
    member.unchanged = 0;
    if (member.holding || member.lingering) member.asked_by = from;
  }
  void ask_for_token(Small i) {
    for (Small to = 0; to < members; ++to)
      if (to != i) state_.cancels[to] |= bit(i);
  }
  void retransmit_token() { state_.token_in_flight = 1; }
  void lose_token() {
    state_.token_in_flight = 0;
    ++state_.lost;
  }
  void lose_data(Small i, Small seq) {
    state_.data[i] = static_cast<Small>(state_.data[i] & ~bit(seq));
    ++state_.lost;
  }

  void visit(Small i, bool time_is_up) {
    Member& member = state_.member[i];
    if (member.lingering) return linger(i, time_is_up);
    const bool released = member.holding;
    if (released && !release_held(i, time_is_up)) return;
    if (!member.held) return;
    member.received_seq = member.token.seq;
    member.may_hold = !released;
    serve_requests(i);
    sequence(i);
    if (may_linger(member)) {
      member.lingering = 1;
      return;
    }
    finish_visit(i);
  }

 private:
  static void forget_sent(Member& member) {
    member.sent_to = nobody;
    if (!member.held) member.token = {};
  }

  void multicast(Small from, Small seq) {
    for (Small to = 0; to < members; ++to)
      if (to != from) state_.data[to] |= bit(seq);
  }

  void serve_requests(Small i) {
    Member& member = state_.member[i];
    member.resent = 0;
    for (Small seq = 1; seq <= bounds_.messages; ++seq) {
      if (!(member.token.rtr & member.has & bit(seq))) continue;
      multicast(i, seq);
      member.token.rtr = static_cast<Small>(member.token.rtr & ~bit(seq));
      ++member.resent;
    }
  }

  // Sent at once, although the token may go first: the order of arrival is free in any case.
  void sequence(Small i) {
    Member& member = state_.member[i];
    for (; member.pending > 0; --member.pending) {
      ++member.token.seq;
      member.has |= bit(member.token.seq);
      multicast(i, member.token.seq);
    }
  }

  bool may_linger(const Member& member) const {
    const Token& token = member.token;
    return bounds_.linger && token.seq - member.received_seq == 1 && member.resent == 0 &&
           token.rtr == 0 && token.fcc <= member.frames_before &&
           token.backlog <= member.backlog_before && member.aru() >= token.seq;
  }

  void linger(Small i, bool time_is_up) {
    Member& member = state_.member[i];
    const Small before = member.token.seq;
    sequence(i);
    const bool enough = member.token.seq - before > 1 ||
                        member.token.seq - member.received_seq >= linger_frames || time_is_up ||
                        member.asked_by != nobody;
    if (enough) finish_visit(i);
  }

  void finish_visit(Small i) {
    Member& member = state_.member[i];
    Token& token = member.token;
    member.lingering = 0;
    member.asked_by = nobody;
    account(member, static_cast<Small>(token.seq - member.received_seq + member.resent));
    update_aru(i);
    const Small seq_before = member.seq_before;
    for (Small seq = 1; seq <= seq_before; ++seq)
      if (!(member.has & bit(seq))) token.rtr |= bit(seq);
    const bool quiet = token.seq == seq_before && token.aru == token.seq && token.rtr == 0 &&
                       token.backlog == 0 && member.resent == 0;
    member.unchanged = quiet ? std::min<Small>(member.unchanged + 1, bounds_.unchanged) : 0;
    if (member.may_hold && quiet && member.unchanged >= bounds_.unchanged && i == 0) {
      member.holding = 1;
    } else {
      pass_token(i, static_cast<Small>((i + 1) % members));
    }
    member.received_seq = member.resent = member.may_hold = 0;
  }

  bool release_held(Small i, bool time_is_up) {
    Member& member = state_.member[i];
    const Small asked_by = member.asked_by;
    if (asked_by == nobody && member.pending == 0 && !time_is_up) return false;
    member.holding = 0;
    member.asked_by = nobody;
    if (asked_by == nobody) return true;
    member.unchanged = 0;
    pass_token(i, asked_by);
    return true;
  }

  static void account(Member& member, Small frames) {
    Token& token = member.token;
    token.fcc = static_cast<Small>(token.fcc - std::min(token.fcc, member.frames_before) + frames);
    token.backlog =
        static_cast<Small>(token.backlog - std::min(token.backlog, member.backlog_before));
    member.frames_before = frames;
    member.backlog_before = 0;
  }

  void update_aru(Small i) {
    Member& member = state_.member[i];
    Token& token = member.token;
    const Small aru = member.aru();
    if (token.aru > aru || token.aru_owner == i || token.aru == member.received_seq) {
      token.aru = std::min(aru, token.seq);
      token.aru_owner = token.aru == token.seq ? nobody : i;
    }
    member.stable = std::max(member.stable, std::min({token.aru, member.aru_before, aru}));
    member.aru_before = token.aru;
  }

  void pass_token(Small i, Small to) {
    Member& member = state_.member[i];
    ++member.token_seq;
    member.token.token_seq = member.token_seq;
    member.seq_before = member.token.seq;
    member.held = 0;
    member.sent_to = to;
    state_.token_in_flight = 1;
  }

  void tidy(Small i) {
    Member& member = state_.member[i];
    if (member.sent_to != nobody &&
        state_.member[member.sent_to].token_seq >= member.token.token_seq)
      forget_sent(member);  // it is a duplicate there now
    // What it has could at most show that its token has arrived.
    const unsigned shows_nothing = (2u << member.seq_before) - 1;
    const unsigned duplicates = member.sent_to == nobody ? member.has : member.has & shows_nothing;
    state_.data[i] = static_cast<Small>(state_.data[i] & ~duplicates);
  }

  const Bounds& bounds_;
  State state_;
};

bool sound(const State& state) {
  int tokens = 0;
  Small everyone = 255, stable = 0;
  for (const Member& member : state.member) {
    tokens += member.held + (member.sent_to != nobody);
    everyone = std::min(everyone, member.aru());
    stable = std::max(stable, member.stable);
  }
  return tokens == 1 && !state.second_token && stable <= everyone;
}

template <typename Visit>
void next(const Bounds& bounds, const State& state, Visit visit) {
  const auto step = [&](auto change) {
    Model model(bounds, state);
    visit(model.after([&] { change(model); }));
  };
  const bool may_lose = state.lost < bounds.losses;
  for (Small i = 0; i < members; ++i) {
    const Member& member = state.member[i];
    if (state.submitted < bounds.messages) step([&](Model& model) { model.submit(i); });
    if (member.held) {
      step([&](Model& model) { model.visit(i, false); });
      if (member.holding || member.lingering) step([&](Model& model) { model.visit(i, true); });
    }
    if (!member.held && member.pending > 0) step([&](Model& model) { model.ask_for_token(i); });
    for (Small from = 0; from < members; ++from)
      if (state.cancels[i] & bit(from))
        step([&](Model& model) { model.receive_hold_cancel(i, from); });
    for (Small seq = 1; seq <= bounds.messages; ++seq) {
      if (!(state.data[i] & bit(seq))) continue;
      step([&](Model& model) { model.receive_data(i, seq); });
      if (may_lose) step([&](Model& model) { model.lose_data(i, seq); });
    }
    if (member.sent_to == nobody) continue;
    if (!state.token_in_flight) {
      step([&](Model& model) { model.retransmit_token(); });
      continue;
    }
    step([&](Model& model) { model.receive_token(member.sent_to, member.token); });
    if (may_lose) step([&](Model& model) { model.lose_token(); });
  }
}

// Goes no further from a state that is not sound.
Explored explore(const Bounds& bounds, std::size_t& unsound) {
  return model::explore(
      Model::first(),
      [&](const State& state, auto visit) {
        if (sound(state))
          next(bounds, state, visit);
        else
          ++unsound;
      },
      [&](const State& state) {
        return std::ranges::all_of(
            state.member, [&](const Member& member) { return member.stable == bounds.messages; });
      });
}

class TokenModel : public testing::TestWithParam<Bounds> {};

TEST_P(TokenModel, OneTokenNothingStableTooSoonAndNeverStuck) {
  const Bounds& bounds = GetParam();
  std::size_t unsound = 0;
  const Explored found = explore(bounds, unsound);
  EXPECT_EQ(unsound, 0u);
  EXPECT_EQ(found.stuck, 0u);
  std::printf("%d messages, %d losses, held after %d visits, lingering %d: %zu states, %zu steps\n",
              bounds.messages, bounds.losses, bounds.unchanged, bounds.linger, found.states,
              found.steps);
}

// Why hold_token asks for two quiet visits at least: it did not, and this is how it came out.
TEST(TokenModelItself, FindsThatOneQuietVisitIsNotEnough) {
  std::size_t unsound = 0;
  explore({.messages = 1, .losses = 0, .unchanged = 1}, unsound);
  EXPECT_GT(unsound, 0u);
}

INSTANTIATE_TEST_SUITE_P(Bounds, TokenModel,
                         testing::Values(Bounds{1, 3, 2, true}, Bounds{2, 1, 2, false},
                                         Bounds{2, 1, 2, true}));

}  // namespace
}  // namespace gyre::model
