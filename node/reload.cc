#include "node/reload.hh"

#include <algorithm>

namespace gyre::node {
namespace {

// The same on all members, and not that of an earlier reload: a word that waited for a new ring, or
// a node that started anew and counts from one again, must not speak for another.
std::uint64_t ticket_of(std::uint64_t view, std::uint64_t request) noexcept {
  return view << 20 ^ request;
}

}  // namespace

Reload::Step Reload::begin(NodeId sender, std::uint64_t request, std::uint64_t number,
                           std::span<const totem::Member> members) noexcept {
  under_way_ = true;
  proposer_ = sender;
  request_ = request;
  ticket_ = ticket_of(number, request);
  missing_count_ = members.size();
  std::transform(members.begin(), members.end(), missing_.begin(),
                 [](const totem::Member& member) { return member.node; });
  return Step::read;
}

Reload::Step Reload::word(NodeId self, NodeId sender, const membership::wire::Word& word,
                          std::uint64_t number, std::span<const totem::Member> members) noexcept {
  const What what{word.what};
  if (what == What::reload_prepare) {
    if (!under_way_) return begin(sender, word.request, number, members);
    return sender == self ? Step::refuse : Step::none;
  }
  const bool ours = under_way_ && NodeId{word.subject} == proposer_ && word.request == ticket_;
  if (!ours) return Step::none;
  if (what == What::reload_refused)
    return abort(word.text.empty() ? "a member refuses" : word.text);
  if (what != What::reload_ready) return Step::none;
  const auto end = missing_.begin() + static_cast<std::ptrdiff_t>(missing_count_);
  const auto found = std::find(missing_.begin(), end, sender);
  if (found == end) return Step::none;
  *found = missing_[--missing_count_];
  if (missing_count_ > 0) return Step::none;
  under_way_ = false;
  return Step::apply;
}

Reload::Step Reload::abort(std::string_view reason) noexcept {
  under_way_ = false;
  reason_ = Reason(reason);
  return Step::abort;
}

Reload::Step Reload::view() noexcept {
  return under_way_ ? abort("the ring changed meanwhile") : Step::none;
}

bool Reload::answer(std::uint64_t ticket, std::string_view reason,
                    membership::wire::Word& word) const noexcept {
  if (!under_way_ || ticket != ticket_) return false;
  const What what = reason.empty() ? What::reload_ready : What::reload_refused;
  word = {.what = static_cast<std::uint8_t>(what),
          .subject = static_cast<std::uint32_t>(proposer_),
          .request = ticket,
          .text = reason.substr(0, membership::wire::word_text_max)};
  return true;
}

}  // namespace gyre::node
