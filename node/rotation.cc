#include "node/rotation.hh"

#include <algorithm>
#include <utility>

namespace gyre::node {
namespace {

// A word's `subject`: which view, and whether its sender waits for somebody who is away.
constexpr std::uint32_t waits_bit = 1u << 31;
constexpr std::uint32_t view_bits = waits_bit - 1;

}  // namespace

std::string_view text(Rotation::Stage stage) noexcept {
  static constexpr std::array<std::string_view, 4> texts = {"none", "reading", "accepting",
                                                            "sending"};
  return texts[static_cast<std::size_t>(stage)];
}

bool Rotation::propose(std::uint64_t request, std::uint64_t fingerprint,
                       std::string_view file) noexcept {
  if (proposal_.state != Proposal::State::none) return false;
  proposal_ = {Proposal::State::to_say, request, fingerprint, Reason(file)};
  return true;
}

void Rotation::withdraw(std::string_view reason) noexcept {
  if (proposal_.state != Proposal::State::to_say && proposal_.state != Proposal::State::said)
    return;
  proposal_.state = Proposal::State::refused;
  reason_ = Reason(reason);
}

// ---- what is said ----

bool Rotation::next(membership::wire::Word& word) const noexcept {
  if (view_ == 0) return false;
  if (proposal_.state == Proposal::State::to_say) {
    word = {.what = static_cast<std::uint8_t>(What::rotate),
            .subject = view_,
            .request = proposal_.fingerprint,
            .text = proposal_.file.text()};
    return true;
  }
  if (to_say_ == Voice::silent) return false;
  const What what = to_say_ == Voice::refuses   ? What::refuses
                    : to_say_ == Voice::accepts ? What::accepts
                                                : What::sends;
  word = {.what = static_cast<std::uint8_t>(what),
          .subject = view_ | (away() == NodeId::none ? 0 : waits_bit),
          .request = about_,
          .text = to_say_ == Voice::refuses ? own_.text() : file_.text()};
  return true;
}

void Rotation::said() noexcept {
  if (proposal_.state == Proposal::State::to_say)
    proposal_.state = Proposal::State::said;
  else
    to_say_ = Voice::silent;
}

void Rotation::accepted() noexcept {
  if (stage_ != Stage::reading) return;
  stage_ = Stage::accepting;
  to_say_ = Voice::accepts;
}

void Rotation::refuse(std::string_view reason) noexcept {
  if (stage_ != Stage::reading) return;
  stage_ = Stage::none;
  own_ = Reason(reason);
  to_say_ = Voice::refuses;
}

// ---- what is heard ----

void Rotation::view(std::uint64_t number, std::span<const totem::Member> members) noexcept {
  view_ = static_cast<std::uint32_t>(number) & view_bits;
  voter_count_ = members.size();
  std::transform(members.begin(), members.end(), voters_.begin(),
                 [](const totem::Member& member) { return Voter{.node = member.node}; });
  about_ = stage_ == Stage::none ? 0 : wanted_;
  spoken_ = false;
  to_say_ = stage_ == Stage::accepting ? Voice::accepts
            : stage_ == Stage::sending ? Voice::sends
                                       : Voice::silent;
  if (proposal_.state == Proposal::State::said) proposal_.state = Proposal::State::to_say;
  const bool over = proposal_.state == Proposal::State::heard && stage_ == Stage::none;
  const bool refused = over && present_ != proposal_.fingerprint;
  if (over) proposal_.state = refused ? Proposal::State::refused : Proposal::State::done;
  if (!refused) reason_ = {};
}

Rotation::Step Rotation::word(NodeId sender, const membership::wire::Word& word) noexcept {
  const What what{word.what};
  if ((word.subject & view_bits) != view_) return Step::none;
  if (what == What::rotate) return begin(sender, word);
  const auto voter = std::ranges::find(voters(), sender, &Voter::node);
  if (voter == voters().end()) return Step::none;
  Step step = Step::none;
  if (about_ == 0) {
    if (what == What::refuses) return Step::none;  // nobody here has asked
    step = ask(sender, word.request, word.text);
  }
  if (!std::exchange(spoken_, true)) ask_all();
  // Of another key: it is neither for this one nor against it. Who has refused has refused.
  const bool ours = word.request == about_;
  voter->waits = !ours || (word.subject & waits_bit) != 0;
  if (voter->voice != Voice::refuses)
    voter->voice = !ours || what == What::accepts ? Voice::accepts
                   : what == What::sends          ? Voice::sends
                                                  : Voice::refuses;
  if (ours && what == What::refuses && reason_.empty())
    reason_.add("node ").add(static_cast<std::uint32_t>(sender)).add(": ").add(word.text);
  if (step != Step::none) return step;
  step = decide();
  end_proposal();
  return step;
}

// Whoever has asked before is asked anew; those who are not here now count no more.
Rotation::Step Rotation::begin(NodeId sender, const membership::wire::Word& word) noexcept {
  const bool ours = sender == self_ && proposal_.state == Proposal::State::said &&
                    proposal_.fingerprint == word.request;
  if (under_way()) {
    if (ours) reason_ = Reason("another rotation is under way");
    if (ours) proposal_.state = Proposal::State::refused;
    return Step::none;
  }
  if (ours) proposal_.state = Proposal::State::heard;
  for (Voter& voter : voters()) voter = {.node = voter.node};
  spoken_ = true;
  reason_ = {};
  if (stage_ == Stage::sending && wanted_ != word.request) {
    about_ = word.request;
    own_ = Reason("the rotation to another key has not ended: ask for that once more");
    to_say_ = Voice::refuses;
    return Step::none;
  }
  const Step step = ask(sender, word.request, word.text);
  asked_count_ = 0;
  ask_all();
  return step;
}

Rotation::Step Rotation::ask(NodeId sender, std::uint64_t fingerprint,
                             std::string_view file) noexcept {
  const bool accepts_it = stage_ == Stage::accepting && wanted_ == fingerprint;
  const bool accepts_another = stage_ == Stage::accepting && !accepts_it;
  about_ = wanted_ = fingerprint;
  file_ = Reason(file);
  asked_by_ = sender;
  asked_count_ = 0;
  to_say_ = accepts_it ? Voice::accepts : Voice::silent;
  if (accepts_it) return Step::none;
  if (fingerprint != present_) {
    stage_ = Stage::reading;
    return Step::read;
  }
  to_say_ = Voice::sends;
  if (stage_ == Stage::sending) return Step::none;
  stage_ = Stage::none;
  return accepts_another ? Step::forget : Step::none;
}

// All members deliver the word that asks, or are on another side than who said it, who waits for
// them: nobody is asked who does not come to stand here.
void Rotation::ask_all() noexcept {
  for (const Voter& voter : voters()) {
    const auto end = asked_.begin() + static_cast<std::ptrdiff_t>(asked_count_);
    if (asked_count_ < asked_.size() && std::find(asked_.begin(), end, voter.node) == end)
      asked_[asked_count_++] = voter.node;
  }
}

// ---- what comes of it ----

bool Rotation::all(Voice voice) const noexcept {
  return std::ranges::all_of(voters(), [&](const Voter& voter) { return voter.voice == voice; });
}

bool Rotation::any(Voice voice) const noexcept {
  return std::ranges::any_of(voters(), [&](const Voter& voter) { return voter.voice == voice; });
}

bool Rotation::anybody_waits() const noexcept {
  return std::ranges::any_of(voters(), &Voter::waits);
}

// Something will come of it without anybody asking.
bool Rotation::under_way() const noexcept {
  if (!spoken_) return false;
  if (any(Voice::silent)) return true;
  return !any(Voice::refuses) && !anybody_waits() && !all(Voice::sends);
}

NodeId Rotation::away() const noexcept {
  for (const NodeId node : std::span(asked_).first(asked_count_))
    if (std::ranges::find(voters(), node, &Voter::node) == voters().end()) return node;
  return NodeId::none;
}

Rotation::Step Rotation::decide() noexcept {
  if (about_ != wanted_) return Step::none;
  const bool all_agree = all(Voice::accepts) && !anybody_waits();
  if (stage_ == Stage::accepting && (all_agree || any(Voice::sends))) {
    stage_ = Stage::sending;
    present_ = wanted_;
    to_say_ = Voice::sends;
    return Step::send;
  }
  const bool refused = any(Voice::refuses) && !any(Voice::silent);
  if (stage_ == Stage::accepting && refused && away() == NodeId::none) {
    stage_ = Stage::none;
    return Step::forget;
  }
  if (stage_ == Stage::sending && all(Voice::sends) && !anybody_waits()) {
    stage_ = Stage::none;
    return Step::drop;
  }
  return Step::none;
}

void Rotation::end_proposal() noexcept {
  if (proposal_.state != Proposal::State::heard || about_ != proposal_.fingerprint) return;
  const bool is_open = stage_ != Stage::none && about_ == wanted_;
  if (is_open || any(Voice::silent)) return;
  if (any(Voice::refuses))
    proposal_.state = Proposal::State::refused;
  else if (all(Voice::sends))
    proposal_.state = Proposal::State::done;
}

bool Rotation::ended(Answer& answer) noexcept {
  const bool refused = proposal_.state == Proposal::State::refused;
  if (!refused && proposal_.state != Proposal::State::done) return false;
  answer = {proposal_.request, refused ? reason_ : Reason()};
  if (refused && reason_.empty()) answer.refused = Reason("the ring changed meanwhile");
  proposal_ = {};
  return true;
}

bool Rotation::give_up(Answer& answer) noexcept {
  if (proposal_.state == Proposal::State::none) return false;
  answer = {proposal_.request, {}};
  const auto node = static_cast<std::uint32_t>(waits_for());
  if (proposal_.state != Proposal::State::heard)
    answer.refused.add("no view lasts for long enough to ask its members");
  else if (!reason_.empty())
    answer.refused = reason_;
  else if (away() != NodeId::none)
    answer.refused.add("node ").add(node).add(
        " is away and was asked: both keys hold until it is back, or until you ask again");
  else
    answer.refused.add("node ").add(node).add(" has not answered: both keys hold meanwhile");
  proposal_ = {};
  return true;
}

NodeId Rotation::waits_for() const noexcept {
  if (about_ == 0 || (stage_ == Stage::none && all(Voice::sends))) return NodeId::none;
  if (const NodeId node = away(); node != NodeId::none) return node;
  for (const Voice voice : {Voice::silent, Voice::refuses, Voice::accepts})
    for (const Voter& voter : voters())
      if (voter.voice == voice) return voter.node;
  for (const Voter& voter : voters())
    if (voter.waits) return voter.node;
  return NodeId::none;
}

}  // namespace gyre::node
