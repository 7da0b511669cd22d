// A copy of all groups for another thread. The reactor makes it, a piece in each turn, so that no
// turn is long because of it. If the groups change meanwhile, it begins anew and makes all of it in
// one go: what is in the copy was true at one place of the order.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>

#include "membership/groups.hh"

namespace gyre::node {

class GroupCopy {
 public:
  // Room for all that a cluster may have. Throws std::bad_alloc.
  explicit GroupCopy(const membership::GroupLimits& limits);

  // ---- for the reactor ----

  // The next piece; true: it was the last. `version` changes with every change of a group.
  bool go_on(const membership::Membership& from, std::uint64_t version) noexcept;

  // ---- for whoever has it when it is whole ----

  struct Group {
    std::uint32_t begin = 0, count = 0;  // of its members
    std::uint8_t name_size = 0;
    std::array<char, membership::group_name_max> name_bytes;
    std::string_view name() const noexcept { return {name_bytes.data(), name_size}; }
  };
  std::span<const Group> groups() const noexcept { return {groups_.get(), group_count_}; }
  std::span<const membership::Process> members(const Group& group) const noexcept {
    return std::span(members_.get(), member_count_).subspan(group.begin, group.count);
  }

 private:
  std::unique_ptr<Group[]> groups_;
  std::unique_ptr<membership::Process[]> members_;
  std::size_t group_count_ = 0, member_count_ = 0;
  std::uint64_t version_ = 0;
  bool begun_ = false;
};

}  // namespace gyre::node
