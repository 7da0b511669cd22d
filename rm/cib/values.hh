// The small values of the document: scores, durations, booleans. Each has one spelling rule, used
// by validation and by the schedule alike.
#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <string_view>

namespace gyre::rm {

// A preference of a resource for a node. Saturates at ±infinity, and minus infinity wins over plus.
class Score {
 public:
  static constexpr int infinity_value = 1'000'000;

  constexpr Score() = default;
  constexpr explicit Score(long value) : value_(clamp(value)) {}
  static constexpr Score infinity() { return Score(infinity_value); }
  static constexpr Score minus_infinity() { return Score(-infinity_value); }

  constexpr int value() const { return value_; }
  constexpr bool is_infinity() const { return value_ >= infinity_value; }
  constexpr bool is_minus_infinity() const { return value_ <= -infinity_value; }
  constexpr bool finite() const { return !is_infinity() && !is_minus_infinity(); }

  friend constexpr Score operator+(Score a, Score b) {
    if (a.is_minus_infinity() || b.is_minus_infinity()) return minus_infinity();
    if (a.is_infinity() || b.is_infinity()) return infinity();
    return Score(long{a.value_} + b.value_);
  }
  constexpr Score& operator+=(Score other) { return *this = *this + other; }
  constexpr Score operator-() const { return Score(-long{value_}); }
  constexpr auto operator<=>(const Score&) const = default;

 private:
  static constexpr int clamp(long value) {
    return static_cast<int>(value > infinity_value    ? infinity_value
                            : value < -infinity_value ? -infinity_value
                                                      : value);
  }
  int value_ = 0;
};

// "100", "-INFINITY", "+INFINITY", "INFINITY", "red", "yellow" and "green" are not scores here.
// Beyond infinity counts as infinity. Nothing: not a score.
std::optional<Score> parse_score(std::string_view) noexcept;

// "20", "20s", "500ms", "2min", "1h" and the like in milliseconds; a number alone is seconds. For
// ISO 8601 durations ("PT5M"), too: parse_interval_ms() in iso8601.hh. Nothing: not a duration, or
// negative.
std::optional<std::int64_t> parse_duration_ms(std::string_view) noexcept;

// true, on, yes, y, 1 and false, off, no, n, 0 in any case. Nothing: neither.
std::optional<bool> parse_boolean(std::string_view) noexcept;

// As ASCII, whatever the locale is.
bool equal_ignoring_case(std::string_view, std::string_view) noexcept;

// What is called so is told to nobody: "passwd", "auth_token", "ssh_key" and the like.
bool names_secret(std::string_view name);

// Versions, number by number between the dots; what is not there is 0, and so is what begins with
// no number.
std::strong_ordering compare_versions(std::string_view, std::string_view) noexcept;

}  // namespace gyre::rm
