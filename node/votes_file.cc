#include "node/votes_file.hh"

#include <fmt/format.h>

#include <charconv>

#include "node/checksum.hh"

namespace gyre::node {
namespace {

constexpr std::string_view magic = "gyre-votes 2";

// The number behind one blank, which is taken off.
std::optional<std::uint32_t> take_number(std::string_view& text) {
  std::uint32_t number = 0;
  if (!text.starts_with(' ')) return std::nullopt;
  const auto [end, error] = std::from_chars(text.data() + 1, text.data() + text.size(), number);
  if (error != std::errc{}) return std::nullopt;
  text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  return number;
}

}  // namespace

std::string encode_votes_file(const membership::KeptVotes& kept) {
  std::string body =
      fmt::format("{} {} {} {}", magic, kept.consensus.count(), kept.highest, kept.seen.size());
  for (const NodeId node : kept.seen.nodes())
    body += fmt::format(" {}", static_cast<std::uint32_t>(node));
  return fmt::format("{} {:016x}\n", body, checksum(body));
}

std::optional<membership::KeptVotes> decode_votes_file(std::string_view content) {
  if (!content.starts_with(magic)) return std::nullopt;
  std::string_view left = content.substr(magic.size());
  const auto consensus = take_number(left), highest = take_number(left), count = take_number(left);
  if (!consensus || !highest || !count || *count > nodes_max) return std::nullopt;
  membership::KeptVotes kept;
  kept.consensus = std::chrono::milliseconds(*consensus);
  kept.highest = *highest;
  for (std::uint32_t i = 0; i < *count; ++i) {
    const auto node = take_number(left);
    if (!node || !kept.seen.add(NodeId{*node})) return std::nullopt;
  }
  if (content != encode_votes_file(kept)) return std::nullopt;
  return kept;
}

}  // namespace gyre::node
