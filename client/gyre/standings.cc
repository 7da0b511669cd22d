#include "client/gyre/standings.hh"

#include <algorithm>

namespace gyre::client {

bool Standings::joined(std::string_view group) const {
  const auto it = standings_.find(group);
  return it != standings_.end() && it->second.joined;
}

void Standings::join(std::string_view group) {
  auto it = standings_.find(group);
  if (it == standings_.end()) it = standings_.emplace(group, Standing{}).first;
  ++it->second.joins_under_way;
  set(it->second, true);
}

void Standings::leave(std::string_view group) {
  const auto it = standings_.find(group);
  set(it->second, false);
  forget_if_settled(it);
}

void Standings::note(const GroupChange& change, const Process& self) {
  const auto it = standings_.find(change.group);
  if (it == standings_.end()) return;
  const bool answers = std::ranges::any_of(
      change.joined, [&](const GroupChange::Entry& entry) { return entry.process == self; });
  if (answers && it->second.joins_under_way > 0) --it->second.joins_under_way;
  forget_if_settled(it);
}

void Standings::note(const JoinRefused& refused) {
  const auto it = standings_.find(refused.group);
  if (it == standings_.end()) return;
  Standing& standing = it->second;
  if (!refused.was_member && standing.joins_under_way > 0) --standing.joins_under_way;
  // What a later join comes to is told by its own answer.
  if (standing.joins_under_way == 0) set(standing, false);
  forget_if_settled(it);
}

void Standings::set(Standing& standing, bool joined) {
  if (standing.joined != joined) joined ? ++joined_count_ : --joined_count_;
  standing.joined = joined;
}

void Standings::forget_if_settled(All::iterator it) {
  if (!it->second.joined && it->second.joins_under_way == 0) standings_.erase(it);
}

}  // namespace gyre::client
