// What the answers of all topics have in common. An answer is an object; what is refused has an
// "error", in the words of Corosync's libraries, and a "reason".
#pragma once

#include <fmt/format.h>

#include <charconv>
#include <concepts>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>

#include "node/topic.hh"

namespace gyre::node {

// Texts may hold any bytes: what is not UTF-8 is replaced.
inline std::string one_line(const nlohmann::ordered_json& answer) {
  return answer.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
}

inline std::string failure(std::string_view error, std::string_view reason) {
  return one_line({{"error", error}, {"reason", reason}});
}

// Of a ClusterKey.
inline std::string fingerprint_text(std::uint64_t fingerprint) {
  return fmt::format("{:016x}", fingerprint);
}

inline Refused wrong_arguments(std::string_view expected) {
  return {fmt::format("expected arguments: {}", expected)};
}

// Digits and nothing else.
template <std::unsigned_integral Number = std::uint32_t>
std::optional<Number> number_of(const std::string& text) {
  Number number = 0;
  const char* end = text.data() + text.size();
  const auto [rest, error] = std::from_chars(text.data(), end, number);
  if (error != std::errc() || rest != end) return std::nullopt;
  return number;
}

}  // namespace gyre::node
