#include "totem/wire.hh"

namespace gyre::totem::wire {
namespace {

void begin(Writer& out, Type type, std::uint8_t flags = 0) noexcept {
  out.put(static_cast<std::uint8_t>(type));
  out.put(flags);
}

Reader body(std::span<const std::byte> frame, std::uint8_t* flags = nullptr) noexcept {
  Reader in(frame);
  in.get<std::uint8_t>();
  const auto byte = in.get<std::uint8_t>();
  if (flags) *flags = byte;
  return in;
}

}  // namespace

std::optional<Type> type(std::span<const std::byte> frame) noexcept {
  if (frame.empty()) return std::nullopt;
  const auto value = std::to_integer<std::uint8_t>(frame[0]);
  if (value < 1 || value > 6) return std::nullopt;
  return Type{value};
}

std::optional<Data> read_data(std::span<const std::byte> frame) noexcept {
  if (frame.size() < Data::size) return std::nullopt;
  const std::byte* p = frame.data();
  Data data;
  data.flags = load<std::uint8_t>(p + 1);
  data.sender = NodeId{load<std::uint32_t>(p + 4)};
  data.ring.seq = load<std::uint64_t>(p + 8);
  data.ring.incarnation = load<std::uint64_t>(p + 16);
  data.ring.representative = NodeId{load<std::uint32_t>(p + 24)};
  data.seq = Seq{load<std::uint64_t>(p + 32)};
  return data;
}

void write_data(std::byte* front, const Data& data) noexcept {
  store(front, static_cast<std::uint8_t>(Type::data));
  store(front + 1, data.flags);
  store(front + 2, std::uint16_t{0});
  store(front + 4, static_cast<std::uint32_t>(data.sender));
  store(front + 8, data.ring.seq);
  store(front + 16, data.ring.incarnation);
  store(front + 24, static_cast<std::uint32_t>(data.ring.representative));
  store(front + 28, std::uint32_t{0});
  store(front + 32, number(data.seq));
}

Item read_item(const std::byte* front) noexcept {
  const auto word = load<std::uint32_t>(front);
  return {.length = word & Item::length_max, .flags = static_cast<std::uint8_t>(word >> 24)};
}

void write_item(std::byte* front, const Item& item) noexcept {
  store(front, item.length | static_cast<std::uint32_t>(item.flags) << 24);
}

bool read_token(std::span<const std::byte> frame, Token& token) noexcept {
  Reader in = body(frame);
  token.rtr_count = in.get<std::uint16_t>();
  token.ring = in.ring();
  token.token_seq = in.get<std::uint64_t>();
  token.seq = in.seq();
  token.aru = in.seq();
  token.aru_owner = in.node();
  token.fcc = in.get<std::uint32_t>();
  token.backlog = in.get<std::uint32_t>();
  token.recovering = in.get<std::uint32_t>();
  if (!in.ok() || token.rtr_count > Token::rtr_max) return false;
  if (token.seq > Token::seq_max || token.aru > token.seq) return false;
  if (in.left() != token.rtr_count * sizeof(std::uint64_t)) return false;
  for (std::size_t i = 0; i < token.rtr_count; ++i) token.rtr[i] = in.seq();
  return true;
}

void write_token(FrameRef& frame, const Token& token) noexcept {
  Writer out(frame);
  begin(out, Type::token);
  out.put(token.rtr_count);
  out.put(token.ring);
  out.put(token.token_seq);
  out.put(token.seq);
  out.put(token.aru);
  out.put(token.aru_owner);
  out.put(token.fcc);
  out.put(token.backlog);
  out.put(token.recovering);
  for (std::size_t i = 0; i < token.rtr_count; ++i) out.put(token.rtr[i]);
}

bool read_join(std::span<const std::byte> frame, Join& join) noexcept {
  Reader in = body(frame, &join.flags);
  join.count = in.get<std::uint16_t>();
  join.sender = in.node();
  join.incarnation = in.get<std::uint64_t>();
  join.join_seq = in.get<std::uint64_t>();
  join.ring_seq = in.get<std::uint64_t>();
  join.since = in.get<std::uint64_t>();
  join.frame_max = in.get<std::uint32_t>();
  join.capabilities = in.get<std::uint32_t>();
  if (!in.ok() || join.count > nodes_max || in.left() != join.count * Join::entry_size)
    return false;
  for (std::size_t i = 0; i < join.count; ++i)
    join.entries[i] = {.node = in.node(), .marks = in.get<std::uint8_t>()};
  return true;
}

void write_join(FrameRef& frame, const Join& join) noexcept {
  Writer out(frame);
  begin(out, Type::join, join.flags);
  out.put(join.count);
  out.put(join.sender);
  out.put(join.incarnation);
  out.put(join.join_seq);
  out.put(join.ring_seq);
  out.put(join.since);
  out.put(join.frame_max);
  out.put(join.capabilities);
  for (std::size_t i = 0; i < join.count; ++i) {
    out.put(join.entries[i].node);
    out.put(join.entries[i].marks);
  }
}

std::optional<CommitPart> read_commit_part(std::span<const std::byte> frame) noexcept {
  Reader in = body(frame);
  in.get<std::uint16_t>();
  CommitPart part;
  part.ring = in.ring();
  part.hop = in.get<std::uint32_t>();
  part.members = in.get<std::uint16_t>();
  part.first = in.get<std::uint16_t>();
  part.count = in.get<std::uint16_t>();
  if (!in.ok() || part.members == 0 || part.members > nodes_max) return std::nullopt;
  if (part.count == 0 || std::size_t{part.first} + part.count > part.members) return std::nullopt;
  if (in.left() != part.count * CommitEntry::size) return std::nullopt;
  return part;
}

bool read_commit_entries(std::span<const std::byte> frame, const CommitPart& part,
                         CommitToken& token) noexcept {
  Reader in(frame.subspan(CommitToken::fixed_size));
  for (std::size_t i = part.first; i < std::size_t{part.first} + part.count; ++i) {
    CommitEntry& entry = token.entries[i];
    entry.node = in.node();
    entry.filled = in.get<std::uint32_t>() != 0;
    entry.old_ring = in.ring();
    entry.aru = in.seq();
    entry.high = in.seq();
    entry.stable = in.seq();
    for (auto& word : entry.obliged) word = in.get<std::uint64_t>();
    entry.since = in.get<std::uint64_t>();
    entry.receive_frames = in.get<std::uint32_t>();
    if (entry.stable > entry.aru || entry.aru > entry.high || entry.node == NodeId::none)
      return false;
  }
  return in.ok();
}

void write_commit_part(FrameRef& frame, const CommitToken& token, std::uint16_t first,
                       std::uint16_t count) noexcept {
  Writer out(frame);
  begin(out, Type::commit_token);
  out.put(std::uint16_t{0});
  out.put(token.ring);
  out.put(token.hop);
  out.put(token.members);
  out.put(first);
  out.put(count);
  for (std::size_t i = first; i < std::size_t{first} + count; ++i) {
    const CommitEntry& entry = token.entries[i];
    out.put(entry.node);
    out.put(std::uint32_t{entry.filled});
    out.put(entry.old_ring);
    out.put(entry.aru);
    out.put(entry.high);
    out.put(entry.stable);
    for (auto word : entry.obliged) out.put(word);
    out.put(entry.since);
    out.put(entry.receive_frames);
  }
}

bool read_merge_detect(std::span<const std::byte> frame, MergeDetect& detect) noexcept {
  Reader in = body(frame);
  detect.count = in.get<std::uint16_t>();
  detect.sender = in.node();
  detect.ring = in.ring();
  if (!in.ok() || detect.count > nodes_max) return false;
  if (in.left() != detect.count * sizeof(std::uint32_t)) return false;
  for (std::size_t i = 0; i < detect.count; ++i) detect.heard[i] = in.node();
  return true;
}

void write_merge_detect(FrameRef& frame, const MergeDetect& detect) noexcept {
  Writer out(frame);
  begin(out, Type::merge_detect);
  out.put(detect.count);
  out.put(detect.sender);
  out.put(detect.ring);
  for (std::size_t i = 0; i < detect.count; ++i) out.put(detect.heard[i]);
}

std::optional<RingId> read_hold_cancel(std::span<const std::byte> frame) noexcept {
  Reader in = body(frame);
  const RingId ring = in.ring();
  if (!in.ok() || in.left() != 0) return std::nullopt;
  return ring;
}

void write_hold_cancel(FrameRef& frame, const RingId& ring) noexcept {
  Writer out(frame);
  begin(out, Type::hold_cancel);
  out.put(ring);
}

}  // namespace gyre::totem::wire
