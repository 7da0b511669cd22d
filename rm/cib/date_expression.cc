#include "rm/cib/date_expression.hh"

#include <algorithm>
#include <array>
#include <charconv>
#include <limits>
#include <optional>
#include <string_view>

#include "rm/cib/iso8601.hh"
#include "rm/cib/values.hh"

namespace gyre::rm {

namespace {

// A whole number and nothing else.
template <typename T>
std::optional<T> whole(std::string_view text) {
  T value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

// Nothing: a part cannot be read.
std::optional<Duration> read_duration(pugi::xml_node element) {
  constexpr std::int64_t most = 1'000'000'000;
  Duration duration;
  for (const auto& [name, part] : {std::pair{"years", &Duration::years},
                                   {"months", &Duration::months},
                                   {"weeks", &Duration::weeks},
                                   {"days", &Duration::days},
                                   {"hours", &Duration::hours},
                                   {"minutes", &Duration::minutes},
                                   {"seconds", &Duration::seconds}}) {
    const auto attribute = element.attribute(name);
    if (!attribute) continue;
    const auto value = whole<std::int64_t>(attribute.value());
    if (!value) return std::nullopt;
    duration.*part = std::clamp(*value, -most, most);
  }
  return duration;
}

bool contains(std::string_view range, int value) {
  const auto numbers = parse_numbers(range);
  return numbers && numbers->low <= value && value <= numbers->high;
}

struct Field {
  const char* name;
  int Civil::*part;
  Seconds step;  // it changes at multiples of this only
};
// "yearsdays" is what the schema says and "yeardays" what Pacemaker reads.
constexpr std::array<Field, 12> fields = {{{"years", &Civil::year, day_s},
                                           {"months", &Civil::month, day_s},
                                           {"monthdays", &Civil::day, day_s},
                                           {"yeardays", &Civil::year_day, day_s},
                                           {"yearsdays", &Civil::year_day, day_s},
                                           {"weekyears", &Civil::week_year, day_s},
                                           {"weeks", &Civil::week, day_s},
                                           {"weekdays", &Civil::week_day, day_s},
                                           {"moon", &Civil::moon, day_s},
                                           {"hours", &Civil::hour, hour_s},
                                           {"minutes", &Civil::minute, minute_s},
                                           {"seconds", &Civil::second, 1}}};

// 0 if it holds; if not, the longest step of a field that does not fit: before the next multiple of
// that it cannot hold.
Seconds spec_fails(pugi::xml_node spec, const Civil& at) {
  if (!spec) return day_s;
  Seconds longest = 0;
  for (const Field& field : fields) {
    const auto range = spec.attribute(field.name);
    if (range && !contains(range.value(), at.*field.part)) longest = std::max(longest, field.step);
  }
  return longest;
}

// The next instant at which the answer is another, or, if that is far, one before it: to look again
// too early costs little.
Seconds spec_changes(pugi::xml_node spec, Seconds at) {
  constexpr int steps_max = 400;  // a year of days
  const bool holds_now = spec_fails(spec, civil(at)) == 0;
  Seconds finest = day_s;
  for (const Field& field : fields)
    if (spec.attribute(field.name)) finest = std::min(finest, field.step);
  for (int i = 0; i < steps_max; ++i) {
    const Seconds fails = spec_fails(spec, civil(at));
    if (holds_now != (fails == 0)) break;
    const Seconds step = holds_now ? finest : fails;
    at += step - (at % step + step) % step;
  }
  return at;
}

// From begin to end, both inside; without one it has no such end.
struct Range {
  std::optional<Seconds> begin, end;
};
std::optional<Range> read_range(pugi::xml_node element, Seconds utc_offset) {
  Range range;
  for (const auto& [name, bound] : {std::pair{"start", &Range::begin}, {"end", &Range::end}}) {
    const auto attribute = element.attribute(name);
    if (!attribute) continue;
    range.*bound = parse_instant(attribute.value(), utc_offset);
    if (!(range.*bound)) return std::nullopt;
  }
  const auto length = element.child("duration");
  if (length && range.begin && !range.end) {
    const auto duration = read_duration(length);
    if (!duration) return std::nullopt;
    range.end = add(*range.begin, *duration);
  }
  return range;
}

}  // namespace

std::optional<Numbers> parse_numbers(std::string_view text) noexcept {
  const auto dash = text.find('-');
  const bool open = dash != text.npos;
  const auto bound = [](std::string_view end, int otherwise) {
    return end.empty() ? otherwise : whole<int>(end);
  };
  const auto low = bound(text.substr(0, dash), 0);
  const auto high = open ? bound(text.substr(dash + 1), std::numeric_limits<int>::max()) : low;
  if (!low || !high || *high < 0 || text.size() <= (open ? 1u : 0u)) return std::nullopt;
  return Numbers{*low, *high};
}

bool date_passes(pugi::xml_node element, Seconds now, Seconds utc_offset, Seconds* next_change) {
  const auto changes_at = [&](Seconds at) {
    if (next_change && at > now) *next_change = std::min(*next_change, at);
  };
  const std::string_view operation = element.attribute("operation").as_string("in_range");
  const auto is = [&](std::string_view name) { return equal_ignoring_case(operation, name); };
  if (is("date_spec")) {
    const auto spec = element.child("date_spec");
    const Seconds local = now + utc_offset;
    if (next_change) changes_at(spec_changes(spec, local) - utc_offset);
    return spec_fails(spec, civil(local)) == 0;
  }
  const auto range = read_range(element, utc_offset);
  if (!range) return false;
  const auto& [begin, end] = *range;
  if (is("gt")) {
    if (begin) changes_at(*begin + 1);
    return begin && now > *begin;
  }
  if (is("lt")) {
    if (end) changes_at(*end);
    return end && now < *end;
  }
  if (!is("in_range") || (!begin && !end)) return false;
  if (begin) changes_at(*begin);
  if (end) changes_at(*end + 1);
  return (!begin || now >= *begin) && (!end || now <= *end);
}

}  // namespace gyre::rm
