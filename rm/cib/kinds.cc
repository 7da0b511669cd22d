#include "rm/cib/kinds.hh"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "rm/cib/characters.hh"
#include "rm/cib/date_expression.hh"
#include "rm/cib/iso8601.hh"
#include "rm/cib/values.hh"

namespace gyre::rm {

namespace {

constexpr std::string_view roles[] = {"Stopped",    "Started", "Promoted",
                                      "Unpromoted", "Master",  "Slave"};

constexpr std::string_view booleans[] = {"true", "false", "1", "0"};

// A name of XML without a colon.
bool is_id(std::string_view text) {
  bool first = true;
  while (!text.empty()) {
    const auto [c, size] = decode(text);
    if (size == 0 || c == ':' || !(first ? begins_name(c) : continues_name(c))) return false;
    text.remove_prefix(size);
    first = false;
  }
  return !first;
}

bool are_devices(std::string_view text) {
  if (text.empty()) return false;
  for (std::size_t begin = 0, end = 0; end < text.size(); begin = end + 1) {
    end = std::min(text.find(',', begin), text.size());
    const auto name = text.substr(begin, end - begin);
    if (name.empty() || name.find_first_of(" +\t\n") != name.npos) return false;
  }
  return !text.ends_with(',');
}

bool is_range(std::string_view text) {
  const auto dash = text.find('-');
  const auto is_number = [](std::string_view part) {
    return !part.empty() && part.find_first_not_of("0123456789") == part.npos;
  };
  return is_number(text.substr(0, dash)) && (dash == text.npos || is_number(text.substr(dash + 1)));
}

}  // namespace

bool is_of_kind(std::string_view value, const Attributed& rule) {
  switch (rule.kind) {
    case Kind::word:
      return !value.empty();
    case Kind::id:
      return is_id(value);
    case Kind::number:
      return read_number(value).has_value();
    case Kind::natural:
      return read_number(value).value_or(-1) >= 0;
    case Kind::positive:
      return read_number(value).value_or(0) > 0;
    case Kind::devices:
      return are_devices(value);
    case Kind::range:
      return is_range(value);
    case Kind::numbers:
      return parse_numbers(value).has_value();
    case Kind::boolean:
      return std::ranges::find(booleans, value) != std::end(booleans);
    case Kind::score:
      return parse_score(value).has_value();
    case Kind::role:
      return is_role(value);
    case Kind::choice:
      return std::ranges::find(rule.words, value) != rule.words.end();
    case Kind::duration:
      return parse_interval_ms(value).has_value();
    case Kind::date:
      return parse_instant(value).has_value();
    case Kind::text:
    case Kind::ref:
    case Kind::resource:
    case Kind::model:
      return true;
  }
  return false;
}

std::string wanted(const Attributed& rule) {
  switch (rule.kind) {
    case Kind::word:
      return "a text that is not empty";
    case Kind::id:
      return "a name of letters, digits, \"_\", \"-\" and \".\" that begins with a letter or \"_\"";
    case Kind::number:
      return "a whole number";
    case Kind::natural:
      return "a whole number from 0 on";
    case Kind::positive:
      return "a whole number from 1 on";
    case Kind::devices:
      return "a list of names with commas and nothing else between";
    case Kind::range:
      return "a number, or two with a \"-\" between,";
    case Kind::numbers:
      return "a number, or two with a \"-\" between, or one end of that,";
    case Kind::boolean:
      return listed(booleans, " or ");
    case Kind::score:
      return "a score, as in 100 or -INFINITY,";
    case Kind::duration:
      return "a duration, as in 20, 90s, 5min or PT1H,";
    case Kind::date:
      return "a date, as in 2026-11-29 or 2026-11-29 23:00:00Z,";
    case Kind::role:
      return listed(roles, " or ");
    case Kind::choice:
      return listed(rule.words, " or ");
    default:
      return "an id";
  }
}

bool is_role(std::string_view text) {
  return std::ranges::find(roles, text) != std::end(roles);
}

std::optional<std::int64_t> read_number(std::string_view text) {
  if (text.starts_with('+')) text.remove_prefix(1);
  std::int64_t number = 0;
  const auto [rest, error] = std::from_chars(text.begin(), text.end(), number);
  if (error != std::errc() || rest != text.end()) return std::nullopt;
  return number;
}

std::string shown(std::string_view text) {
  constexpr std::size_t most = 64;
  std::size_t end = std::min(most, text.size());
  while (end < text.size() && (static_cast<unsigned char>(text[end]) & 0xc0) == 0x80) --end;
  std::string shown(text.substr(0, end));
  std::ranges::replace_if(
      shown, [](char c) { return c >= 0 && c < ' '; }, ' ');
  return shown + (end < text.size() ? "..." : "");
}

std::string listed(std::span<const std::string_view> names, std::string_view between) {
  return fmt::format("{}", fmt::join(names, between));
}

std::string elements(std::span<const std::string_view> names, std::string_view between) {
  return fmt::format("<{}>", fmt::join(names, fmt::format(">{}<", between)));
}

}  // namespace gyre::rm
