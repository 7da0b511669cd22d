#include "membership/barrier.hh"

#include <algorithm>
#include <cassert>
#include <optional>

#include "membership/bytes.hh"

namespace gyre::membership {

namespace {

constexpr std::uint8_t version = 1;
constexpr std::uint32_t section_groups = 1;

// What one node's list can take at most, with everything in it.
std::size_t list_room(const GroupLimits& limits) noexcept {
  const std::size_t groups = limits.groups * (1 + group_name_max + 4);
  const std::size_t content = groups + limits.members * barrier_member_bytes;
  return barrier_head_bytes + std::min(content, barrier_list_max);
}

void write_ring(Writer& writer, const totem::RingId& ring) noexcept {
  writer.number(ring.seq);
  writer.number(static_cast<std::uint32_t>(ring.representative));
  writer.number(ring.incarnation);
}

totem::RingId read_ring(Reader& reader) noexcept {
  totem::RingId ring;
  ring.seq = reader.number<std::uint64_t>();
  ring.representative = NodeId{reader.number<std::uint32_t>()};
  ring.incarnation = reader.number<std::uint64_t>();
  return ring;
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

// The groups' section, if all sections can be read and it is there once and sound.
std::optional<std::span<const std::byte>> find_groups(Reader reader) noexcept {
  std::optional<std::span<const std::byte>> groups;
  while (!reader.at_end()) {
    const auto kind = reader.number<std::uint32_t>();
    const auto content = reader.bytes(reader.number<std::uint32_t>());
    if (!reader.good()) return std::nullopt;
    if (kind != section_groups) continue;
    if (groups) return std::nullopt;
    groups = content;
  }
  const auto ignore = [](std::string_view, std::uint32_t, std::uint32_t) {};
  if (groups && !each_membership(*groups, ignore)) return std::nullopt;
  return groups;
}

}  // namespace

Barrier::Barrier(const GroupLimits& limits)
    : incoming_(limits), list_room_(list_room(limits)), list_(make_array<std::byte>(list_room_)) {}

void Barrier::start(const totem::RingId& ring, std::span<const totem::Member> members, NodeId self,
                    const GroupTable& delivered) noexcept {
  assert(members.size() <= nodes_max);
  waiting_ = true;
  ring_ = ring;
  sender_count_ = missing_ = members.size();
  for (std::size_t i = 0; i < sender_count_; ++i) senders_[i] = {members[i].node, false};
  incoming_.reset(members);

  Writer writer({list_.get(), list_room_});
  writer.number(std::uint32_t{version});
  write_ring(writer, ring);
  writer.number(section_groups);
  const std::size_t length = writer.gap<std::uint32_t>();
  const std::size_t content = writer.size();
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
  list_size_ = writer.size();
  writer.put(length, static_cast<std::uint32_t>(list_size_ - content));
}

bool Barrier::take(NodeId from, std::span<const std::byte> list, GroupCounters& counters) noexcept {
  Reader reader(list);
  const auto head = reader.number<std::uint32_t>();
  const totem::RingId ring = read_ring(reader);
  if (!reader.good()) {
    ++counters.malformed;
    return false;
  }
  Sender* member = waiting_ && ring == ring_ ? sender(from) : nullptr;
  if (!member || member->heard) {
    ++counters.stale_barrier;
    return false;
  }
  member->heard = true;
  ++counters.lists;
  const auto groups = head == version ? find_groups(reader) : std::nullopt;
  if (groups)
    add(from, *groups, counters);
  else
    ++counters.malformed;
  if (--missing_ != 0) return false;
  waiting_ = false;
  return true;
}

Barrier::Sender* Barrier::sender(NodeId node) noexcept {
  const std::span senders(senders_.data(), sender_count_);
  const auto found = std::ranges::lower_bound(senders, node, {}, &Sender::node);
  return found != senders.end() && found->node == node ? &*found : nullptr;
}

void Barrier::add(NodeId node, std::span<const std::byte> groups,
                  GroupCounters& counters) noexcept {
  each_membership(groups, [&](std::string_view name, std::uint32_t pid, std::uint32_t client) {
    if (incoming_.add(name, {node, pid, client}) != Refusal::none) ++counters.refused;
  });
}

}  // namespace gyre::membership
