#include "membership/wire.hh"

#include "membership/bytes.hh"
#include "membership/quorum_wire.hh"

namespace gyre::membership::wire {

namespace {

// The first eight bytes, alike in all kinds.
struct Head {
  Kind kind;
  std::uint8_t detail;
  std::uint16_t spare;
  std::uint32_t client;
};

void write_head(Writer& writer, Kind kind, std::uint8_t detail, std::uint32_t client) noexcept {
  writer.number(static_cast<std::uint8_t>(kind));
  writer.number(detail);
  writer.number(std::uint16_t{0});
  writer.number(client);
}

Head read_head(Reader& reader) noexcept {
  Head head{};
  head.kind = static_cast<Kind>(reader.number<std::uint8_t>());
  head.detail = reader.number<std::uint8_t>();
  head.spare = reader.number<std::uint16_t>();
  head.client = reader.number<std::uint32_t>();
  return head;
}

}  // namespace

Encoded join(std::uint32_t pid, std::uint32_t client, std::string_view group) noexcept {
  Encoded encoded;
  if (!valid_group_name(group)) return encoded;
  Writer writer(encoded.bytes);
  write_head(writer, Kind::join, static_cast<std::uint8_t>(group.size()), client);
  writer.number(pid);
  writer.text(group);
  encoded.size = writer.size();
  return encoded;
}

Encoded leave(std::uint32_t client, GroupId group, ChangeReason reason) noexcept {
  assert(reason == ChangeReason::leave || reason == ChangeReason::process_down);
  Encoded encoded;
  Writer writer(encoded.bytes);
  write_head(writer, Kind::leave, static_cast<std::uint8_t>(reason), client);
  writer.number(static_cast<std::uint64_t>(group));
  encoded.size = writer.size();
  return encoded;
}

Encoded process_down(std::uint32_t client) noexcept {
  Encoded encoded;
  Writer writer(encoded.bytes);
  write_head(writer, Kind::process_down, 0, client);
  encoded.size = writer.size();
  return encoded;
}

Encoded data(std::uint32_t client, GroupId group) noexcept {
  Encoded encoded;
  Writer writer(encoded.bytes);
  write_head(writer, Kind::data, 0, client);
  writer.number(static_cast<std::uint64_t>(group));
  encoded.size = writer.size();
  return encoded;
}

Encoded word(const Word& word) noexcept {
  assert(word.text.size() <= word_text_max);
  Encoded encoded;
  Writer writer(encoded.bytes);
  write_head(writer, Kind::word, word.what, word.subject);
  writer.number(word.request);
  writer.text(word.text);
  encoded.size = writer.size();
  return encoded;
}

Encoded votes(const Votes& votes) noexcept {
  Encoded encoded;
  Writer writer(encoded.bytes);
  write_head(writer, Kind::votes, static_cast<std::uint8_t>(votes.what), votes.number);
  writer.number(votes.subject);
  writer.number(votes.request);
  write_ring(writer, votes.ring);
  encoded.size = writer.size();
  return encoded;
}

std::optional<Join> read_join(std::span<const std::byte> message) noexcept {
  Reader reader(message);
  const Head head = read_head(reader);
  const auto pid = reader.number<std::uint32_t>();
  const auto name = reader.text(head.detail);
  if (!reader.good() || !reader.at_end()) return std::nullopt;
  if (head.kind != Kind::join || head.spare != 0 || !valid_group_name(name)) return std::nullopt;
  return Join{head.client, pid, name};
}

std::optional<Leave> read_leave(std::span<const std::byte> message) noexcept {
  Reader reader(message);
  const Head head = read_head(reader);
  const GroupId group{reader.number<std::uint64_t>()};
  const auto reason = static_cast<ChangeReason>(head.detail);
  if (!reader.good() || !reader.at_end()) return std::nullopt;
  if (head.kind != Kind::leave || head.spare != 0) return std::nullopt;
  if (reason != ChangeReason::leave && reason != ChangeReason::process_down) return std::nullopt;
  return Leave{head.client, group, reason};
}

std::optional<ProcessDown> read_process_down(std::span<const std::byte> message) noexcept {
  Reader reader(message);
  const Head head = read_head(reader);
  if (!reader.good() || !reader.at_end()) return std::nullopt;
  if (head.kind != Kind::process_down || head.detail != 0 || head.spare != 0) return std::nullopt;
  return ProcessDown{head.client};
}

std::optional<Data> read_data(std::span<const std::byte> message) noexcept {
  Reader reader(message);
  const Head head = read_head(reader);
  const GroupId group{reader.number<std::uint64_t>()};
  if (!reader.good()) return std::nullopt;
  if (head.kind != Kind::data || head.detail != 0 || head.spare != 0) return std::nullopt;
  return Data{head.client, group, reader.bytes(reader.left())};
}

std::optional<Word> read_word(std::span<const std::byte> message) noexcept {
  Reader reader(message);
  const Head head = read_head(reader);
  const auto request = reader.number<std::uint64_t>();
  if (!reader.good() || head.kind != Kind::word || head.spare != 0) return std::nullopt;
  if (reader.left() > word_text_max) return std::nullopt;
  return Word{head.detail, head.client, request, reader.text(reader.left())};
}

std::optional<Votes> read_votes(std::span<const std::byte> message) noexcept {
  Reader reader(message);
  const Head head = read_head(reader);
  Votes votes{.what = static_cast<Votes::What>(head.detail), .number = head.client};
  votes.subject = reader.number<std::uint32_t>();
  votes.request = reader.number<std::uint64_t>();
  votes.ring = read_ring(reader);
  if (!reader.good() || !reader.at_end()) return std::nullopt;
  if (head.kind != Kind::votes || head.spare != 0) return std::nullopt;
  if (votes.what < Votes::What::leaves || votes.what > Votes::What::cancel_wait_for_all)
    return std::nullopt;
  return votes;
}

}  // namespace gyre::membership::wire
