// Whole numbers out of JSON, where a number may be a fraction, or too large for any of ours. Pure.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <utility>

#include "rm/execute/words.hh"

namespace gyre::rm::execute {

// Throws WordsError.
template <typename Number>
Number whole(const nlohmann::json& from) {
  const auto in_range = [](auto value) {
    if (!std::in_range<Number>(value)) throw WordsError("a number is out of range");
    return static_cast<Number>(value);
  };
  if (from.is_number_unsigned()) return in_range(from.get<std::uint64_t>());
  if (!from.is_number_integer()) throw WordsError("this is no whole number");
  return in_range(from.get<std::int64_t>());
}

}  // namespace gyre::rm::execute
