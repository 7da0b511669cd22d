#include "rm/cib/values.hh"

#include <algorithm>
#include <array>
#include <charconv>
#include <limits>
#include <string>

namespace gyre::rm {

namespace {

constexpr char lower(char c) noexcept {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

std::string_view trim(std::string_view text) noexcept {
  constexpr std::string_view blank = " \t\r\n";
  const auto begin = text.find_first_not_of(blank);
  if (begin == text.npos) return {};
  return text.substr(begin, text.find_last_not_of(blank) - begin + 1);
}

// The whole number that `text` begins with, saturated, and what follows it.
struct Number {
  std::int64_t value;
  std::string_view rest;
};
std::optional<Number> read_number(std::string_view text) noexcept {
  const bool plus = text.starts_with('+');
  if (plus) text.remove_prefix(1);
  if (plus && text.starts_with('-')) return std::nullopt;
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error == std::errc::invalid_argument) return std::nullopt;
  if (error == std::errc::result_out_of_range) {
    using Limits = std::numeric_limits<std::int64_t>;
    value = text.starts_with('-') ? Limits::min() : Limits::max();
  }
  return Number{value, text.substr(static_cast<std::size_t>(end - text.data()))};
}

// Milliseconds in one of the unit, as a quotient; 0: not a unit.
struct Unit {
  std::int64_t multiply, divide;
};
Unit find_unit(std::string_view name) noexcept {
  const auto is = [&](auto... names) { return (equal_ignoring_case(name, names) || ...); };
  if (is("", "s", "sec")) return {1000, 1};
  if (is("ms", "msec")) return {1, 1};
  if (is("us", "usec")) return {1, 1000};
  if (is("m", "min")) return {60 * 1000, 1};
  if (is("h", "hr")) return {60 * 60 * 1000, 1};
  return {0, 1};
}

}  // namespace

bool equal_ignoring_case(std::string_view a, std::string_view b) noexcept {
  return std::ranges::equal(a, b, [](char x, char y) { return lower(x) == lower(y); });
}

bool names_secret(std::string_view name) {
  constexpr std::array words = {"passw", "secret", "token", "credential", "apikey", "community"};
  std::string low(name);
  std::ranges::transform(low, low.begin(), lower);
  const auto has = [&](const char* word) { return low.find(word) != low.npos; };
  return std::ranges::any_of(words, has) || low.ends_with("_key") || low == "key";
}

std::optional<Score> parse_score(std::string_view text) noexcept {
  text = trim(text);
  const auto is = [&](std::string_view name) { return equal_ignoring_case(text, name); };
  if (is("INFINITY") || is("+INFINITY")) return Score::infinity();
  if (is("-INFINITY")) return Score::minus_infinity();
  const auto number = read_number(text);
  if (!number || !number->rest.empty()) return std::nullopt;
  constexpr std::int64_t most = Score::infinity_value;
  return Score(std::clamp(number->value, -most, most));
}

std::optional<std::int64_t> parse_duration_ms(std::string_view text) noexcept {
  const auto number = read_number(trim(text));
  if (!number || number->value < 0) return std::nullopt;
  const Unit unit = find_unit(trim(number->rest));
  if (unit.multiply == 0) return std::nullopt;
  constexpr auto most = std::numeric_limits<std::int64_t>::max();
  return number->value > most / unit.multiply ? most : number->value * unit.multiply / unit.divide;
}

std::optional<bool> parse_boolean(std::string_view text) noexcept {
  const auto is = [&](auto... names) { return (equal_ignoring_case(text, names) || ...); };
  if (is("true", "on", "yes", "y", "1")) return true;
  if (is("false", "off", "no", "n", "0")) return false;
  return std::nullopt;
}

std::strong_ordering compare_versions(std::string_view a, std::string_view b) noexcept {
  const auto next = [](std::string_view& text) {
    const auto end = std::min(text.find('.'), text.size());
    const auto part = read_number(trim(text.substr(0, end)));
    text.remove_prefix(std::min(end + 1, text.size()));
    return part ? part->value : 0;
  };
  while (!a.empty() || !b.empty())
    if (const auto order = next(a) <=> next(b); order != 0) return order;
  return std::strong_ordering::equal;
}

}  // namespace gyre::rm
