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

namespace {

using Entry = GroupChange::Entry;

bool has(const std::vector<Entry>& entries, const Process& process) {
  return std::ranges::binary_search(entries, process, {}, &Entry::process);
}

void replay(const GroupChange& change, std::vector<Process>& members) {
  std::erase_if(members, [&](const Process& member) { return has(change.left, member); });
  const auto known = static_cast<std::ptrdiff_t>(members.size());
  for (const Entry& entry : change.joined) members.push_back(entry.process);
  std::inplace_merge(members.begin(), members.begin() + known, members.end());
}

}  // namespace

void Standings::note(GroupChange& change, const Process& self) {
  const auto it = standings_.find(change.group);
  if (it == standings_.end()) return;
  Standing& standing = it->second;
  if (has(change.joined, self)) {
    standing.member = true;
    standing.members = change.members;
    if (standing.joins_under_way > 0) --standing.joins_under_way;
  } else {
    replay(change, standing.members);
    change.members = standing.members;
    if (has(change.left, self)) standing.member = false;
  }
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
  const Standing& standing = it->second;
  if (!standing.joined && !standing.member && standing.joins_under_way == 0) standings_.erase(it);
}

}  // namespace gyre::client
