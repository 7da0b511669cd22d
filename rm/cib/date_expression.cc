#include "rm/cib/date_expression.hh"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstring>
#include <limits>

namespace gyre::rm {

namespace {

constexpr Seconds hour = 3600, day = 24 * hour;

bool is(const char* text, std::string_view name) {
  return text == name;
}

std::optional<Seconds> instant(pugi::xml_node element, const char* attribute) {
  return parse_instant(element.attribute(attribute).value());
}

std::int64_t whole(pugi::xml_node element, const char* attribute) {
  const std::string_view text = element.attribute(attribute).value();
  std::int64_t value = 0;
  std::from_chars(text.data(), text.data() + text.size(), value);
  constexpr std::int64_t most = 1'000'000'000;
  return std::clamp(value, -most, most);
}

Duration read_duration(pugi::xml_node element) {
  return {.years = whole(element, "years"),
          .months = whole(element, "months"),
          .weeks = whole(element, "weeks"),
          .days = whole(element, "days"),
          .hours = whole(element, "hours"),
          .minutes = whole(element, "minutes"),
          .seconds = whole(element, "seconds")};
}

// "5" or "5-7".
bool within(std::string_view range, int value) {
  int low = 0;
  const char* const end = range.data() + range.size();
  const auto first = std::from_chars(range.data(), end, low);
  if (first.ec != std::errc{}) return false;
  if (first.ptr == end) return value == low;
  int high = std::numeric_limits<int>::max();
  if (*first.ptr != '-') return false;
  if (first.ptr + 1 != end) {
    const auto second = std::from_chars(first.ptr + 1, end, high);
    if (second.ec != std::errc{} || second.ptr != end) return false;
  }
  return low <= value && value <= high;
}

struct Field {
  const char* name;
  int Civil::*part;
  Seconds step;  // it changes at multiples of this only
};
constexpr std::array<Field, 10> fields = {{{"years", &Civil::year, day},
                                           {"months", &Civil::month, day},
                                           {"monthdays", &Civil::day, day},
                                           {"yeardays", &Civil::year_day, day},
                                           {"weekyears", &Civil::week_year, day},
                                           {"weeks", &Civil::week, day},
                                           {"weekdays", &Civil::week_day, day},
                                           {"hours", &Civil::hour, hour},
                                           {"minutes", &Civil::minute, 60},
                                           {"seconds", &Civil::second, 1}}};

bool spec_passes(pugi::xml_node spec, const Civil& now) {
  return std::ranges::all_of(fields, [&](const Field& field) {
    const auto range = spec.attribute(field.name);
    return !range || within(range.value(), now.*field.part);
  });
}

// The first step at which the answer is another, or one not far away: to look again too early costs
// little.
Seconds spec_changes(pugi::xml_node spec, Seconds local, bool passes_now) {
  constexpr int steps_max = 1000;
  Seconds step = day;
  for (const Field& field : fields)
    if (spec.attribute(field.name)) step = std::min(step, field.step);
  Seconds at = local - ((local % step) + step) % step;
  for (int i = 0; i < steps_max; ++i) {
    at += step;
    if (spec_passes(spec, civil(at)) != passes_now) break;
  }
  return at;
}

struct Range {
  std::optional<Seconds> begin, end;  // both inside
};
std::optional<Range> read_range(pugi::xml_node element) {
  const auto start = instant(element, "start"), end = instant(element, "end");
  const auto duration = element.child("duration");
  if (end) return Range{start, end};
  if (!start || !duration) return std::nullopt;
  return Range{start, add(*start, read_duration(duration))};
}

}  // namespace

bool date_passes(pugi::xml_node element, Seconds now, Seconds utc_offset, Seconds* next_change) {
  const auto changes_at = [&](Seconds at) {
    if (next_change && at > now) *next_change = std::min(*next_change, at);
  };
  const char* const operation = element.attribute("operation").as_string("in_range");
  if (is(operation, "date_spec")) {
    const auto spec = element.child("date_spec");
    const bool passes = spec && spec_passes(spec, civil(now + utc_offset));
    if (spec && next_change) changes_at(spec_changes(spec, now + utc_offset, passes) - utc_offset);
    return passes;
  }
  if (is(operation, "gt")) {
    const auto start = instant(element, "start");
    if (start) changes_at(*start + 1);
    return start && now > *start;
  }
  if (is(operation, "lt")) {
    const auto end = instant(element, "end");
    if (end) changes_at(*end);
    return end && now < *end;
  }
  if (!is(operation, "in_range")) return false;
  const auto range = read_range(element);
  if (!range) return false;
  if (range->begin) changes_at(*range->begin);
  if (range->end) changes_at(*range->end + 1);
  return (!range->begin || now >= *range->begin) && (!range->end || now <= *range->end);
}

}  // namespace gyre::rm
