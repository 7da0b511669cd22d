#include "membership/barrier.hh"

#include <algorithm>
#include <cassert>

#include "membership/quorum_wire.hh"

namespace gyre::membership {

namespace {

constexpr std::uint8_t version = 1;
constexpr std::uint32_t section_groups = 1, section_votes = 2;

constexpr QuorumStatus nothing_said{.votes = 0, .forgot = true};

// What one node's list can take at most, with everything in it.
std::size_t list_room(const GroupLimits& limits) noexcept {
  const std::size_t groups = limits.groups * (1 + group_name_max + 4);
  const std::size_t content = groups + limits.members * barrier_member_bytes;
  return barrier_head_bytes + std::min(content, barrier_list_max) + 8 + quorum_section_max;
}

// Calls visit(name, pid, client) for each membership; false if the bytes are not such a section.
template <typename Visit>
bool each_membership(std::span<const std::byte> groups, Visit visit) noexcept {
  Reader reader(groups);
  while (!reader.at_end()) {
    const auto name = reader.text(reader.number<std::uint8_t>());
    const std::size_t count = reader.number<std::uint32_t>();
    if (!reader.good() || !valid_group_name(name)) return false;
    if (count == 0 || count > reader.left() / barrier_member_bytes) return false;
    for (std::size_t i = 0; i < count; ++i) {
      const auto pid = reader.number<std::uint32_t>();
      visit(name, pid, reader.number<std::uint32_t>());
    }
  }
  return reader.good();
}

}  // namespace

Barrier::Barrier(const GroupLimits& limits)
    : votes_(make_array<QuorumMember>(nodes_max)),
      incoming_(limits),
      list_room_(list_room(limits)),
      list_(make_array<std::byte>(list_room_)) {}

void Barrier::start(const totem::RingId& ring, std::span<const totem::Member> members, NodeId self,
                    const GroupTable& delivered, const QuorumStatus& status,
                    std::span<const NodeId> seen) noexcept {
  assert(members.size() <= nodes_max);
  waiting_ = true;
  ring_ = ring;
  sender_count_ = missing_ = members.size();
  heard_.fill(false);
  seen_ = {};
  for (std::size_t i = 0; i < sender_count_; ++i) votes_[i] = {members[i].node, nothing_said};
  incoming_.reset(members);

  Writer writer({list_.get(), list_room_});
  writer.number(std::uint32_t{version});
  write_ring(writer, ring);
  const auto section = [&](std::uint32_t kind, auto write) {
    writer.number(kind);
    const std::size_t length = writer.gap<std::uint32_t>();
    const std::size_t begin = writer.size();
    write();
    writer.put(length, static_cast<std::uint32_t>(writer.size() - begin));
  };
  section(section_groups, [&] { write_groups(writer, self, delivered); });
  section(section_votes, [&] { write_status(writer, status, seen); });
  list_size_ = writer.size();
}

void Barrier::write_groups(Writer& writer, NodeId self, const GroupTable& delivered) noexcept {
  for (const Group& group : delivered.groups()) {
    const auto own = delivered.members(group, self);
    if (own.empty()) continue;
    writer.number(group.name_size);
    writer.text(group.name());
    writer.number(static_cast<std::uint32_t>(own.size()));
    for (const Process& process : own) {
      writer.number(process.pid);
      writer.number(process.client);
    }
  }
}

bool Barrier::take(NodeId from, std::span<const std::byte> list, GroupCounters& counters) noexcept {
  Reader reader(list);
  const auto head = reader.number<std::uint32_t>();
  const totem::RingId ring = read_ring(reader);
  if (!reader.good()) {
    ++counters.malformed;
    return false;
  }
  const std::size_t sender = waiting_ && ring == ring_ ? find(from) : sender_count_;
  if (sender == sender_count_ || heard_[sender]) {
    ++counters.stale_barrier;
    return false;
  }
  heard_[sender] = true;
  ++counters.lists;
  if (head != version || !read(sender, reader, counters)) ++counters.malformed;
  if (--missing_ != 0) return false;
  waiting_ = false;
  return true;
}

std::size_t Barrier::find(NodeId node) const noexcept {
  const auto found = std::ranges::lower_bound(votes(), node, {}, &QuorumMember::node);
  const bool known = found != votes().end() && found->node == node;
  return known ? static_cast<std::size_t>(found - votes().begin()) : sender_count_;
}

const QuorumStatus* Barrier::status_of(NodeId node) const noexcept {
  const std::size_t sender = find(node);
  return sender < sender_count_ && heard_[sender] ? &votes_[sender].status : nullptr;
}

// The sections that are known here, each at most once; nothing if not all of them can be read.
std::optional<Barrier::Sections> Barrier::find_sections(Reader reader) noexcept {
  Sections sections;
  while (!reader.at_end()) {
    const auto kind = reader.number<std::uint32_t>();
    const auto content = reader.bytes(reader.number<std::uint32_t>());
    if (!reader.good()) return std::nullopt;
    if (kind != section_groups && kind != section_votes) continue;
    auto& section = kind == section_groups ? sections.groups : sections.votes;
    if (section) return std::nullopt;
    section = content;
  }
  const auto ignore = [](std::string_view, std::uint32_t, std::uint32_t) {};
  if (!sections.groups || !each_membership(*sections.groups, ignore)) return std::nullopt;
  return sections;
}

// A member's list, all of it or nothing.
bool Barrier::read(std::size_t sender, Reader reader, GroupCounters& counters) noexcept {
  const auto sections = find_sections(reader);
  if (!sections) return false;
  if (sections->votes) {
    SeenNodes seen = seen_;
    const auto status = read_status(*sections->votes, seen);
    if (!status) return false;
    votes_[sender].status = *status;
    seen_ = seen;
  }
  add(votes_[sender].node, *sections->groups, counters);
  return true;
}

void Barrier::add(NodeId node, std::span<const std::byte> groups,
                  GroupCounters& counters) noexcept {
  each_membership(groups, [&](std::string_view name, std::uint32_t pid, std::uint32_t client) {
    if (incoming_.add(name, {node, pid, client}) != Refusal::none) ++counters.refused;
  });
}

}  // namespace gyre::membership
