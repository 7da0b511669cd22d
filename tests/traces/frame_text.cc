#include "tests/traces/frame_text.hh"

#include <fmt/format.h>

#include "totem/wire.hh"

namespace gyre::test {
namespace {

namespace wire = totem::wire;

std::uint64_t number_of(NodeId node) {
  return static_cast<std::uint32_t>(node);
}

std::string text_of_item(const wire::Item& item, std::string_view payload) {
  if (item.flags & wire::Item::withdrawn) return " (withdrawn)";
  if (item.flags == wire::Item::whole) return " " + text_of(payload);
  if (item.flags & wire::Item::first)
    return fmt::format(" first {} bytes of {}", item.length,
                       text_of(payload.substr(0, payload.find(padding))));
  return fmt::format(" {} {} bytes", item.flags & wire::Item::last ? "last" : "next", item.length);
}

std::string text_of_data(std::span<const std::byte> frame) {
  const wire::Data header = *wire::read_data(frame);
  const totem::Place place{.ring = header.ring, .seq = header.seq};
  if (header.flags & wire::Data::recovered)
    return fmt::format("data {} with old {}", text_of(place),
                       text_of_data(frame.subspan(wire::Data::size)).substr(5));
  std::string text = fmt::format("data {}", text_of(place));
  if (header.flags & wire::Data::barrier) return text + " barrier";
  for (std::size_t offset = wire::Data::size; offset + wire::Item::size <= frame.size();) {
    const wire::Item item = wire::read_item(frame.data() + offset);
    offset += wire::Item::size;
    text += text_of_item(item, {reinterpret_cast<const char*>(frame.data() + offset), item.length});
    offset += item.length;
  }
  return text + (header.flags & wire::Data::safe ? " safe" : "");
}

std::string text_of_token(std::span<const std::byte> frame) {
  wire::Token token;
  wire::read_token(frame, token);
  std::string text = fmt::format("token {} seq {} aru {}", text_of(token.ring), number(token.seq),
                                 number(token.aru));
  if (token.aru_owner != NodeId::none) text += fmt::format(" by {}", number_of(token.aru_owner));
  for (std::size_t i = 0; i < token.rtr_count; ++i)
    text += fmt::format("{} {}", i == 0 ? ", wanted:" : "", number(token.rtr[i]));
  if (token.recovering > 0) text += fmt::format(", recovering: {}", token.recovering);
  return text;
}

std::string text_of_join(std::span<const std::byte> frame) {
  wire::Join join;
  wire::read_join(frame, join);
  std::string proposed, heard, failed;
  for (std::size_t i = 0; i < join.count; ++i) {
    const auto& [node, marks] = join.entries[i];
    const std::string name = fmt::format(" {}", number_of(node));
    (marks & wire::Join::failed ? failed : proposed) += name;
    if (marks & wire::Join::heard) heard += name;
  }
  if (join.flags & wire::Join::leaving) return "join: leaving";
  return fmt::format("join: with{}{}{}, hears{}", proposed, failed.empty() ? "" : ", without",
                     failed, heard);
}

// In the first rotation it says what its sender added; in the second it only goes round.
std::string text_of_commit(std::span<const std::byte> frame) {
  wire::CommitToken token;
  const auto part = *wire::read_commit_part(frame);
  token.members = part.members;
  wire::read_commit_entries(frame, part, token);
  std::string text =
      fmt::format("commit_token {} hop {} of {}", text_of(part.ring), part.hop, 2 * part.members);
  if (part.hop > part.members) return text;
  const wire::CommitEntry& entry = token.entries[part.hop - 1];
  return text + fmt::format(": {} from {} aru {} high {}", number_of(entry.node),
                            text_of(entry.old_ring), number(entry.aru), number(entry.high));
}

std::string text_of_merge_detect(std::span<const std::byte> frame) {
  wire::MergeDetect detect;
  wire::read_merge_detect(frame, detect);
  std::string text = fmt::format("merge_detect {}", text_of(detect.ring));
  for (std::size_t i = 0; i < detect.count; ++i)
    text += fmt::format("{} {}", i == 0 ? ", hears" : "", number_of(detect.heard[i]));
  return text;
}

}  // namespace

std::string text_of(const totem::RingId& ring) {
  return fmt::format("{}/{}", ring.seq, number_of(ring.representative));
}

std::string text_of(const totem::Place& place) {
  return fmt::format("{}:{}{}", text_of(place.ring), number(place.seq),
                     place.index ? fmt::format(".{}", place.index) : "");
}

std::string text_of(std::string_view payload) {
  const auto name = payload.substr(0, payload.find(padding));
  if (name.size() == payload.size()) return fmt::format("\"{}\"", name);
  return fmt::format("\"{}\" of {} bytes", name, payload.size());
}

std::string_view kind_of(std::span<const std::byte> frame) {
  switch (*wire::type(frame)) {
    case wire::Type::data:
      return wire::read_data(frame)->flags & wire::Data::barrier ? "barrier" : "data";
    case wire::Type::token:
      return "token";
    case wire::Type::join:
      return "join";
    case wire::Type::commit_token:
      return "commit_token";
    case wire::Type::merge_detect:
      return "merge_detect";
    case wire::Type::hold_cancel:
      return "hold_cancel";
  }
  return "";
}

std::string text_of(std::span<const std::byte> frame) {
  switch (*wire::type(frame)) {
    case wire::Type::data:
      return text_of_data(frame);
    case wire::Type::token:
      return text_of_token(frame);
    case wire::Type::join:
      return text_of_join(frame);
    case wire::Type::commit_token:
      return text_of_commit(frame);
    case wire::Type::merge_detect:
      return text_of_merge_detect(frame);
    case wire::Type::hold_cancel:
      return "hold_cancel";
  }
  return "";
}

}  // namespace gyre::test
