#include "node/ring_file.hh"

#include <fmt/format.h>

#include <charconv>

#include "node/checksum.hh"

namespace gyre::node {
namespace {

constexpr std::string_view magic = "gyre-ringid 1 ";

}  // namespace

std::string encode_ring_file(std::uint64_t bound) {
  const std::string body = fmt::format("{}{} ", magic, bound);
  return fmt::format("{}{:016x}\n", body, checksum(body));
}

std::optional<std::uint64_t> decode_ring_file(std::string_view content) {
  if (!content.starts_with(magic)) return std::nullopt;
  std::uint64_t bound = 0;
  const std::string_view digits = content.substr(magic.size());
  std::from_chars(digits.data(), digits.data() + digits.size(), bound);
  if (content != encode_ring_file(bound)) return std::nullopt;
  return bound;
}

}  // namespace gyre::node
