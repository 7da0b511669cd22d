#include "rm/cib/grammar.hh"

#include <algorithm>
#include <cassert>
#include <iterator>
#include <limits>
#include <utility>

namespace gyre::rm {

namespace {

constexpr auto many = std::numeric_limits<std::size_t>::max();

constexpr std::pair<std::string_view, Kind> kinds[] = {
    {"text", Kind::text},       {"word", Kind::word},         {"id", Kind::id},
    {"ref", Kind::ref},         {"resource", Kind::resource}, {"model", Kind::model},
    {"number", Kind::number},   {"natural", Kind::natural},   {"positive", Kind::positive},
    {"boolean", Kind::boolean}, {"score", Kind::score},       {"duration", Kind::duration},
    {"role", Kind::role},       {"date", Kind::date},         {"devices", Kind::devices},
    {"range", Kind::range},     {"numbers", Kind::numbers}};

std::vector<std::string_view> split(std::string_view text, char by) {
  std::vector<std::string_view> parts;
  while (!text.empty()) {
    const auto end = std::min(text.find(by), text.size());
    if (end > 0) parts.push_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return parts;
}

void read_children(std::string_view text, Element& element) {
  for (auto part : split(text, ' ')) {
    const char last = part.back();
    const bool marked = last == '?' || last == '!' || last == '+';
    if (marked) part.remove_suffix(1);
    element.children.push_back({split(part, '|'), last == '!' || last == '+' ? 1u : 0u,
                                last == '?' || last == '!' ? 1u : many});
  }
}

bool read_condition(std::string_view part, Element& element) {
  constexpr std::string_view arrow = "->";
  const auto at = part.find(arrow);
  if (at == part.npos) return false;
  const auto condition = part.substr(0, at);
  const auto equals = std::min(condition.find('='), condition.size());
  element.required.push_back({condition.substr(0, equals),
                              condition.substr(std::min(equals + 1, condition.size())),
                              split(part.substr(at + arrow.size()), '/')});
  return true;
}

void read_attribute(std::string_view part, Element& element) {
  if (read_condition(part, element)) return;
  if (part.find('^') != part.npos) {
    element.exclusive.push_back(split(part, '^'));
    return;
  }
  const auto mark = part.back();
  if (mark == '!' || mark == '~') part.remove_suffix(1);
  const auto colon = std::min(part.find(':'), part.size());
  const auto name = part.substr(0, colon);
  if (mark == '!') element.required.push_back({{}, {}, split(name, '/')});
  if (colon == part.size()) return;
  const auto kind = part.substr(colon + 1);
  const auto* const known = std::ranges::find(kinds, kind, [](auto& pair) { return pair.first; });
  if (known != std::end(kinds))
    element.attributes.push_back({name, known->second, mark == '~', {}});
  else
    element.attributes.push_back({name, Kind::choice, mark == '~', split(kind, ',')});
}

}  // namespace

const Attributed* Element::attribute(std::string_view name) const {
  const auto found = std::ranges::find(attributes, name, &Attributed::name);
  return found == attributes.end() ? nullptr : &*found;
}

const Counted* Element::child(std::string_view name) const {
  const auto found = std::ranges::find_if(children, [&](const Counted& counted) {
    return std::ranges::find(counted.names, name) != counted.names.end();
  });
  return found == children.end() ? nullptr : &*found;
}

const Grammar& grammar() {
  static const Grammar whole = [] {
    Grammar read;
    for (const auto& [name, children, attributes] : element_rules()) {
      Element& element = read[name];
      read_children(children, element);
      for (const auto part : split(attributes, ' ')) read_attribute(part, element);
    }
    return read;
  }();
  return whole;
}

}  // namespace gyre::rm
