#include "membership/group_table.hh"

#include <algorithm>
#include <cassert>

#include "membership/barrier.hh"

namespace gyre::membership {

// FNV-1a, with a finish that spreads short names over all 64 bits. It is the same on every node,
// so its collisions can be looked for; they are refused, and do no other harm.
GroupId group_id(std::string_view name) noexcept {
  std::uint64_t hash = 0xcbf29ce484222325;
  for (const char c : name) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3;
  hash = (hash ^ hash >> 33) * 0xff51afd7ed558ccd;
  hash = (hash ^ hash >> 33) * 0xc4ceb9fe1a85ec53;
  return GroupId{hash ^ hash >> 33};
}

std::string_view text(Refusal refusal) noexcept {
  switch (refusal) {
    case Refusal::none:
      break;
    case Refusal::name_collision:
      return "the name's hash is that of another group";
    case Refusal::already_joined:
      return "already joined";
    case Refusal::groups_full:
      return "too many groups in the cluster";
    case Refusal::members_full:
      return "too many group members in the cluster";
    case Refusal::node_full:
      return "too many groups on this node";
    case Refusal::merge_full:
      return "too many groups or members in the merged cluster";
  }
  return "not refused";
}

GroupTable::GroupTable(const GroupLimits& limits)
    : limits_(limits),
      groups_(make_array<Group>(limits.groups)),
      index_(limits.groups),
      seats_(limits.members),
      members_(make_array<Process>(2 * limits.members)),
      spare_(make_array<Process>(2 * limits.members)) {}

void GroupTable::reset(std::span<const totem::Member> nodes) noexcept {
  assert(nodes.size() <= nodes_max);
  node_count_ = nodes.size();
  for (std::size_t i = 0; i < node_count_; ++i) nodes_[i] = {nodes[i].node, 0};
  group_count_ = 0;
  members_used_ = 0;
  index_.clear();
  seats_.clear();
}

GroupTable::NodeList* GroupTable::node_list(NodeId node) noexcept {
  const std::span nodes(nodes_.data(), node_count_);
  const auto found = std::ranges::lower_bound(nodes, node, {}, &NodeList::node);
  return found != nodes.end() && found->node == node ? &*found : nullptr;
}

bool GroupTable::knows(NodeId node) const noexcept {
  const std::span nodes(nodes_.data(), node_count_);
  return std::ranges::binary_search(nodes, node, {}, &NodeList::node);
}

Refusal GroupTable::add(std::string_view name, const Process& process) noexcept {
  const GroupId id = group_id(name);
  const Group* known = find(id);
  if (known && known->name() != name) return Refusal::name_collision;
  const Seat seat{id, process.node, process.client};
  if (seats_.find(seat)) return Refusal::already_joined;
  if (!known && group_count_ == limits_.groups) return Refusal::groups_full;
  if (seats_.size() == limits_.members) return Refusal::members_full;

  NodeList* list = node_list(process.node);
  assert(list);
  const bool listed = known && list_bytes(*known, process.node) != 0;
  const std::size_t more = barrier_member_bytes + (listed ? 0 : barrier_group_bytes(name));
  if (list->bytes + more > barrier_list_max) return Refusal::node_full;

  list->bytes += more;
  seats_.insert(seat, process.pid);
  insert_member(known ? groups_[*index_.find(id)] : create(name, id), process);
  return Refusal::none;
}

// What the node's members of this group take in its list.
std::size_t GroupTable::list_bytes(const Group& group, NodeId node) const noexcept {
  const auto own = members(group, node);
  return own.empty() ? 0 : barrier_group_bytes(group.name()) + own.size() * barrier_member_bytes;
}

Group& GroupTable::create(std::string_view name, GroupId id) noexcept {
  index_.insert(id, static_cast<std::uint32_t>(group_count_));
  Group& group = groups_[group_count_++];
  group.id = id;
  group.begin = group.count = 0;
  group.name_size = static_cast<std::uint8_t>(name.size());
  std::ranges::copy(name, group.name_bytes.begin());
  return group;
}

void GroupTable::insert_member(Group& group, const Process& process) noexcept {
  if (members_used_ + group.count + 1 > 2 * limits_.members) compact();
  const auto old = members(group);
  const auto split = std::ranges::lower_bound(old, process) - old.begin();
  Process* run = members_.get() + members_used_;
  Process* place = std::copy(old.begin(), old.begin() + split, run);
  *place = process;
  std::copy(old.begin() + split, old.end(), place + 1);
  group.begin = static_cast<std::uint32_t>(members_used_);
  ++group.count;
  members_used_ += group.count;
}

void GroupTable::compact() noexcept {
  std::size_t used = 0;
  for (std::size_t i = 0; i < group_count_; ++i) {
    Group& group = groups_[i];
    std::ranges::copy(members(group), spare_.get() + used);
    group.begin = static_cast<std::uint32_t>(used);
    used += group.count;
  }
  members_.swap(spare_);
  members_used_ = used;
}

void GroupTable::remove(GroupId id, const Process& process) noexcept {
  const std::uint32_t* slot = index_.find(id);
  assert(slot);
  Group& group = groups_[*slot];
  Process* begin = members_.get() + group.begin;
  Process* end = begin + group.count;
  Process* gone = std::lower_bound(begin, end, process);
  assert(gone != end && *gone == process);

  NodeList* list = node_list(process.node);
  const std::size_t before = list_bytes(group, process.node);
  std::copy(gone + 1, end, gone);
  --group.count;
  list->bytes -= before - list_bytes(group, process.node);
  seats_.erase({id, process.node, process.client});
}

void GroupTable::drop_if_empty(GroupId id) noexcept {
  const std::uint32_t* found = index_.find(id);
  if (!found || groups_[*found].count != 0) return;
  const std::uint32_t slot = *found;
  index_.erase(id);
  if (slot != --group_count_) {
    groups_[slot] = groups_[group_count_];
    *index_.find(groups_[slot].id) = slot;
  }
}

const Group* GroupTable::find(GroupId id) const noexcept {
  const std::uint32_t* slot = index_.find(id);
  return slot ? &groups_[*slot] : nullptr;
}

std::span<const Process> GroupTable::members(const Group& group) const noexcept {
  return {members_.get() + group.begin, group.count};
}

std::span<const Process> GroupTable::members(const Group& group, NodeId node) const noexcept {
  const auto all = members(group);
  const auto begin = std::ranges::lower_bound(all, node, {}, &Process::node);
  const auto end = std::ranges::upper_bound(begin, all.end(), node, {}, &Process::node);
  return {begin, end};
}

std::optional<Process> GroupTable::process(GroupId id, NodeId node,
                                           std::uint32_t client) const noexcept {
  const std::uint32_t* pid = seats_.find({id, node, client});
  if (!pid) return std::nullopt;
  return Process{node, *pid, client};
}

}  // namespace gyre::membership
