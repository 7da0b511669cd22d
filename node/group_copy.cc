#include "node/group_copy.hh"

#include <algorithm>

namespace gyre::node {
namespace {

// Of a turn: some microseconds.
constexpr std::size_t groups_per_turn = 64, members_per_turn = 1024;

}  // namespace

GroupCopy::GroupCopy(const membership::GroupLimits& limits)
    : groups_(std::make_unique<Group[]>(limits.groups)),
      members_(std::make_unique<membership::Process[]>(limits.members)) {}

bool GroupCopy::go_on(const membership::Membership& from, std::uint64_t version) noexcept {
  const bool changed = begun_ && version != version_;
  if (changed) group_count_ = member_count_ = 0;
  begun_ = true;
  version_ = version;
  const std::size_t total = from.group_count();
  const std::size_t groups_end = changed ? total : std::min(group_count_ + groups_per_turn, total);
  const std::size_t members_end = changed ? SIZE_MAX : member_count_ + members_per_turn;
  while (group_count_ < groups_end && member_count_ < members_end) {
    const membership::Membership::GroupState state = from.group(group_count_);
    Group& group = groups_[group_count_++];
    group.begin = static_cast<std::uint32_t>(member_count_);
    group.count = static_cast<std::uint32_t>(state.members.size());
    group.name_size = static_cast<std::uint8_t>(state.name.size());
    std::copy(state.name.begin(), state.name.end(), group.name_bytes.begin());
    std::copy(state.members.begin(), state.members.end(), members_.get() + member_count_);
    member_count_ += state.members.size();
  }
  return group_count_ == total;
}

}  // namespace gyre::node
